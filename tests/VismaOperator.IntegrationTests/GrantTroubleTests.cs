using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>Leases that are stolen in the middle of an exchange of a one-time token without grace, and namespaces that go.</summary>
public sealed class GrantTroubleTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Sent")]
    [InlineData("Received")]
    public async Task A_lease_that_is_stolen_in_the_middle_of_an_exchange_costs_no_grant(string where)
    {
        await using var scene = await GrantScene.ServedAsync(fixture.Server, ServedConnection.First);
        var (leader, other) = (scene.Operator, await scene.StartApartAsync());
        using var exchange = await scene.BeginExchangeAsync(ServedConnection.First, Enum.Parse<ExchangePoint>(where));

        await scene.StealLeaseAsync();
        await other.Process.WaitForLineAsync("this process takes over unless", Ct);
        exchange.Dispose();
        Assert.NotEqual(0, await leader.Process.WaitForExitAsync(Ct));
        await scene.UntilHandledAsync("now");
        await scene.UntilServedAsync();

        Assert.Equal([GrantVerdict.Granted], scene.ExchangesOf(ServedConnection.First));
        await scene.AssertNothingLostAsync(ServedConnection.First, generation: 2);
    }

    [Fact]
    public async Task A_deleted_namespace_is_gone_and_its_grants_are_revoked()
    {
        fixture.Server.EnsureControllerManager();
        await using var doomed = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await ServedInAsync(doomed);
        var family = scene.Provider.Grants.Families.Single();

        await scene.Admin.DeleteAsync($"/api/v1/namespaces/{doomed.Name}", Ct);

        await scene.UntilGoneAsync($"/api/v1/namespaces/{doomed.Name}");
        await scene.UntilHandedBackAsync(family);
    }

    [Fact]
    public async Task A_namespace_that_is_deleted_while_no_operator_runs_is_gone_too()
    {
        fixture.Server.EnsureControllerManager();
        await using var doomed = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await ServedInAsync(doomed);
        await scene.EndOperatorAsync(ProcessSignal.Terminate);

        await scene.Admin.DeleteAsync($"/api/v1/namespaces/{doomed.Name}", Ct);

        await scene.UntilGoneAsync($"/api/v1/namespaces/{doomed.Name}");
        Assert.False(scene.Provider.Grants.Families.Single().IsRevoked);
    }

    private async Task<Scene> ServedInAsync(TestNamespace ns)
    {
        var scene = await Scene.OpenAsync(
            fixture.Server,
            new SceneOptions { Provider = Consents.Provider(1), MoreNamespaces = [ns.Name] }
        );
        await scene.CreateClientsAsync();
        await scene.ChangeClientAsync(new JsonObject { ["allowedNamespaces"] = new JsonObject { ["from"] = "All" } });
        var spec = Consents.Spec(0);
        spec["oauthClientRef"]!["namespace"] = scene.Home.Name;
        await scene.Admin.CreateAsync(ns.Of(The.Group, "vismaconnections"), The.VismaConnection(The.Connection, spec), Ct);
        await scene.HandOverAsync(0, ns: ns);
        await scene.UntilAsync(
            ns.Of(The.Group, $"vismaconnections/{The.Connection}"),
            "Ready",
            node => node.Condition("Ready")?.Status == "True"
        );
        return scene;
    }
}
