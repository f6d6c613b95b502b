using System.Net;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>Watches that end in every way there is: what happened meanwhile is noticed, and what did not change costs nothing.</summary>
public sealed class WatchTroubleTests(ApiServerFixture fixture)
{
    // Four kinds are watched; with backoff from 200 ms on, five seconds of refusals are a few attempts for each.
    private const int Bound = 60;

    private static readonly TimeSpan trouble = TimeSpan.FromSeconds(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [Trait("Reach", "Cluster")]
    [InlineData("cut")]
    [InlineData("ended")]
    [InlineData("expired")]
    [InlineData("dropped")]
    public async Task A_change_right_after_a_watch_was_lost_is_noticed(string how)
    {
        await using var scene = await OpenAsync();

        Lose(scene, how);
        await ChangeEverythingAsync(scene);

        await AssertEverythingIsRightAsync(scene);
    }

    [Fact]
    [Trait("Reach", "Cluster")]
    public async Task Changes_while_the_API_server_is_out_of_reach_are_noticed()
    {
        await using var scene = await OpenAsync();
        var before = scene.Proxy.Ledger.Requests.Count;
        using (scene.Proxy.Inject(new FaultEffect.Break(), _ => true))
        {
            scene.Proxy.DropConnections();
            await ChangeEverythingAsync(scene);
            await Quiet.HoldsForAsync(trouble, () => Assert.InRange(scene.Proxy.Ledger.Requests.Count - before, 0, Bound), Ct);
        }

        await AssertEverythingIsRightAsync(scene);
    }

    [Theory]
    [InlineData(HttpStatusCode.Gone)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.TooManyRequests)]
    public async Task A_watch_that_is_refused_again_and_again_is_not_asked_for_in_a_tight_loop(HttpStatusCode status)
    {
        await using var scene = await OpenAsync();
        var before = scene.Proxy.Ledger.Requests.Count;
        FaultEffect effect = status == HttpStatusCode.Gone ? new FaultEffect.ExpireWatch() : new FaultEffect.Answer(status);
        using (scene.Proxy.Inject(effect, request => request.IsWatch))
        {
            scene.Proxy.Watches.End();
            await Quiet.HoldsForAsync(trouble, () => Assert.InRange(scene.Proxy.Ledger.Requests.Count - before, 0, Bound), Ct);
        }

        await ChangeEverythingAsync(scene);
        await AssertEverythingIsRightAsync(scene);
    }

    private async Task<Scene> OpenAsync()
    {
        var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        await scene.CreateConnectionAsync(name: "edited");
        await scene.UntilReadyAsync("edited");
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        return scene;
    }

    private static void Lose(Scene scene, string how)
    {
        switch (how)
        {
            case "cut":
                Assert.NotEqual(0, scene.Proxy.Watches.Cut());
                break;
            case "ended":
                Assert.NotEqual(0, scene.Proxy.Watches.End());
                break;
            case "expired":
                scene.Proxy.Inject(new FaultEffect.ExpireWatch(), request => request.IsWatch, times: 4);
                Assert.NotEqual(0, scene.Proxy.Watches.End());
                break;
            default:
                scene.Proxy.DropConnections();
                break;
        }
    }

    // One of each: an object that comes, one that changes, one that goes.
    private static async Task ChangeEverythingAsync(Scene scene)
    {
        await scene.Admin.DeleteAsync(scene.SecretPath(), Ct);
        await scene.ChangeConnectionAsync(new JsonObject { ["tenantID"] = The.OtherTenant }, "edited");
        await scene.CreateConnectionAsync(name: "created");
    }

    private static async Task AssertEverythingIsRightAsync(Scene scene)
    {
        await scene.UntilReadyAsync("created");
        await scene.UntilReadyAsync("edited");
        await scene.UntilAsync(scene.SecretPath(), "the deleted Secret to be back", _ => true);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(The.OtherTenant, (await scene.GetSecretAsync("edited-token")).Value("tenant_id"));
        Assert.Equal(2 + 3, scene.Provider.Ledger.TokenRequests.Count); // two at first, and one for each change
    }
}
