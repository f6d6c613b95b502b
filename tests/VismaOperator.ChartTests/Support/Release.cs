using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests.Support;

/// <summary>One release of the chart, managed by Helm itself.</summary>
/// <param name="helm">Which Helm.</param>
/// <param name="server">Where to.</param>
/// <param name="ns">The namespace, created with the release.</param>
internal sealed class Release(string helm, ApiServer server, string ns)
{
    // Kubernetes 1.20 has no PodDisruptionBudget of version v1, does not know the CEL rules of the definitions, and refuses server-side apply of them.
    private IReadOnlyList<string> ForOldServers => ["--set", "podDisruptionBudget.enabled=false", "--disable-openapi-validation", .. helm == "helm4" ? ["--server-side=false"] : (string[])[]];

    public Task InstallAsync(string chart, params IReadOnlyList<string> arguments) =>
        RunAsync(["install", Chart.Release, chart, "--create-namespace", .. ForOldServers, .. arguments]);

    public Task UpgradeAsync(string chart) => RunAsync(["upgrade", Chart.Release, chart, .. ForOldServers]);

    public Task UninstallAsync() => RunAsync(["uninstall", Chart.Release]);

    /// <summary>For the end of a test, which may have failed anywhere.</summary>
    public Task UninstallIfThereAsync() => RunAsync(["uninstall", Chart.Release, "--ignore-not-found"]);

    private Task<string> RunAsync(IReadOnlyList<string> arguments) =>
        Tool.HelmNamed(helm).RunAsync([.. arguments, "--namespace", ns, "--kubeconfig", server.KubeconfigPath]);
}

/// <summary>The chart as an earlier version might have been: without the field suspend.</summary>
internal sealed class PreviousChart : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("visma-operator-previous-");

    public string Folder => Path.Combine(root.FullName, "visma-operator");

    public static PreviousChart Create()
    {
        var previous = new PreviousChart();
        foreach (var file in Directory.GetFiles(Chart.Folder, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(previous.Folder, Path.GetRelativePath(Chart.Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.WriteAllText(copy, Earlier(File.ReadAllText(file)));
        }

        return previous;
    }

    public void Dispose() => root.Delete(recursive: true);

    private static string Earlier(string text) => text
        .Replace("\nversion: 0.1.0", "\nversion: 0.0.9", StringComparison.Ordinal)
        .Replace("              suspend:\n", "              formerSuspend:\n", StringComparison.Ordinal);
}
