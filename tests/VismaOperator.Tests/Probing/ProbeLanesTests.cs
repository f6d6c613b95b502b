using VismaOperator.Probing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Probing;

/// <summary>Who may be asked again, and when.</summary>
public sealed class ProbeLanesTests
{
    private readonly SettableTime time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Lanes_that_are_open_are_forgotten_and_closed_ones_are_kept()
    {
        var lanes = new ProbeLanes(time);
        var paused = new ProbeLane("api.finance.visma.net", "paused", "/dimension");
        lanes.TryTake(paused);
        lanes.Note(paused, TimeSpan.FromHours(1), isRefused: false);

        for (var number = 0; number < 10_000; number++)
        {
            Assert.Null(lanes.TryTake(new ProbeLane("api.finance.visma.net", $"{number}", "/dimension")));
            time.Advance(TimeSpan.FromSeconds(0.3));
        }

        Assert.InRange(lanes.Count, 1, 200); // 50 are closed at a time
        Assert.Equal(new DateTimeOffset(2026, 11, 23, 13, 0, 0, TimeSpan.Zero), lanes.ClosedUntil(paused));
    }

    [Fact]
    public void After_a_refusal_the_same_request_waits_longer_than_others_of_its_tenant()
    {
        var lanes = new ProbeLanes(time);
        var (lane, other) = (new ProbeLane("host", "tenant", "/a"), new ProbeLane("host", "tenant", "/b"));
        lanes.TryTake(lane);
        lanes.Note(lane, pause: null, isRefused: true);

        Assert.Equal(time.GetUtcNow() + ProbeLanes.Gap, lanes.TryTake(other));
        Assert.Equal(time.GetUtcNow() + ProbeLanes.GapAfterRefusal, lanes.TryTake(lane));
        time.Advance(ProbeLanes.Gap);
        Assert.Null(lanes.TryTake(other));
        time.Advance(ProbeLanes.GapAfterRefusal - ProbeLanes.Gap);
        Assert.Null(lanes.TryTake(lane));
    }

    [Fact]
    public void A_pause_that_the_API_asks_for_holds_for_every_request_of_the_tenant_and_no_other_tenant()
    {
        var lanes = new ProbeLanes(time);
        lanes.Note(new ProbeLane("host", "tenant", "/a"), TimeSpan.FromMinutes(40), isRefused: false);

        Assert.Equal(time.GetUtcNow().AddMinutes(40), lanes.TryTake(new ProbeLane("host", "tenant", "/b")));
        Assert.Null(lanes.TryTake(new ProbeLane("host", "other", "/a")));
    }
}
