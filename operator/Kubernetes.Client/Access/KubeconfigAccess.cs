using System.Net;
using k8s;
using k8s.Exceptions;
using k8s.KubeConfigModels;

namespace Kubernetes.Client.Access;

/// <summary>
/// Turns one context of a kubeconfig into an access, as kubectl understands it (client-go's <c>clientcmd</c>). The package resolves the
/// server's address; what it
/// lacks or would do too early is done here: authorities with several certificates, <c>tokenFile</c>, and the exec plugin, which the
/// package would start while
/// reading, with its arguments joined by blanks.
/// </summary>
internal sealed class KubeconfigAccess(Kubeconfig kubeconfig, Func<string, string?> variable)
{
    /// <summary>The access that a context names; null for the current one.</summary>
    /// <exception cref="ClusterAccessException">There is none; the message names file, context and remedy.</exception>
    public ClusterAccess Load(string? contextName)
    {
        var context = Context(contextName);
        var source = $"kubeconfig {kubeconfig.Files}, context '{context.Name}'";
        var cluster = kubeconfig.Cluster(context.Details?.Cluster ?? string.Empty);
        if (cluster?.Endpoint is null)
        {
            throw new ClusterAccessException($"the cluster '{context.Details?.Cluster}' does not exist in {source}: correct the context.");
        }

        var user = User(context, source);
        KubeconfigRules.Check(cluster, user, source);
        var address = Address(cluster, source);
        // Without the password that it may contain: messages name the server.
        var server = new UriBuilder(address) { UserName = string.Empty, Password = string.Empty }.Uri;
        var authorityPem = cluster.AuthorityPem(source);
        return new ClusterAccess
        {
            Server = server,
            Namespace = string.IsNullOrEmpty(context.Details!.Namespace) ? null : context.Details.Namespace,
            Source = source,
            Authorities = authorityPem is null
                ? null
                : Certificates.Authorities(authorityPem, $"the certificate authority of cluster '{cluster.Name}' in {source}"),
            TlsServerName = string.IsNullOrEmpty(cluster.Endpoint.TlsServerName) ? null : cluster.Endpoint.TlsServerName,
            SkipsTlsVerification = cluster.Endpoint.SkipTlsVerify,
            DisablesCompression = cluster.Extras.DisablesCompression,
            Proxy = Proxy(cluster, server, source),
            Impersonation = ImpersonationOf(user),
            Credential = KubeconfigCredentials.Of(user, new ExecClusterInfo(cluster, authorityPem), address, source),
        };
    }

    private string ContextNames => string.Join(", ", kubeconfig.ContextNames.Select(name => $"'{name}'"));

    private Kubeconfig.ContextEntry Context(string? contextName)
    {
        var name = contextName ?? kubeconfig.CurrentContext;
        if (string.IsNullOrEmpty(name))
        {
            throw new ClusterAccessException(
                $"kubeconfig {kubeconfig.Files} has no current context: choose one with --context (there are: "
                + $"{ContextNames})."
            );
        }

        return kubeconfig.Context(name)
            ?? throw new ClusterAccessException(
                $"context '{name}' does not exist in kubeconfig {kubeconfig.Files}: choose one of "
                + $"{ContextNames} with --context."
            );
    }

    private Kubeconfig.UserEntry? User(Kubeconfig.ContextEntry context, string source) =>
        string.IsNullOrEmpty(context.Details?.User)
            ? null
            : kubeconfig.User(context.Details.User)
                ?? throw new ClusterAccessException($"the user '{context.Details.User}' does not exist in {source}: correct the context.");

    /// <summary>
    /// The base of every request. It ends in a slash, or the last part of its path would count as a file name and be lost.
    /// </summary>
    private static Uri Address(Kubeconfig.ClusterEntry cluster, string source)
    {
        var written = cluster.Endpoint!.Server;
        var address = written.Contains("://", StringComparison.Ordinal) ? written : $"http://{written}";
        var reduced = new K8SConfiguration
        {
            CurrentContext = "c",
            Contexts = [new Context { Name = "c", ContextDetails = new ContextDetails { Cluster = "c" } }],
            Clusters = [new Cluster { Name = "c", ClusterEndpoint = new ClusterEndpoint { Server = address } }],
            Users = [],
        };
        try
        {
            var resolved = KubernetesClientConfiguration.BuildConfigFromConfigObject(reduced).Host;
            var host = new UriBuilder(resolved) { Query = string.Empty, Fragment = string.Empty };
            if (host.Scheme is not ("http" or "https"))
            {
                throw new KubeConfigException("The scheme is neither http nor https.");
            }

            host.Path = string.Concat(host.Path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(part => $"{part}/"));
            return host.Uri;
        }
        catch (KubeConfigException)
        {
            // Not the cause of what follows, since it repeats all of the address.
        }

        var shown = FirstWord(written[(written.LastIndexOf('@') + 1)..]);
        throw new ClusterAccessException(
            $"the server '{shown}' of cluster '{cluster.Name}' in {source} is no address: write one as https://host:port."
        );
    }

    // A quote that nobody closed makes the lines behind it part of the address, and one of them may be a token.
    private static string FirstWord(string text)
    {
        var words = text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 1 ? $"{words[0]}..." : text;
    }

    private IWebProxy Proxy(Kubeconfig.ClusterEntry cluster, Uri server, string source)
    {
        if (cluster.Extras.ProxyUrl is not { } written)
        {
            return ProxyChoice.FromEnvironment(variable, server.Scheme);
        }

        return Uri.TryCreate(written, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks5"
            ? ProxyChoice.Always(proxy)
            : throw new ClusterAccessException(
                $"proxy-url of cluster '{cluster.Name}' in {source} is no http, https or socks5 address: correct it.");
    }

    private static Impersonation? ImpersonationOf(Kubeconfig.UserEntry? user) =>
        string.IsNullOrEmpty(user?.Credentials.Impersonate)
            ? null
            : new Impersonation(user.Credentials.Impersonate)
            {
                Uid = user.Extras.ImpersonateUid,
                Groups = [.. (user.Credentials.ImpersonateGroups ?? []).OfType<string>()],
                Extra = user.Extras.ImpersonateExtra,
            };
}
