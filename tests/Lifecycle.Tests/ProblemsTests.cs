using Xunit;

namespace Lifecycle.Tests;

/// <summary>What the conditions of an object say is wrong.</summary>
public sealed class ProblemsTests
{
    [Fact]
    public void Every_problem_is_told_once_in_its_shortest_words_and_that_of_Ready_last() =>
        Assert.Equal(
            [
                new Problem("Outage", "short"),
                new Problem("ScopesMissing", "scopes"),
                new Problem("TokenExpired", "ready"),
            ],
            Problems.In(
                [
                    new(ConditionType.Ready, IsTrue: false, "TokenExpired", "ready"),
                    new(ConditionType.ScopesGranted, IsTrue: false, "ScopesMissing", "scopes"),
                    new(ConditionType.TokenAccepted, IsTrue: false, "Outage", "long and more"),
                    new(ConditionType.TokenFresh, IsTrue: false, "Outage", "short"),
                    new(ConditionType.Authorized, IsTrue: true, Reason.ConsentGranted, "fine"),
                ]
            )
        );

    [Theory]
    [InlineData(ConditionType.Stalled)]
    [InlineData(ConditionType.Reconciling)]
    public void The_words_of_a_condition_about_progress_come_before_those_of_others(string type) =>
        Assert.Equal(
            [new Problem("Outage", "short")],
            Problems.In(
                [
                    new(ConditionType.TokenAccepted, IsTrue: false, "Outage", "long and more"),
                    new(type, IsTrue: true, "Outage", "short"),
                ]
            )
        );

    [Theory]
    [InlineData(ConditionType.Ready, true, "TokenValid", false)]
    [InlineData(ConditionType.Ready, false, "TokenExpired", true)]
    [InlineData(ConditionType.Ready, false, Reason.Suspended, false)]
    [InlineData(ConditionType.Ready, false, Reason.TokenPending, false)]
    [InlineData(ConditionType.Reconciling, true, "x", true)]
    [InlineData(ConditionType.Reconciling, false, "x", false)]
    [InlineData(ConditionType.Stalled, true, "x", true)]
    [InlineData(ConditionType.Stalled, false, "x", false)]
    [InlineData(ConditionType.ConsentExpiring, true, "x", true)]
    [InlineData(ConditionType.ConsentExpiring, false, "x", false)]
    [InlineData(ConditionType.SecretExpiring, true, "x", true)]
    [InlineData(ConditionType.SecretExpiring, false, "x", false)]
    [InlineData(ConditionType.TokenFresh, true, Reason.Renewed, false)]
    [InlineData(ConditionType.TokenFresh, true, Reason.LifetimeTooShort, true)]
    [InlineData(ConditionType.TokenFresh, false, Reason.Renewed, true)]
    [InlineData(ConditionType.Authorized, true, "x", false)]
    [InlineData(ConditionType.Authorized, false, "x", true)]
    public void A_condition_is_a_problem_or_it_is_not(string type, bool isTrue, string reason, bool isProblem) =>
        Assert.Equal(isProblem, Problems.In([new(type, isTrue, reason, "m")]).Count == 1);

    [Fact]
    public void What_is_unknown_is_no_problem() =>
        Assert.Empty(Problems.In([new(ConditionType.SecretVerified, IsTrue: false, "x", "m") { IsUnknown = true }]));

    [Fact]
    public void Each_reason_of_Ready_has_a_count_of_its_own()
    {
        Assert.Equal([Reason.TokenValid, Reason.Suspended], ReadyReasons.WhenTrue);
        Assert.Equal(ReadyReasons.WhenFalse.Distinct(), ReadyReasons.WhenFalse);
        Assert.Superset(
            new HashSet<string>([Reason.TokenPending, Reason.TokenExpired, Reason.ClientRefused, Reason.ScopesExceeded]),
            ReadyReasons.WhenFalse.ToHashSet()
        );
    }

    [Theory]
    [InlineData("Said already: the outage.", "the outage.", "Said already: the outage.")]
    [InlineData("The outage", "The outage, in more words.", "The outage, in more words.")]
    [InlineData("Serving.", "The outage.", "Serving. Outage: The outage.")]
    public void Ready_says_each_cause_once(string ready, string cause, string message) =>
        Assert.Equal(
            message,
            ReadyMessage
                .WithCauses(
                    [
                        new(ConditionType.Ready, IsTrue: true, Reason.TokenValid, ready),
                        new(ConditionType.TokenFresh, IsTrue: false, "Outage", cause),
                    ]
                )[0]
                .Message
        );

    [Fact]
    public void The_problem_that_is_given_is_told_in_its_own_words_and_not_where_Ready_has_its_reason()
    {
        ConditionReport[] conditions =
        [
            new(ConditionType.TokenFresh, IsTrue: false, "Outage", "Serving until noon: down."),
            new(ConditionType.Ready, IsTrue: true, Reason.TokenValid, "Fine."),
        ];

        Assert.Equal("Fine. Outage: down.", ReadyMessage.WithCauses(conditions, new Problem("Outage", "down."))[1].Message);
        Assert.Equal("Fine.", ReadyMessage.WithCauses(conditions[1..], new Problem(Reason.TokenValid, "again"))[0].Message);
        ConditionReport reconciling = new(ConditionType.Reconciling, IsTrue: true, "Outage", "down.");
        Assert.Equal("Fine.", ReadyMessage.WithCauses([conditions[1], reconciling])[0].Message);
        Assert.Equal("Fine. Other: else.", ReadyMessage.WithCauses(conditions[1..], new Problem("Other", "else."))[0].Message);
    }
}
