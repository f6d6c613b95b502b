using System.Globalization;
using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>A panel of the dashboard of the chart, and what Prometheus answers to its queries.</summary>
/// <param name="Json">The panel as Grafana reads it.</param>
/// <param name="Answers">An answer for each target; none where it was not asked yet.</param>
internal sealed record DashboardPanel(JsonNode Json, IReadOnlyList<DashboardAnswer> Answers)
{
    public string Title => Json["title"]!.GetValue<string>();

    public string Kind => Json["type"]!.GetValue<string>();

    /// <summary>The panels of the file.</summary>
    public static IReadOnlyList<DashboardPanel> ReadAll() =>
    [
        .. JsonNode
            .Parse(File.ReadAllText(RepositoryFolder.PathOf("charts/visma-operator/files/dashboard.json")))!["panels"]!
            .AsArray()
            .Select(panel => new DashboardPanel(panel!, [])),
    ];

    /// <summary>Asks what Grafana would ask, with all namespaces chosen.</summary>
    public async Task<DashboardPanel> AskAsync(Prometheus prometheus, TimeSpan range, CancellationToken cancellationToken)
    {
        var answers = new List<DashboardAnswer>();
        foreach (var target in Json["targets"]?.AsArray() ?? [])
        {
            var query = target!["expr"]!
                .GetValue<string>()
                .Replace("$namespace", ".*", StringComparison.Ordinal)
                .Replace("$__rate_interval", "20s", StringComparison.Ordinal);
            var isInstant = target["instant"]!.GetValue<bool>();
            var series = isInstant
                ? await prometheus.QueryOnceAsync(query, cancellationToken)
                : await prometheus.QueryRangeAsync(query, range, cancellationToken);
            answers.Add(new DashboardAnswer(query, [.. series.Select(found => Series(found, target["legendFormat"]!.GetValue<string>()))]));
        }

        return this with { Answers = answers };
    }

    private static DashboardSeries Series(JsonNode found, string legend)
    {
        var labels = found["metric"]!.AsObject().ToDictionary(pair => pair.Key, pair => pair.Value!.GetValue<string>());
        var name = labels.Aggregate(
            legend,
            (text, label) => text.Replace("{{" + label.Key + "}}", label.Value, StringComparison.Ordinal)
        );
        var points = found["values"]?.AsArray() ?? [found["value"]!.DeepClone()];
        return new DashboardSeries(
            name,
            labels,
            [.. points.Select(point => (point![0]!.GetValue<double>(), Number(point[1]!.GetValue<string>())))]
        );
    }

    private static double Number(string text) =>
        text switch
        {
            "NaN" => double.NaN,
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            _ => double.Parse(text, CultureInfo.InvariantCulture),
        };
}

/// <summary>What one query gave.</summary>
/// <param name="Query">The query, without variables.</param>
/// <param name="Series">The series.</param>
internal sealed record DashboardAnswer(string Query, IReadOnlyList<DashboardSeries> Series);

/// <summary>One series.</summary>
/// <param name="Name">As the legend calls it.</param>
/// <param name="Labels">Its labels.</param>
/// <param name="Points">Unix time in seconds, and value.</param>
internal sealed record DashboardSeries(
    string Name,
    IReadOnlyDictionary<string, string> Labels,
    IReadOnlyList<(double Time, double Value)> Points
)
{
    /// <summary>The value at the end.</summary>
    public double Last => Points[^1].Value;
}
