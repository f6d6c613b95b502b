using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// How long nobody acts when a leader ends, and that two never do. Connections change all the time, so that both replicas have something to
/// write as soon as they may. Judged by the audit log of the API server, where each replica has a name of its own, and by the ledger of the
/// provider. <c>make test</c> looks once; <c>make failover</c> sets FAILOVER_ROUNDS, and only then the times must be kept, since else the
/// whole suite runs beside it. What came of it: docs/reliability.md.
/// </summary>
public sealed class FailoverTests(AuditedServerFixture fixture) : IClassFixture<AuditedServerFixture>
{
    private const int Changing = 10;
    private static readonly TimeSpan moment = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan rhythm = TimeSpan.FromMilliseconds(50);

    private static int? Rounds { get; } = EnvironmentNumber.Find("FAILOVER_ROUNDS");

    private static int Many { get; } = EnvironmentNumber.Find("FAILOVER_CONNECTIONS") ?? 100;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static TimeProvider Clock => TimeProvider.System;

    [Theory]
    [InlineData(ProcessSignal.Terminate, 15, 10, 2)]
    [InlineData(ProcessSignal.Kill, 15, 10, 2)]
    [InlineData(ProcessSignal.Kill, 6, 4, 1)]
    public async Task The_next_leader_begins_soon_and_never_before_the_last_one_has_ended(
        ProcessSignal signal,
        int lease,
        int renew,
        int retry
    )
    {
        await using var scene = await OpenAsync(lease, renew, retry);
        var names = Enumerable.Range(0, Changing).Select(number => $"connection-{number}").ToList();
        var (leader, next) = await StartAsync(scene);
        await CreateAsync(scene, names);
        List<TimeSpan> gaps = [];
        for (var round = 0; round < (Rounds ?? 1); round++)
        {
            gaps.Add(await FailOverAsync(scene, leader, next, signal, $"round-{round}", names));
            await leader.Operator.Process.WaitForExitAsync(Ct);
            (leader, next) = (next, leader with { Operator = await scene.StartOperatorAsync(leader.Way) });
        }

        gaps.Sort();
        var (median, longest) = ((gaps[(gaps.Count - 1) / 2] + gaps[gaps.Count / 2]) / 2, gaps[^1]);
        Console.WriteLine(
            $"failover: {signal}, lease {lease} s: {gaps.Count} times, shortest {gaps[0].TotalSeconds:0.00} s, "
                + $"median {median.TotalSeconds:0.00} s, longest {longest.TotalSeconds:0.00} s"
        );
        var limit = moment + (signal == ProcessSignal.Kill ? TimeSpan.FromSeconds(lease) : TimeSpan.Zero);
        Assert.True(Rounds is null || longest <= limit, $"Nobody acted for {longest}: {string.Join(", ", gaps)}");
    }

    [Fact]
    public async Task Connections_that_all_change_during_a_failover_cost_one_write_each_and_no_token()
    {
        await using var scene = await OpenAsync(lease: 6, renew: 4, retry: 1);
        var names = Enumerable.Range(0, Many).Select(number => $"connection-{number}").ToList();
        var (leader, next) = await StartAsync(scene);
        await CreateAsync(scene, names);
        await Quiet.UntilUnchangedAsync(() => leader.Way.Ledger.Requests.Count(IsWrite), moment, Ct);
        var tokens = scene.Provider.Ledger.TokenRequests.Count;

        var begun = Clock.GetUtcNow();
        await leader.Operator.Process.KillAsync(Ct);
        await Parallel.ForEachAsync(
            names,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct },
            async (name, _) => await scene.ChangeConnectionAsync(new JsonObject { ["displayName"] = "changed" }, name)
        );
        var changed = Clock.GetUtcNow() - begun;
        await UntilObservedAsync(scene);
        var observed = Clock.GetUtcNow() - begun;
        await Quiet.UntilUnchangedAsync(() => next.Way.Ledger.Requests.Count(IsWrite), moment, Ct);

        Console.WriteLine(
            $"failover: {Many} connections changed within {changed.TotalSeconds:0.0} s of a SIGKILL, lease 6 s: all observed after "
                + $"{observed.TotalSeconds:0.0} s"
        );
        var writes = fixture.WritesOf(next.User, begun).Where(write => !write.IsOfTheLease).ToList();
        var others = writes.Where(write => write.Resource != "vismaconnections/status").ToList();
        Assert.Equal(Many, writes.Count - others.Count);
        Assert.True(others.Count <= 1, string.Join("; ", others)); // the former leader may not have written all of the client's status
        Assert.All(others, write => Assert.Equal("oauthclients/status", write.Resource));
        Assert.Equal(tokens, scene.Provider.Ledger.TokenRequests.Count);
        Assert.Equal(Many, tokens);
        scene.AssertLedgerIsClean();
    }

    private async Task<Scene> OpenAsync(int lease, int renew, int retry)
    {
        Assert.SkipUnless(fixture.Server.CanRestart, "Only an own API server keeps an audit log where this test can read it.");
        return await Scene.SetAsync(
            fixture.Server,
            new SceneOptions
            {
                Reach = Reach.Listed,
                Provider = The.Provider with { AccessTokenLifetime = TimeSpan.FromHours(3) },
                Arguments =
                [
                    "--leader-elect",
                    "true",
                    "--leader-elect-lease-duration",
                    $"{lease}s",
                    "--leader-elect-renew-deadline",
                    $"{renew}s",
                    "--leader-elect-retry-period",
                    $"{retry}s",
                ],
            }
        );
    }

    // The one that leads and the one that waits.
    private static async Task<(Replica Leader, Replica Next)> StartAsync(Scene scene)
    {
        var other = await OperatorAccount.CreateAsync(
            scene.Admin,
            scene.Home,
            Reach.Listed,
            ChartRoles.Default,
            [scene.Home.Name],
            "visma-operator-2"
        );
        var (one, two) = (await scene.AddProxyAsync(), await scene.AddProxyAsync(other));
        var leader = new Replica(await scene.StartOperatorAsync(one), one, scene.Account.UserName);
        await leader.Operator.Process.WaitForLineAsync("This replica leads", Ct);
        return (leader, new Replica(await scene.StartOperatorAsync(two), two, other.UserName));
    }

    private static async Task CreateAsync(Scene scene, IReadOnlyList<string> names)
    {
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        foreach (var name in names)
        {
            await scene.CreateConnectionAsync(name: name);
        }

        foreach (var name in names)
        {
            await scene.UntilReadyAsync(name);
        }
    }

    /// <summary>Ends the leader while connections change and one of them asks for a token.</summary>
    /// <returns>From the signal until the next leader's first write.</returns>
    private async Task<TimeSpan> FailOverAsync(
        Scene scene,
        Replica leader,
        Replica next,
        ProcessSignal signal,
        string mark,
        IReadOnlyList<string> names
    )
    {
        var (start, tokens) = (Clock.GetUtcNow(), scene.Provider.Ledger.TokenRequests.Count);
        leader.Way.Ledger.Clear();
        next.Way.Ledger.Clear();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var changes = ChangeAsync(scene, names, mark, enough.Token);
        await UntilItWritesAsync(leader);

        var signalled = Clock.GetUtcNow();
        leader.Operator.Process.Send(signal);
        if (signal == ProcessSignal.Kill)
        {
            await leader.Operator.Process.WaitForExitAsync(Ct); // else it could be killed with its request for a token under way
        }

        await scene.RequestRefreshAsync(mark, names[0]);
        await UntilItWritesAsync(next);
        await enough.CancelAsync();
        await changes;
        await scene.UntilHandledAsync(mark, names[0]);
        await UntilObservedAsync(scene);

        var former = fixture.WritesOf(leader.User, start).Where(write => !write.IsOfTheLease).ToList();
        var following = fixture.WritesOf(next.User, start);
        Assert.NotEmpty(former);
        Assert.True(
            former.Max(write => write.Answered) < following.Min(write => write.Received),
            $"Both acted: {string.Join("; ", former.TakeLast(5))}; and {string.Join("; ", following.Take(5))}"
        );
        Assert.Equal(tokens + 1, scene.Provider.Ledger.TokenRequests.Count);
        return following.Where(write => !write.IsOfTheLease).Min(write => write.Received) - signalled;
    }

    // Each change of a spec is one write: of the generation that was observed.
    private static async Task ChangeAsync(Scene scene, IReadOnlyList<string> names, string mark, CancellationToken enough)
    {
        using var timer = new PeriodicTimer(rhythm, Clock);
        for (var number = 0; !enough.IsCancellationRequested; number++)
        {
            await scene.ChangeConnectionAsync(
                new JsonObject { ["displayName"] = $"{mark} {number}" },
                names[number % names.Count]
            );
            await timer.WaitForNextTickAsync(Ct);
        }
    }

    private static Task UntilItWritesAsync(Replica replica) =>
        replica.Way.Ledger.WaitForAsync("a write that is not of the Lease", IsWrite, Ct);

    private static bool IsWrite(ProxiedRequest request) =>
        request is { IsWrite: true, Status: >= 200 and < 300 } && !request.Path.Contains("/leases", StringComparison.Ordinal);

    private static Task UntilObservedAsync(Scene scene) =>
        Eventually.BecomesTrueAsync(
            "every generation to be observed",
            async token =>
            {
                var list = await scene.Admin.GetAsync(scene.Home.Of(The.Group, "vismaconnections"), token);
                return list["items"]!.AsArray().All(connection => connection!.IsObserved());
            },
            Ct
        );

    private sealed record Replica(OperatorProcess Operator, ApiProxy Way, string User);
}
