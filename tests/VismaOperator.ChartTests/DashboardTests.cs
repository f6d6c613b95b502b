using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>
/// The dashboard as a file. Whether its queries are right is seen in <c>GrafanaDashboardTests</c>, by a real Prometheus.
/// </summary>
public sealed partial class DashboardTests
{
    private static readonly string[] kinds = ["row", "stat", "table", "bargauge", "timeseries"];

    private static string Json { get; } = File.ReadAllText(Chart.PathOf("files/dashboard.json"));

    private static List<JsonNode> Panels { get; } = [.. JsonNode.Parse(Json)!["panels"]!.AsArray().OfType<JsonNode>()];

    [Fact]
    public void Nothing_is_hidden_and_no_panel_covers_another()
    {
        Assert.All(Panels, panel => Assert.Contains(Text(panel, "type"), kinds));
        Assert.All(Panels.Where(IsRow), row => Assert.False(row["collapsed"]!.GetValue<bool>()));
        Assert.Equal(Panels.Count, Panels.Select(panel => panel["id"]!.GetValue<int>()).Distinct().Count());
        var cells = Panels.SelectMany(Cells).ToList();
        Assert.Equal(cells.Count, cells.Distinct().Count());
        Assert.All(cells, cell => Assert.InRange(cell.X, 0, 23));
    }

    [Fact]
    public void Every_panel_says_what_it_shows_and_asks_the_chosen_data_source()
    {
        foreach (var panel in Panels.Where(panel => !IsRow(panel)))
        {
            Assert.NotEmpty(Text(panel, "title"));
            Assert.NotEmpty(Text(panel, "description"));
            var targets = panel["targets"]!.AsArray();
            Assert.NotEmpty(targets);
            Assert.Equal(targets.Count, targets.Select(target => Text(target!, "refId")).Distinct().Count());
            Assert.All(targets, target => Assert.Equal("${datasource}", Text(target!["datasource"]!, "uid")));
        }
    }

    [Fact]
    public void A_colour_that_warns_is_told_in_words_too()
    {
        var warning = Panels.Where(panel =>
            panel["fieldConfig"]?["defaults"]?["thresholds"]?["steps"]?.AsArray() is { Count: > 1 } steps
            && steps.Any(step => Colour().IsMatch(Text(step!, "color")))
        );

        Assert.NotEmpty(warning);
        Assert.All(
            warning,
            panel => Assert.Matches(Word(), Text(panel, "title") + Text(panel, "description"))
        );
    }

    [Fact]
    public void A_runbook_that_a_panel_names_is_there()
    {
        var runbook = File.ReadAllText(RepositoryFolder.PathOf("docs/runbook.md"));
        var names = Runbook().Matches(Json).SelectMany(match => match.Groups["names"].Value.Split(", ")).ToList();

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.Contains($"### {name}\n", runbook, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("helm4")]
    [InlineData("helm3")]
    public async Task The_chart_hands_it_to_the_sidecar_as_it_is(string helm)
    {
        var text = await Tool.HelmNamed(helm)
            .RunAsync("template", Chart.Release, Chart.Folder, "--namespace", "visma-system", "--set", "grafanaDashboard.enabled=true");
        var map = YamlDocuments
            .Read(new StringReader(text))
            .Single(resource => resource.Kind() == "ConfigMap" && resource.Name() == "visma-operator-dashboard");

        Assert.Equal("visma-system", map.Namespace());
        Assert.Equal("1", Text(map["metadata"]!["labels"]!, "grafana_dashboard"));
        Assert.Null(map["metadata"]!["annotations"]);
        Assert.Equal(Json, Text(map["data"]!, "visma-operator.json"));
    }

    private static bool IsRow(JsonNode panel) => Text(panel, "type") == "row";

    private static string Text(JsonNode node, string member) => node[member]!.GetValue<string>();

    private static IEnumerable<(int X, int Y)> Cells(JsonNode panel)
    {
        int At(string member) => panel["gridPos"]![member]!.GetValue<int>();
        return from x in Enumerable.Range(At("x"), At("w")) from y in Enumerable.Range(At("y"), At("h")) select (x, y);
    }

    [GeneratedRegex("red|orange", RegexOptions.IgnoreCase, 60_000)]
    private static partial Regex Colour();

    [GeneratedRegex("good: 0|red|orange", RegexOptions.IgnoreCase, 60_000)]
    private static partial Regex Word();

    [GeneratedRegex("Runbook: (?<names>Visma[A-Za-z]+(, Visma[A-Za-z]+)*)", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Runbook();
}
