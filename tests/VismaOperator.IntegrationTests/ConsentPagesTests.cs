using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Consent in a browser: two real processes of which one leads, with the chart's roles, and a person who begins at one of them and comes
/// back to the other.
/// </summary>
[Trait("Reach", "Cluster")]
public sealed class ConsentPagesTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_who_begins_at_the_standby_and_comes_back_to_the_leader_makes_the_connection_Ready()
    {
        await using var scene = await AwaitingAsync();
        var (leader, standby) = (scene.Operator, await scene.StartOperatorAsync());
        await scene.ConsentInBrowserAsync(ServedConnection.First, standby, leader);

        var connection = await scene.UntilReadyAsync();

        Assert.Equal("sub-of-kari", connection["status"]!["authorization"]!["grantedBy"]!.GetValue<string>());
        Assert.Null(connection["status"]!["authorization"]!["url"]);
        Assert.Contains("outcome=\"Granted\"} 1", (await MetricsPage.ReadAsync(leader, Ct)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_who_comes_back_to_the_standby_makes_the_connection_Ready_too()
    {
        await using var scene = await AwaitingAsync();
        var (leader, standby) = (scene.Operator, await scene.StartOperatorAsync());
        await scene.ConsentInBrowserAsync(ServedConnection.First, leader, standby);

        await scene.UntilReadyAsync();
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    private async Task<Scene> AwaitingAsync()
    {
        var scene = await GrantScene.LedAsync(fixture.Server, tenants: 1);
        await scene.CreateConnectionAsync(ServedConnection.First.Spec);
        return scene;
    }
}
