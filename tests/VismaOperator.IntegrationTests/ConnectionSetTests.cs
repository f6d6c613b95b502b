using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Sets of connections on the real API server, with the chart's roles: what each change costs, by the requests that were made.
/// </summary>
public sealed class ConnectionSetTests(ApiServerFixture fixture)
{
    private const string Name = "customers";
    private const int Many = 200;

    private static readonly TimeSpan patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_hundred_tenants_cost_exactly_the_writes_and_tokens_that_differ()
    {
        await using var scene = await OpenAsync(Many + 1);
        var started = TimeProvider.System.GetTimestamp();
        await CreateAsync(scene, Tenants(Many));
        await UntilReadyAsync(scene, Many);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(3));
        var seconds = (int)TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        Assert.Equal((Many, 0, 0), Writes(scene, 0));
        Assert.Equal(Many, scene.Provider.Ledger.TokenRequests.Count);
        Assert.InRange(scene.Proxy.Ledger.Requests.Count(request => request.IsSetStatus()), 1, seconds + 3);

        var before = scene.Proxy.Ledger.Requests.Count;
        await ListAsync(scene, Tenants(Many + 1));
        await UntilReadyAsync(scene, Many + 1);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(3));
        Assert.Equal((1, 0, 0), Writes(scene, before));
        Assert.Equal(Many + 1, scene.Provider.Ledger.TokenRequests.Count);

        before = scene.Proxy.Ledger.Requests.Count;
        await ListAsync(scene, Tenants(Many, first: 1));
        await UntilReadyAsync(scene, Many);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(3));
        Assert.Equal((0, 0, 1), Writes(scene, before));

        before = scene.Proxy.Ledger.Requests.Count;
        await ChangeAsync(scene, """{"template": {"spec": {"displayName": "${tenantName} now"}}}""");
        await UntilReadyAsync(scene, Many);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(3));
        Assert.Equal((0, Many, 0), Writes(scene, before));
        Assert.All(await ConnectionsAsync(scene), connection =>
            Assert.EndsWith(" now", connection["spec"]!["displayName"]!.GetValue<string>(), StringComparison.Ordinal));
        Assert.Equal(Many + 1, scene.Provider.Ledger.TokenRequests.Count);

        before = scene.Proxy.Ledger.Requests.Count;
        await ListAsync(scene, []);
        var held = await scene.UntilAsync(
            PathOf(scene),
            "the removals to be held",
            node => node.Condition("Stalled") is not null,
            patience
        );
        await scene.UntilStillAsync(TimeSpan.FromSeconds(3));
        Assert.Equal("RemovalsHeld", held.Condition("Stalled")!.Reason);
        Assert.Equal((0, 0, 0), Writes(scene, before));
        Assert.Equal(Many, (await ConnectionsAsync(scene)).Count);
        Assert.Contains($"{VismaNames.ConfirmRemovalsAnnotation}={Many}", held.Condition("Stalled")!.Message, StringComparison.Ordinal);

        await AnnotateAsync(scene, $"{Many}");
        await scene.UntilAsync(PathOf(scene), "the removals to be done", node => Count(node, "connections") == 0, patience);
        Assert.Equal((0, 0, Many), Writes(scene, before));
        Assert.Empty(await ConnectionsAsync(scene));
    }

    [Theory]
    [InlineData(ProcessSignal.Terminate)]
    [InlineData(ProcessSignal.Kill)]
    public async Task A_restart_writes_nothing_of_an_unchanged_set(ProcessSignal signal)
    {
        await using var scene = await OpenAsync(10);
        await CreateAsync(scene, Tenants(10));
        await UntilReadyAsync(scene, 10);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(3));
        await scene.EndOperatorAsync(signal);
        var before = scene.Proxy.Ledger.Requests.Count;

        await scene.StartOperatorAsync();
        await Eventually.BecomesTrueAsync(
            "the controller of sets to have looked",
            async token => (await MetricsPage.ReadAsync(scene.Operator, token)).Reconciles("connectionset") >= 1,
            Ct
        );
        await scene.UntilStillAsync(TimeSpan.FromSeconds(3));

        // The client counts its connections once a minute at most, and a new process does not know when it did.
        Assert.DoesNotContain(scene.Proxy.Ledger.Requests.Skip(before), request => request.IsWrite && !request.IsClientStatus());
        Assert.Equal(10, scene.Provider.Ledger.TokenRequests.Count);
    }

    /// <summary>The audit at the end of each scene finds every request that the API server refused.</summary>
    [Theory]
    [InlineData(nameof(Reach.Listed))]
    [InlineData(nameof(Reach.Cluster))]
    public async Task The_charts_roles_are_enough_for_a_set_from_its_ConfigMap_to_its_end(string reach)
    {
        fixture.Server.EnsureControllerManager();
        await using var scene = await OpenAsync(3, Enum.Parse<Reach>(reach));
        await scene.Admin.CreateAsync(scene.Home.Core("configmaps"), Map(Tenants(3)), Ct);
        await CreateAsync(scene, tenants: null);
        await UntilReadyAsync(scene, 3);

        await scene.Admin.PatchAsync(scene.Home.Core("configmaps/list"), Map(Tenants(2)), Ct);
        await UntilReadyAsync(scene, 2);
        await scene.ChangeConnectionAsync(new JsonObject { ["suspend"] = true }, $"{Name}-customer-0");
        await scene.UntilAsync(
            scene.ConnectionPath($"{Name}-customer-0"),
            "it to be put back",
            node => node["spec"]!["suspend"]?.GetValue<bool>() != true
        );

        await scene.Admin.DeleteAsync(PathOf(scene), Ct);
        await scene.UntilGoneAsync(scene.ConnectionPath($"{Name}-customer-0"), patience);
    }

    [Theory]
    [InlineData(nameof(Reach.Listed))]
    [InlineData(nameof(Reach.Cluster))]
    public async Task Without_the_feature_the_operator_may_not_write_connections_and_a_set_is_nothing_to_it(string reach)
    {
        await using var scene = await Scene.OpenAsync(fixture, new SceneOptions { Reach = Enum.Parse<Reach>(reach) });
        await CreateAsync(scene, Tenants(1));
        await scene.CreateConnectionAsync(); // the operator looks at both only in this order
        await scene.UntilReadyAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));

        var asked = scene.Proxy.Ledger.Requests;
        Assert.DoesNotContain(asked, request => request.IsConnectionWrite());
        Assert.DoesNotContain(asked, request => request.Path.Contains("vismaconnectionsets", StringComparison.Ordinal));
        Assert.Single(await ConnectionsAsync(scene));
        scene.Account.WriteKubeconfig(scene.Proxy, scene.FileNamed("kubeconfig-to-ask"));
        using var account = ApiClient.FromKubeconfig(scene.FileNamed("kubeconfig-to-ask"));
        foreach (var verb in (string[])["create", "update", "patch", "delete"])
        {
            var review = JsonNode.Parse(
                $$$"""
                {"spec": {"resourceAttributes": {"namespace": "{{{scene.Home.Name}}}", "verb": "{{{verb}}}", "group": "visma-operator.io",
                 "resource": "vismaconnections"} } }
                """
            )!;
            var answer = await account.CreateAsync("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review, Ct);
            Assert.False(answer["status"]!["allowed"]!.GetValue<bool>(), verb);
        }
    }

    [Fact]
    public async Task Status_and_doctor_say_what_a_set_waits_for_and_the_command_that_lets_it_go_on()
    {
        await using var scene = await OpenAsync(10);
        await CreateAsync(scene, Tenants(10));
        await UntilReadyAsync(scene, 10);
        var admin = fixture.Server.KubeconfigPath;
        string[] doctor =
        [
            "doctor",
            $"vcs/{Name}",
            "--service-account",
            $"{scene.Home.Name}/visma-operator",
            "--allowed-issuers",
            scene.Provider.Issuer.OriginalString,
            "--insecure-issuers",
        ];
        var fine = await Verb.RunAsync(scene, admin, "status", $"vcs/{Name}");
        var healthy = await Verb.RunAsync(scene, admin, doctor);
        await ListAsync(scene, []);
        await scene.UntilAsync(PathOf(scene), "the removals to be held", node => node.Condition("Stalled") is not null, patience);

        var list = await Verb.RunAsync(scene, admin, "status");
        var broken = await Verb.RunAsync(scene, admin, doctor);

        Assert.Equal((0, 0, 1, 1), (fine.ExitCode, healthy.ExitCode, list.ExitCode, broken.ExitCode));
        Assert.Contains("Held       10 connections, 10 of them Ready", fine.Lines);
        Assert.Contains(
            healthy.Lines,
            line => line.StartsWith("✓ Permissions    Service account ", StringComparison.Ordinal)
                && line.Contains("this set takes", StringComparison.Ordinal)
        );
        Assert.StartsWith($"vcs/{Name}", list.Lines[1], StringComparison.Ordinal);
        Assert.Contains(
            broken.Lines,
            line => line.StartsWith("✗ Status         RemovalsHeld: ", StringComparison.Ordinal)
                && line.Contains($"{VismaNames.ConfirmRemovalsAnnotation}=10", StringComparison.Ordinal)
        );
    }

    private Task<Scene> OpenAsync(int tenants, Reach? reach = null) =>
        Scene.OpenAsync(
            fixture,
            new SceneOptions
            {
                Provider = The.Provider with
                {
                    Tenants = [.. Enumerable.Range(0, tenants).Select(number => new StandInTenant(IdOf(number)))],
                },
                Arguments = ["--connection-sets"],
                Roles = ChartRoles.OfSets,
                Reach = reach ?? Reaches.OfThisRun,
            }
        );

    private static async Task CreateAsync(Scene scene, JsonArray? tenants)
    {
        var template = The.ConnectionSpec();
        template.Remove("tenantID");
        var spec = new JsonObject { ["template"] = new JsonObject { ["spec"] = template } };
        spec[tenants is null ? "tenantsFrom" : "tenants"] = tenants is null
            ? JsonNode.Parse("""{"configMapKeyRef": {"name": "list", "key": "tenants.json"}}""")
            : tenants;
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        await scene.Admin.CreateAsync(
            scene.Home.Of(The.Group, "vismaconnectionsets"),
            new JsonObject
            {
                ["apiVersion"] = The.Group,
                ["kind"] = "VismaConnectionSet",
                ["metadata"] = new JsonObject { ["name"] = Name },
                ["spec"] = spec,
            },
            Ct
        );
    }

    private static Task<JsonNode> UntilReadyAsync(Scene scene, int count) =>
        scene.UntilAsync(
            PathOf(scene),
            $"{count} connections to be Ready",
            node => node.IsObserved()
                && node.Condition("Ready")?.Status == "True"
                && Count(node, "ready") == count
                && Count(node, "connections") == count,
            patience
        );

    private static Task<JsonNode> ListAsync(Scene scene, JsonArray tenants) =>
        scene.Admin.PatchAsync(PathOf(scene), new JsonObject { ["spec"] = new JsonObject { ["tenants"] = tenants } }, Ct);

    private static Task<JsonNode> ChangeAsync(Scene scene, string spec) =>
        scene.Admin.PatchAsync(PathOf(scene), new JsonObject { ["spec"] = JsonNode.Parse(spec) }, Ct);

    private static Task<JsonNode> AnnotateAsync(Scene scene, string count) =>
        scene.Admin.PatchAsync(
            PathOf(scene),
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [VismaNames.ConfirmRemovalsAnnotation] = count } },
            },
            Ct
        );

    private static async Task<IReadOnlyList<JsonNode>> ConnectionsAsync(Scene scene) =>
        [.. (await scene.Admin.GetAsync(scene.Home.Of(The.Group, "vismaconnections"), Ct))["items"]!.AsArray().Select(item => item!)];

    private static JsonObject Map(JsonArray tenants) =>
        new()
        {
            ["metadata"] = new JsonObject { ["name"] = "list" },
            ["data"] = new JsonObject { ["tenants.json"] = tenants.ToJsonString() },
        };

    private static JsonArray Tenants(int count, int first = 0) =>
        [
            .. Enumerable
                .Range(first, count)
                .Select(number => new JsonObject { ["name"] = $"customer-{number}", ["tenantID"] = IdOf(number) }),
        ];

    private static string IdOf(int number) => $"00000000-0000-4000-8000-{number:d12}";

    private static string PathOf(Scene scene) => scene.Home.Of(The.Group, $"vismaconnectionsets/{Name}");

    private static int? Count(JsonNode set, string member) => set["status"]?[member]?.GetValue<int>();

    private static (int Created, int Changed, int Deleted) Writes(Scene scene, int from)
    {
        var writes = scene.Proxy.Ledger.Requests.Skip(from).Where(request => request.IsConnectionWrite()).ToList();
        return (Of("POST"), Of("PATCH"), Of("DELETE"));

        int Of(string method) => writes.Count(request => request.Method == method);
    }
}
