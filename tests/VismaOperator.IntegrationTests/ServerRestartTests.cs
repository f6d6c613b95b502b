using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>The API server itself crashes and comes back, on the same data.</summary>
[Collection(OwnServerFixture.Collection)]
public sealed class ServerRestartTests(OwnServerFixture fixture)
{
    // Four kinds are watched and every attempt is refused: with backoff a few attempts each, in a loop thousands.
    private const int Bound = 200;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_change_right_after_a_restart_is_noticed_and_unchanged_objects_cost_nothing()
    {
        Assert.SkipUnless(fixture.Server.CanRestart, ApiServer.NoRestartReason);
        await using var scene = await Scene.OpenAsync(fixture.Server);
        await scene.CreateAllAsync();
        await scene.CreateConnectionAsync(name: "edited");
        await scene.CreateConnectionAsync(name: "untouched");
        await scene.UntilReadyAsync("edited");
        await scene.UntilReadyAsync("untouched");
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        var before = scene.Proxy.Ledger.Requests.Count;

        await fixture.Server.KillAsync(Ct);
        await fixture.Server.StartAgainAsync(Ct);
        await scene.Admin.DeleteAsync(scene.SecretPath(), Ct);
        await scene.ChangeConnectionAsync(new JsonObject { ["tenantID"] = The.OtherTenant }, "edited");
        await scene.CreateConnectionAsync(name: "created");

        await scene.UntilReadyAsync("created");
        await scene.UntilReadyAsync("edited");
        await scene.UntilAsync(scene.SecretPath(), "the deleted Secret to be back", _ => true);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(2));
        Assert.Equal(3 + 3, scene.Provider.Ledger.TokenRequests.Count); // one for each at first, and one for each change
        Assert.InRange(scene.Proxy.Ledger.Requests.Count - before, 1, Bound);
    }

    [Fact]
    public async Task A_token_that_was_issued_while_the_server_was_away_is_stored_when_it_is_back()
    {
        Assert.SkipUnless(fixture.Server.CanRestart, ApiServer.NoRestartReason);
        await using var scene = await Scene.OpenAsync(fixture.Server);
        var first = await scene.CreateAllAsync();
        using (scene.Proxy.Inject(new FaultEffect.Break(), request => request.IsSecretWrite()))
        {
            await scene.RequestRefreshAsync("now");
            await scene.Provider.Ledger.WaitForAsync(2, entry => entry.IsGranted, Ct);
            await fixture.Server.KillAsync(Ct);
        }

        await fixture.Server.StartAgainAsync(Ct);

        // The request may count as handled before: its token waits in memory then.
        var before = first["status"]!["token"]!["fingerprint"]!.GetValue<string>();
        await scene.UntilAsync(
            scene.ConnectionPath(),
            "another token",
            node => node["status"]!["token"]!["fingerprint"]!.GetValue<string>() != before
        );
        await scene.UntilHandledAsync("now");
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
    }
}
