using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Consents that arrive while the leader is in the middle of an exchange of a one-time token without grace: on the pages of another
/// replica, and as a code that was handed over. One connection for each stage of an exchange.
/// </summary>
public sealed class GrantConsentRaceTests(ApiServerFixture fixture)
{
    // Short of 30 days before its end a consent can be given again on the pages at any time.
    private static readonly IReadOnlyList<(ServedConnection Connection, ExchangePoint Point)> races =
        [.. Enum.GetValues<ExchangePoint>().Select((point, number) => (new ServedConnection(number) { ConsentLifetime = "480h" }, point))];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_consent_on_another_replica_replaces_the_grant_at_every_stage_of_its_exchange()
    {
        await using var scene = await ServedAsync();
        var (leader, other) = (scene.Operator, await scene.StartApartAsync());
        foreach (var (connection, point) in races)
        {
            var former = await scene.FamilyAsync(connection.Name);
            using (await scene.BeginExchangeAsync(connection, point))
            {
                await scene.ConsentInBrowserAsync(connection, other, other);
            }

            await AssertReplacedAsync(scene, connection, former);
        }

        // Of the answers that the provider gave; what had only been sent was refused, since the former grant was handed back by then.
        Assert.Equal(2, leader.Process.Lines.Count(line => line.Contains("came too late", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_handed_over_code_replaces_the_grant_at_every_stage_of_its_exchange()
    {
        await using var scene = await ServedAsync();
        foreach (var (connection, point) in races)
        {
            var former = await scene.FamilyAsync(connection.Name);
            using (await scene.BeginExchangeAsync(connection, point))
            {
                await scene.HandOverAsync(connection.Number, connection.Name);
            }

            await scene.UntilGoneAsync(scene.SecretPath(connection.Name + "-visma-handoff"));
            await AssertReplacedAsync(scene, connection, former);
        }
    }

    [Fact]
    public async Task An_exchange_in_the_middle_of_a_consent_on_another_replica_is_followed_by_the_consent()
    {
        var connection = races[0].Connection;
        await using var scene = await GrantScene.ServedAsync(fixture.Server, connection);
        var former = await scene.FamilyAsync();
        var way = await scene.AddProxyAsync();
        var other = await scene.StartOperatorAsync(way);
        using var store = way.HoldWritesFrom("PUT", scene.GrantPath(), which: 3); // the attempt, its removal, and now the grant
        var consenting = scene.ConsentInBrowserAsync(connection, other, other);
        await store.Reached.WaitAsync(Eventually.Patience, TimeProvider.System, Ct);

        await scene.RequestRefreshAsync("now");
        await scene.UntilHandledAsync("now");
        await scene.AssertNothingLostAsync(connection, generation: 2);
        store.Dispose();
        await consenting;

        await AssertReplacedAsync(scene, connection, former);
    }

    private Task<Scene> ServedAsync() => GrantScene.ServedAsync(fixture.Server, [.. races.Select(race => race.Connection)]);

    private static async Task AssertReplacedAsync(Scene scene, ServedConnection connection, GrantFamily former)
    {
        await Eventually.BecomesTrueAsync("the new grant", async _ => (await scene.FamilyAsync(connection.Name)).Id != former.Id, Ct);
        await scene.UntilHandledAsync("now", connection.Name);
        await scene.UntilServedAsync(connection.Name);
        await scene.UntilHandedBackAsync(former);
        await scene.AssertNothingLostAsync(connection, generation: 1);
        Assert.Single(scene.ExchangesOf(connection));
    }
}
