using System.Text;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>Copies of the token Secret in namespaces that accept them, on a real API server, with the roles of both modes.</summary>
public sealed class CopyTests(ApiServerFixture fixture)
{
    private const string Accept = "visma-operator.io/accept-tokens-from";
    private const string Name = "acme-token";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Three_copies_cost_one_token_request_for_each_renewal(bool isClusterWide)
    {
        await using var targets = await TargetsAsync(3);
        await using var scene = await OpenAsync(isClusterWide, targets);
        foreach (var target in targets.All)
        {
            await LabelAsync(scene, target.Name, scene.Home.Name);
        }

        await scene.CreateAllAsync(SpecOf(targets.All));
        await UntilEqualAsync(scene, targets.All);
        Assert.Single(scene.Provider.Ledger.TokenRequests);

        await scene.RequestRefreshAsync("now");
        await scene.UntilHandledAsync("now");
        await UntilEqualAsync(scene, targets.All);

        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
        var status = (await scene.GetConnectionAsync())["status"]!;
        Assert.Equal(
            targets.All.Select(target => $"{target.Name}/{Name}"),
            status["copies"]!.AsArray().Select(copy => $"{copy!["namespace"]}/{copy["name"]}")
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_withdrawn_label_takes_the_copy_and_a_forged_one_in_the_source_namespace_does_nothing(bool isClusterWide)
    {
        await using var targets = await TargetsAsync(2);
        await using var scene = await OpenAsync(isClusterWide, targets);
        var (accepting, other) = (targets.All[0], targets.All[1]);
        await LabelAsync(scene, accepting.Name, scene.Home.Name);
        await LabelAsync(scene, scene.Home.Name, other.Name);
        await LabelAsync(scene, other.Name, accepting.Name);
        await scene.CreateAllAsync(SpecOf(targets.All));
        await UntilEqualAsync(scene, [accepting]);
        await UntilToldAsync(scene, "NamespaceNotAccepting");
        Assert.Null(await scene.Admin.FindAsync(PathIn(other), Ct));

        await LabelAsync(scene, accepting.Name, null);

        await scene.UntilGoneAsync(PathIn(accepting));
        await scene.UntilAsync(scene.ConnectionPath(), "no copies in status", node => node["status"]!["copies"] is null);
        Assert.Equal("True", (await scene.GetConnectionAsync()).Condition("Ready")!.Status);
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_foreign_Secret_is_refused_and_drift_of_a_copy_is_healed_without_a_token_request(bool isClusterWide)
    {
        await using var targets = await TargetsAsync(2);
        await using var scene = await OpenAsync(isClusterWide, targets);
        var (taken, free) = (targets.All[0], targets.All[1]);
        await scene.Admin.CreateAsync(taken.Core("secrets"), Foreign(), Ct);
        foreach (var target in targets.All)
        {
            await LabelAsync(scene, target.Name, scene.Home.Name);
        }

        await scene.CreateAllAsync(SpecOf(targets.All));
        await UntilEqualAsync(scene, [free]);
        await UntilToldAsync(scene, "SecretNotOwned");

        await scene.Admin.PatchAsync(
            PathIn(free),
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["visma-operator.io/secret"] = null } },
                ["data"] = new JsonObject { ["access_token"] = Convert.ToBase64String(Encoding.UTF8.GetBytes("forged")) },
            },
            Ct
        );
        await UntilEqualAsync(scene, [free]);
        await scene.Admin.DeleteAsync(PathIn(free), Ct);
        await UntilEqualAsync(scene, [free]);

        Assert.Equal("theirs", (await scene.Admin.GetAsync(PathIn(taken), Ct)).Value("password"));
        Assert.Equal("True", (await scene.GetConnectionAsync()).Condition("Ready")!.Status);
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task The_copies_of_a_deleted_connection_are_gone_also_when_it_went_while_no_operator_ran(bool isClusterWide, bool isDown)
    {
        await using var targets = await TargetsAsync(2);
        await using var scene = await OpenAsync(isClusterWide, targets);
        foreach (var target in targets.All)
        {
            await LabelAsync(scene, target.Name, scene.Home.Name);
        }

        await scene.CreateAllAsync(SpecOf(targets.All));
        await UntilEqualAsync(scene, targets.All);
        if (isDown)
        {
            await scene.EndOperatorAsync(ProcessSignal.Terminate);
        }

        await scene.Admin.DeleteAsync(scene.ConnectionPath(), Ct);
        if (isDown)
        {
            await scene.StartOperatorAsync();
        }

        foreach (var target in targets.All)
        {
            await scene.UntilGoneAsync(PathIn(target));
        }
    }

    private Task<Scene> OpenAsync(bool isClusterWide, Targets targets) =>
        Scene.OpenAsync(
            fixture,
            new SceneOptions
            {
                Reach = isClusterWide ? Reach.Cluster : Reach.Listed,
                MoreNamespaces = [.. targets.All.Select(target => target.Name)],
            }
        );

    private async Task<Targets> TargetsAsync(int count)
    {
        var targets = new Targets();
        for (var index = 0; index < count; index++)
        {
            targets.All.Add(await fixture.CreateNamespaceAsync(Ct));
        }

        return targets;
    }

    private static JsonObject SpecOf(IEnumerable<TestNamespace> targets)
    {
        var spec = The.ConnectionSpec();
        spec["secret"] = new JsonObject
        {
            ["copies"] = new JsonArray(
                [.. targets.Select(target => new JsonObject { ["namespace"] = target.Name, ["name"] = Name })]
            ),
        };
        return spec;
    }

    private static JsonObject Foreign() =>
        new()
        {
            ["metadata"] = new JsonObject { ["name"] = Name },
            ["stringData"] = new JsonObject { ["password"] = "theirs" },
        };

    private static string PathIn(TestNamespace target) => target.Core($"secrets/{Name}");

    private static Task<JsonNode> LabelAsync(Scene scene, string name, string? source) =>
        scene.Admin.PatchAsync(
            $"/api/v1/namespaces/{name}",
            new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [Accept] = source } } },
            Ct
        );

    private static async Task UntilEqualAsync(Scene scene, IEnumerable<TestNamespace> targets)
    {
        var token = (await scene.GetSecretAsync())["data"]!.ToJsonString();
        foreach (var target in targets)
        {
            await scene.UntilAsync(
                PathIn(target),
                "a copy of the token Secret",
                node => node["data"]?.ToJsonString() == token && node["metadata"]!["labels"]?["visma-operator.io/secret"] is not null
            );
        }
    }

    private static Task<JsonNode> UntilToldAsync(Scene scene, string reason) =>
        scene.UntilAsync(scene.ConnectionPath(), reason, node => node.Condition("CopiesWritten")?.Reason == reason);

    /// <summary>Namespaces that go with the test.</summary>
    private sealed class Targets : IAsyncDisposable
    {
        public List<TestNamespace> All { get; } = [];

        public async ValueTask DisposeAsync()
        {
            foreach (var target in All)
            {
                await target.DisposeAsync();
            }
        }
    }
}
