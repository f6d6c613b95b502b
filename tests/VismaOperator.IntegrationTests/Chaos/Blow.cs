namespace VismaOperator.IntegrationTests.Chaos;

/// <summary>One thing that goes wrong, for a while.</summary>
/// <param name="Kind">What.</param>
/// <param name="Duration">For how long.</param>
/// <param name="Pause">How long everything works afterwards.</param>
internal sealed record Blow(BlowKind Kind, TimeSpan Duration, TimeSpan Pause);

/// <summary>What can go wrong.</summary>
internal enum BlowKind
{
    ApiServerKilled,
    EtcdKilled,
    ConnectionsCut,
    RequestsHeld,
    WatchesSilent,
    WatchesCut,
    WatchesEnded,
    WatchesExpired,
    AnswersSlow,
    AnswersLost,
    StormOf400,
    StormOf403,
    StormOf409,
    StormOf410,
    StormOf429,
    StormOf500,
    StormOf503,
    ProviderDown,
    ProviderSlow,
    ProviderLimits,
    ProviderGarbage,
    ProviderHuge,
    ProviderRedirects,
    ProviderCutBefore,
    ProviderCutAfterProcessing,
    LeaderKilled,
    LeaderStopped,
    LeaderFrozen,
    BothKilled,
    SecretsDeleted,
    SecretsOverwritten,
    ConnectionsRecreated,
    NamespaceRecreated,
    DefinitionRecreated,
    AllChangedAtFailover,
    ClockAhead,
    ClockBehind,
}

/// <summary>
/// The blows of a run, drawn from a seed before anything runs, so that the seed replays them with any timing. Kinds are dealt like cards:
/// each comes up as often as any other.
/// </summary>
internal static class BlowPlan
{
    // A lease lasts 15 s.
    private static readonly TimeSpan beyondLease = TimeSpan.FromSeconds(20);

    // Every so often there is time enough for a promise to count: see Verdict.
    private const int Rest = 4;

    /// <summary>Blows of these kinds, without end.</summary>
    public static IEnumerable<Blow> Draw(int seed, IReadOnlyList<BlowKind> of)
    {
        var random = new Random(seed);
        var number = 0;
        while (true)
        {
            var kinds = of.ToArray();
            random.Shuffle(kinds);
            foreach (var kind in kinds)
            {
                var duration = kind == BlowKind.LeaderFrozen ? beyondLease : TimeSpan.FromSeconds(1 + (random.NextDouble() * 7));
                var pause = ++number % Rest == 0 ? 25 : 2 + (random.NextDouble() * 6);
                yield return new Blow(kind, duration, TimeSpan.FromSeconds(pause));
            }
        }
    }
}
