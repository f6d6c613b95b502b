using System.Net;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;
using ProviderFault = VismaConnect.StandIn.Fault;

namespace VismaOperator.IntegrationTests.Chaos;

/// <summary>Strikes blow after blow, one at a time, and counts what was injected.</summary>
internal sealed class Blows(ChaosWorld world, Random random)
{
    // A process that was killed leaves its lease behind for this long.
    private static readonly TimeSpan lease = TimeSpan.FromSeconds(16);

    // A 403 that lasts for longer than 5 s needs a person, and the operator tries again after a quarter of what is left of a minute.
    private static readonly TimeSpan firstStall = TimeSpan.FromSeconds(15);

    private const int StepPerDuration = 5;

    private readonly List<Struck> struck = [];
    private readonly Lock gate = new();

    /// <summary>The blows that were struck.</summary>
    public IReadOnlyList<Struck> All => struck;

    private Scene Scene => world.Scene;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static TimeProvider Clock => TimeProvider.System;

    /// <summary>Strikes, waits, makes everything work again, and waits once more.</summary>
    public async Task StrikeAsync(Blow blow)
    {
        var begun = Clock.GetUtcNow();
        var injected = await StrikeAsync(blow.Kind, blow.Duration);
        struck.Add(new Struck(blow.Kind, begun, Clock.GetUtcNow() + AftermathOf(blow.Kind), injected));
        await PassAsync(blow.Pause);
    }

    /// <summary>Lets time pass, and starts replicas again that have ended.</summary>
    public async Task PassAsync(TimeSpan duration) => await PassAsync(Task.Delay(duration, Clock, Ct));

    // Also while a server starts: it may take longer than a lease lasts, and the next leader asks for what the last one had in memory.
    private async Task PassAsync(Task task)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250), Clock);
        do
        {
            if (world.Replicas.Restart())
            {
                world.Excuse("a replica ended");
            }
        } while (!task.IsCompleted && await timer.WaitForNextTickAsync(Ct));

        await task;
    }

    private static TimeSpan AftermathOf(BlowKind kind) =>
        kind switch
        {
            BlowKind.LeaderKilled
            or BlowKind.LeaderFrozen
            or BlowKind.BothKilled
            or BlowKind.AllChangedAtFailover
            or BlowKind.ApiServerKilled
            or BlowKind.EtcdKilled => lease,
            BlowKind.StormOf403 => firstStall,
            _ => TimeSpan.Zero,
        };

    private async Task<int> StrikeAsync(BlowKind kind, TimeSpan duration)
    {
        switch (kind)
        {
            case BlowKind.ApiServerKilled:
                await Scene.Server.KillAsync(Ct);
                await PassAsync(duration);
                await PassAsync(Scene.Server.StartAgainAsync(Ct));
                return 1;
            case BlowKind.EtcdKilled:
                await Scene.Server.KillEtcdAsync(Ct);
                await PassAsync(duration);
                await PassAsync(Scene.Server.StartEtcdAgainAsync(Ct));
                return 1;
            case BlowKind.WatchesSilent:
                return await HoldWatchesAsync(duration);
            case BlowKind.WatchesCut:
                return await RepeatAsync(duration, () => world.Replicas.Ways.Sum(way => way.Watches.Cut()));
            case BlowKind.WatchesEnded:
                return await RepeatAsync(duration, () => world.Replicas.Ways.Sum(way => way.Watches.End()));
            case BlowKind.ConnectionsCut:
                return await RepeatAsync(duration, DropConnections);
            case BlowKind.LeaderKilled or BlowKind.LeaderStopped or BlowKind.LeaderFrozen or BlowKind.BothKilled:
                return await StrikeReplicasAsync(kind, duration);
            case BlowKind.SecretsDeleted or BlowKind.SecretsOverwritten or BlowKind.ConnectionsRecreated or BlowKind.NamespaceRecreated
                or BlowKind.DefinitionRecreated or BlowKind.AllChangedAtFailover:
                return await ChangeAsync(kind);
            case BlowKind.ClockAhead or BlowKind.ClockBehind:
                return await StepClockAsync(kind, duration);
            default:
                return ProviderFaultOf(kind) is { } fault
                    ? await AtProviderAsync(fault, duration)
                    : await AtApiServerAsync(EffectOf(kind), IsMeant(kind), duration);
        }
    }

    private async Task<int> HoldWatchesAsync(TimeSpan duration)
    {
        var holds = world.Replicas.Ways.Select(way => way.Watches.Hold()).ToList();
        await PassAsync(duration);
        holds.ForEach(hold => hold.Dispose());
        return holds.Count;
    }

    private int DropConnections()
    {
        world.Replicas.Ways.ToList().ForEach(way => way.DropConnections());
        return world.Replicas.Ways.Count();
    }

    private async Task<int> RepeatAsync(TimeSpan duration, Func<int> strike)
    {
        var begun = Clock.GetTimestamp();
        var count = 0;
        while (Clock.GetElapsedTime(begun) < duration)
        {
            count += strike();
            await PassAsync(TimeSpan.FromSeconds(0.5));
        }

        return count;
    }

    private async Task<int> StrikeReplicasAsync(BlowKind kind, TimeSpan duration)
    {
        using var excuse = world.Excuse(kind.ToString());
        var leader = world.Replicas.Leader();
        switch (kind)
        {
            case BlowKind.BothKilled:
                var both = world.Replicas.Running.ToList();
                both.ForEach(running => world.Replicas.Strike(running, ProcessSignal.Kill));
                await Task.WhenAll(both.Select(running => running.Process.WaitForExitAsync(Ct)));
                return both.Count;
            case BlowKind.LeaderFrozen:
                world.Replicas.Strike(leader, ProcessSignal.Stop);
                await PassAsync(duration);
                leader.Process.Send(ProcessSignal.Continue);
                return 1;
            default:
                world.Replicas.Strike(leader, kind == BlowKind.LeaderKilled ? ProcessSignal.Kill : ProcessSignal.Terminate);
                await leader.Process.WaitForExitAsync(Ct);
                return 1;
        }
    }

    // What is changed last may be changed long after the first.
    private async Task<int> ChangeAsync(BlowKind kind)
    {
        if (kind == BlowKind.ConnectionsRecreated)
        {
            return await RecreateSomeAsync();
        }

        using var excuse = world.Excuse(kind.ToString(), kind == BlowKind.NamespaceRecreated ? world.Connections[^1].Tenant : null);
        switch (kind)
        {
            case BlowKind.SecretsDeleted:
                await EachAsync(connection => Scene.Admin.DeleteAsync(connection.SecretPath, Ct));
                return world.Connections.Count;
            case BlowKind.SecretsOverwritten:
                await EachAsync(connection =>
                    Scene.Admin.PatchAsync(
                        connection.SecretPath,
                        new JsonObject { ["stringData"] = new JsonObject { ["access_token"] = "overwritten" } },
                        Ct
                    )
                );
                return world.Connections.Count;
            case BlowKind.NamespaceRecreated:
                // Its Secret goes before the connection does, and comes back with both.
                await world.RecreateElsewhereAsync();
                return 1;
            case BlowKind.DefinitionRecreated:
                await world.RecreateDefinitionAsync();
                return world.Connections.Count;
            default:
                world.Replicas.Strike(world.Replicas.Leader(), ProcessSignal.Kill);
                var text = $"changed {struck.Count}";
                await EachAsync(connection =>
                    Scene.Admin.PatchAsync(connection.Path, new JsonObject { ["spec"] = new JsonObject { ["displayName"] = text } }, Ct)
                );
                return world.Connections.Count;
        }
    }

    // By 5 to 40 s, a part of a token's minute, and back again. What was decided by the wrong clock may be decided again by the right one.
    private async Task<int> StepClockAsync(BlowKind kind, TimeSpan duration)
    {
        using var excuse = world.Excuse(kind.ToString());
        world.Clock.Set(duration * (kind == BlowKind.ClockAhead ? StepPerDuration : -StepPerDuration));
        await PassAsync(duration);
        world.Clock.Set(TimeSpan.Zero);
        return world.Replicas.Running.Count();
    }

    private async Task<int> RecreateSomeAsync()
    {
        var some = world.Connections.Where(connection => !connection.IsInteractive && connection.Home == Scene.Home).ToArray();
        random.Shuffle(some);
        foreach (var connection in some.Take(2))
        {
            using var excuse = world.Excuse(nameof(BlowKind.ConnectionsRecreated), connection.Tenant);
            await Scene.Admin.DeleteAsync(connection.Path, Ct);
            await world.CreateAsync(connection);
        }

        return 2;
    }

    // A Secret that was deleted a moment ago, or is not written yet, cannot be changed: the blow falls on the others.
    private Task EachAsync(Func<ChaosConnection, Task> change) =>
        Parallel.ForEachAsync(
            world.Connections,
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct },
            async (connection, _) =>
            {
                try
                {
                    await change(connection);
                }
                catch (ApiException missing) when (missing.Status == HttpStatusCode.NotFound)
                {
                }
            }
        );

    private async Task<int> AtProviderAsync(ProviderFault fault, TimeSpan duration)
    {
        var before = Faulted();
        Scene.Provider.Faults.Always(fault);
        await PassAsync(duration);
        Scene.Provider.Faults.Clear();
        return Faulted() - before;
    }

    private int Faulted() =>
        Scene.Provider.Ledger.TokenRequests.Count(entry =>
            entry.Outcome.StartsWith("fault", StringComparison.Ordinal) || entry.Outcome.Contains("cut", StringComparison.Ordinal)
        );

    private async Task<int> AtApiServerAsync(FaultEffect effect, Func<ProxiedRequest, bool> when, TimeSpan duration)
    {
        var faults = world.Replicas.Ways.Select(way => way.Inject(effect, when)).ToList();
        if (effect is FaultEffect.ExpireWatch)
        {
            world.Replicas.Ways.ToList().ForEach(way => way.Watches.End()); // it meets those that are opened now
        }

        await PassAsync(duration);
        faults.ForEach(fault => fault.Dispose());
        return faults.Sum(fault => fault.Applied);
    }

    private static ProviderFault? ProviderFaultOf(BlowKind kind) =>
        kind switch
        {
            BlowKind.ProviderDown => ProviderFault.ServerError(503),
            BlowKind.ProviderSlow => new ProviderFault.Slow(TimeSpan.FromSeconds(3)),
            BlowKind.ProviderLimits => ProviderFault.TooManyRequests(TimeSpan.FromSeconds(2)),
            BlowKind.ProviderGarbage => ProviderFault.Garbage(),
            BlowKind.ProviderHuge => ProviderFault.Huge(),
            BlowKind.ProviderRedirects => ProviderFault.Redirect("https://elsewhere.invalid/"),
            BlowKind.ProviderCutBefore => new ProviderFault.CutBefore(),
            BlowKind.ProviderCutAfterProcessing => new ProviderFault.CutAfterProcessing(),
            _ => null,
        };

    private static FaultEffect EffectOf(BlowKind kind) =>
        kind switch
        {
            BlowKind.RequestsHeld => new FaultEffect.Hold(),
            BlowKind.WatchesExpired => new FaultEffect.ExpireWatch(),
            BlowKind.AnswersSlow => new FaultEffect.Delay(TimeSpan.FromSeconds(3)),
            BlowKind.AnswersLost => new FaultEffect.LoseAnswer(),
            BlowKind.StormOf400 => new FaultEffect.Answer(HttpStatusCode.BadRequest),
            BlowKind.StormOf403 => new FaultEffect.Answer(HttpStatusCode.Forbidden),
            BlowKind.StormOf409 => new FaultEffect.Answer(HttpStatusCode.Conflict),
            BlowKind.StormOf410 => new FaultEffect.Answer(HttpStatusCode.Gone),
            BlowKind.StormOf429 => new FaultEffect.Answer(HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)),
            BlowKind.StormOf500 => new FaultEffect.Answer(HttpStatusCode.InternalServerError),
            BlowKind.StormOf503 => new FaultEffect.Answer(HttpStatusCode.ServiceUnavailable),
            _ => throw new InvalidOperationException($"No such blow: {kind}."),
        };

    // Every second request, of any verb.
    private Func<ProxiedRequest, bool> IsMeant(BlowKind kind) =>
        request => kind == BlowKind.WatchesExpired ? request.IsWatch : (kind is BlowKind.RequestsHeld or BlowKind.AnswersSlow || Draw());

    private bool Draw()
    {
        lock (gate)
        {
            return random.Next(2) == 0;
        }
    }
}

/// <summary>A blow that was struck.</summary>
/// <param name="Kind">What.</param>
/// <param name="Begun">When.</param>
/// <param name="Ended">From when on everything worked again: a lease was held, and a wait for a person over.</param>
/// <param name="Injected">How many requests, processes or objects it met.</param>
internal sealed record Struck(BlowKind Kind, DateTimeOffset Begun, DateTimeOffset Ended, int Injected);
