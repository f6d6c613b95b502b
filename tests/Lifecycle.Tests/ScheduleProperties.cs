using CsCheck;
using Xunit;

namespace Lifecycle.Tests;

public sealed class ScheduleProperties
{
    [Fact]
    public void Renewal_keeps_the_margin_and_the_gap_for_every_lifetime() =>
        Gen.Select(Any.Lifetime, Any.Margins, Gen.Guid)
            .Sample(
                (lifetime, margins, identity) =>
                {
                    var refresh = RefreshSchedule.RefreshTime(Some.Start, lifetime, margins, identity.ToString()) - Some.Start;
                    Assert.True(refresh >= RefreshSchedule.EarliestGap(lifetime), $"renewed {refresh} after it came");
                    Assert.True(refresh <= lifetime);

                    // A token of a second cannot be renewed twice a second: there the gap comes before the margin.
                    Assert.True(
                        lifetime - refresh >= RefreshSchedule.KeptValidity(lifetime, margins) || lifetime < TimeSpan.FromSeconds(2),
                        $"{lifetime - refresh} left"
                    );
                },
                iter: PropertyCases.Many
            );

    [Fact]
    public void Connections_that_were_created_together_renew_apart() => Gen.Select(Gen.Guid, Gen.Int[3_600, 30 * 86_400]).Sample(
        (seed, seconds) =>
        {
            var lifetime = TimeSpan.FromSeconds(seconds);
            var window = lifetime / 10;
            var latest = lifetime - (lifetime / 3);
            var buckets = Enumerable.Range(0, 1_000)
                .Select(n => RefreshSchedule.RefreshTime(Some.Start, lifetime, RefreshMargins.Default, $"{seed}-{n}") - Some.Start)
                .CountBy(refresh => (int)((latest - refresh) / window * 100));

            // Ten are to be expected in each.
            Assert.All(buckets, bucket => Assert.True(bucket.Value <= 35, $"{bucket.Value} of 1,000 in one hundredth of the window"));
        },
        iter: PropertyCases.Few);

    [Fact]
    public void The_more_failures_the_longer_the_wait_and_never_more_than_an_hour() =>
        Gen.Select(Gen.OneOf(Enum.GetValues<FailureKind>()), Gen.Double.Unit, Gen.Int[0, 10_000], Gen.Bool).Sample(
            (kind, random, asked, hasAsked) =>
            {
                TimeSpan? retryAfter = hasAsked ? TimeSpan.FromSeconds(asked) : null;
                var delays = Enumerable.Range(1, 100).Select(attempts => FailureBackoff.Delay(kind, attempts, random, retryAfter)).ToList();
                Assert.Equal(delays.Order(), delays);
                Assert.All(delays, delay => Assert.InRange(delay, TimeSpan.FromSeconds(1), FailureBackoff.Longest));
                Assert.All(delays, delay => Assert.True(delay >= (retryAfter ?? TimeSpan.Zero) || delay == FailureBackoff.Longest));
            },
            iter: PropertyCases.Few);
}
