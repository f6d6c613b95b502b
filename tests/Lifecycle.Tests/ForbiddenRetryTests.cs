using Xunit;
using static Lifecycle.Tests.Some;

namespace Lifecycle.Tests;

/// <summary>
/// What the API server forbids is tried again before what is published expires, so that a permission that is given in time costs nothing.
/// </summary>
public sealed class ForbiddenRetryTests
{
    private static readonly TimeSpan rounding = TimeSpan.FromSeconds(2);

    public static TheoryData<TimeSpan> Lifetimes =>
    [
        TimeSpan.FromMinutes(1),
        TimeSpan.FromMinutes(10),
        TimeSpan.FromHours(1),
        TimeSpan.FromDays(1),
        TimeSpan.FromDays(30),
    ];

    [Theory]
    [MemberData(nameof(Lifetimes))]
    public void A_write_waits_for_at_most_a_quarter_of_what_is_left_or_ten_seconds(TimeSpan lifetime) =>
        AssertInTime(lifetime, (facts, now) => facts.FailedWith(Unwritable, now));

    [Theory]
    [MemberData(nameof(Lifetimes))]
    public void A_look_waits_no_longer(TimeSpan lifetime) => AssertInTime(lifetime, (facts, now) => facts.LookFailedWith(Invisible, now));

    [Fact]
    public void It_begins_as_slowly_as_any_other_failure_that_needs_a_person()
    {
        var times = Attempts(ServingFor(TimeSpan.FromDays(1)), Start.AddHours(16), (facts, now) => facts.FailedWith(Unwritable, now));

        Assert.Equal([1, 2, 4, 8, 16, 32, 60], times.Zip(times.Skip(1), (one, next) => (next - one).TotalMinutes).Take(7));
    }

    [Fact]
    public void A_token_that_has_expired_is_tried_for_every_five_minutes_at_the_latest()
    {
        var facts = Serving().FailedTimes(20, Unwritable).FailedWith(Unwritable, Expired.AddMinutes(1));

        Assert.Equal(Expired.AddMinutes(6), facts.Failure!.NextAttemptTime);
    }

    [Fact]
    public void A_grant_that_would_expire_unused_is_tried_for_in_time()
    {
        var facts = SomeGrant.ServingForSomebody().With(grant => grant with { KeepAliveTime = Start.AddDays(1) });
        var valid = facts with { Token = facts.Token! with { ExpirationTime = Start.AddDays(30) } };

        Assert.Equal(
            Start.AddDays(2).AddMinutes(-45),
            valid.FailedTimes(20, Unwritable).FailedWith(Unwritable, Start.AddDays(2).AddHours(-1)).Failure!.NextAttemptTime
        );

        // Then it has expired.
        Assert.Equal(
            Start.AddDays(2).AddHours(1),
            valid.FailedTimes(20, Unwritable).FailedWith(Unwritable, Start.AddDays(2)).Failure!.NextAttemptTime
        );
    }

    [Fact]
    public void What_only_the_provider_can_end_waits_as_before()
    {
        var facts = Serving().FailedTimes(5, Refused).FailedWith(Refused, Expired.AddMinutes(-1));

        Assert.Equal(Expired.AddMinutes(31), facts.Failure!.NextAttemptTime);
    }

    [Fact]
    public void Without_a_token_there_is_nothing_to_be_in_time_for()
    {
        var facts = Facts().FailedTimes(9, Unwritable);

        Assert.Equal(Start.AddHours(1), facts.Failure!.NextAttemptTime);
    }

    private static void AssertInTime(TimeSpan lifetime, Func<Facts, DateTimeOffset, Facts> fail)
    {
        var facts = ServingFor(lifetime);
        var expiry = facts.Token!.ExpirationTime;
        var times = Attempts(facts, facts.Token.RefreshTime, fail);

        Assert.All(
            times.Zip(times.Skip(1)).Where(pair => pair.First < expiry),
            pair =>
            {
                var longest = (expiry - pair.First) / 4 > TimeSpan.FromSeconds(10) ? (expiry - pair.First) / 4 : TimeSpan.FromSeconds(10);
                Assert.True(pair.Second - pair.First <= longest + rounding, $"waits {pair.Second - pair.First} at {pair.First}");
            }
        );
        Assert.InRange(times.Count(time => time < expiry && time >= expiry - TimeSpan.FromMinutes(10)), 3, 16);
        Assert.Contains(times, time => time < expiry && time >= expiry - TimeSpan.FromSeconds(12));
    }

    // The times of attempts that all fail, until an hour after the token has expired.
    private static List<DateTimeOffset> Attempts(Facts facts, DateTimeOffset first, Func<Facts, DateTimeOffset, Facts> fail)
    {
        List<DateTimeOffset> times = [];
        for (var now = first; now < facts.Token!.ExpirationTime + Hour; now = facts.Failure!.NextAttemptTime)
        {
            times.Add(now);
            facts = fail(facts, now);
        }

        return times;
    }

    private static Facts ServingFor(TimeSpan lifetime)
    {
        var facts = Serving();
        return facts with
        {
            Token = facts.Token! with
            {
                ExpirationTime = Start + lifetime,
                RefreshTime = RefreshSchedule.RefreshTime(Start, lifetime, RefreshMargins.Default, facts.Connection.Identity),
            },
        };
    }
}
