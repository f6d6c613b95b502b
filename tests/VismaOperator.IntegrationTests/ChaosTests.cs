using VismaOperator.IntegrationTests.Chaos;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Blow after blow, drawn from a seed, against two replicas, the real API server and a provider with one-time refresh tokens. How long:
/// <see cref="ChaosRun"/>. What it found so far: docs/reliability.md.
/// </summary>
public sealed class ChaosTests(OwnServerFixture fixture) : IClassFixture<OwnServerFixture>
{
    // The longest backoff of the failures that a blow leaves behind is well below this, and a busy machine needs its time.
    private static readonly TimeSpan recovery = TimeSpan.FromMinutes(3);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_blow_leaves_anything_behind()
    {
        Assert.SkipUnless(fixture.Server.CanRestart, ApiServer.NoRestartReason);
        await using var load = new LoadGenerator(ChaosRun.Load);
        await using var world = await ChaosWorld.OpenAsync(fixture.Server);
        var blows = new Blows(world, new Random(ChaosRun.Seed));
        try
        {
            await StrikeAsync(blows);
            await JudgeAsync(world, blows);
        }
        catch (Exception failure) when (failure is TimeoutException or InvalidOperationException or HttpRequestException)
        {
            throw new InvalidOperationException(
                $"{ChaosRun.Replay}\nBlows: {string.Join(", ", blows.All.Select(blow => blow.Kind))}\n{failure.Message}",
                failure
            );
        }
    }

    [Fact]
    public void A_seed_draws_the_same_blows_again_and_leaves_no_kind_out()
    {
        var kinds = Enum.GetValues<BlowKind>();
        foreach (var seed in Enumerable.Range(1, 100))
        {
            var blows = BlowPlan.Draw(seed, kinds).Take(kinds.Length).ToList();

            Assert.Equal(blows, BlowPlan.Draw(seed, kinds).Take(kinds.Length));
            Assert.Equal(kinds, blows.Select(blow => blow.Kind).Order());
        }
    }

    private static async Task StrikeAsync(Blows blows)
    {
        var begun = TimeProvider.System.GetTimestamp();
        foreach (var blow in BlowPlan.Draw(ChaosRun.Seed, ChaosRun.Blows))
        {
            if (TimeProvider.System.GetElapsedTime(begun) >= ChaosRun.Duration)
            {
                return;
            }

            await blows.StrikeAsync(blow);
        }
    }

    private static async Task JudgeAsync(ChaosWorld world, Blows blows)
    {
        var lost = await world.UntilAtRestAsync(recovery);
        var verdict = new Verdict(world, blows.All);
        List<string> findings =
        [
            .. await verdict.WrongSecretsAsync(world.Connections.Except(lost)),
            .. await verdict.NeedlesslyLostAsync(lost),
            .. verdict.NeedlesslyRenewed(),
            .. world.Replicas.EndedByThemselves,
            .. ChaosRun.IsQuiet ? verdict.NeedlesslyExpired() : [],
            .. await LeftoversAsync(world),
        ];
        Tell(world, blows, verdict, lost.Count);
        world.Scene.AssertLedgerIsClean();
        Assert.True(
            findings.Count == 0,
            $"{ChaosRun.Replay}\n{string.Join('\n', findings)}\nBlows:\n"
                + string.Join('\n', blows.All.Select(blow => $"{blow.Begun:HH:mm:ss} to {blow.Ended:HH:mm:ss} {blow.Kind}"))
        );
    }

    // Memory, sockets and threads beside those of processes that were just started; and Secrets once nobody asks for any.
    private static async Task<IReadOnlyList<string>> LeftoversAsync(ChaosWorld world)
    {
        var old = world.Replicas.Running.Select(running => Footprint.Of(running.Process.Id)).ToList();
        foreach (var running in world.Replicas.Running.ToList())
        {
            world.Replicas.Strike(running, ProcessSignal.Terminate);
            await running.Process.WaitForExitAsync(Ct);
        }

        world.Excuse("both were started anew");
        world.Replicas.Restart();
        foreach (var running in world.Replicas.Running)
        {
            await running.WaitUntilReadyAsync(Ct);
        }

        await world.UntilAtRestAsync(recovery);
        var fresh = world.Replicas.Running.Select(running => Footprint.Of(running.Process.Id)).MaxBy(one => one.ResidentMiB)!;
        Console.WriteLine($"chaos: afterwards {string.Join("; ", old)}; started anew {fresh}");
        await world.RemoveConnectionsAsync();
        return [.. old.Where(one => !one.IsBackTo(fresh)).Select(one => $"a process kept {one}; one that was started anew has {fresh}")];
    }

    private static void Tell(ChaosWorld world, Blows blows, Verdict verdict, int lost)
    {
        var expired = verdict.ExpiredTokens;
        Console.WriteLine(
            $"chaos: {blows.All.Count} blows on {world.Connections.Count} connections (CHAOS_SEED={ChaosRun.Seed} "
                + $"CHAOS_SECONDS={ChaosRun.Duration.TotalSeconds:0} CHAOS_CONNECTIONS={ChaosRun.Connections} CHAOS_LOAD={ChaosRun.Load}); "
                + $"{world.Scene.Provider.Ledger.TokenRequests.Count} token requests, {world.Replicas.Starts} processes, "
                + $"{world.Replicas.LostLeases} lost leases"
        );
        Console.WriteLine(
            "chaos: "
                + string.Join(
                    ", ",
                    blows.All.GroupBy(blow => blow.Kind)
                        .OrderBy(group => group.Key)
                        .Select(group => $"{group.Key} {group.Count()} ({group.Sum(blow => blow.Injected)})")
                )
        );
        Console.WriteLine(
            $"chaos: tokens that expired before another one came: {expired.Count}, "
                + $"the longest for {(expired.Count == 0 ? 0 : expired.Max(one => one.For.TotalSeconds)):0.0} s; "
                + $"grants lost as cannot be helped: {lost}"
        );
    }
}
