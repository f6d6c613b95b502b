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
