using Xunit;
using static Lifecycle.Tests.Some;

namespace Lifecycle.Tests;

/// <summary>A look that fails is told and repeated, and changes nothing about the attempts at the provider.</summary>
public sealed class FailedLookTests
{
    public static TheoryData<string> Looks => [Reason.ApiRequestFailed, Reason.ApiRequestForbidden, Reason.OperatorFault];

    [Theory]
    [MemberData(nameof(Looks))]
    public void It_calls_for_no_token_once_it_is_over(string reason)
    {
        var facts = Serving().LookFailedWith(new Problem(reason, "Not seen.") { Stage = FailureStage.Looking }, Soon);

        Assert.Equal(new Decision.Wait(Due), Policy.Decide(facts, Soon.AddMinutes(2)));
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public void It_holds_back_the_next_look_at_a_Secret_that_differs(string reason)
    {
        var facts = Serving().Drifted().LookFailedWith(new Problem(reason, "Not seen.") { Stage = FailureStage.Looking }, Soon);

        Assert.Equal(new Decision.BackOff(facts.Failure!), Policy.Decide(facts, Soon.AddSeconds(1)));
        Assert.Equal(new Decision.Inspect(), Policy.Decide(facts, facts.Failure!.NextAttemptTime));
    }

    [Fact]
    public void A_write_that_was_refused_does_not_hold_back_a_look()
    {
        var facts = Serving().Drifted().FailedWith(Unwritable, Soon);

        Assert.Equal(new Decision.Inspect(), Policy.Decide(facts, Soon.AddSeconds(1)));
    }

    [Fact]
    public void The_failed_attempt_whose_next_one_comes_later_stays_on_record()
    {
        var refused = Serving().FailedWith(Refused, Soon);

        var facts = refused.Drifted().LookFailedWith(Unseen, Soon);
        var report = Report.Of(facts, new Decision.BackOff(facts.Failure!), Soon);

        Assert.Equal(refused.Failure, report.Failure);
        Assert.Equal(Refused.Reason, report.Find(ConditionType.Stalled)!.Reason);
        Assert.Equal(Soon.AddSeconds(2), report.NextLook);
    }

    [Fact]
    public void A_failed_attempt_that_is_overdue_gives_way_to_what_keeps_it_from_being_made()
    {
        var refused = Serving().FailedWith(Refused, Soon);

        var facts = refused.LookFailedWith(Unseen, Soon.AddMinutes(1));

        Assert.Equal((Reason.ApiRequestFailed, 1), (facts.Failure!.Reason, facts.Failure.Attempts));
    }

    [Theory]
    [InlineData(57, Reason.ClientRefused)]
    [InlineData(58, Reason.ApiRequestFailed)] // both are due at the same second
    public void A_failed_attempt_stays_on_record_while_it_is_due_later_than_the_next_look(int seconds, string reason) =>
        Assert.Equal(reason, Serving().FailedWith(Refused, Soon).LookFailedWith(Unseen, Soon.AddSeconds(seconds)).Failure!.Reason);

    [Fact]
    public void A_failed_attempt_of_an_earlier_spec_gives_way()
    {
        var refused = Serving().FailedWith(Refused, Soon);

        Assert.Equal(Unseen.Reason, refused.ScopesChanged().LookFailedWith(Unseen, Soon).Failure!.Reason);
        Assert.Equal(Refused.Reason, refused.CredentialChanged().LookFailedWith(Unseen, Soon).Failure!.Reason);
        var similar = refused with { Connection = refused.Connection with { Inputs = "c" } };
        Assert.Equal(Unseen.Reason, similar.LookFailedWith(Unseen, Soon).Failure!.Reason);
    }

    [Fact]
    public void A_request_stays_open_and_the_token_on_record()
    {
        var facts = Serving().SecretDeleted().Requested().LookFailedWith(Unseen, Soon);
        var report = Report.Of(facts, new Decision.BackOff(facts.Failure!), Soon);

        Assert.Null(report.HandledRequest);
        Assert.Equal(Serving().Token, report.Token);
        Assert.False(report.Find(ConditionType.Ready)!.IsTrue);
    }

    [Fact]
    public void A_wake_up_before_the_next_look_keeps_the_token_on_record_and_one_before_another_attempt_does_not()
    {
        var gone = Serving().SecretDeleted() with { Token = Token() with { SecretUid = "u1" } };

        Assert.Equal(gone.Token, AfterWakeUp(gone.LookFailedWith(Unseen, Soon)).Token);
        Assert.Null(AfterWakeUp(gone.Showing(new ContentFacts.Lost()).FailedWith(Refused, Soon)).Token);

        static Report AfterWakeUp(Facts facts)
        {
            var next = facts with { FailedLook = null };
            return Report.Of(next, Assert.IsType<Decision.BackOff>(Policy.Decide(next, Soon.AddSeconds(1))), Soon.AddSeconds(1));
        }
    }

    [Fact]
    public void Looks_that_fail_count_up_on_their_own()
    {
        var facts = Serving().LookFailedWith(Unseen, Soon);

        var again = facts.LookFailedWith(Unseen, facts.Failure!.NextAttemptTime);
        var attempt = again.FailedWith(Outage, again.Failure!.NextAttemptTime);

        Assert.Equal((1, 2, 1), (facts.Failure.Attempts, again.Failure.Attempts, attempt.Failure!.Attempts));
    }

    [Fact]
    public void Looks_that_fail_count_up_in_the_next_reconcile_too()
    {
        var facts = Serving().LookFailedWith(Unseen, Soon);

        var next = (facts with { FailedLook = null }).LookFailedWith(Unseen, facts.Failure!.NextAttemptTime);

        Assert.Equal(2, next.Failure!.Attempts);
    }

    [Fact]
    public void A_look_before_its_time_puts_the_next_one_off_no_further()
    {
        var facts = Serving().LookFailedWith(Unseen, Soon);

        Assert.Equal(facts.Failure, facts.LookFailedWith(Unseen, Soon.AddSeconds(1)).Failure);
    }

    [Fact]
    public void A_clock_that_was_set_back_makes_the_next_look_due()
    {
        var facts = Serving().LookFailedWith(Unseen, Soon.AddDays(1));

        Assert.Equal(Soon.AddSeconds(4), facts.LookFailedWith(Unseen, Soon).Failure!.NextAttemptTime);
    }
}
