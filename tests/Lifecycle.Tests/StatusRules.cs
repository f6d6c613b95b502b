using Xunit;

namespace Lifecycle.Tests;

/// <summary>
/// The rules that kstatus, Flux and Argo CD judge a status by, and those of the contract of this kind. Every report that
/// any test here produces is held to them.
/// </summary>
internal static class StatusRules
{
    // What an event's note may hold; conditions may hold more, but the two repeat each other.
    private const int LongestMessage = 1024;

    private static readonly string[] onlyWhenTrue = [ConditionType.Reconciling, ConditionType.Stalled];

    public static void Check(Facts facts, Decision decision, Report report, DateTimeOffset now)
    {
        Assert.Equal(report.Conditions.Count, report.Conditions.DistinctBy(condition => condition.Type).Count());
        Assert.All(report.Conditions, CheckCondition);
        var ready = Assert.Single(report.Conditions, condition => condition.Type == ConditionType.Ready);
        Assert.False(report.Has(ConditionType.Stalled) && report.Has(ConditionType.Reconciling), "Stalled and Reconciling together");
        Assert.False(ready.IsTrue && report.Has(ConditionType.Reconciling), "Ready and Reconciling together");
        Assert.All(onlyWhenTrue, type => Assert.True(report.Find(type)?.IsTrue ?? true, $"{type} is written as False"));
        Assert.True(report.Token is not null || !report.Has(ConditionType.TokenFresh), "freshness of no token");
        CheckReady(facts, report, ready, now);
        CheckStalled(facts, decision, report);
        if (decision is not Decision.Release)
        {
            CheckNextLook(report, ready, now);
        }

        CheckWholeSeconds(report);
    }

    private static void CheckCondition(ConditionReport condition)
    {
        Assert.Matches("^[A-Z][A-Za-z0-9]*$", condition.Reason);
        Assert.InRange(condition.Message.Length, 1, LongestMessage - 1);
        Assert.Equal(condition.Message.Trim(), condition.Message);
        Assert.DoesNotContain("  ", condition.Message, StringComparison.Ordinal);
    }

    private static void CheckReady(Facts facts, Report report, ConditionReport ready, DateTimeOffset now)
    {
        if (!ready.IsTrue)
        {
            Assert.NotEqual(Reason.TokenValid, ready.Reason);
            return;
        }

        Assert.NotNull(report.Token);
        Assert.True(report.Token.ExpirationTime > now, "Ready with an expired token");
        Assert.True(Policy.IsCurrent(report.Token, facts), "Ready with the token of another spec");
        Assert.IsType<SecretFacts.Owned>(facts.Secret);
    }

    private static void CheckStalled(Facts facts, Decision decision, Report report)
    {
        if (report.Find(ConditionType.Stalled) is { } stalled)
        {
            Assert.NotEqual(FailureKind.Transient, RecordedProblem.KindOf(stalled.Reason));
        }

        Assert.False(
            decision is Decision.Suspend && (report.Has(ConditionType.Stalled) || report.Has(ConditionType.Reconciling)),
            "suspended, yet busy"
        );
        Assert.False(facts.Failure is null && decision is Decision.BackOff, "a backoff without a failure");
    }

    // Whoever reads Ready=True must be told of expiry in time, and no look is in the past.
    private static void CheckNextLook(Report report, ConditionReport ready, DateTimeOffset now)
    {
        Assert.True(report.NextLook is null || report.NextLook > now, $"next look at {report.NextLook:O}, now {now:O}");
        Assert.False(ready.IsTrue && !(report.NextLook <= report.Token!.ExpirationTime), "Ready beyond expiry");
    }

    // metav1.Time holds no more: anything finer would make every status differ from what was read back.
    private static void CheckWholeSeconds(Report report)
    {
        DateTimeOffset?[] instants = [report.Token?.RefreshTime, report.Failure?.LastFailureTime, report.Failure?.NextAttemptTime];
        Assert.All(instants, instant => Assert.Equal(0, (instant?.Ticks ?? 0) % TimeSpan.TicksPerSecond));
    }

    public static ConditionReport? Find(this Report report, string type) =>
        report.Conditions.FirstOrDefault(condition => condition.Type == type);

    public static bool Has(this Report report, string type) => report.Find(type) is not null;
}
