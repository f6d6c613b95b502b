using Xunit;
using static Lifecycle.Tests.Some;

namespace Lifecycle.Tests;

/// <summary>A write that fails and then succeeds says nothing of the provider: a failed attempt keeps its count and its time.</summary>
public sealed class FailedWriteTests
{
    private static readonly DateTimeOffset later = Soon.AddSeconds(5);

    [Fact]
    public void The_failed_attempt_comes_back_once_the_write_succeeds()
    {
        var refused = RefusedTwice();
        var once = refused.FailedWith(Unwritable, later);
        var twice = once.FailedWith(Unwritable, later.AddSeconds(5));

        Assert.Equal((Unwritable.Reason, 1), (once.Failure!.Reason, once.Failure.Attempts));
        Assert.Equal((Unwritable.Reason, 2), (twice.Failure!.Reason, twice.Failure.Attempts));
        Assert.Equal(new Decision.BackOff(once.Failure), Policy.Decide(once, later));
        Assert.Equal(refused.Failure, once.Published(Token()).Failure);
        Assert.Equal(refused.Failure, twice.Published(Token()).Failure);
        Assert.Equal(new Decision.BackOff(refused.Failure!), Policy.Decide(twice.Published(Token()), later.AddSeconds(6)));
    }

    [Fact]
    public void A_failed_exchange_comes_back_once_the_held_token_is_published()
    {
        var refused = SomeGrant.Consented().FailedWith(Refused, Soon);

        Assert.Equal(refused.Failure, refused.FailedWith(Unwritable, later).HeldPublished(Token()).Failure);
    }

    [Fact]
    public void It_is_over_once_a_token_came_or_what_is_asked_with_changed()
    {
        var failing = RefusedTwice().FailedWith(Unwritable, later);

        Assert.Null(failing.Published(Token() with { IssueTime = later }).Failure);
        Assert.Null(failing.Succeeded(Token()).Failure);
        Assert.Null(failing.CredentialChanged().Published(Token()).Failure);
        Assert.Null(failing.ScopesChanged().Published(Token()).Failure);
    }

    [Fact]
    public void It_binds_also_where_nothing_is_to_be_written_any_more()
    {
        var refused = RefusedTwice();
        var once = refused.FailedWith(Unwritable, later);
        var over = once.Failure!.NextAttemptTime;

        var decision = Policy.Decide(once, over);

        Assert.True(over < refused.Failure!.NextAttemptTime);
        Assert.Equal(new Decision.BackOff(refused.Failure), decision);
        Assert.Equal(refused.Failure, Report.Of(once, decision, over).Failure);
        Assert.IsType<Decision.Request>(Policy.Decide(once, refused.Failure.NextAttemptTime));
        Assert.IsType<Decision.Request>(Policy.Decide(once.Requested(), over));
    }

    [Fact]
    public void A_write_of_another_token_that_fails_answers_no_request()
    {
        var asked = RefusedTwice().Requested("now");

        var failing = asked.FailedWith(Unwritable, later);

        Assert.True(failing.Connection.HasUnhandledRequest);
        Assert.Equal(asked.Failure, failing.EarlierAttempt);
        Assert.IsType<Decision.BackOff>(Policy.Decide(failing, later));
        Assert.IsType<Decision.Request>(Policy.Decide(failing, later + RequestRules.Gap + TimeSpan.FromSeconds(1)));
    }

    [Theory]
    [InlineData("now", true)]
    [InlineData("earlier", false)]
    [InlineData(null, false)]
    public void A_token_that_could_not_be_stored_answers_the_request_that_it_was_fetched_for(string? pendingAnswer, bool isAnswered)
    {
        var asked = Serving().Requested("now");

        var failing = asked.Failed(Unwritable, retryAfter: null, later, random: 0.5, pendingAnswer);

        Assert.Equal(isAnswered, !failing.Connection.HasUnhandledRequest);
        Assert.IsType<Decision.BackOff>(Policy.Decide(failing, later));
    }

    [Theory]
    [InlineData("now", null, true)]
    [InlineData("earlier", null, false)]
    [InlineData("earlier", "now", true)]
    [InlineData("now", "earlier", false)] // the token in memory is the newer one
    public void A_held_token_answers_the_request_that_it_was_exchanged_for(string held, string? pendingAnswer, bool isAnswered)
    {
        var asked = SomeGrant.ServingForSomebody().With(grant => grant with { AnsweredRequest = held }).Requested("now");

        var failing = asked.Failed(Unwritable, retryAfter: null, later, random: 0.5, pendingAnswer);

        Assert.Equal(isAnswered, !failing.Connection.HasUnhandledRequest);
    }

    [Fact]
    public void A_failed_attempt_does_not_come_back_once_a_token_came_or_another_attempt_failed()
    {
        var asked = RefusedTwice().Requested("now");

        Assert.Null(asked.Failed(Unwritable, retryAfter: null, later, random: 0.5, pendingAnswer: "now").EarlierAttempt);
        Assert.Null(RefusedTwice().FailedWith(Refused, later).EarlierAttempt);
    }

    [Fact]
    public void Another_attempt_counts_on()
    {
        var failing = RefusedTwice().FailedWith(Unwritable, later);

        var again = failing.FailedWith(Refused, Soon.AddMinutes(10));

        Assert.Equal((Refused.Reason, 3), (again.Failure!.Reason, again.Failure.Attempts));
        Assert.Equal(again.Failure, again.FailedWith(Unwritable, Soon.AddMinutes(11)).Published(Token()).Failure);
    }

    private static Facts RefusedTwice() => Serving().FailedWith(Refused, Soon.AddMinutes(-1)).FailedWith(Refused, Soon);
}
