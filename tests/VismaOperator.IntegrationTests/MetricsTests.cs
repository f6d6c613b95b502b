using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>What monitoring reads from the real operator.</summary>
public sealed partial class MetricsTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_real_Prometheus_scrapes_without_a_warning_and_promtool_finds_nothing()
    {
        await using var scene = await Scene.OpenAsync(fixture, Everything());
        await scene.CreateAllAsync();
        var spec = The.ConnectionSpec();
        spec["oauthClientRef"] = new JsonObject { ["name"] = "nobody" };
        await scene.CreateConnectionAsync(spec, "without-client");
        await using var prometheus = Prometheus.Start([$"127.0.0.1:{scene.Operator.HttpPort}"]);

        var target = Assert.Single(await prometheus.UntilScrapedAsync(Ct));

        Assert.Equal("up", target["health"]!.GetValue<string>());
        Assert.Equal("", target["lastError"]!.GetValue<string>());
        Assert.Empty(prometheus.Complaints);
        Assert.Single(await prometheus.QueryAsync($"visma_operator_connection_ready{{name=\"{The.Connection}\"}} == 1", Ct));
        Assert.Single(await prometheus.QueryAsync("visma_operator_connection_ready{name=\"without-client\"} == 0", Ct));
        Assert.Single(await prometheus.QueryAsync("visma_operator_token_expiration_timestamp_seconds == 0", Ct));
        var page = await MetricsPage.ReadAsync(scene.Operator, Ct);
        var (exitCode, output) = await Prometheus.PromtoolAsync(["check", "metrics"], page.Text, Ct);
        Assert.True(exitCode == 0 && output.Length == 0, output);
    }

    [Fact]
    public async Task The_reference_names_every_metric_with_its_labels_and_no_other()
    {
        var port = FreePort.Take();
        var everything = Everything();
        await using var scene = await Scene.OpenAsync(
            fixture,
            everything with
            {
                Provider = The.Provider with { Port = port },
                Arguments = [.. everything.Arguments, "--allowed-api-hosts", $"127.0.0.1:{port}"],
            }
        );
        await scene.CreateAllAsync();
        var probed = new JsonObject { ["enabled"] = true };
        await scene.ChangeConnectionAsync(new JsonObject { ["baseURL"] = scene.Provider.ApiUrl.OriginalString, ["probe"] = probed });
        await scene.UntilAsync(
            scene.ConnectionPath(),
            "TokenAccepted=True",
            node => node.Condition("TokenAccepted")?.Status == "True"
        );

        var page = await MetricsPage.ReadAsync(scene.Operator, Ct);

        var served = Types(page.Text);
        var explained = Explained();
        Assert.Empty(served.Except(explained.Keys));
        Assert.Empty(explained.Keys.Except(served));
        foreach (var (name, labels) in LabelsIn(page.Text))
        {
            Assert.True(explained[name].SetEquals(labels), $"{name} has {string.Join(", ", labels)}");
        }
    }

    private static SceneOptions Everything() =>
        new()
        {
            Arguments = [.. PageConsents.Arguments, "--leader-elect", "true", "--connection-sets"],
            Roles = ChartRoles.OfSets,
            Reach = Reach.Listed,
        };

    // Of the runtime and of OpenTelemetry: explained elsewhere.
    private static bool IsOurs(string metric) =>
        !metric.StartsWith("dotnet_", StringComparison.Ordinal) && metric is not ("target_info" or "otel_scope_info");

    private static HashSet<string> Types(string page) =>
        [.. TypeLine().Matches(page).Select(match => match.Groups["name"].Value).Where(IsOurs)];

    private static IEnumerable<(string Name, HashSet<string> Labels)> LabelsIn(string page) =>
        SampleLine()
            .Matches(page)
            .Select(match => (
                Name: Suffix().Replace(match.Groups["name"].Value, string.Empty),
                Labels: LabelName()
                    .Matches(match.Groups["labels"].Value)
                    .Select(label => label.Groups["name"].Value)
                    .Where(label => label != "le")
            ))
            .Where(sample => IsOurs(sample.Name))
            .Select(sample => (sample.Name, sample.Labels.ToHashSet(StringComparer.Ordinal)));

    private static Dictionary<string, HashSet<string>> Explained() =>
        DocumentedRow()
            .Matches(File.ReadAllText(RepositoryFolder.PathOf("docs/reference/metrics.md")))
            .ToDictionary(
                row => row.Groups["name"].Value,
                row => row
                    .Groups["labels"].Value.Split(["`", ",", " "], StringSplitOptions.RemoveEmptyEntries)
                    .ToHashSet(StringComparer.Ordinal),
                StringComparer.Ordinal
            );

    [GeneratedRegex("^# TYPE (?<name>[a-z_]+) ", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex("^(?<name>[a-z_]+)(\\{(?<labels>.*)\\})? [^ ]+( [0-9]+)?$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex SampleLine();

    [GeneratedRegex("(?<name>[a-z_]+)=\"")]
    private static partial Regex LabelName();

    [GeneratedRegex("_(bucket|sum|count)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Suffix();

    [GeneratedRegex(@"^\| `(?<name>[a-z_]+)` \|(?<labels>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex DocumentedRow();
}
