using Kubernetes.Client;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Tests.Doubles;
using Xunit;

namespace Kubernetes.Controllers.Tests.Queueing;

/// <summary>The queue with the timers of the system, which do not forgive what the fake ones do.</summary>
public sealed class WorkQueueSystemTimerTests : IDisposable
{
    private static readonly NamespacedName a = new("ns", "a");
    private static readonly NamespacedName b = new("ns", "b");
    private readonly SteppedSystemTime time = new();
    private readonly WorkQueue queue;

    public WorkQueueSystemTimerTests() => queue = new(time, BackoffOptions.ForKeys, () => 0);

    public void Dispose() => queue.Dispose();

    [Theory]
    [InlineData(60_000_000)]
    [InlineData(5_000)]
    [InlineData(2)]
    [InlineData(1.5)]
    [InlineData(0.5)]
    public async Task A_key_may_be_scheduled_while_another_one_is_overdue(double milliseconds)
    {
        var soon = time.GetUtcNow().AddMinutes(1);
        queue.AddAt(a, soon);
        time.Step(soon.AddMilliseconds(milliseconds) - time.GetUtcNow());

        // Twice: what the first call arms by accident, the second one must not rely on.
        queue.AddAt(b, time.GetUtcNow().AddMinutes(1));
        queue.AddAt(b, time.GetUtcNow().AddSeconds(30));

        Assert.Equal(a, await TakeAsync());
    }

    [Fact]
    public async Task A_key_that_a_clock_step_makes_due_is_handed_out_within_two_seconds()
    {
        queue.AddAt(a, time.GetUtcNow().AddMinutes(55));

        time.Step(TimeSpan.FromMinutes(55));

        Assert.Equal(a, await TakeAsync());
    }

    private async Task<NamespacedName> TakeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        return await queue.TakeAsync(limit.Token);
    }
}
