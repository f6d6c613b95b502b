using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// <c>spec.restart</c> with the real executable on a real API server: workloads are objects there, and their patches are counted.
/// </summary>
public sealed class WorkloadRestartTests(ApiServerFixture fixture)
{
    private const string Apps = "apps/v1";
    private const string Condition = "WorkloadsRestarted";
    private const string Mark = $"restart.visma-operator.io/{The.Connection}";
    private const string RestartedAt = "visma-operator.io/restarted-at";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_but_two_annotations_of_the_template_is_changed()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.Account.AdmitRestartsAsync(scene.Home.Name);
        var before = new Dictionary<string, JsonNode>();
        foreach (var kind in new[] { "Deployment", "StatefulSet", "DaemonSet" })
        {
            before[kind] = await CreateAsync(scene, kind);
        }

        await scene.CreateAllAsync(Spec("Deployment", "StatefulSet", "DaemonSet"));
        var restarted = await UntilAsync(scene, "True");

        foreach (var (kind, old) in before)
        {
            var now = await scene.Admin.GetAsync(PathOf(scene, kind), Ct);
            Assert.Equal(Fingerprint(restarted), MarkOf(now));
            Assert.Equal(2, now["metadata"]!["generation"]!.GetValue<long>());
            Assert.Equal([Mark, "team", RestartedAt], Annotations(now).Select(pair => pair.Key).Order(StringComparer.Ordinal));
            Assert.Equal("erp", (string?)Annotations(now)["team"]);
            Annotations(now).Clear();
            Annotations(old).Clear();
            Assert.Equal(old["spec"]!.ToJsonString(), now["spec"]!.ToJsonString());
            Assert.Equal(old["metadata"]!["labels"]!.ToJsonString(), now["metadata"]!["labels"]!.ToJsonString());
        }

        Assert.Equal(3, Patches(scene));
        Assert.Equal(3, restarted["status"]!["restarts"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_workload_is_patched_once_for_each_changed_token()
    {
        await using var scene = await OpenAsync();

        foreach (var request in new[] { "one", "two" })
        {
            await BackdateAsync(scene);
            await scene.RequestRefreshAsync(request);
            await scene.UntilHandledAsync(request);
            await UntilMarkedAsync(scene);
        }

        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(3, scene.Provider.Ledger.TokenRequests.Count);
        Assert.Equal(3, Patches(scene));
        Assert.Equal(3, Reads(scene));
    }

    [Fact]
    public async Task Neither_a_kill_nor_a_new_leader_restarts_anything()
    {
        await using var scene = await OpenAsync(new SceneOptions { Arguments = ["--leader-elect", "true"] });
        await BackdateAsync(scene); // nothing but the record holds another restart up
        var before = (await DeploymentAsync(scene))["metadata"]!["generation"]!.GetValue<long>();

        // Killed and started again, on the Lease of the one that was killed.
        await scene.EndOperatorAsync(ProcessSignal.Kill);
        scene.Proxy.Ledger.Clear();
        await LeadingAsync(scene);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(0.5));

        // Failed over to a second replica.
        var leader = scene.Operator;
        var other = await scene.StartOperatorAsync();
        await leader.Process.KillAsync(Ct);
        await other.Process.WaitForLineAsync("This replica leads", Ct);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(0.5));

        // All watches break, and begin again.
        Assert.NotEqual(0, scene.Proxy.Watches.Cut());
        await Quiet.HoldsForAsync(TimeSpan.FromSeconds(3), () => Assert.Equal(0, Reads(scene)), Ct);

        Assert.Equal(0, Patches(scene));
        Assert.Equal(0, Reads(scene));
        Assert.Equal(before, (await DeploymentAsync(scene))["metadata"]!["generation"]!.GetValue<long>());
        Assert.Single(scene.Provider.Ledger.TokenRequests);

        // The one that leads now goes on where the record ends.
        await scene.RequestRefreshAsync("one");
        await scene.UntilHandledAsync("one");
        await UntilMarkedAsync(scene);
        Assert.Equal(1, Patches(scene));
    }

    [Fact]
    public async Task A_paused_Deployment_is_left_alone_until_it_is_resumed()
    {
        await using var scene = await OpenAsync();
        await BackdateAsync(scene);
        await PatchAsync(scene, """{"spec": {"paused": true} }""");

        await scene.RequestRefreshAsync("one");
        await scene.UntilHandledAsync("one");
        var told = await UntilAsync(scene, "False");

        Assert.Equal("WorkloadPaused", told.Condition(Condition)!.Reason);
        Assert.Equal("True", told.Condition("Ready")!.Status);
        Assert.Equal(1, Patches(scene));

        await PatchAsync(scene, """{"spec": {"paused": false} }""");
        await scene.RequestRefreshAsync("two");
        await UntilAsync(scene, "True");
        Assert.Equal(2, Patches(scene));
    }

    [Fact]
    public async Task The_mark_of_a_connection_that_is_gone_goes_with_the_next_restart()
    {
        await using var scene = await OpenAsync();
        await BackdateAsync(scene, """, "restart.visma-operator.io/acme-gone": "of-another-token" """);

        await scene.RequestRefreshAsync("one");
        await scene.UntilHandledAsync("one");
        await UntilMarkedAsync(scene);

        var annotations = Annotations(await DeploymentAsync(scene)).Select(pair => pair.Key);
        Assert.Equal([Mark, "team", RestartedAt], annotations.Order(StringComparer.Ordinal));
        Assert.Equal(2, Patches(scene));
    }

    [Fact]
    public async Task Changes_within_a_minute_are_one_patch_for_the_newest()
    {
        await using var scene = await OpenAsync();

        foreach (var request in new[] { "one", "two" })
        {
            await scene.RequestRefreshAsync(request);
            await scene.UntilHandledAsync(request);
        }

        Assert.Equal(1, Patches(scene));
        await UntilMarkedAsync(scene, TimeSpan.FromMinutes(2));

        Assert.Equal(3, scene.Provider.Ledger.TokenRequests.Count);
        Assert.Equal(2, Patches(scene));
    }

    [Fact]
    public async Task Without_the_permission_the_token_is_Ready_and_the_remedy_is_told()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await CreateAsync(scene, "Deployment");
        await scene.CreateAllAsync(Spec("Deployment"));

        var told = await UntilAsync(scene, "False");

        var condition = told.Condition(Condition)!;
        Assert.Equal("RestartForbidden", condition.Reason);
        Assert.Contains($"restarts are not permitted in namespace {scene.Home.Name}", condition.Message, StringComparison.Ordinal);
        Assert.Contains("restart.namespaces", condition.Message, StringComparison.Ordinal);
        Assert.Equal(("True", null), (told.Condition("Ready")!.Status, told.Condition("Stalled")));
        Assert.Null(MarkOf(await DeploymentAsync(scene)));

        await scene.Account.AdmitRestartsAsync(scene.Home.Name);
        await scene.RequestRefreshAsync("now");
        await UntilAsync(scene, "True");
        Assert.Equal(Fingerprint(await scene.GetConnectionAsync()), MarkOf(await DeploymentAsync(scene)));
    }

    // One Deployment that was restarted for the first token.
    private async Task<Scene> OpenAsync(SceneOptions? options = null)
    {
        var scene = await Scene.SetAsync(fixture.Server, options);
        await scene.Account.AdmitRestartsAsync(scene.Home.Name);
        await CreateAsync(scene, "Deployment");
        await LeadingAsync(scene);
        await scene.CreateAllAsync(Spec("Deployment"));
        await UntilAsync(scene, "True");
        Assert.Equal(1, Patches(scene));
        return scene;
    }

    private static async Task LeadingAsync(Scene scene)
    {
        var started = await scene.StartOperatorAsync();
        await started.Process.WaitForLineAsync("This replica leads", Ct);
    }

    private static JsonObject Spec(params string[] kinds)
    {
        var spec = The.ConnectionSpec();
        spec["restart"] = new JsonArray([
            .. kinds.Select(kind => new JsonObject { ["kind"] = kind, ["name"] = Named(kind) }),
        ]);
        return spec;
    }

    private static string Named(string kind) => $"importer-{kind.ToLowerInvariant()}";

    private static string PathOf(Scene scene, string kind) => scene.Home.Of(Apps, $"{kind.ToLowerInvariant()}s/{Named(kind)}");

    private static Task<JsonNode> CreateAsync(Scene scene, string kind)
    {
        var workload = JsonNode.Parse(
            $$$"""
            {"apiVersion": "apps/v1", "kind": "{{{kind}}}", "metadata": {"name": "{{{Named(kind)}}}", "labels": {"app": "importer"} },
             "spec": {
               "selector": {"matchLabels": {"app": "importer"} },
               "template": {
                 "metadata": {"labels": {"app": "importer"}, "annotations": {"team": "erp"} },
                 "spec": {"containers": [
                   {"name": "importer", "image": "example.com/importer:1",
                    "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "acme-production-token", "key": "authorization"} } }],
                    "resources": {"limits": {"memory": "64Mi"} } } ] } } } }
            """
        )!;
        if (kind == "StatefulSet")
        {
            workload["spec"]!["serviceName"] = "importer";
        }

        return scene.Admin.CreateAsync(scene.Home.Of(Apps, $"{kind.ToLowerInvariant()}s"), workload, Ct);
    }

    private static Task<JsonNode> DeploymentAsync(Scene scene) => scene.Admin.GetAsync(PathOf(scene, "Deployment"), Ct);

    private static Task<JsonNode> PatchAsync(Scene scene, string patch) =>
        scene.Admin.PatchAsync(PathOf(scene, "Deployment"), JsonNode.Parse(patch)!, Ct);

    // As if the last restart were long ago: no test but one waits for the minute between two.
    private static Task<JsonNode> BackdateAsync(Scene scene, string more = "") =>
        PatchAsync(
            scene,
            $$$"""{"spec": {"template": {"metadata": {"annotations": {"{{{RestartedAt}}}": "2026-01-01T00:00:00Z"{{{more}}}} } } } }"""
        );

    private static Task<JsonNode> UntilAsync(Scene scene, string status) =>
        scene.UntilAsync(scene.ConnectionPath(), $"{Condition}={status}", node => node.Condition(Condition)?.Status == status);

    // The Deployment and status name the token that is published.
    private static async Task UntilMarkedAsync(Scene scene, TimeSpan? within = null)
    {
        var fingerprint = Fingerprint(await scene.GetConnectionAsync());
        await scene.UntilAsync(PathOf(scene, "Deployment"), "the mark of the newest token", node => MarkOf(node) == fingerprint, within);
        await scene.UntilAsync(
            scene.ConnectionPath(),
            "the restart in status",
            node => (string?)node["status"]!["restarts"]?[0]!["fingerprint"] == fingerprint,
            within
        );
    }

    private static string? Fingerprint(JsonNode connection) => (string?)connection["status"]!["token"]!["fingerprint"];

    private static JsonObject Annotations(JsonNode workload) => workload["spec"]!["template"]!["metadata"]!["annotations"]!.AsObject();

    private static string? MarkOf(JsonNode workload) => (string?)Annotations(workload)[Mark];

    private static int Patches(Scene scene) => OfWorkloads(scene).Count(request => request is { IsWrite: true, Status: 200 });

    private static int Reads(Scene scene) => OfWorkloads(scene).Count(request => !request.IsWrite);

    private static IEnumerable<ProxiedRequest> OfWorkloads(Scene scene) =>
        scene.Proxy.Ledger.Requests.Where(request => request.Path.Contains("/apis/apps/", StringComparison.Ordinal));
}
