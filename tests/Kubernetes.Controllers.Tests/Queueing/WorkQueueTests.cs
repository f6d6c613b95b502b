using Kubernetes.Client;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Queueing;

public sealed class WorkQueueTests : IDisposable
{
    private static readonly NamespacedName a = new("ns", "a");
    private static readonly NamespacedName b = new("ns", "b");
    private readonly FakeTimeProvider time = new();
    private readonly WorkQueue queue;

    public WorkQueueTests() => queue = new(time, BackoffOptions.ForKeys, () => 0);

    public void Dispose() => queue.Dispose();

    [Fact]
    public async Task Hands_out_a_key_once_however_often_it_was_added()
    {
        queue.Add(a);
        queue.Add(a);
        queue.AddAt(a, time.GetUtcNow().AddHours(1));

        Assert.Equal(1, queue.Depth);
        Assert.Equal(a, await TakeAsync());
        queue.Done(a);
        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(0, queue.Depth);
    }

    [Fact]
    public async Task Gives_a_key_to_one_holder_at_a_time()
    {
        queue.Add(a);
        await TakeAsync();
        queue.Add(a);
        Assert.Equal(0, queue.Depth);

        queue.Done(a);
        Assert.Equal(a, await TakeAsync());
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task A_condition_that_may_be_over_is_checked_when_the_holder_gives_the_key_back(bool isNeeded, int due)
    {
        var asked = false;
        queue.Add(a);
        await TakeAsync();
        queue.AddIfNeeded(a, a, () => (asked = true) && isNeeded);
        queue.AddIfNeeded(a, b, () => false);
        Assert.False(asked);

        queue.Done(a);

        Assert.True(asked);
        Assert.Equal(due, queue.Depth);
    }

    [Fact]
    public async Task A_reason_that_is_not_needed_any_more_removes_no_other_reason_and_no_appointment()
    {
        queue.Add(a);
        queue.Add(b);
        await TakeAsync();
        await TakeAsync();
        queue.Add(a);
        queue.AddIfNeeded(a, a, () => false);
        queue.AddIfNeeded(b, b, () => false);
        queue.AddAt(b, time.GetUtcNow().AddHours(1));
        queue.Done(a);
        queue.Done(b);
        Assert.Equal(a, await TakeAsync());
        Assert.Equal(0, queue.Depth);

        time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(b, await TakeAsync());
    }

    [Fact]
    public async Task One_thing_is_asked_about_once_however_often_it_changes()
    {
        var asked = 0;
        queue.Add(a);
        await TakeAsync();
        for (var change = 0; change < 1_000_000; change++)
        {
            queue.AddIfNeeded(a, b, () => ++asked < 0);
        }

        queue.Done(a);

        Assert.Equal((1, 0), (asked, queue.Depth));
    }

    [Fact]
    public async Task A_key_that_nobody_holds_is_due_without_a_question()
    {
        queue.AddIfNeeded(a, a, () => false);

        Assert.Equal(a, await TakeAsync());
    }

    [Fact]
    public async Task A_key_that_waits_for_its_holder_does_not_hold_up_the_others()
    {
        queue.Add(a);
        await TakeAsync();
        queue.Add(a);
        queue.Add(b);

        Assert.Equal(b, await TakeAsync());
    }

    [Fact]
    public async Task The_earliest_of_several_times_wins()
    {
        queue.AddAt(a, time.GetUtcNow().AddSeconds(30));
        queue.AddAt(a, time.GetUtcNow().AddSeconds(10));
        queue.AddAt(a, time.GetUtcNow().AddSeconds(20));

        time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(0, queue.Depth);
        time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(a, await TakeAsync());
        queue.Done(a);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(0, queue.Depth);
    }

    [Fact]
    public async Task The_earliest_of_several_times_asked_for_while_a_key_is_held_wins()
    {
        queue.Add(a);
        await TakeAsync();
        queue.AddAt(a, time.GetUtcNow().AddSeconds(5));
        queue.AddAt(a, time.GetUtcNow().AddSeconds(50));
        queue.Done(a);

        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, queue.Depth);
    }

    [Fact]
    public async Task Backs_off_after_failures_and_starts_again_once_forgotten()
    {
        Assert.Equal(100, await FailAsync());
        Assert.Equal(200, await FailAsync());
        Assert.Equal(400, await FailAsync());
        queue.Forget(a);
        Assert.Equal(100, await FailAsync());
    }

    [Fact]
    public void A_failure_of_one_key_does_not_delay_another()
    {
        queue.AddAfterFailure(a, retryAfter: null);
        queue.Add(b);
        Assert.Equal(1, queue.Depth);
    }

    [Fact]
    public void A_change_does_not_wait_for_the_backoff()
    {
        queue.AddAfterFailure(a, TimeSpan.FromMinutes(10));
        queue.Add(a);
        Assert.Equal(1, queue.Depth);
    }

    [Theory]
    [InlineData(30, 30)]
    [InlineData(0.01, 0.1)]
    [InlineData(90_000, 3600)]
    public void Waits_as_long_as_the_server_asks_but_not_longer_than_an_hour(double retryAfter, double waits)
    {
        queue.AddAfterFailure(a, TimeSpan.FromSeconds(retryAfter));
        time.Advance(TimeSpan.FromSeconds(waits) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, queue.Depth);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, queue.Depth);
    }

    [Fact]
    public void A_time_beyond_what_timers_can_wait_for_is_no_error()
    {
        queue.AddAt(a, DateTimeOffset.MaxValue);
        queue.AddAt(b, time.GetUtcNow().AddDays(200));
        time.Advance(TimeSpan.FromDays(200));
        Assert.Equal(1, queue.Depth);
    }

    [Fact]
    public async Task A_taker_that_gives_up_loses_no_key()
    {
        using var impatient = new CancellationTokenSource();
        var taking = queue.TakeAsync(impatient.Token).AsTask();
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taking);

        queue.Add(a);
        Assert.Equal(a, await TakeAsync());
    }

    [Fact]
    public void Has_one_timer_however_many_keys_wait()
    {
        var counted = new TimerCount();
        using var many = new WorkQueue(counted, BackoffOptions.ForKeys, () => 0);
        for (var index = 0; index < 5000; index++)
        {
            many.AddAt(new("ns", $"{index}"), counted.GetUtcNow().AddSeconds(index));
        }

        Assert.Equal(1, counted.Timers);
        counted.Advance(TimeSpan.FromSeconds(4999));
        Assert.Equal(5000, many.Depth);
    }

    private async Task<NamespacedName> TakeAsync() => await Wait.For(queue.TakeAsync(TestContext.Current.CancellationToken));

    private async Task<double> FailAsync()
    {
        queue.AddAfterFailure(a, retryAfter: null);
        var failedAt = time.GetUtcNow();
        while (queue.Depth == 0)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
        }

        queue.Done(await TakeAsync());
        return (time.GetUtcNow() - failedAt).TotalMilliseconds;
    }

    [Fact]
    public async Task A_clock_that_is_set_back_makes_every_appointment_due_within_a_minute()
    {
        var settable = new SettableClock();
        using var set = new WorkQueue(settable, BackoffOptions.ForKeys, () => 0.5);
        set.AddAt(new NamespacedName("integrations", "acme"), settable.GetUtcNow().AddMinutes(40));

        settable.SetBack(TimeSpan.FromHours(2));
        settable.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(
            "acme",
            (
                await set.TakeAsync(TestContext.Current.CancellationToken)
                    .AsTask()
                    .WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken)
            ).Name
        );
    }

    /// <summary>The wall clock can be set back while timers and timestamps go on.</summary>
    private sealed class SettableClock : FakeTimeProvider
    {
        private TimeSpan back;

        public void SetBack(TimeSpan by) => back += by;

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() - back;

        public override long GetTimestamp() => base.GetUtcNow().UtcTicks;
    }

    private sealed class TimerCount : FakeTimeProvider
    {
        public int Timers { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers++;
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
