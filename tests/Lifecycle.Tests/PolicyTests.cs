using Xunit;

namespace Lifecycle.Tests;

public sealed class PolicyTests
{
    public static TheoryData<string> Sentences => [.. Rows.Select(row => row.Sentence)];

    private static IEnumerable<PolicyRow> Rows => PolicyTable.Rows.Concat(GrantTable.Rows);

    [Theory]
    [MemberData(nameof(Sentences))]
    public void Decides_that(string sentence)
    {
        var row = Rows.Single(row => row.Sentence == sentence);

        Assert.Equal(row.Expected, Policy.Decide(row.Facts, row.Now));
    }

    [Theory]
    [MemberData(nameof(Sentences))]
    public void A_reconcile_at_rest_keeps_the_rules_of_status_where(string sentence)
    {
        var row = Rows.Single(row => row.Sentence == sentence);
        if (row.Expected.IsRest)
        {
            StatusRules.Check(row.Facts, row.Expected, Report.Of(row.Facts, row.Expected, row.Now), row.Now);
        }
    }

    [Fact]
    public void The_table_shows_every_decision_and_every_cause()
    {
        var decisions = Rows.Select(row => row.Expected).ToList();

        Assert.Equal(
            typeof(Decision).GetNestedTypes().Where(type => !type.IsAbstract).Select(type => type.Name).Order(),
            decisions.Select(decision => decision.GetType().Name).Distinct().Order());
        Assert.Equal(
            Enum.GetValues<RefreshCause>().Order(),
            decisions.OfType<Decision.Refresh>().Select(refresh => refresh.Cause).Distinct().Order());
    }
}
