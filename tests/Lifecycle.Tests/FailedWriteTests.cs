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
    public void Another_attempt_counts_on()
    {
        var failing = RefusedTwice().FailedWith(Unwritable, later);

        var again = failing.FailedWith(Refused, Soon.AddMinutes(10));

        Assert.Equal((Refused.Reason, 3), (again.Failure!.Reason, again.Failure.Attempts));
        Assert.Equal(again.Failure, again.FailedWith(Unwritable, Soon.AddMinutes(11)).Published(Token()).Failure);
    }

    private static Facts RefusedTwice() => Serving().FailedWith(Refused, Soon.AddMinutes(-1)).FailedWith(Refused, Soon);
}
