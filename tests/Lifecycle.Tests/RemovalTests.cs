using Xunit;
using static Lifecycle.Tests.Some;

namespace Lifecycle.Tests;

/// <summary>That a Secret was removed is told as long as no other token is in service.</summary>
public sealed class RemovalTests
{
    private const string Removed = "The Secret with the token was removed at 2026-11-02 13:06:00Z, because the ";
    private const string ForItsScopes = Removed + "token had more scopes than the OAuthClient allows. ";

    private static readonly Problem exceeded = new(Reason.ScopesExceeded, "The provider granted more. Ask the owner.");

    [Fact]
    public void A_removed_Secret_is_reported_for_as_long_as_it_is_missing()
    {
        const string removed = Removed + "OAuthClient no longer serves this connection. ";
        var withdrawn = Serving().ClientRefusing().Withdrawn(NotAllowed, Soon);
        var first = Of(withdrawn, Soon);
        var later = Of(withdrawn with { Failure = first.Failure }, Soon.AddHours(5));

        Assert.Equal(removed + NotAllowed.Message, first.Find(ConditionType.Stalled)!.Message);
        Assert.Equal(first.Conditions, later.Conditions);
        Assert.Equal(
            removed + Missing.Message,
            Of(withdrawn.ClientRefusingNamespace(), Soon.AddHours(5)).Find(ConditionType.Stalled)!.Message
        );
        Assert.DoesNotContain(
            "removed",
            Of(withdrawn.ScopesChanged(), Soon.AddHours(5)).Find(ConditionType.Ready)!.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(
            InvalidSpec.Message,
            Of(withdrawn.ClientIs(Facts().Client).SpecInvalid(), Soon.AddHours(5)).Find(ConditionType.Stalled)!.Message
        );
    }

    [Fact]
    public void It_is_reported_with_its_cause_while_attempts_fail()
    {
        var withdrawn = Serving().Withdrawn(exceeded, Soon);

        var refused = withdrawn.FailedWith(exceeded, Soon);
        var down = refused.FailedWith(Outage, Soon.AddMinutes(1));

        Assert.Equal(ForItsScopes + exceeded.Message, Of(refused, Soon.AddSeconds(1)).Find(ConditionType.Stalled)!.Message);
        Assert.Equal(ForItsScopes + Outage.Message, Of(down, Soon.AddSeconds(61)).Find(ConditionType.Reconciling)!.Message);
        Assert.Null(Of(down.Succeeded(Token()), Due).Removal);
        Assert.Null(Of(withdrawn.ScopesChanged().FailedWith(exceeded, Soon), Soon).Removal);
    }

    [Fact]
    public void A_later_refusal_by_the_client_is_not_reported_as_the_cause()
    {
        var refusing = Reported(Serving().Withdrawn(exceeded, Soon).FailedWith(Outage, Soon), Soon).ClientRefusing();

        Assert.Equal(ForItsScopes + NotAllowed.Message, Of(refusing, Soon.AddMinutes(1)).Find(ConditionType.Stalled)!.Message);
    }

    public static TheoryData<string> Between => ["secret changed", "client unusable", "reference missing", "look failed", "spec invalid"];

    [Theory]
    [MemberData(nameof(Between))]
    public void It_is_reported_again_after_another_problem(string what)
    {
        var withdrawn = Reported(Serving().Withdrawn(exceeded, Soon).FailedWith(exceeded, Soon), Soon);
        var between = Reported(
            what switch
            {
                "secret changed" => withdrawn.CredentialChanged().FailedWith(Outage, Soon.AddMinutes(1)),
                "client unusable" => withdrawn.ClientUnusable(),
                "reference missing" => withdrawn.ClientIs(new ClientFacts.Missing(Missing) { IsReference = true }),
                "look failed" => withdrawn.LookFailedWith(Unseen, Soon.AddMinutes(1)),
                _ => withdrawn.SpecInvalid(),
            },
            Soon.AddMinutes(1)
        );

        var after = (between with { Client = withdrawn.Client, Connection = withdrawn.Connection, FailedLook = null })
            .FailedWith(exceeded, Soon.AddMinutes(2));

        Assert.Equal(ForItsScopes + exceeded.Message, Of(after, Soon.AddMinutes(2)).Find(ConditionType.Stalled)!.Message);
    }

    // Otherwise whoever was served once could find out whether the client still exists.
    [Fact]
    public void After_a_removal_a_deleted_client_is_reported_like_one_that_does_not_allow_the_connection()
    {
        foreach (var problem in new[] { Missing, NotAllowed })
        {
            var withdrawn = Serving().ClientRefusing().Withdrawn(problem, Soon);

            var gone = Of(withdrawn.ClientMissing(), Soon.AddHours(5));
            var refusing = Of(withdrawn.ClientRefusingNamespace(), Soon.AddHours(5));

            Assert.Equal(refusing.Conditions, gone.Conditions);
            Assert.Equal(refusing.Failure, gone.Failure);
            Assert.Equal(Reason.ClientNotAvailable, gone.Failure!.Reason);
        }
    }

    // Nothing but what status holds outlives a reconcile.
    private static Facts Reported(Facts facts, DateTimeOffset now)
    {
        var report = Of(facts, now);
        return facts with { Token = report.Token, Failure = report.Failure, Removal = report.Removal };
    }

    private static Report Of(Facts facts, DateTimeOffset now) => Report.Of(
        facts,
        facts.FailedLook is null ? Policy.Decide(facts, now) : new Decision.BackOff(facts.Failure!),
        now
    );
}
