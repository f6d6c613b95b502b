using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Exceptions;
using k8s.KubeConfigModels;

namespace Kubernetes.Client.Access;

/// <summary>
/// Turns one context of a kubeconfig into an access. The package resolves the context, the server's address and the credentials that
/// stand in the file; what it lacks or would do too early is done here: authorities with several certificates,
/// <c>tokenFile</c>, and the exec plugin, which the package would start while reading, with its arguments joined by blanks.
/// </summary>
internal static class KubeconfigAccess
{
    public static ClusterAccess Load(Kubeconfig kubeconfig, string? contextName)
    {
        var context = Context(kubeconfig, contextName);
        var source = $"{kubeconfig.Files}, context '{context.Name}'";
        var cluster = kubeconfig.Cluster(context.Details?.Cluster ?? string.Empty);
        if (cluster?.Endpoint is null)
        {
            throw new ClusterAccessException($"the cluster '{context.Details?.Cluster}' does not exist in kubeconfig {source}: correct the context.");
        }

        var user = User(kubeconfig, context, source);
        var configuration = Resolve(context, cluster, user, source);
        return new ClusterAccess
        {
            Server = new Uri(configuration.Host),
            Namespace = string.IsNullOrEmpty(configuration.Namespace) ? null : configuration.Namespace,
            Source = $"kubeconfig {source}",
            Authorities = Authorities(cluster),
            TlsServerName = string.IsNullOrEmpty(configuration.TlsServerName) ? null : configuration.TlsServerName,
            SkipsTlsVerification = configuration.SkipTlsVerify,
            Proxy = Proxy(cluster),
            Impersonation = ImpersonationOf(user),
            Credential = Credential(configuration, cluster, user, source),
        };
    }

    private static Kubeconfig.ContextEntry Context(Kubeconfig kubeconfig, string? contextName)
    {
        var name = contextName ?? kubeconfig.CurrentContext;
        if (string.IsNullOrEmpty(name))
        {
            throw new ClusterAccessException($"kubeconfig {kubeconfig.Files} has no current context: choose one with --context (there are: {string.Join(", ", kubeconfig.ContextNames)}).");
        }

        return kubeconfig.Context(name)
            ?? throw new ClusterAccessException($"context '{name}' does not exist in kubeconfig {kubeconfig.Files}: choose one of {string.Join(", ", kubeconfig.ContextNames)} with --context.");
    }

    private static Kubeconfig.UserEntry? User(Kubeconfig kubeconfig, Kubeconfig.ContextEntry context, string source) =>
        string.IsNullOrEmpty(context.Details?.User)
            ? null
            : kubeconfig.User(context.Details.User)
                ?? throw new ClusterAccessException($"the user '{context.Details.User}' does not exist in kubeconfig {source}: correct the context.");

    // The package is given only the one context, so that it cannot choose another, and without what is done here.
    private static KubernetesClientConfiguration Resolve(Kubeconfig.ContextEntry context, Kubeconfig.ClusterEntry cluster, Kubeconfig.UserEntry? user, string source)
    {
        var credentials = InFile(user);
        var reduced = new K8SConfiguration
        {
            CurrentContext = context.Name,
            Contexts = [new Context { Name = context.Name, ContextDetails = new ContextDetails { Cluster = cluster.Name, Namespace = context.Details!.Namespace, User = credentials is null ? null : user!.Name } }],
            Clusters = [new Cluster { Name = cluster.Name, ClusterEndpoint = WithoutAuthority(cluster.Endpoint!) }],
            Users = credentials is null ? [] : [new User { Name = user!.Name, UserCredentials = credentials }],
        };
        try
        {
            return KubernetesClientConfiguration.BuildConfigFromConfigObject(reduced);
        }
        catch (KubeConfigException unusable)
        {
            throw new ClusterAccessException($"kubeconfig {source} cannot be used: {unusable.Message}. Correct the file.", unusable);
        }
    }

    private static ClusterEndpoint WithoutAuthority(ClusterEndpoint endpoint) => new()
    {
        Server = endpoint.Server,
        SkipTlsVerify = endpoint.SkipTlsVerify,
        TlsServerName = endpoint.TlsServerName,
    };

    // What the package itself can turn into credentials; null when there is nothing of the kind.
    private static UserCredentials? InFile(Kubeconfig.UserEntry? user)
    {
        if (user?.Credentials is not { } written || (written.Token ?? written.UserName ?? written.ClientCertificate ?? written.ClientCertificateData) is null)
        {
            return null;
        }

        return new UserCredentials
        {
            Token = written.Token,
            UserName = written.UserName,
            Password = written.Password,
            ClientCertificateData = written.ClientCertificateData,
            ClientKeyData = written.ClientKeyData,
            ClientCertificate = PathBeside(user.File, written.ClientCertificate),
            ClientKey = PathBeside(user.File, written.ClientKey),
        };
    }

    private static string? PathBeside(string file, string? path) =>
        string.IsNullOrEmpty(path) ? null : Path.Combine(Path.GetDirectoryName(file)!, path);

    private static X509Certificate2Collection? Authorities(Kubeconfig.ClusterEntry cluster)
    {
        var endpoint = cluster.Endpoint!;
        if (!string.IsNullOrEmpty(endpoint.CertificateAuthorityData))
        {
            return Certificates.AuthoritiesFromBase64(endpoint.CertificateAuthorityData, $"certificate-authority-data of cluster '{cluster.Name}' in {cluster.File}");
        }

        return PathBeside(cluster.File, endpoint.CertificateAuthority) is { } path ? Certificates.AuthoritiesFromFile(path) : null;
    }

    private static Uri? Proxy(Kubeconfig.ClusterEntry cluster)
    {
        if (cluster.ProxyUrl is null)
        {
            return null;
        }

        return Uri.TryCreate(cluster.ProxyUrl, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks5"
            ? proxy
            : throw new ClusterAccessException($"proxy-url of cluster '{cluster.Name}' in {cluster.File} is no http, https or socks5 address: correct it.");
    }

    private static Impersonation? ImpersonationOf(Kubeconfig.UserEntry? user) =>
        string.IsNullOrEmpty(user?.Credentials?.Impersonate)
            ? null
            : new Impersonation(user.Credentials.Impersonate, [.. user.Credentials.ImpersonateGroups ?? []]);

    // kubectl's order: a token file wins over a token, and an exec plugin is asked only where nothing else names the user.
    private static Func<TimeProvider, ICredential> Credential(KubernetesClientConfiguration configuration, Kubeconfig.ClusterEntry cluster, Kubeconfig.UserEntry? user, string source)
    {
        if (user?.TokenFile is not null)
        {
            var path = PathBeside(user.File, user.TokenFile)!;
            return clock => new TokenFileCredential(path, clock);
        }

        var certificate = ClientCertificate(configuration, user);
        if (Header(configuration) is { } header)
        {
            return _ => new FixedCredential(header, certificate);
        }

        if (user?.Credentials?.ExternalExecution is { } exec && certificate is null)
        {
            var plugin = new ExecPlugin(exec, user.File, $"user '{user.Name}' in kubeconfig {source}", ExecClusterInfo.From(cluster));
            return clock => new ExecCredential(plugin, clock);
        }

        return user is null || certificate is not null
            ? _ => new FixedCredential(null, certificate)
            : throw new ClusterAccessException($"the user '{user.Name}' in kubeconfig {source} has no credentials that work here (token, tokenFile, client certificate with key, username with password, exec): log in to the cluster again.");
    }

    private static AuthenticationHeaderValue? Header(KubernetesClientConfiguration configuration)
    {
        if (!string.IsNullOrEmpty(configuration.AccessToken))
        {
            return new AuthenticationHeaderValue("Bearer", configuration.AccessToken.Trim());
        }

        return string.IsNullOrEmpty(configuration.Username)
            ? null
            : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{configuration.Username}:{configuration.Password}")));
    }

    private static X509Certificate2? ClientCertificate(KubernetesClientConfiguration configuration, Kubeconfig.UserEntry? user)
    {
        var origin = $"{user?.File} (user '{user?.Name}')";
        var certificate = configuration.ClientCertificateData is { Length: > 0 } data
            ? Certificates.Decode(data, $"client-certificate-data in {origin}")
            : configuration.ClientCertificateFilePath is { Length: > 0 } path ? Certificates.Read(path) : null;
        var key = configuration.ClientCertificateKeyData is { Length: > 0 } keyData
            ? Certificates.Decode(keyData, $"client-key-data in {origin}")
            : configuration.ClientKeyFilePath is { Length: > 0 } keyPath ? Certificates.Read(keyPath) : null;
        return certificate is null || key is null ? null : Certificates.ClientCertificate(certificate, key, origin);
    }
}
