using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests.Support;

/// <summary>One release of the chart, managed by Helm itself.</summary>
/// <param name="helm">Which Helm.</param>
/// <param name="server">Where to.</param>
/// <param name="ns">The namespace, created with the release.</param>
/// <param name="name">Of the release.</param>
internal sealed class Release(string helm, ApiServer server, string ns, string name = Chart.Release)
{
    // Kubernetes 1.20 has no PodDisruptionBudget of version v1, does not know the CEL rules of the definitions, and refuses server-side
    // apply of them.
    private IReadOnlyList<string> ForOldServers =>
        [
            "--set",
            "podDisruptionBudget.enabled=false",
            "--disable-openapi-validation",
            .. helm == "helm4" ? ["--server-side=false"] : (string[])[],
        ];

    public Task InstallAsync(string chart, params IReadOnlyList<string> arguments) =>
        RunAsync(["install", name, chart, "--create-namespace", .. ForOldServers, .. arguments]);

    public Task UpgradeAsync(string chart, params IReadOnlyList<string> arguments) =>
        RunAsync(["upgrade", name, chart, .. ForOldServers, .. arguments]);

    public Task UninstallAsync() => RunAsync(["uninstall", name]);

    /// <summary>For the end of a test, which may have failed anywhere.</summary>
    public Task UninstallIfThereAsync() => RunAsync(["uninstall", name, "--ignore-not-found"]);

    private Task<string> RunAsync(IReadOnlyList<string> arguments) =>
        Tool.HelmNamed(helm).RunAsync([.. arguments, "--namespace", ns, "--kubeconfig", server.KubeconfigPath]);
}
