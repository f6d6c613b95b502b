using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>Two replicas, of which one leads.</summary>
public sealed class LeaderElectionTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static SceneOptions Elected(TimeSpan? lifetime = null) => new()
    {
        Arguments = ["--leader-elect", "true"],
        Provider = The.Provider with { AccessTokenLifetime = lifetime ?? TimeSpan.FromHours(1) },
    };

    [Fact]
    public async Task One_of_two_refreshes()
    {
        await using var scene = await Scene.SetAsync(fixture.Server, Elected(TimeSpan.FromSeconds(8)));
        var leader = await StartLeaderAsync(scene);
        var other = await scene.StartOperatorAsync();
        var last = await scene.CreateAllAsync();

        for (var renewals = 0; renewals < 3; renewals++)
        {
            var issued = last.TokenIssueTime();
            last = await scene.UntilAsync(scene.ConnectionPath(), "a renewal", node => node.TokenIssueTime() != issued);
        }

        var stored = scene.Proxy.Ledger.Requests.Count(request =>
            request.IsSecretWrite() && request.Path != scene.Home.Core("secrets/" + The.CredentialSecret)
        );
        Assert.InRange(scene.Provider.Ledger.TokenRequests.Count - stored, 0, 1);
        Assert.True(await RefreshesAsync(leader) >= 4, "The leader refreshed too seldom.");
        Assert.Equal(0, await RefreshesAsync(other));
    }

    [Fact]
    public async Task A_killed_leader_is_followed_by_the_other_one()
    {
        await using var scene = await Scene.SetAsync(fixture.Server, Elected());
        await StartLeaderAsync(scene);
        var leader = scene.Operator;
        var other = await scene.StartOperatorAsync();
        await scene.CreateAllAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(0.5));

        await leader.Process.KillAsync(Ct);
        await scene.RequestRefreshAsync("after the kill");
        await scene.UntilHandledAsync("after the kill");

        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
        Assert.Equal(1, await RefreshesAsync(other));
    }

    [Fact]
    public async Task A_leader_that_is_asked_to_stop_gives_the_lease_away_at_once()
    {
        await using var scene = await Scene.SetAsync(fixture.Server, Elected());
        var leader = await StartLeaderAsync(scene);
        await scene.CreateAllAsync();
        var holder = Holder(await LeaseAsync(scene));

        Assert.Equal(0, await leader.Process.TerminateAsync(Ct));

        Assert.NotEmpty(holder);
        Assert.Empty(Holder(await LeaseAsync(scene)));
        await StartLeaderAsync(scene);
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_leader_that_was_frozen_for_longer_than_its_lease_ends_instead_of_acting()
    {
        await using var scene = await Scene.SetAsync(fixture.Server, Elected());
        var leader = await StartLeaderAsync(scene);
        await scene.CreateAllAsync();
        var other = await scene.StartOperatorAsync();

        leader.Process.Send(ProcessSignal.Stop);
        await other.Process.WaitForLineAsync("This replica leads", Ct);
        leader.Process.Send(ProcessSignal.Continue);
        var code = await leader.Process.WaitForExitAsync(Ct);
        await scene.RequestRefreshAsync("after the thaw");
        await scene.UntilHandledAsync("after the thaw");

        Assert.Equal(1, code);
        var said = leader.Process.Lines.Where(line => !line.Contains(" dbug: ", StringComparison.Ordinal)).ToList();
        Assert.Single(said, line => line.Contains("is lost", StringComparison.Ordinal));
        Assert.DoesNotContain(said, line => line.Contains("LeadershipLostException", StringComparison.Ordinal));
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
    }

    [Fact]
    public async Task A_leader_that_was_frozen_while_renewals_fell_due_sends_and_writes_nothing_afterwards()
    {
        await using var scene = await Scene.SetAsync(fixture.Server, Elected(TimeSpan.FromSeconds(40)));
        var way = await scene.AddProxyAsync();
        var leader = await StartLeaderAsync(scene, way);
        await scene.CreateAllAsync();
        foreach (var number in Enumerable.Range(0, 10))
        {
            await scene.CreateConnectionAsync(name: $"more-{number}");
            await scene.UntilReadyAsync($"more-{number}");
        }

        var other = await scene.StartOperatorAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(0.5));

        leader.Process.Send(ProcessSignal.Stop);
        way.Ledger.Clear();
        var before = scene.Provider.Ledger.TokenRequests.Count;
        await other.Process.WaitForLineAsync("This replica leads", Ct);

        // Each was issued before the lease ran out, so that by now the renewal of each has been due by the frozen process's clock as well.
        await Eventually.BecomesTrueAsync("a renewal of each by the other replica", async _ => await RefreshesAsync(other) >= 11, Ct);
        leader.Process.Send(ProcessSignal.Continue);
        Assert.Equal(1, await leader.Process.WaitForExitAsync(Ct));

        // A renewal of the lease may have been on its way when it was frozen.
        Assert.DoesNotContain(way.Ledger.Writes, write => !write.Path.Contains("/leases/", StringComparison.Ordinal));
        await Eventually.BecomesTrueAsync(
            "every token request to be one that the other replica stored",
            async _ => await RefreshesAsync(other) == scene.Provider.Ledger.TokenRequests.Count - before,
            Ct);
    }

    [Fact]
    public async Task The_last_renewal_of_the_former_leader_is_not_repeated_however_far_the_watch_lags()
    {
        await using var scene = await Scene.SetAsync(fixture.Server, Elected());
        var leader = await StartLeaderAsync(scene);
        var other = await scene.StartOperatorAsync();
        await scene.CreateAllAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(0.5));
        scene.Proxy.Watches.Delay = TimeSpan.FromSeconds(8);
        await scene.RequestRefreshAsync("now");
        await scene.UntilHandledAsync("now");

        Assert.Equal(0, await leader.Process.TerminateAsync(Ct));
        await other.Process.WaitForLineAsync("This replica leads", Ct);

        await Quiet.HoldsForAsync(TimeSpan.FromSeconds(10), () => Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count), Ct);
    }

    private static Task<OperatorProcess> StartLeaderAsync(Scene scene) => StartLeaderAsync(scene, scene.Proxy);

    private static async Task<OperatorProcess> StartLeaderAsync(Scene scene, ApiProxy way)
    {
        var started = await scene.StartOperatorAsync(way);
        await started.Process.WaitForLineAsync("This replica leads", Ct);
        return started;
    }

    private static async Task<double> RefreshesAsync(OperatorProcess running) =>
        (await MetricsPage.ReadAsync(running, Ct)).Sum("visma_operator_token_refreshes_total", "result=\"stored\"");

    private static Task<JsonNode> LeaseAsync(Scene scene) =>
        scene.Admin.GetAsync(scene.Home.Of("coordination.k8s.io/v1", "leases/visma-operator"), Ct);

    private static string Holder(JsonNode lease) => lease["spec"]?["holderIdentity"]?.GetValue<string>() ?? "";
}
