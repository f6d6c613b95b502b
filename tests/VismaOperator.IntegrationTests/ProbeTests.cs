using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary><c>spec.probe</c> and the verb <c>probe</c>: the real executable, a real API server, and the stand-in's ERP API.</summary>
public sealed class ProbeTests(ApiServerFixture fixture)
{
    private const string Condition = "TokenAccepted";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_API_says_is_told_and_touches_neither_Ready_nor_the_token()
    {
        await using var scene = await OpenAsync();
        var before = await scene.CreateAllAsync(Spec(scene));
        await UntilAsync(scene, "True");
        Assert.Equal("False", Offline(await scene.GetConnectionAsync()));

        scene.Provider.Portal.Set(new StandInTenant(The.Tenant) { Kind = TenantKind.Customer });
        var refused = await Verb.RunAsync(scene, fixture.Server.KubeconfigPath, "probe", The.Connection, "--wait");

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("ApiUnauthorized", refused.Text, StringComparison.Ordinal);
        Assert.Contains("Company tenant id", refused.Text, StringComparison.Ordinal);
        var connection = await scene.GetConnectionAsync();
        Assert.Equal(("False", "True"), (connection.Condition(Condition)!.Status, Offline(connection)));
        Assert.Equal(before.Condition("Ready"), connection.Condition("Ready"));
        Assert.Equal(before.TokenIssueTime(), connection.TokenIssueTime());
        Assert.Single(scene.Provider.Ledger.TokenRequests);
        await Eventually.GetAsync("an event of the probe", token => EventAsync(scene, "ApiUnauthorized", token), Ct);

        // 429: nothing is sent before the time that the API names, however often somebody asks. Another path, as what the API has refused
        // is not asked again soon.
        scene.Provider.Portal.Set(new StandInTenant(The.Tenant));
        await scene.ChangeConnectionAsync(new JsonObject { ["probe"] = new JsonObject { ["path"] = "/organization" } });
        await UntilAsync(scene, "True");
        scene.Provider.Faults.Next(Fault.TooManyRequests(TimeSpan.FromSeconds(25)), 1, StandInEndpoint.Api);
        var limited = await Verb.RunAsync(scene, fixture.Server.KubeconfigPath, "probe", "--all", "--wait");
        var accepted = await Verb.RunAsync(scene, fixture.Server.KubeconfigPath, "probe", "-l", "app!=other", "--wait");

        Assert.Contains("ApiRateLimited", limited.Text, StringComparison.Ordinal);
        Assert.True(accepted.ExitCode == 0, accepted.Text);
        Assert.Contains("the API accepts the token", accepted.Text, StringComparison.Ordinal);
        var times = Probes(scene).TakeLast(2).Select(entry => entry.Time).ToList();
        Assert.True(times[1] - times[0] >= TimeSpan.FromSeconds(25), $"{times[1] - times[0]} after 429");
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task Switched_off_again_nothing_of_it_is_left_and_nobody_can_ask()
    {
        await using var scene = await OpenAsync();
        await scene.CreateAllAsync(Spec(scene));
        await UntilAsync(scene, "True");

        await scene.ChangeConnectionAsync(new JsonObject { ["probe"] = new JsonObject { ["enabled"] = false } });
        var off = await scene.UntilAsync(
            scene.ConnectionPath(),
            "no condition of a probe",
            node => node.IsObserved() && node.Condition(Condition) is null
        );
        var asked = await Verb.RunAsync(scene, fixture.Server.KubeconfigPath, "probe", The.Connection);

        Assert.Null(Offline(off));
        Assert.Equal(1, asked.ExitCode);
        Assert.Contains("Set spec.probe.enabled to true first.", asked.Text, StringComparison.Ordinal);
        Assert.Single(Probes(scene));
    }

    private Task<Scene> OpenAsync()
    {
        var port = FreePort.Take();
        return Scene.OpenAsync(
            fixture,
            new SceneOptions
            {
                Provider = The.Provider with { Port = port },
                Arguments = ["--allowed-api-hosts", $"127.0.0.1:{port}"],
            }
        );
    }

    private static JsonObject Spec(Scene scene)
    {
        var spec = The.ConnectionSpec();
        spec["baseURL"] = scene.Provider.ApiUrl.OriginalString;
        spec["probe"] = new JsonObject { ["enabled"] = true };
        return spec;
    }

    private static Task<JsonNode> UntilAsync(Scene scene, string status) =>
        scene.UntilAsync(scene.ConnectionPath(), $"{Condition}={status}", node => node.Condition(Condition)?.Status == status);

    private static async Task<JsonNode?> EventAsync(Scene scene, string reason, CancellationToken token) =>
        (await scene.Admin.GetAsync(scene.Home.Of("events.k8s.io/v1", "events"), token))["items"]!
            .AsArray()
            .FirstOrDefault(one => (string?)one!["reason"] == reason && (string?)one["type"] == "Warning");

    private static string? Offline(JsonNode connection) => (string?)connection["status"]!["offline"];

    private static IEnumerable<LedgerEntry> Probes(Scene scene) =>
        scene.Provider.Ledger.Requests.Where(entry => entry.Endpoint == StandInEndpoint.Api);
}
