using Xunit;

namespace Lifecycle.Tests;

public sealed class FailureBackoffTests
{
    [Theory]
    [InlineData(1, 1, 2)]
    [InlineData(2, 2, 4)]
    [InlineData(5, 16, 32)]
    [InlineData(8, 128, 256)]
    [InlineData(9, 150, 300)]
    [InlineData(1_000, 150, 300)]
    [InlineData(int.MaxValue, 150, 300)]
    public void A_transient_failure_waits_between_half_of_a_growing_window_and_all_of_it(int attempts, int shortest, int longest)
    {
        Assert.Equal(TimeSpan.FromSeconds(shortest), FailureBackoff.Delay(FailureKind.Transient, attempts, random: 0, retryAfter: null));
        Assert.InRange(
            FailureBackoff.Delay(FailureKind.Transient, attempts, random: 0.999_999, retryAfter: null),
            TimeSpan.FromSeconds(longest - 0.1),
            TimeSpan.FromSeconds(longest)
        );
    }

    [Theory]
    [InlineData(FailureKind.NeedsPerson)]
    [InlineData(FailureKind.NotThereYet)]
    public void A_failure_that_needs_a_person_waits_minutes_growing_to_an_hour(FailureKind kind)
    {
        int[] minutes =
        [
            .. Enumerable
                .Range(1, 8)
                .Select(attempts => (int)FailureBackoff.Delay(kind, attempts, random: 0.7, retryAfter: null).TotalMinutes),
        ];

        Assert.Equal([1, 2, 4, 8, 16, 32, 60, 60], minutes);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(30, 30)]
    [InlineData(3_599, 3_599)]
    [InlineData(3_601, 3_600)]
    [InlineData(1_000_000_000, 3_600)]
    [InlineData(-5, 2)]
    public void Retry_After_is_honoured_up_to_an_hour(int asked, int expected)
    {
        var delay = FailureBackoff.Delay(FailureKind.Transient, 1, random: 0.999_999_9, TimeSpan.FromSeconds(asked));

        Assert.Equal(expected, delay.TotalSeconds, 1e-3);
    }

    [Theory]
    [InlineData(1, null, 1)]
    [InlineData(2, null, 2)]
    [InlineData(3, null, 4)]
    [InlineData(4, null, 8)]
    [InlineData(4, 7, 8)]
    [InlineData(1, 30, 30)]
    [InlineData(1, 7_200, 3_600)]
    [InlineData(5, null, 24)] // as after any other attempt
    public void An_exchange_is_repeated_quickly_four_times_since_its_answer_may_be_lost(int attempts, int? asked, int expected) =>
        Assert.Equal(
            TimeSpan.FromSeconds(expected),
            FailureBackoff.DelayOfExchange(
                FailureKind.Transient,
                attempts,
                random: 0.5,
                asked is { } seconds ? TimeSpan.FromSeconds(seconds) : null
            )
        );

    [Theory]
    [InlineData(3_600, 14_400, 3_600)]
    [InlineData(3_600, 400, 100)]
    [InlineData(3_600, 40, 10)]
    [InlineData(3_600, 1, 10)]
    [InlineData(3_600, 0, 300)]
    [InlineData(3_600, -1, 300)]
    [InlineData(5, 1, 5)]
    [InlineData(5, 0, 5)]
    public void A_wait_is_cut_to_a_quarter_of_the_validity_and_to_five_minutes_after_it(int delay, int left, int expected) =>
        Assert.Equal(
            TimeSpan.FromSeconds(expected),
            FailureBackoff.InTime(TimeSpan.FromSeconds(delay), TimeSpan.FromSeconds(left))
        );

    [Fact]
    public void An_exchange_that_needs_a_person_is_not_repeated_quickly() =>
        Assert.Equal(
            TimeSpan.FromMinutes(1),
            FailureBackoff.DelayOfExchange(FailureKind.NeedsConsent, attempts: 1, random: 0, retryAfter: null)
        );

    [Fact]
    public void Attempts_count_while_the_same_thing_is_attempted_and_fails_alike()
    {
        var twice = Some.Facts().FailedWith(Some.Outage, Some.Soon).FailedWith(Some.Outage, Some.Soon);

        Assert.Equal(2, twice.Failure!.Attempts);
        Assert.Equal(3, twice.FailedWith(Some.Outage with { Reason = Reason.AnswerNotUnderstood }, Some.Soon).Failure!.Attempts);
        Assert.Equal(1, twice.FailedWith(Some.Refused, Some.Soon).Failure!.Attempts);
        Assert.Equal(1, twice.ScopesChanged().FailedWith(Some.Outage, Some.Soon).Failure!.Attempts);
        Assert.Equal(1, twice.CredentialChanged().FailedWith(Some.Outage, Some.Soon).Failure!.Attempts);
        Assert.Null(twice.Succeeded(Some.Token()).Failure);
    }

    [Fact]
    public void The_next_attempt_is_never_earlier_than_the_backoff_says_though_status_holds_whole_seconds()
    {
        var late = Some.Soon.AddMilliseconds(900);

        var failure = Some.Facts().Failed(Some.Outage, retryAfter: null, late, random: 0.05).Failure!;

        Assert.Equal(Some.Soon, failure.LastFailureTime);
        Assert.Equal(Some.Soon.AddSeconds(2), failure.NextAttemptTime);
    }
}
