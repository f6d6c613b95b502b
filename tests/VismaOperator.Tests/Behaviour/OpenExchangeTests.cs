using Lifecycle;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Grants;

namespace VismaOperator.Tests.Behaviour;

/// <summary>How long an exchange that another process began is waited for.</summary>
public sealed class OpenExchangeTests
{
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(-3600)]
    [InlineData(-8)]
    [InlineData(0)]
    [InlineData(8)]
    public void It_is_waited_for_from_the_announcement_on_whatever_clock_it_was_begun_by(int clockError)
    {
        var open = new OpenExchanges(time);
        var intent = new ExchangeIntent("of another process", "hash", time.GetUtcNow().AddSeconds(clockError));
        Assert.True(open.IsToBeAnnounced(intent));

        open.Announced(intent.Id);

        Assert.False(open.IsToBeAnnounced(intent));
        Assert.Equal(time.GetUtcNow() + Policy.ExchangeDeadline, open.HeldElsewhereUntil(intent));
        time.Advance(Policy.ExchangeDeadline - TimeSpan.FromSeconds(1));
        Assert.Equal(time.GetUtcNow().AddSeconds(1), open.HeldElsewhereUntil(intent));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(open.HeldElsewhereUntil(intent));
    }

    [Fact]
    public void One_of_this_process_that_has_ended_is_not_waited_for()
    {
        var open = new OpenExchanges(time);
        var ours = new ExchangeIntent("ours", "hash", time.GetUtcNow());

        open.Ended(ours.Id);

        Assert.False(open.IsToBeAnnounced(ours));
        Assert.Null(open.HeldElsewhereUntil(ours));
    }
}
