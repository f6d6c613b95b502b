namespace VismaOperator.IntegrationTests.Support;

/// <summary>Counts what came of kills.</summary>
internal sealed class KillTally
{
    private readonly Lock gate = new();
    private readonly List<(KillPoint Point, string Provider)> kills = [];
    private readonly List<KillPoint> unavoidable = [];
    private readonly List<(KillViolation Kind, string Text)> violations = [];

    /// <summary>What must not happen and did.</summary>
    public IReadOnlyList<string> Violations => [.. violations.Select(violation => $"{violation.Kind}: {violation.Text}")];

    /// <summary>The points at which nobody was killed.</summary>
    public IReadOnlyList<KillPoint> Missed => [.. KillPoints.All.Where(point => !kills.Exists(kill => kill.Point == point))];

    /// <summary>A process was killed there, while it dealt with a provider that gives a grace, or none.</summary>
    public void Killed(KillPoint point, string provider) => Note(() => kills.Add((point, provider)));

    /// <summary>A grant was lost as cannot be helped, and a person is asked for.</summary>
    public void LostUnavoidably(KillPoint point) => Note(() => unavoidable.Add(point));

    /// <summary>Something happened that must not.</summary>
    public void Violated(KillViolation kind, string text) => Note(() => violations.Add((kind, text)));

    /// <summary>The counts, for people.</summary>
    public IEnumerable<string> Lines()
    {
        yield return $"crashes: {kills.Count} SIGKILLs of real processes (CRASH_SEED={CrashRun.Seed} CRASH_KILLS={CrashRun.Kills}; "
            + $"{Counts(kills.Select(kill => kill.Provider).Distinct().Order(), kills.Select(kill => kill.Provider))})";
        yield return $"crashes: killed at {Counts(KillPoints.All, kills.Select(kill => kill.Point))}";
        yield return $"crashes: must be 0: {Counts(Enum.GetValues<KillViolation>(), violations.Select(violation => violation.Kind))}";
        yield return "crashes: grants lost as cannot be helped, the answer died with the process and the provider gives no grace: "
            + $"{unavoidable.Count}, by kills at {Counts(unavoidable.Distinct().Order(), unavoidable)}";
    }

    private void Note(Action note)
    {
        lock (gate)
        {
            note();
        }
    }

    private static string Counts<T>(IEnumerable<T> keys, IEnumerable<T> seen)
        where T : notnull =>
        string.Join(", ", keys.Select(key => $"{key} {seen.Count(one => one.Equals(key))}")) is { Length: > 0 } text ? text : "none";
}

/// <summary>What must never happen.</summary>
internal enum KillViolation
{
    /// <summary>A grant was lost that could have been kept.</summary>
    GrantLost,

    /// <summary>A token was spent whose successor is stored.</summary>
    SuccessorSpent,

    /// <summary>A family was revoked of which a live token is stored.</summary>
    LiveRevoked,
}
