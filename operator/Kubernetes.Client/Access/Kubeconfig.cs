using System.Text;
using k8s;
using k8s.KubeConfigModels;
using YamlDotNet.Core;

namespace Kubernetes.Client.Access;

/// <summary>
/// One or several kubeconfig files, merged as kubectl does: the first file that names a cluster, user, context or current context wins
/// (<see href="https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files"/>). The
/// package reads each file; the merge is done here because the package keeps its own to itself and resolves every relative path against the
/// first file instead of the file that contains the path.
/// </summary>
internal sealed class Kubeconfig
{
    private readonly List<ContextEntry> contexts = [];
    private readonly List<ClusterEntry> clusters = [];
    private readonly List<UserEntry> users = [];

    private Kubeconfig(IReadOnlyList<string> files) => Files = string.Join(", ", files);

    /// <summary>The files, for messages.</summary>
    public string Files { get; }

    public string? CurrentContext { get; private set; }

    public IEnumerable<string> ContextNames => contexts.Select(context => context.Name);

    public static Kubeconfig Read(IReadOnlyList<string> files)
    {
        var merged = new Kubeconfig(files);
        foreach (var file in files)
        {
            merged.Add(Path.GetFullPath(file));
        }

        return merged;
    }

    // Names are compared exactly, as the API does: the package's lookup takes "Prod" for "prod".
    public ContextEntry? Context(string name) => contexts.Find(context => context.Name == name);

    public ClusterEntry? Cluster(string name) => clusters.Find(cluster => cluster.Name == name);

    public UserEntry? User(string name) => users.Find(user => user.Name == name);

    private void Add(string file)
    {
        try
        {
            Merge(file);
        }
#pragma warning disable MA0054 // without the parser's own exception: it can quote the line, and the line can hold a token
        catch (SharpYaml.YamlException malformed)
        {
            throw new ClusterAccessException(
                $"kubeconfig {file} is no valid kubeconfig at line {malformed.Start.Line + 1}, column {malformed.Start.Column + 1}: "
                + "correct the file, or fetch it again."
            );
        }
        catch (YamlException)
        {
            throw new ClusterAccessException(
                $"kubeconfig {file} is no valid kubeconfig (a key occurs twice in one object, or an alias has no anchor): correct "
                + "the file, or fetch it again."
            );
        }
#pragma warning restore MA0054
        catch (Exception malformed) when (IsOfOddValues(malformed))
        {
            throw new ClusterAccessException($"kubeconfig {file} is no valid kubeconfig: correct the file, or fetch it again.", malformed);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new ClusterAccessException(
                $"kubeconfig {file} cannot be read ({unreadable.Message}): check its permissions.",
                unreadable
            );
        }
    }

    private void Merge(string file)
    {
        var tree = KubeconfigTree.Read(file);
        var config = tree.IsEmpty ? new K8SConfiguration() : ReadByPackage(tree.WithoutUnreadable());
        if (tree.DoubledNames().ToList() is { Count: > 0 } doubled)
        {
            throw new ClusterAccessException(
                $"kubeconfig {file} names an entry twice ({string.Join(", ", doubled)}): remove one of the two.");
        }

        CurrentContext = string.IsNullOrEmpty(CurrentContext) ? config.CurrentContext : CurrentContext;
        contexts.AddRange(
            (config.Contexts ?? []).OfType<Context>().Select(context => new ContextEntry(context.Name, context.ContextDetails))
        );
        clusters.AddRange(
            (config.Clusters ?? [])
                .OfType<Cluster>()
                .Select(cluster => new ClusterEntry(file, cluster.Name, cluster.ClusterEndpoint, tree.Cluster(cluster.Name)))
        );
        users.AddRange(
            (config.Users ?? [])
                .OfType<User>()
                .Select(user => new UserEntry(file, user.Name, user.UserCredentials ?? new UserCredentials(), tree.User(user.Name)))
        );
    }

    // The readers check no types: a file that is no kubeconfig fails in many ways.
    private static bool IsOfOddValues(Exception exception) =>
        exception
            is InvalidCastException
                or NullReferenceException
                or InvalidOperationException
                or ArgumentException
                or FormatException
                or OverflowException;

    private static K8SConfiguration ReadByPackage(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return KubernetesClientConfiguration.LoadKubeConfig(stream);
    }

    internal sealed record ContextEntry(string Name, ContextDetails? Details);

    /// <summary>A cluster, and the file whose folder its relative paths start from.</summary>
    internal sealed record ClusterEntry(string File, string Name, ClusterEndpoint? Endpoint, KubeconfigTree.ClusterExtras Extras)
    {
        /// <summary>The PEM text of the authorities, read from the file that the cluster names; null for the machine's.</summary>
        public string? AuthorityPem(string source)
        {
            if (Endpoint!.CertificateAuthorityData is { Length: > 0 } data)
            {
                return Certificates.Decode(data, $"certificate-authority-data of cluster '{Name}' in {source}");
            }

            return Beside(File, Endpoint.CertificateAuthority) is { } path
                ? Certificates.Read(path, $"certificate-authority of cluster '{Name}' in {source}")
                : null;
        }
    }

    /// <summary>A user, and the file whose folder its relative paths start from.</summary>
    internal sealed record UserEntry(string File, string Name, UserCredentials Credentials, KubeconfigTree.UserExtras Extras);

    /// <summary>A path of a kubeconfig; relative ones start from the folder of that file.</summary>
    internal static string? Beside(string file, string? path) =>
        string.IsNullOrEmpty(path) ? null : Path.Combine(Path.GetDirectoryName(file)!, path);
}
