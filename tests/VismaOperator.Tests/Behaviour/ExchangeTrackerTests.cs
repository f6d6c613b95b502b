using Kubernetes.Client;
using Lifecycle;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Grants;

namespace VismaOperator.Tests.Behaviour;

/// <summary>How long an exchange that another process began is waited for.</summary>
public sealed class ExchangeTrackerTests
{
    private static readonly NamespacedName connection = new("integrations", "acme-production");

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(-3600)]
    [InlineData(-8)]
    [InlineData(0)]
    [InlineData(8)]
    public void The_wait_is_counted_from_the_announcement_by_our_own_clock(int clockError)
    {
        var tracker = new ExchangeTracker(time, Policy.ExchangeDeadline);
        var intent = new ExchangeIntent("of another process", "hash", time.GetUtcNow().AddSeconds(clockError));
        Assert.True(tracker.IsToBeAnnounced(connection, intent));

        tracker.Announced(connection, intent.Id);

        Assert.False(tracker.IsToBeAnnounced(connection, intent));
        Assert.Equal(time.GetUtcNow() + Policy.ExchangeDeadline, tracker.OpenElsewhereUntil(connection, intent));
        time.Advance(Policy.ExchangeDeadline - TimeSpan.FromSeconds(1));
        Assert.Equal(time.GetUtcNow().AddSeconds(1), tracker.OpenElsewhereUntil(connection, intent));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(tracker.OpenElsewhereUntil(connection, intent));
    }

    [Fact]
    public void One_of_this_process_is_not_waited_for()
    {
        var tracker = new ExchangeTracker(time, Policy.ExchangeDeadline);
        var ours = new ExchangeIntent("ours", "hash", time.GetUtcNow());

        tracker.Began(connection, ours.Id);

        Assert.False(tracker.IsToBeAnnounced(connection, ours));
        Assert.Null(tracker.OpenElsewhereUntil(connection, ours));
    }

    [Fact]
    public void An_exchange_that_is_not_in_the_Secret_any_more_is_forgotten()
    {
        var tracker = new ExchangeTracker(time, Policy.ExchangeDeadline);
        var (former, ours) = (
            new ExchangeIntent("of another process", "hash", time.GetUtcNow()),
            new ExchangeIntent("ours", "hash", time.GetUtcNow())
        );
        tracker.Announced(connection, former.Id);
        tracker.Began(connection, ours.Id);

        tracker.Saw(connection, ours);
        Assert.True(tracker.IsToBeAnnounced(connection, former));
        Assert.False(tracker.IsToBeAnnounced(connection, ours));

        tracker.Saw(connection, intent: null);
        Assert.True(tracker.IsToBeAnnounced(connection, ours));
    }
}
