using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Campaign;

/// <summary>
/// A real Prometheus with the rules of the chart, which scrapes whatever operators there are. What the rules wait for (<c>for</c>) is left
/// out, so that an alert fires as soon as its expression holds. Each installation is a cluster of its own, as if none knew of the other.
/// </summary>
internal sealed partial class ScrapedTargets : IAsyncDisposable
{
    private const string Rules = "charts/visma-operator/files/alerts.yaml";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-targets-");
    private readonly Lock gate = new();
    private readonly Dictionary<(string Cluster, string Namespace), OperatorProcess> targets = [];

    public ScrapedTargets()
    {
        var rules = Path.Combine(folder.FullName, "alerts.yaml");
        File.WriteAllText(rules, ForLine().Replace(File.ReadAllText(RepositoryFolder.PathOf(Rules)), string.Empty));
        Write();
        // The targets bear the job that the chart's ServiceMonitor gives them.
        Prometheus = Prometheus.StartFollowing(
            TargetFile,
            $"""
              honor_labels: true
              relabel_configs: [{"{"}target_label: job, replacement: visma-operator-metrics{"}"}]
            rule_files: ['{rules}']
            """
        );
    }

    public Prometheus Prometheus { get; }

    private string TargetFile => Path.Combine(folder.FullName, "targets.json");

    /// <summary>Scrapes this process from now on, instead of an earlier one of the installation.</summary>
    /// <param name="cluster">The cluster that its series are told apart by.</param>
    /// <param name="home">Namespace of the installation.</param>
    /// <param name="running">The process.</param>
    public void Set(string cluster, string home, OperatorProcess running)
    {
        lock (gate)
        {
            targets[(cluster, home)] = running;
            Write();
        }
    }

    /// <summary>Scrapes this installation no more.</summary>
    public void Remove(string cluster, string home)
    {
        lock (gate)
        {
            targets.Remove((cluster, home));
            Write();
        }
    }

    /// <summary>The labels of every alert that fires.</summary>
    public async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> FiringAsync(CancellationToken cancellationToken) =>
        [
            .. (await Prometheus.QueryOnceAsync("ALERTS{alertstate=\"firing\"}", cancellationToken)).Select(series =>
                series["metric"]!.AsObject().ToDictionary(label => label.Key, label => label.Value!.GetValue<string>())
            ),
        ];

    /// <summary>Waits until every rule was evaluated twice more, so that an alert that is a little late is not missed.</summary>
    public async Task UntilEvaluatedAsync(CancellationToken cancellationToken)
    {
        for (var evaluation = 0; evaluation < 2; evaluation++)
        {
            var begun = TimeProvider.System.GetUtcNow();
            await Eventually.BecomesTrueAsync(
                "all rules to be evaluated",
                async token => (await Prometheus.RulesAsync(token)).All(rule => (DateTimeOffset)rule["lastEvaluation"]! > begun),
                cancellationToken
            );
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Prometheus.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private void Write()
    {
        var groups = targets.Select(target => new JsonObject
        {
            ["targets"] = new JsonArray(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{target.Value.HttpPort}")),
            ["labels"] = new JsonObject { ["cluster"] = target.Key.Cluster, ["namespace"] = target.Key.Namespace },
        });
        var draft = TargetFile + ".new";
        File.WriteAllText(draft, new JsonArray([.. groups]).ToJsonString());
        File.Move(draft, TargetFile, overwrite: true);
    }

    [GeneratedRegex("^ +for: .*\n", RegexOptions.Multiline)]
    private static partial Regex ForLine();
}
