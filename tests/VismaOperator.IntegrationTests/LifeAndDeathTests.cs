using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>Objects and namespaces that go while the real garbage collector and the operator work at the same time.</summary>
public sealed class LifeAndDeathTests(ApiServerFixture fixture)
{
    private const int Bound = 60;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_that_is_replaced_by_one_of_the_same_name_ends_with_a_Secret_of_its_own()
    {
        fixture.Server.EnsureControllerManager();
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();

        for (var round = 0; round < 5; round++)
        {
            await scene.Admin.DeleteAsync(scene.ConnectionPath(), Ct);
            var connection = await scene.CreateConnectionAsync();
            var uid = connection["metadata"]!["uid"]!.GetValue<string>();
            await scene.UntilReadyAsync();
            await scene.UntilAsync(scene.SecretPath(), "the Secret to be the new connection's", node => Owner(node) == uid);
        }

        await scene.UntilStillAsync(TimeSpan.FromSeconds(3));
        Assert.Equal((await scene.GetConnectionAsync())["metadata"]!["uid"]!.GetValue<string>(), Owner(await scene.GetSecretAsync()));
    }

    [Fact]
    public async Task A_retained_Secret_outlives_its_connection_and_is_taken_up_by_the_next_one()
    {
        fixture.Server.EnsureControllerManager();
        await using var scene = await Scene.OpenAsync(fixture);
        var spec = The.ConnectionSpec();
        spec["secret"] = new JsonObject { ["deletionPolicy"] = "Retain" };
        await scene.CreateAllAsync(spec);
        var uid = (await scene.GetSecretAsync())["metadata"]!["uid"]!.GetValue<string>();

        await scene.Admin.DeleteAsync(scene.ConnectionPath(), Ct);
        await scene.UntilGoneAsync(scene.ConnectionPath());
        await scene.UntilStillAsync(TimeSpan.FromSeconds(2));
        await scene.CreateConnectionAsync(The.ConnectionSpec());
        await scene.UntilReadyAsync();

        var secret = await scene.UntilAsync(scene.SecretPath(), "an owner", node => Owner(node) is not null);
        Assert.Equal(uid, secret["metadata"]!["uid"]!.GetValue<string>());
    }

    [Fact]
    public async Task Two_connections_that_name_the_same_Secret_do_not_fight()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var published = await scene.GetSecretAsync();
        var spec = The.ConnectionSpec();
        spec["secret"] = new JsonObject { ["name"] = The.TokenSecret };

        await scene.CreateConnectionAsync(spec, "second");
        var second = await scene.UntilAsync(scene.ConnectionPath("second"), "Stalled", node => node.Condition("Stalled") is not null);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(2));

        Assert.Equal("SecretNotOwned", second.Condition("Stalled")!.Reason);
        Assert.Equal(published.ToJsonString(), (await scene.GetSecretAsync()).ToJsonString());
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    [Trait("Reach", "Cluster")]
    public async Task Nothing_is_written_again_in_a_namespace_that_is_deleted()
    {
        fixture.Server.EnsureControllerManager();
        await using var doomed = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await Scene.OpenAsync(fixture, new SceneOptions { MoreNamespaces = [doomed.Name] });
        await scene.CreateAllAsync();
        await scene.ChangeClientAsync(new JsonObject { ["allowedNamespaces"] = new JsonObject { ["from"] = "All" } });
        var spec = The.ConnectionSpec();
        spec["oauthClientRef"]!["namespace"] = scene.Home.Name;
        await scene.Admin.CreateAsync(doomed.Of(The.Group, "vismaconnections"), The.VismaConnection(The.Connection, spec), Ct);
        await scene.UntilAsync(
            doomed.Of(The.Group, $"vismaconnections/{The.Connection}"),
            "Ready",
            node => node.Condition("Ready")?.Status == "True"
        );
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        var (requests, tokens) = (scene.Proxy.Ledger.Requests.Count, scene.Provider.Ledger.TokenRequests.Count);

        await scene.Admin.DeleteAsync($"/api/v1/namespaces/{doomed.Name}", Ct);

        await scene.UntilGoneAsync($"/api/v1/namespaces/{doomed.Name}");
        await scene.UntilStillAsync(TimeSpan.FromSeconds(2));
        Assert.InRange(scene.Proxy.Ledger.Requests.Count - requests, 0, Bound);
        Assert.InRange(scene.Provider.Ledger.TokenRequests.Count - tokens, 0, 1); // where the Secret went before its connection
    }

    [Fact]
    public async Task Somebody_who_deletes_the_Secret_again_and_again_makes_no_storm_at_the_provider()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var begun = TimeProvider.System.GetTimestamp();

        for (var round = 0; round < 20; round++)
        {
            await scene.Admin.DeleteAsync(scene.SecretPath(), Ct);
        }

        await scene.UntilAsync(scene.SecretPath(), "the Secret to be back", _ => true);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(2));
        var seconds = (int)TimeProvider.System.GetElapsedTime(begun).TotalSeconds;
        Assert.InRange(scene.Provider.Ledger.TokenRequests.Count, 2, 2 + seconds); // at most one a second
    }

    private static string? Owner(JsonNode secret) => secret["metadata"]!["ownerReferences"]?[0]!["uid"]!.GetValue<string>();
}
