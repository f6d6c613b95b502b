using k8s;
using k8s.KubeConfigModels;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Kubernetes.Client.Access;

/// <summary>
/// One or several kubeconfig files, merged as kubectl does: the first file that names a cluster, user, context or current context
/// wins (<see href="https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files"/>).
/// The package reads each file; the merge is done here because the package keeps its own to itself and resolves every relative
/// path against the first file instead of the file that the path stands in.
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
        var (config, extras) = ReadFile(file);
        CurrentContext = string.IsNullOrEmpty(CurrentContext) ? config.CurrentContext : CurrentContext;
        contexts.AddRange((config.Contexts ?? []).Select(context => new ContextEntry(context.Name, context.ContextDetails)));
        clusters.AddRange((config.Clusters ?? []).Select(cluster => new ClusterEntry(file, cluster.Name, cluster.ClusterEndpoint, extras.ProxyUrl(cluster.Name))));
        users.AddRange((config.Users ?? []).Select(user => new UserEntry(file, user.Name, user.UserCredentials, extras.TokenFile(user.Name))));
    }

    private static (K8SConfiguration Config, KubeconfigExtras Extras) ReadFile(string file)
    {
        try
        {
            var config = KubernetesClientConfiguration.LoadKubeConfig(new FileInfo(file));
            return (config ?? new K8SConfiguration(), KubeconfigExtras.Read(file));
        }
        catch (YamlException malformed)
        {
            // Only the place is told: the parser's own message can quote the line, and the line can hold a token.
#pragma warning disable MA0054
            throw new ClusterAccessException($"kubeconfig {file} is no valid kubeconfig at line {malformed.Start.Line}, column {malformed.Start.Column}: correct the file, or fetch it again.");
#pragma warning restore MA0054
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new ClusterAccessException($"kubeconfig {file} cannot be read ({unreadable.Message}): check its permissions.", unreadable);
        }
    }

    internal sealed record ContextEntry(string Name, ContextDetails? Details);

    internal sealed record ClusterEntry(string File, string Name, ClusterEndpoint? Endpoint, string? ProxyUrl);

    internal sealed record UserEntry(string File, string Name, UserCredentials? Credentials, string? TokenFile);
}

/// <summary>The members of a kubeconfig that the package does not know: <c>tokenFile</c> of a user, <c>proxy-url</c> of a cluster.</summary>
internal sealed class KubeconfigExtras
{
    private readonly YamlMappingNode? root;

    private KubeconfigExtras(YamlMappingNode? root) => this.root = root;

    public static KubeconfigExtras Read(string file)
    {
        using var reader = File.OpenText(file);
        var yaml = new YamlStream();
        yaml.Load(reader);
        return new KubeconfigExtras(yaml.Documents.Count == 0 ? null : yaml.Documents[0].RootNode as YamlMappingNode);
    }

    public string? TokenFile(string user) => Member("users", user, "user", "tokenFile");

    public string? ProxyUrl(string cluster) => Member("clusters", cluster, "cluster", "proxy-url");

    private string? Member(string list, string name, string body, string member)
    {
        if (Child(root, list) is not YamlSequenceNode entries)
        {
            return null;
        }

        var entry = entries.Children.OfType<YamlMappingNode>().FirstOrDefault(candidate => Text(candidate, "name") == name);
        return Text(Child(entry, body) as YamlMappingNode, member);
    }

    private static YamlNode? Child(YamlMappingNode? mapping, string key) =>
        mapping is not null && mapping.Children.TryGetValue(new YamlScalarNode(key), out var child) ? child : null;

    private static string? Text(YamlMappingNode? mapping, string key) =>
        Child(mapping, key) is YamlScalarNode { Value.Length: > 0 } scalar ? scalar.Value : null;
}
