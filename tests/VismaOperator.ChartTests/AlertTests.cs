using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>
/// The alerts, in Prometheus' own evaluation: <c>alerts/</c> has a file of promtool tests for each, which says when it fires, when it does
/// not yet, and when it ends.
/// </summary>
public sealed partial class AlertTests
{
    private static readonly string rules = Chart.PathOf("files/alerts.yaml");
    private static readonly string folder = RepositoryFolder.PathOf("tests/VismaOperator.ChartTests/alerts");

    // What Prometheus and whoever sets it up add to every series.
    private static readonly string[] ofTheTarget = ["job", "instance", "cluster", "namespace"];

    public static TheoryData<string> Files() =>
        [.. Directory.GetFiles(folder, "*.yaml").Select(Path.GetFileNameWithoutExtension).OfType<string>().Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Promtool_finds_nothing_to_complain_about() =>
        Assert.Contains(
            $"{Alerts().Count} rules found",
            await Tool.Promtool.RunAsync("check", "rules", "--lint=all", "--lint-fatal", rules),
            StringComparison.Ordinal
        );

    [Theory]
    [MemberData(nameof(Files))]
    public async Task Alerts_fire_when_they_should_and_only_then(string file) =>
        Assert.Contains(
            "SUCCESS",
            await Tool.Promtool.RunAsync("test", "rules", Path.Combine(folder, file + ".yaml")),
            StringComparison.Ordinal
        );

    [Fact]
    public void Every_alert_is_seen_to_fire_to_say_its_words_and_to_end()
    {
        foreach (var name in Alerts().Select(Name))
        {
            var file = Path.Combine(folder, name + ".yaml");
            Assert.True(File.Exists(file), $"There is no {file}.");
            var cases = YamlDocuments.Read(file).Single()["tests"]!.AsArray();
            var samples = cases
                .SelectMany(test => test!["promql_expr_test"]!.AsArray())
                .Select(expected => expected!["exp_samples"]!.AsArray().Count)
                .ToList();

            Assert.Contains(0, samples);
            Assert.Contains(samples, count => count > 0);
            Assert.Contains(cases, test => test!["alert_rule_test"]?[0]!["alertname"]!.GetValue<string>() == name);
        }
    }

    [Fact]
    public void Every_alert_has_its_section_in_the_runbook_and_the_other_way_round()
    {
        var runbook = File.ReadAllText(RepositoryFolder.PathOf("docs/runbook.md"));

        Assert.Equal(
            Alerts().Select(Name),
            Section().Matches(runbook).Select(match => match.Groups["name"].Value)
        );
        Assert.All(
            Alerts(),
            alert =>
                Assert.Equal(
                    $"docs/runbook.md#{Name(alert).ToLowerInvariant()}",
                    alert["annotations"]!["runbook_url"]!.GetValue<string>()
                )
        );
    }

    [Fact]
    public async Task The_queries_of_the_runbook_are_queries()
    {
        var runbook = await File.ReadAllLinesAsync(RepositoryFolder.PathOf("docs/runbook.md"), TestContext.Current.CancellationToken);
        var queries = runbook.Where(line => Query().IsMatch(line)).Select(line => line.Trim()).ToList();
        var file = Path.GetTempFileName();
        try
        {
            var records = queries.Select((query, index) => new JsonObject { ["record"] = $"query:{index}", ["expr"] = query });
            var group = new JsonObject { ["name"] = "runbook", ["rules"] = new JsonArray([.. records]) };
            var document = new JsonObject { ["groups"] = new JsonArray(group) };
            await File.WriteAllTextAsync(file, document.ToJsonString(), TestContext.Current.CancellationToken);

            Assert.InRange(queries.Count, 5, 50);
            await Tool.Promtool.RunAsync("check", "rules", file);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void The_alerts_ask_for_metrics_labels_and_outcomes_that_the_reference_has()
    {
        var reference = File.ReadAllLines(RepositoryFolder.PathOf("docs/reference/metrics.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .ToList();
        var reasons = File.ReadAllText(RepositoryFolder.PathOf("docs/reference/conditions.md"));

        foreach (var alert in Alerts())
        {
            foreach (Match metric in Metric().Matches(alert["expr"]!.GetValue<string>()))
            {
                var name = metric.Groups["name"].Value;
                var row = name == "up" ? "up" : reference.Find(line => line.Split('|')[1].Contains($"`{name}`", StringComparison.Ordinal));
                Assert.True(row is not null, $"{Name(alert)} asks for {name}, which docs/reference/metrics.md does not have.");
                foreach (Match matcher in Matcher().Matches(metric.Groups["labels"].Value))
                {
                    var label = matcher.Groups["label"].Value;
                    Assert.True(
                        ofTheTarget.Contains(label) || row.Contains($"`{label}`", StringComparison.Ordinal),
                        $"{Name(alert)} asks for the label {label} of {name}, which docs/reference/metrics.md does not have."
                    );
                    foreach (var value in label is "outcome" or "reason" ? matcher.Groups["value"].Value.Split('|') : [])
                    {
                        Assert.Contains($"`{value}`", label == "outcome" ? row : reasons, StringComparison.Ordinal);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData("helm4")]
    [InlineData("helm3")]
    public async Task The_chart_hands_over_the_rules_as_they_are(string helm)
    {
        const string Runbook = "https://git.example.com/docs/runbook.md";
        var rendered = await RenderAsync(
            helm,
            $"prometheusRule.enabled=true,prometheusRule.runbookURL={Runbook},metrics.serviceMonitor.enabled=true"
        );
        const string Selector = "job=\"visma-operator-metrics\"";
        const string Targets = Selector + ", namespace=\"visma-system\"";

        Assert.Equal(Alerts().Count, AlertsOf(rendered["spec"]!).Count);
        foreach (var (written, handed) in Alerts().Zip(AlertsOf(rendered["spec"]!)))
        {
            Assert.Equal(
                Ordered(written)
                    .ToJsonString()
                    .Replace(Encoded(Selector), Encoded(Targets), StringComparison.Ordinal)
                    .Replace("docs/runbook.md", Runbook, StringComparison.Ordinal),
                Ordered(handed).ToJsonString()
            );
        }
    }

    [Fact]
    public async Task What_a_team_changes_counts_and_makes_rules_that_Prometheus_takes()
    {
        var rule = await RenderAsync("helm4", "prometheusRule.enabled=true", "everything");
        var alerts = AlertsOf(rule["spec"]!).ToDictionary(Name);
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, rule["spec"]!.ToJsonString(), TestContext.Current.CancellationToken);
            await Tool.Promtool.RunAsync("check", "rules", "--lint=all", "--lint-fatal", file);
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Equal("monitoring", rule["metadata"]!["namespace"]!.GetValue<string>());
        Assert.Equal(Alerts().Select(Name).Except(["VismaProbeFailing"]).Order(), alerts.Keys.Order());
        Assert.Contains("< 15 * 60 > 0", alerts["VismaTokenExpiring"]["expr"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("5m", alerts["VismaTokenExpiring"]["for"]!.GetValue<string>());
        Assert.Contains("< 30 * 86400", alerts["VismaConsentEnding"]["expr"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("info", alerts["VismaConsentEnding"]["labels"]!["severity"]!.GetValue<string>());
        Assert.Contains(
            "up{job=\"erp\", cluster=\"a\"}",
            alerts["VismaOperatorDown"]["expr"]!.GetValue<string>(),
            StringComparison.Ordinal
        );
        Assert.All(alerts.Values, alert => Assert.Equal("erp", alert["labels"]!["team"]!.GetValue<string>()));
        Assert.All(
            alerts,
            alert =>
                Assert.Equal(
                    $"https://git.example.com/erp/visma-operator/blob/main/docs/runbook.md#{alert.Key.ToLowerInvariant()}",
                    alert.Value["annotations"]!["runbook_url"]!.GetValue<string>()
                )
        );
    }

    [Fact]
    public async Task Without_an_address_of_the_runbook_no_alert_has_a_link_that_leads_nowhere()
    {
        var rule = await RenderAsync("helm4", "prometheusRule.enabled=true,metrics.serviceMonitor.enabled=true");

        Assert.All(AlertsOf(rule["spec"]!), alert => Assert.False(alert["annotations"]!.AsObject().ContainsKey("runbook_url")));
    }

    [Theory]
    [InlineData("prometheusRule.runbookURL=docs/runbook.md", "runbookURL")]
    [InlineData("prometheusRule.alerts.VismaNoLeeder.for=1h", "there is no such alert. There are: VismaTokenExpiring,")]
    [InlineData("prometheusRule.alerts.VismaNoLeader.days=3", "this alert has no limit in days")]
    [InlineData("prometheusRule.alerts.VismaNoLeader.minutes=3", "this alert has no limit in minutes")]
    [InlineData("prometheusRule.alerts.VismaNoLeader.for=ten", "for")]
    [InlineData("prometheusRule.alerts.VismaNoLeader.for=1m1h", "for")]
    [InlineData("prometheusRule.alerts.VismaNoLeader.for=", "for")]
    [InlineData("prometheusRule.alertLabels.severity=info", "severity")]
    [InlineData("prometheusRule.selector=visma", "selector")]
    [InlineData("prometheusRule.runbookURL=https://a.example/#b", "runbookURL")]
    public async Task A_change_that_would_change_nothing_is_refused(string setting, string reason)
    {
        var (exitCode, output) = await Tool.Helm.TryAsync(
            "template",
            Chart.Release,
            Chart.Folder,
            "--set",
            "prometheusRule.enabled=true,metrics.serviceMonitor.enabled=true",
            "--set",
            setting
        );
        Assert.NotEqual(0, exitCode);
        Assert.Contains(reason, output, StringComparison.Ordinal);
    }

    private static async Task<JsonNode> RenderAsync(string helm, string settings, string values = "defaults")
    {
        var text = await Tool.HelmNamed(helm)
            .RunAsync(
                "template",
                Chart.Release,
                Chart.Folder,
                "--namespace",
                "visma-system",
                "--set",
                settings,
                "--values",
                RepositoryFolder.PathOf($"tests/VismaOperator.ChartTests/values/{values}.yaml")
            );
        return YamlDocuments.Read(new StringReader(text)).Single(resource => resource.Kind() == "PrometheusRule");
    }

    private static List<JsonNode> Alerts() => AlertsOf(YamlDocuments.Read(rules).Single());

    private static List<JsonNode> AlertsOf(JsonNode spec) =>
        [.. spec["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).OfType<JsonNode>()];

    private static string Name(JsonNode alert) => alert["alert"]!.GetValue<string>();

    private static string Encoded(string text) => JsonValue.Create(text).ToJsonString().Trim('"');

    private static JsonNode Ordered(JsonNode node) => node switch
    {
        JsonObject members => new JsonObject(
            members
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Ordered(pair.Value!)))
        ),
        JsonArray items => new JsonArray([.. items.Select(item => Ordered(item!))]),
        _ => node.DeepClone(),
    };

    [GeneratedRegex("^### (?<name>Visma[A-Za-z]+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Section();

    [GeneratedRegex(
        @"\b(?<name>up|(visma_operator|controller|workqueue|leader|rest)_\w+)(?<labels>\{[^}]*\})?",
        RegexOptions.ExplicitCapture,
        60_000
    )]
    private static partial Regex Metric();

    [GeneratedRegex(@"^    (time\(|sum|max|histogram|[a-z]+_)", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Query();

    [GeneratedRegex("(?<label>[a-z_]+)(=|!=|=~|!~)\"(?<value>[^\"]*)\"", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Matcher();
}
