using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>Watches that lag 5 s behind: the operator must not act on what it has not heard of its own writes yet.</summary>
public sealed class LaggingWatchTests(ApiServerFixture fixture)
{
    private static readonly TimeSpan lag = TimeSpan.FromSeconds(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_request_for_a_refresh_makes_one_token_request()
    {
        await using var scene = await OpenAsync();

        await scene.RequestRefreshAsync("now");
        await scene.UntilHandledAsync("now");

        await AssertOneMoreTokenAsync(scene);
    }

    [Fact]
    public async Task One_change_of_the_spec_makes_one_token_request()
    {
        await using var scene = await OpenAsync();

        await scene.ChangeConnectionAsync(new JsonObject { ["scopes"] = new JsonArray("vismanet_erp_service_api:read") });
        await scene.UntilReadyAsync();

        await AssertOneMoreTokenAsync(scene);
        Assert.Equal("vismanet_erp_service_api:read", (await scene.GetSecretAsync()).Value("scope"));
    }

    [Fact]
    public async Task One_deletion_of_the_Secret_makes_one_token_request()
    {
        await using var scene = await OpenAsync();

        await scene.Admin.DeleteAsync(scene.SecretPath(), Ct);
        await Eventually.GetAsync("the Secret to be back", token => scene.Admin.FindAsync(scene.SecretPath(), token), Ct);

        await AssertOneMoreTokenAsync(scene);
    }

    [Fact]
    public async Task A_label_that_somebody_sets_meanwhile_costs_no_second_token_request_and_makes_no_tight_loop()
    {
        await using var scene = await OpenAsync();
        var release = new TaskCompletionSource();
        var held = new Fault.Hold(release.Task);
        scene.Provider.Faults.Next(held);
        await scene.RequestRefreshAsync("now");
        await held.Reached.WaitAsync(Eventually.Patience, Ct);

        var before = scene.Proxy.Ledger.Requests.Count;
        await scene.Admin.PatchAsync(
            scene.ConnectionPath(),
            new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["team"] = "erp" } } },
            Ct
        );
        release.SetResult();
        await scene.UntilHandledAsync("now");

        await AssertOneMoreTokenAsync(scene);
        var since = scene.Proxy.Ledger.Requests.Skip(before).ToList();
        Assert.Equal(2, since.Count(request => request.IsConnectionStatus())); // refused (409), then bound to the version with the label
        Assert.InRange(since.Count(request => request.IsRead()), 1, 3);
    }

    private async Task<Scene> OpenAsync()
    {
        var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        scene.Proxy.Watches.Delay = lag;
        return scene;
    }

    // Longer than the lag, so that everything the operator wrote has come back to it.
    private static Task AssertOneMoreTokenAsync(Scene scene) =>
        Quiet.HoldsForAsync(lag + TimeSpan.FromSeconds(2), () => Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count), Ct);
}
