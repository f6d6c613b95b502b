using VismaConnect.StandIn;

namespace VismaOperator.Tests.Crashes;

/// <summary>Counts what came of many schedules.</summary>
internal sealed class Tally
{
    private readonly Lock gate = new();
    private readonly Dictionary<ViolationKind, int> violations = [];
    private readonly Dictionary<LossKind, int> losses = [];
    private readonly Dictionary<KillStage, int> kills = [];
    private readonly Dictionary<string, int> kinds = [];
    private int schedules;
    private int requests;
    private int withoutLoss;
    private int revoked;
    private int stored;
    private int takenBack;

    /// <summary>The schedules in which something happened that must not, with their seeds.</summary>
    public List<string> Failures { get; } = [];

    public void Add(int seed, Schedule schedule)
    {
        var judge = schedule.World.Judge;
        lock (gate)
        {
            schedules++;
            requests += judge.Requests;
            withoutLoss += judge.Losses.Count == 0 ? 1 : 0;
            revoked += judge.WasRevokedOnPurpose ? 1 : 0;
            stored += judge.StoredOverARefusal;
            takenBack += judge.TakenBack;
            Count(kinds, KindOf(schedule.Tokens));
            judge.Losses.ForEach(loss => Count(losses, loss));
            judge.Violations.ForEach(violation => Count(violations, violation.Kind));
            Failures.AddRange(judge.Violations.Take(1).Select(violation => $"CRASH_SEED={seed}: {violation.Kind}: {violation.Text}"));
            foreach (var (stage, count) in schedule.World.Kills)
            {
                kills[stage] = kills.GetValueOrDefault(stage) + count;
            }
        }
    }

    public IEnumerable<string> Lines()
    {
        yield return $"crashes: {schedules} schedules ({Text(kinds)}), {requests} token requests, {kills.Values.Sum()} kills";
        yield return $"crashes: killed at {Text(kills)}";
        var counts = Enum.GetValues<ViolationKind>().Select(kind => $"{kind} {violations.GetValueOrDefault(kind)}");
        yield return $"crashes: must be 0: {string.Join(", ", counts)}";
        yield return $"crashes: nothing lost in {withoutLoss} schedules; grants lost as cannot be helped: "
            + $"{string.Join(", ", Enum.GetValues<LossKind>().Select(kind => $"{kind} {losses.GetValueOrDefault(kind)}"))}";
        yield return $"crashes: tokens stored over a recorded refusal: {stored}, {takenBack} of which the provider takes";
        yield return $"crashes: grants revoked because their connection was gone for long: {revoked}";
    }

    private static string KindOf(StandInRefreshTokens tokens) =>
        tokens.Usage == RefreshTokenUsage.ReUse
            ? "re-use"
            : $"one-time with grace {tokens.Grace.TotalSeconds:0} s{(tokens.RevokesFamilyOnReuse ? "" : " that revokes nothing")}";

    private static string Text<TKey>(Dictionary<TKey, int> counts)
        where TKey : notnull => string.Join(", ", counts.OrderBy(entry => entry.Key).Select(entry => $"{entry.Key} {entry.Value}"));

    private static void Count<TKey>(Dictionary<TKey, int> counts, TKey key)
        where TKey : notnull => counts[key] = counts.GetValueOrDefault(key) + 1;
}
