using VismaOperator.Cli.Cluster;

namespace VismaOperator.Cli;

/// <summary>The options that say which cluster is meant, as kubectl has them; shared by the verbs that speak to one.</summary>
internal sealed class ClusterSettings
{
    private readonly Setting kubeconfig = new(
        "kubeconfig",
        "FILE",
        "Kubeconfig file. Default: $KUBECONFIG, ~/.kube/config, or the service account of the pod"
    );
    private readonly Setting context = new("context", "NAME", "Context of the kubeconfig. Default: its current context");

    /// <summary>The options in the order of the help.</summary>
    public IEnumerable<Setting> All => [kubeconfig, context];

    /// <summary>Reads the path of the kubeconfig and the name of the context; null where absent.</summary>
    public (string? Kubeconfig, string? Context) Read(SettingReader reader) => (reader.Text(kubeconfig), reader.Text(context));
}

/// <summary>The options that say where to look: a cluster, or the state directory of local mode.</summary>
/// <param name="stateDescription">What the verb does with a state directory.</param>
internal sealed class SourceSettings(string stateDescription)
{
    private readonly ClusterSettings cluster = new();
    private readonly Setting state = new("state", "DIR", stateDescription);

    /// <summary>The options of a cluster in the order of the help.</summary>
    public IEnumerable<Setting> OfCluster => cluster.All;

    /// <summary>The state directory.</summary>
    public Setting State => state;

    /// <summary>Reads them. Naming both is a mistake.</summary>
    public NamedSource Read(SettingReader reader)
    {
        var (kubeconfig, context) = cluster.Read(reader);
        var directory = reader.Text(state);
        if (directory is not null && (kubeconfig ?? context) is not null)
        {
            reader.Report(state, "cannot be combined with --kubeconfig or --context", "Name either a state directory or a cluster.");
        }

        return new NamedSource(kubeconfig, context, directory);
    }
}
