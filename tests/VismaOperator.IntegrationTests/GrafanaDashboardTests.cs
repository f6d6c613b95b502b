using System.Globalization;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// The dashboard and the alerts of the chart, asked of a real Prometheus that scrapes the real operator. Grafana itself cannot be had here;
/// WRITE_SCREENSHOTS=1 draws the panels from the same answers.
/// </summary>
public sealed class GrafanaDashboardTests(ApiServerFixture fixture, Chromium chromium)
{
    private const string Rules = "charts/visma-operator/files/alerts.yaml";

    // The targets bear the job that the chart's ServiceMonitor gives them.
    private static readonly string scrape = $"""
          honor_labels: true
          relabel_configs: [{"{"}target_label: job, replacement: visma-operator-metrics{"}"}]
        rule_files: ['{RepositoryFolder.PathOf(Rules)}']
        """;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static bool IsPictureWanted => Environment.GetEnvironmentVariable("WRITE_SCREENSHOTS") is { Length: > 0 };

    [Fact]
    public async Task Every_query_of_the_dashboard_is_answered_with_data()
    {
        await using var scene = await Scene.OpenAsync(fixture, Options());
        var standby = scene.Operator;
        await scene.StartOperatorAsync();
        await using var prometheus = Prometheus.Start(
            [$"127.0.0.1:{standby.HttpPort}", $"127.0.0.1:{scene.Operator.HttpPort}"],
            scrape
        );
        await prometheus.UntilScrapedAsync(Ct);
        await PlayAsync(scene, prometheus);

        var panels = new List<DashboardPanel>();
        foreach (var panel in DashboardPanel.ReadAll())
        {
            panels.Add(await panel.AskAsync(prometheus, TimeSpan.FromSeconds(IsPictureWanted ? 100 : 60), Ct));
        }

        foreach (var (panel, answer) in panels.SelectMany(panel => panel.Answers.Select(answer => (panel, answer))))
        {
            Assert.True(answer.Series.Count > 0, $"{panel.Title} shows nothing: {answer.Query}");
            Assert.True(
                answer.Series.Any(series => series.Points.Any(point => double.IsFinite(point.Value))),
                $"{panel.Title} shows no number: {answer.Query}"
            );
        }

        Assert.Equal(("3", "2", "2", "1"), (Shown("Ready"), Shown("Not ready"), Shown("Stalled"), Shown("End within")));
        Assert.Equal(("0", "1", "2"), (Shown("Expire within"), Shown("Leader"), Shown("Replicas")));
        Assert.Contains(
            panels.Single(panel => panel.Title == "What is wrong now").Answers[0].Series,
            series => series.Labels["reason"] == "TenantRefused" && series.Labels["client"] == The.Client
        );
        Assert.All(await prometheus.RulesAsync(Ct), rule => Assert.Equal("ok", rule["health"]!.GetValue<string>()));
        Assert.Empty(prometheus.Complaints);
        if (IsPictureWanted)
        {
            await using var browser = await chromium.StartAsync();
            var page = await browser.OpenAsync(new() { Width = 1400, Height = 900 });
            await page.SetContentAsync(DashboardDrawing.Of(panels));
            await page.KeepAsync("grafana-dashboard");
        }

        string Shown(string title) =>
            panels
                .Single(panel => panel.Kind == "stat" && panel.Title.StartsWith(title, StringComparison.Ordinal))
                .Answers[0]
                .Series[0]
                .Last.ToString(CultureInfo.InvariantCulture);
    }

    // A green 0 would say that all is well.
    [Fact]
    public async Task What_is_not_known_is_no_zero()
    {
        await using var scene = await Scene.OpenAsync(fixture, Options("--connection-metrics", "false"));
        await using var prometheus = Prometheus.Start([$"127.0.0.1:{scene.Operator.HttpPort}"], scrape);
        await prometheus.UntilScrapedAsync(Ct);
        await scene.CreateAllAsync();
        await UntilAsync(prometheus, "sum(visma_operator_connections{ready=\"True\"}) == 1");

        foreach (var panel in DashboardPanel.ReadAll().Where(panel => panel.Kind == "stat"))
        {
            var asked = await panel.AskAsync(prometheus, TimeSpan.FromMinutes(1), Ct);
            var needsConnections = panel.Title.StartsWith("Stalled", StringComparison.Ordinal)
                || panel.Title.StartsWith("Exp", StringComparison.Ordinal)
                || panel.Title.StartsWith("End", StringComparison.Ordinal);
            Assert.True(needsConnections == (asked.Answers[0].Series.Count == 0), $"{panel.Title}: {asked.Answers[0].Query}");
        }
    }

    private static SceneOptions Options(params string[] more)
    {
        var port = FreePort.Take();
        return new()
        {
            Arguments = ["--leader-elect", "true", "--allowed-api-hosts", $"api.finance.visma.net,127.0.0.1:{port}", .. more],
            Reach = Reach.Listed,
            Provider = The.Provider with { AccessTokenLifetime = TimeSpan.FromSeconds(30), Port = port },
        };
    }

    // Three connections whose tokens live for 30 s, and what may go wrong beside them.
    private static async Task PlayAsync(Scene scene, Prometheus prometheus)
    {
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync(Ending(The.ClientSpec(scene.Provider.Issuer.OriginalString)));
        var probed = With("baseURL", scene.Provider.ApiUrl.OriginalString);
        probed["probe"] = new JsonObject { ["enabled"] = true };
        foreach (var name in new[] { The.Connection, "acme-staging", "beta" })
        {
            await scene.CreateConnectionAsync(name == The.Connection ? probed : null, name);
            await scene.UntilReadyAsync(name);
        }

        await scene.CreateConnectionAsync(With("tenantID", The.UnapprovedTenant), "not-approved");
        await scene.CreateConnectionAsync(With("suspend", true), "suspended");
        await scene.CreateConnectionAsync(With("baseURL", "https://erp.example.com/v1"), "another-host");
        if (IsPictureWanted)
        {
            await UntilAsync(prometheus, "count_over_time(up[10m]) > 30");
            scene.Provider.Faults.Always(new Fault.CutBefore(), tenantId: The.Tenant);
            await UntilAsync(prometheus, "count_over_time(up[10m]) > 55");
            scene.Provider.Faults.Clear();
            await UntilAsync(prometheus, "count_over_time(up[10m]) > 85");
        }

        await UntilAsync(prometheus, "sum(rate(visma_operator_token_request_duration_seconds_count[20s] offset 3s)) > 0");
        await UntilAsync(prometheus, "sum(rate(visma_operator_token_refreshes_total{result=\"stored\"}[20s] offset 3s)) > 0");
        await UntilAsync(prometheus, "min(visma_operator_connections{ready=\"True\", reason=\"TokenValid\"}) == 3");
        await UntilAsync(prometheus, "count(visma_operator_connection_problem{condition=\"Stalled\"}) == 4");
    }

    private static Task UntilAsync(Prometheus prometheus, string query) =>
        Eventually.BecomesTrueAsync(
            $"Prometheus to find {query}",
            async token => (await prometheus.QueryOnceAsync(query, token)).Count > 0,
            Ct,
            TimeSpan.FromMinutes(5)
        );

    private static JsonObject With(string member, JsonNode value)
    {
        var spec = The.ConnectionSpec();
        spec[member] = value;
        return spec;
    }

    private static JsonObject Ending(JsonObject client)
    {
        var soon = TimeProvider.System.GetUtcNow().AddDays(10).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        client["clientSecrets"]![0]!["expirationTime"] = soon;
        return client;
    }
}
