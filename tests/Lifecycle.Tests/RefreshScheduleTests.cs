using Xunit;

namespace Lifecycle.Tests;

public sealed class RefreshScheduleTests
{
    private const string Identity = "0b4f7a52-6d3c-4a35-9a39-0d1f3a6c2f10";

    private static readonly RefreshMargins beyond = new(TimeSpan.FromDays(365), TimeSpan.FromDays(3650));

    /// <summary>Lifetimes from a second to thirty days.</summary>
    public static TheoryData<int> Seconds =>
        [1, 2, 3, 4, 5, 7, 10, 30, 59, 60, 61, 300, 900, 1199, 1200, 1201, 3599, 3600, 3601, 7200, 86_400, 30 * 86_400];

    private static TimeSpan RefreshAfter(TimeSpan lifetime, RefreshMargins margins, string identity = Identity) =>
        RefreshSchedule.RefreshTime(Some.Start, lifetime, margins, identity) - Some.Start;

    [Theory]
    [InlineData(3600, 600)]
    [InlineData(1200, 600)]
    [InlineData(1199, 599.5)]
    [InlineData(60, 30)]
    [InlineData(1, 0.5)]
    public void The_margin_is_at_most_half_of_the_lifetime(int lifetime, double margin)
    {
        Assert.Equal(TimeSpan.FromSeconds(margin), RefreshSchedule.KeptValidity(TimeSpan.FromSeconds(lifetime), RefreshMargins.Default));
        Assert.Equal(margin < 600, RefreshSchedule.IsLifetimeTooShort(TimeSpan.FromSeconds(lifetime), RefreshMargins.Default));
    }

    [Fact]
    public void A_token_of_an_hour_is_renewed_a_third_before_its_end_or_up_to_six_minutes_earlier()
    {
        var times = Enumerable.Range(0, 1_000).Select(n => RefreshAfter(Some.Hour, RefreshMargins.Default, $"uid-{n}")).ToList();

        Assert.InRange(times.Min(), TimeSpan.FromMinutes(34), TimeSpan.FromMinutes(34.1));
        Assert.InRange(times.Max(), TimeSpan.FromMinutes(39.9), TimeSpan.FromMinutes(40));
    }

    [Fact]
    public void A_token_of_a_minute_is_renewed_three_seconds_before_its_half_or_up_to_six_seconds_earlier() =>
        Assert.InRange(
            RefreshAfter(TimeSpan.FromMinutes(1), RefreshMargins.Default),
            TimeSpan.FromSeconds(21),
            TimeSpan.FromSeconds(27)
        );

    [Fact]
    public void A_renewal_that_is_asked_for_earlier_comes_earlier()
    {
        var margins = RefreshMargins.Default with { RenewBefore = TimeSpan.FromMinutes(35) };

        Assert.InRange(RefreshAfter(Some.Hour, margins), TimeSpan.FromMinutes(19), TimeSpan.FromMinutes(25));
    }

    [Fact]
    public void A_renewal_asked_for_inside_the_margin_comes_a_minute_ahead_of_the_margin()
    {
        var margins = new RefreshMargins(TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(1));

        Assert.InRange(RefreshAfter(Some.Hour, margins), TimeSpan.FromMinutes(33), TimeSpan.FromMinutes(39));
    }

    [Theory]
    [MemberData(nameof(Seconds))]
    public void Nothing_that_can_be_asked_for_makes_a_loop(int seconds)
    {
        var lifetime = TimeSpan.FromSeconds(seconds);

        foreach (
            var margins in new[]
            {
                RefreshMargins.Default,
                beyond,
                beyond with
                {
                    MinRemainingValidity = TimeSpan.Zero,
                },
                new(TimeSpan.Zero, TimeSpan.Zero),
                new(TimeSpan.FromDays(365), null),
            }
        )
        {
            var refresh = RefreshAfter(lifetime, margins);
            Assert.InRange(refresh, RefreshSchedule.EarliestGap(lifetime), lifetime);
        }
    }

    [Theory]
    [MemberData(nameof(Seconds))]
    public void A_margin_longer_than_the_lifetime_is_cut_to_half_of_it(int seconds)
    {
        var lifetime = TimeSpan.FromSeconds(seconds);
        var remaining = lifetime - RefreshAfter(lifetime, new(TimeSpan.FromDays(365), null));

        // The second between two renewals comes first: a token of one second has no half that could be kept.
        Assert.True(remaining >= lifetime / 2 || seconds < 2, $"{remaining} of {lifetime} left");
    }

    [Theory]
    [MemberData(nameof(Seconds))]
    public void The_time_of_renewal_is_a_whole_second_since_status_holds_no_other(int seconds)
    {
        var refresh = RefreshAfter(TimeSpan.FromSeconds(seconds), RefreshMargins.Default);

        Assert.Equal(0, refresh.Ticks % TimeSpan.TicksPerSecond);
    }

    [Fact]
    public void The_same_object_keeps_its_place()
    {
        Assert.Equal(RefreshAfter(Some.Hour, RefreshMargins.Default), RefreshAfter(Some.Hour, RefreshMargins.Default));
        Assert.NotEqual(RefreshAfter(Some.Hour, RefreshMargins.Default), RefreshAfter(Some.Hour, RefreshMargins.Default, "another"));
    }

    [Theory]
    [InlineData(null, 7 * 86400)] // nobody says when it dies
    [InlineData(0, 7 * 86400)] // a server that counts it as dead
    [InlineData(-5, 7 * 86400)] // a clock that is wrong
    [InlineData(30 * 86400, 7 * 86400)]
    [InlineData(4 * 86400, 2 * 86400)]
    [InlineData(601, 300)]
    [InlineData(60, 60)]
    [InlineData(1, 60)] // half of nothing would make a loop
    public void A_refresh_token_is_used_half_way_to_its_end_after_a_week_at_the_latest_and_never_at_once(int? expiresIn, int usedAfter) =>
        Assert.Equal(
            Some.Start.AddSeconds(usedAfter),
            RefreshSchedule.KeepAliveTime(Some.Start, expiresIn is { } seconds ? Some.Start.AddSeconds(seconds) : null)
        );
}
