namespace VismaOperator.Testing.ApiServer;

/// <summary>How a test cluster is started.</summary>
public sealed record ApiServerOptions
{
    /// <summary>
    /// Folders whose <c>*.yaml</c> CustomResourceDefinitions are there before the controller manager starts: its garbage collector
    /// learns about kinds that come later only every 30 s.
    /// </summary>
    public IReadOnlyList<string> CrdFolders { get; init; } = [];

    /// <summary>Further arguments of kube-apiserver; a repeated flag wins over an earlier one.</summary>
    public IReadOnlyList<string> ExtraArguments { get; init; } = [];
}
