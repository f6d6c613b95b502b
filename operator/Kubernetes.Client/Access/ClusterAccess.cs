using System.Net;
using System.Security.Cryptography.X509Certificates;

namespace Kubernetes.Client.Access;

/// <summary>Where the API server is, how to trust it, and who we are to it.</summary>
public sealed record ClusterAccess
{
    internal ClusterAccess()
    {
    }

    /// <summary>Base address of the API server.</summary>
    public required Uri Server { get; init; }

    /// <summary>The namespace where <see cref="Namespace"/> is not set, as kubectl has it.</summary>
    public const string DefaultNamespace = "default";

    /// <summary>Namespace of the context or of the pod; null when none is set.</summary>
    public string? Namespace { get; init; }

    /// <summary>Where this came from, for messages: file and context, or <c>in-cluster</c>.</summary>
    public required string Source { get; init; }

    /// <summary>True for the service account of a pod.</summary>
    public bool IsInCluster { get; internal init; }

    /// <summary>Authorities that may have signed the server's certificate; null for the system's.</summary>
    internal X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Name expected in the server's certificate; null for the host of <see cref="Server"/>.</summary>
    internal string? TlsServerName { get; init; }

    /// <summary>True when the server's certificate is not checked (<c>insecure-skip-tls-verify</c>).</summary>
    internal bool SkipsTlsVerification { get; init; }

    /// <summary>Which proxy is asked: the cluster's (<c>proxy-url</c>), or what the environment says; null for none.</summary>
    internal IWebProxy? Proxy { get; init; }

    /// <summary>True when answers must not be compressed (<c>disable-compression</c>).</summary>
    internal bool DisablesCompression { get; init; }

    /// <summary>Who to act as (<c>as</c>, <c>as-uid</c>, <c>as-groups</c>, <c>as-user-extra</c>); null to act as ourselves.</summary>
    internal Impersonation? Impersonation { get; init; }

    /// <summary>Makes the credential; it needs a clock to know when to read or ask again.</summary>
    internal Func<TimeProvider, ICredential> Credential { get; init; } = static _ => new FixedCredential(null, null);

    /// <summary>
    /// Finds the cluster as kubectl does: the given file; else the files of <c>KUBECONFIG</c> (the first one that sets a value wins); else
    /// <c>~/.kube/config</c>; else the service account of this pod.
    /// </summary>
    /// <param name="kubeconfigPath">A kubeconfig file, or null to search.</param>
    /// <param name="context">A context of the kubeconfig, or null for its current one.</param>
    /// <exception cref="ClusterAccessException">There is no usable access; the message says what was looked for and what to do.</exception>
    public static ClusterAccess Load(string? kubeconfigPath = null, string? context = null) =>
        Load(kubeconfigPath, context, AccessEnvironment.OfThisProcess);

    internal static ClusterAccess Load(string? kubeconfigPath, string? context, AccessEnvironment environment)
    {
        var files = FindFiles(kubeconfigPath, environment);
        if (files.Count > 0)
        {
            return new KubeconfigAccess(Kubeconfig.Read(files), environment.Variable).Load(context);
        }

        if (context is not null)
        {
            throw new ClusterAccessException(
                $"context '{context}' was asked for, but there is no kubeconfig: name a file with --kubeconfig or KUBECONFIG."
            );
        }

        return InClusterAccess.Load(environment);
    }

    private static IReadOnlyList<string> FindFiles(string? kubeconfigPath, AccessEnvironment environment)
    {
        if (!string.IsNullOrEmpty(kubeconfigPath))
        {
            return File.Exists(kubeconfigPath)
                ? [kubeconfigPath]
                : throw new ClusterAccessException($"kubeconfig {kubeconfigPath} does not exist: check the path given with --kubeconfig.");
        }

        if (environment.Variable("KUBECONFIG") is { Length: > 0 } listed)
        {
            return ExistingOf(listed);
        }

        var usual = Path.Combine(environment.Home, ".kube", "config");
        return File.Exists(usual) ? [usual] : [];
    }

    // kubectl skips files of the list that do not exist, since the list is often the same on several machines.
    private static List<string> ExistingOf(string listed)
    {
        var existing = listed.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(File.Exists)
            .ToList();
        return existing.Count > 0
            ? existing
            : throw new ClusterAccessException($"none of the files in KUBECONFIG ({listed}) exists: correct or unset the variable.");
    }
}
