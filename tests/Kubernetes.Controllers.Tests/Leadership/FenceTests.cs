using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Leadership;

public sealed class FenceTests
{
    private static readonly Lease lease = new();
    private readonly FakeTimeProvider time = new();
    private readonly Fence fence;

    public FenceTests() => fence = new(time, new LeaseTimes());

    [Fact]
    public void A_renewal_extends_it_from_when_it_was_sent()
    {
        fence.Open(lease, time.GetTimestamp());
        time.Advance(TimeSpan.FromSeconds(3));
        var sentAt = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.True(fence.TryExtend(lease, sentAt));
        Assert.Equal((TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(11)), (fence.UntilDeadline, fence.Remaining));
    }

    [Fact]
    public void A_renewal_that_is_answered_at_the_deadline_or_later_does_not_count()
    {
        fence.Open(lease, time.GetTimestamp());
        var sentAt = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(fence.TryExtend(lease, sentAt));
        Assert.False(fence.TryExtend(lease, time.GetTimestamp()));
        Assert.False(fence.IsOpen);
        Assert.Equal(TimeSpan.Zero, fence.Remaining);
    }

    [Fact]
    public void Once_closed_nothing_opens_it()
    {
        fence.Open(lease, time.GetTimestamp());
        Assert.True(fence.Close());
        Assert.False(fence.Close());
        fence.Open(lease, time.GetTimestamp());
        Assert.False(fence.TryExtend(lease, time.GetTimestamp()));
        Assert.False(fence.IsOpen);
    }

    [Fact]
    public void A_lease_that_is_not_held_any_more_is_not_given_back()
    {
        Assert.Null(fence.GiveUp());
        fence.Open(lease, time.GetTimestamp());
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(fence.GiveUp());
        Assert.True(fence.WasGivenUp);
    }

    [Fact]
    public void A_held_key_is_given_back_once()
    {
        fence.Open(lease, time.GetTimestamp());
        Assert.Same(lease, fence.GiveUp());
        Assert.Null(fence.GiveUp());
        Assert.False(fence.IsOpen);
    }
}
