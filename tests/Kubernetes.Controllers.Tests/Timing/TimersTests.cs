using CsCheck;
using Kubernetes.Controllers.Tests.Doubles;
using Timing;
using Xunit;

namespace Kubernetes.Controllers.Tests.Timing;

/// <summary>Any wait may be asked for, and means what it says, on timers as strict as those of the system.</summary>
public sealed class TimersTests
{
    private static readonly TimeSpan[] edges =
    [
        TimeSpan.MinValue,
        TimeSpan.MaxValue,
        TimeSpan.Zero,
        Timeout.InfiniteTimeSpan,
        TimeSpan.FromMilliseconds(-1.5),
    ];

    private static readonly Gen<TimeSpan> waits = Gen.OneOf(
        Gen.Double[-3, 3].Select(TimeSpan.FromMilliseconds),
        Gen.Double[-100, 100].Select(TimeSpan.FromHours),
        Gen.Double[-200, 200].Select(TimeSpan.FromDays),
        Gen.Int[0, edges.Length - 1].Select(index => edges[index]));

    [Fact]
    public void An_alarm_rings_once_after_the_wait_and_not_before() => Gen.Select(waits, waits).Sample(
        (first, second) =>
        {
            var (time, rings) = (new StrictTime(), 0);
            using var alarm = new Alarm(time, () => rings++);
            alarm.Set(first);
            Assert.Equal(first <= TimeSpan.Zero ? 1 : 0, Rung(time, () => rings));

            rings = 0;
            alarm.Set(second);
            Pass(time, Whole(second) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(second <= TimeSpan.Zero ? 1 : 0, rings);
            Pass(time, TimeSpan.FromMilliseconds(3));
            Assert.Equal(second < TimeSpan.FromDays(400) ? 1 : 0, rings);
        });

    [Fact]
    public void A_deadline_fires_after_the_wait_and_not_before() => waits.Sample(wait =>
    {
        var time = new StrictTime();
        using var deadline = Deadline.After(wait, time);
        Pass(time, Whole(wait) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(wait <= TimeSpan.Zero, deadline.IsCancellationRequested);
        Pass(time, TimeSpan.FromMilliseconds(3));
        Assert.Equal(wait < TimeSpan.FromDays(400), deadline.IsCancellationRequested);
    });

    [Fact]
    public void A_delay_is_over_after_the_wait_and_not_before() => waits.Sample(wait =>
    {
        var time = new StrictTime();
        var delay = time.DelayAsync(wait, CancellationToken.None);
        Pass(time, Whole(wait) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(wait <= TimeSpan.Zero, delay.IsCompletedSuccessfully);
        Pass(time, TimeSpan.FromMilliseconds(3));
        Assert.Equal(wait < TimeSpan.FromDays(400), delay.IsCompletedSuccessfully);
    });

    [Fact]
    public void No_period_is_refused() => waits.Sample(period =>
    {
        using var ticks = new StrictTime().Every(period);
        using var calls = new StrictTime().Repeat(period, () => { });
    });

    [Fact]
    public void A_deadline_that_was_not_set_never_fires()
    {
        var time = new StrictTime();
        using var deadline = Deadline.Unset(time);
        time.Advance(TimeSpan.FromDays(400));
        Assert.False(deadline.IsCancellationRequested);

        deadline.Set(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(deadline.IsCancellationRequested);
    }

    [Fact]
    public async Task A_wait_for_a_task_ends_with_the_task_or_in_time()
    {
        var time = new StrictTime();
        var never = new TaskCompletionSource<int>();
        var late = time.WaitAsync(never.Task, TimeSpan.FromDays(60), CancellationToken.None);
        Pass(time, TimeSpan.FromDays(61));

        await Assert.ThrowsAsync<TimeoutException>(() => late);
        Assert.Equal(7, await time.WaitAsync(Task.FromResult(7), TimeSpan.MaxValue, CancellationToken.None));
    }

    [Fact]
    public async Task A_task_that_ends_in_the_moment_in_which_the_time_is_over_is_no_cancellation()
    {
        var (time, late) = (new StrictTime(), new TaskCompletionSource<int>());
        var turns = new Turns();
        var wait = turns.Begin(() => time.WaitAsync(late.Task, TimeSpan.FromSeconds(5), CancellationToken.None));
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(wait.IsCompleted); // whoever waits has not heard of it yet

        late.SetResult(7);
        turns.Take();

        Assert.Equal(7, await wait);
    }

    [Fact]
    public async Task A_delay_ends_when_its_caller_gives_up()
    {
        using var caller = new CancellationTokenSource();
        var delay = new StrictTime().DelayAsync(TimeSpan.MaxValue, caller.Token);
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delay);
    }

    private static int Rung(StrictTime time, Func<int> rings)
    {
        time.Advance(TimeSpan.Zero);
        return rings();
    }

    /// <summary>Timers cut a wait to whole milliseconds.</summary>
    private static TimeSpan Whole(TimeSpan wait) =>
        wait > TimeSpan.Zero ? new(wait.Ticks - (wait.Ticks % TimeSpan.TicksPerMillisecond)) : TimeSpan.Zero;

    /// <summary>At most 400 days, an hour at a time: parts of a wait are armed one after the other.</summary>
    private static void Pass(StrictTime time, TimeSpan length)
    {
        for (
            var left = length < TimeSpan.FromDays(400) ? length : TimeSpan.FromDays(400);
            left > TimeSpan.Zero;
            left -= TimeSpan.FromDays(1)
        )
        {
            time.Advance(left < TimeSpan.FromDays(1) ? left : TimeSpan.FromDays(1));
        }
    }

    /// <summary>Runs what goes on after a wait only when told, as a busy thread pool does.</summary>
    private sealed class Turns : SynchronizationContext
    {
        private readonly Queue<Action> waiting = new();

        public override void Post(SendOrPostCallback d, object? state) => waiting.Enqueue(() => d(state));

        public Task<int> Begin(Func<Task<int>> begin)
        {
            var before = Current;
            SetSynchronizationContext(this);
            try
            {
                return begin();
            }
            finally
            {
                SetSynchronizationContext(before);
            }
        }

        public void Take()
        {
            while (waiting.TryDequeue(out var turn))
            {
                turn();
            }
        }
    }
}
