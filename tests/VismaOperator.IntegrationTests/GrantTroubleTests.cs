using System.Net;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using Api = VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>Stolen leases, API servers that take no writes and consents that come in between, all in the middle of an exchange of a one-time token without grace.</summary>
public sealed class GrantTroubleTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lease_that_is_stolen_in_the_middle_of_an_exchange_costs_no_grant()
    {
        await using var scene = await ServedAsync();
        var (leader, other) = (scene.Operator, await scene.StartOperatorAsync());
        var answer = Hold(scene, "refresh_token");
        await scene.RequestRefreshAsync("now");
        await scene.Provider.Ledger.WaitForInFlightAsync(1, Ct);

        await StealAsync(scene);
        await other.Process.WaitForLineAsync("This replica leads", Ct);
        answer.SetResult();
        Assert.NotEqual(0, await leader.Process.WaitForExitAsync(Ct));
        await scene.UntilHandledAsync("now");
        await scene.UntilServedAsync();

        Assert.Single(scene.Provider.Ledger.TokenRequests, entry => entry.Request.GrantType == "refresh_token");
        await AssertNothingLostAsync(scene, generation: 2);
    }

    [Fact]
    public async Task A_code_that_is_handed_over_in_the_middle_of_an_exchange_replaces_the_grant_and_nothing_else()
    {
        await using var scene = await ServedAsync();
        var before = await scene.FamilyAsync();
        var answer = Hold(scene, "refresh_token");
        await scene.RequestRefreshAsync("now");
        await scene.Provider.Ledger.WaitForInFlightAsync(1, Ct);

        await scene.HandOverAsync(0);
        answer.SetResult();
        await scene.UntilGoneAsync(scene.SecretPath(The.Connection + "-visma-handoff"));
        await Eventually.BecomesTrueAsync("the new grant", async _ => (await scene.FamilyAsync()).Id != before.Id, Ct);
        await scene.UntilServedAsync();

        await Eventually.BecomesTrueAsync("the former grant to be revoked", _ => Task.FromResult(Find(scene, before).Revocation == RevocationCause.Requested), Ct);
        await AssertNothingLostAsync(scene, generation: 1);
    }

    [Fact]
    public async Task A_token_that_cannot_be_stored_is_held_beyond_the_lease_and_stored_once_writes_are_taken_again()
    {
        await using var scene = await ServedAsync();
        var (leader, other) = (scene.Operator, await scene.StartOperatorAsync());
        using var outage = await ExchangeIntoAnOutageAsync(scene);

        await leader.Process.WaitForLineAsync("is held in memory", Ct);
        await leader.Process.WaitForLineAsync("A part of the operator failed", Ct); // the lease is lost, since it cannot be renewed
        await Quiet.HoldsForAsync(TimeSpan.FromSeconds(8), () => Assert.False(leader.Process.HasExited, "it ended with the token in its memory"), Ct);
        outage.Dispose();
        Assert.NotEqual(0, await leader.Process.WaitForExitAsync(Ct));
        await other.Process.WaitForLineAsync("This replica leads", Ct);
        await scene.UntilHandledAsync("now");
        await scene.UntilServedAsync();

        Assert.Single(scene.Provider.Ledger.TokenRequests, entry => entry.Request.GrantType == "refresh_token");
        await AssertNothingLostAsync(scene, generation: 2);
    }

    [Fact]
    public async Task A_process_that_must_end_with_a_token_that_it_could_not_store_tries_until_its_deadline_and_says_so()
    {
        await using var scene = await ServedAsync();
        var leader = scene.Operator;
        using var outage = await ExchangeIntoAnOutageAsync(scene);
        await leader.Process.WaitForLineAsync("is held in memory", Ct);

        leader.Process.Send(ProcessSignal.Terminate);
        await leader.Process.WaitForExitAsync(Ct, TimeSpan.FromSeconds(30)); // what a kubelet waits for

        Assert.Contains(leader.Process.Lines, line => line.Contains("could not be stored before this process had to end", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_process_that_must_end_stores_its_token_when_writes_are_taken_again_in_time()
    {
        await using var scene = await ServedAsync();
        var leader = scene.Operator;
        using var outage = await ExchangeIntoAnOutageAsync(scene);
        await leader.Process.WaitForLineAsync("is held in memory", Ct);

        leader.Process.Send(ProcessSignal.Terminate);
        await leader.Process.WaitForLineAsync("Stopping as asked", Ct);
        outage.Dispose();
        Assert.Equal(0, await leader.Process.WaitForExitAsync(Ct, TimeSpan.FromSeconds(30)));
        await scene.StartOperatorAsync();
        await scene.UntilServedAsync();

        await AssertNothingLostAsync(scene, generation: 2);
    }

    [Fact]
    public async Task A_namespace_that_is_deleted_goes_and_its_grants_are_revoked()
    {
        fixture.Server.EnsureControllerManager();
        await using var doomed = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await ServedInAsync(doomed);
        var family = scene.Provider.Grants.Families.Single();

        await scene.Admin.DeleteAsync($"/api/v1/namespaces/{doomed.Name}", Ct);

        await scene.UntilGoneAsync($"/api/v1/namespaces/{doomed.Name}");
        await Eventually.BecomesTrueAsync("the grant to be revoked", _ => Task.FromResult(Find(scene, family).Revocation == RevocationCause.Requested), Ct);
    }

    [Fact]
    public async Task A_namespace_that_is_deleted_while_no_operator_runs_goes_too()
    {
        fixture.Server.EnsureControllerManager();
        await using var doomed = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await ServedInAsync(doomed);
        await scene.EndOperatorAsync(ProcessSignal.Terminate);

        await scene.Admin.DeleteAsync($"/api/v1/namespaces/{doomed.Name}", Ct);

        await scene.UntilGoneAsync($"/api/v1/namespaces/{doomed.Name}");
        Assert.False(scene.Provider.Grants.Families.Single().IsRevoked);
    }

    private async Task<Scene> ServedAsync()
    {
        var scene = await Scene.SetAsync(fixture.Server, new SceneOptions { Provider = Consents.Provider(1), Arguments = ["--leader-elect", "true"] });
        var leader = await scene.StartOperatorAsync();
        await leader.Process.WaitForLineAsync("This replica leads", Ct);
        await scene.CreateClientsAsync();
        await scene.CreateConnectionAsync(Consents.Spec(0));
        await scene.HandOverAsync(0);
        await scene.UntilServedAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(0.5));
        return scene;
    }

    private async Task<Scene> ServedInAsync(TestNamespace place)
    {
        var scene = await Scene.OpenAsync(fixture.Server, new SceneOptions { Provider = Consents.Provider(1), MoreNamespaces = [place.Name] });
        await scene.CreateClientsAsync();
        await scene.ChangeClientAsync(new JsonObject { ["allowedNamespaces"] = new JsonObject { ["from"] = "All" } });
        var spec = Consents.Spec(0);
        spec["oauthClientRef"]!["namespace"] = scene.Home.Name;
        await scene.Admin.CreateAsync(place.Of(The.Group, "vismaconnections"), The.VismaConnection(The.Connection, spec), Ct);
        await scene.HandOverAsync(0, place: place);
        await scene.UntilAsync(place.Of(The.Group, $"vismaconnections/{The.Connection}"), "Ready", node => node.Condition("Ready")?.Status == "True");
        return scene;
    }

    // From the moment on at which the provider has the request, the API server takes no writes; then the answer comes.
    private static async Task<Api.Fault> ExchangeIntoAnOutageAsync(Scene scene)
    {
        var answer = Hold(scene, "refresh_token");
        await scene.RequestRefreshAsync("now");
        await scene.Provider.Ledger.WaitForInFlightAsync(1, Ct);
        var outage = scene.Proxy.Inject(new Api.FaultEffect.Answer(HttpStatusCode.ServiceUnavailable), request => request.IsWrite);
        answer.SetResult();
        return outage;
    }

    private static TaskCompletionSource Hold(Scene scene, string grantType)
    {
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Provider.Faults.Next(new Fault.Hold(answer.Task), grantType: grantType);
        return answer;
    }

    // As kubectl edit could: a holder that never renews, with a lease of a second.
    private static Task StealAsync(Scene scene) => scene.Admin.PatchAsync(
        scene.Home.Of("coordination.k8s.io/v1", "leases/visma-operator"),
        new JsonObject { ["spec"] = new JsonObject { ["holderIdentity"] = "a-thief", ["leaseDurationSeconds"] = 1 } },
        Ct);

    private static GrantFamily Find(Scene scene, GrantFamily family) => scene.Provider.Grants.Families.Single(found => found.Id == family.Id);

    private static async Task AssertNothingLostAsync(Scene scene, int generation)
    {
        var family = await scene.FamilyAsync();
        var ledger = new GrantLedger(scene.Provider, scene.History);
        Assert.False(family.IsRevoked);
        Assert.Equal(generation, family.LiveGeneration);
        Assert.Empty(ledger.SpendsOfASucceededToken);
        Assert.Empty(ledger.RevocationsOfALiveToken);
    }
}
