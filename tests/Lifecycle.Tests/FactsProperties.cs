using Xunit;

namespace Lifecycle.Tests;

/// <summary>What holds for any facts, whether a person's grant is among them or not.</summary>
internal static class FactsProperties
{
    public static void AreDecidedAlikeTwice(Facts facts, DateTimeOffset now) =>
        Assert.Equal(Policy.Decide(facts, now), Policy.Decide(facts with { }, now));

    public static void KeepTheRulesOfStatusAtRest(Facts facts, DateTimeOffset now)
    {
        var decision = Policy.Decide(facts, now);
        if (decision.IsRest)
        {
            StatusRules.Check(facts, decision, Report.Of(facts, decision, now), now);
        }
    }
}
