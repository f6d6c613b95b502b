namespace VismaOperator.Testing.ApiServer;

/// <summary>
/// The programs that make up a cluster for tests. The order in which they are looked for: the folder in
/// <c>KUBEBUILDER_ASSETS</c> (the convention of controller-runtime's envtest), then the newest
/// <c>kubernetes-VERSION</c> in the cache that <c>tests/apiserver/obtain.sh</c> fills.
/// </summary>
/// <param name="Etcd">Path of etcd.</param>
/// <param name="KubeApiServer">Path of kube-apiserver.</param>
/// <param name="KubeControllerManager">Path of kube-controller-manager; null where the folder has none, as envtest's.</param>
public sealed record ApiServerBinaries(string Etcd, string KubeApiServer, string? KubeControllerManager)
{
    private const string AssetsVariable = "KUBEBUILDER_ASSETS";

    /// <summary>What a person does when there are no binaries. Ends every message that says so.</summary>
    public const string Remedy =
        "Run tests/apiserver/obtain.sh once (it builds them from Debian's source package, some minutes), or set KUBEBUILDER_ASSETS to a " +
        "folder with etcd and kube-apiserver ('setup-envtest use -p path' prints one), or TEST_KUBECONFIG to the kubeconfig of a cluster.";

    /// <summary>Finds the binaries as the environment of this process says.</summary>
    /// <exception cref="FileNotFoundException">There are none; the message says what was looked at and what to do.</exception>
    public static ApiServerBinaries Find() => Find(Environment.GetEnvironmentVariable);

    /// <summary>Finds the binaries as the given environment says; for tests of the search itself.</summary>
    /// <inheritdoc cref="Find()" path="/exception"/>
    public static ApiServerBinaries Find(Func<string, string?> environment)
    {
        if (environment(AssetsVariable) is { Length: > 0 } assets)
        {
            return In(assets)
                ?? throw new FileNotFoundException($"{AssetsVariable} is {assets}, which lacks etcd or kube-apiserver. {Remedy}");
        }

        var cache = CacheFolder(environment);
        return CachedVersions(cache).Select(In).FirstOrDefault(found => found is not null)
            ?? throw new FileNotFoundException($"No etcd and kube-apiserver below {cache}, and {AssetsVariable} is not set. {Remedy}");
    }

    private static ApiServerBinaries? In(string folder)
    {
        var (etcd, server) = (Path.Combine(folder, "etcd"), Path.Combine(folder, "kube-apiserver"));
        var manager = Path.Combine(folder, "kube-controller-manager");
        return File.Exists(etcd) && File.Exists(server)
            ? new ApiServerBinaries(etcd, server, File.Exists(manager) ? manager : null)
            : null;
    }

    private static string CacheFolder(Func<string, string?> environment)
    {
        var caches = environment("XDG_CACHE_HOME") is { Length: > 0 } configured
            ? configured
            : Path.Combine(environment("HOME") ?? "/", ".cache");
        return Path.Combine(caches, "visma-operator");
    }

    private static IEnumerable<string> CachedVersions(string cache)
    {
        const string prefix = "kubernetes-";
        return Directory.Exists(cache)
            ? Directory
                .GetDirectories(cache, prefix + "*")
                .Select(folder =>
                    (folder, version: Version.TryParse(Path.GetFileName(folder)[prefix.Length..], out var parsed) ? parsed : null)
                )
                .Where(candidate => candidate.version is not null)
                .OrderByDescending(candidate => candidate.version)
                .Select(candidate => candidate.folder)
            : [];
    }
}
