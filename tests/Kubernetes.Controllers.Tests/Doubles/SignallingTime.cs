using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>A fake clock that signals when something begins to wait, so that a test never moves the clock too early.</summary>
internal sealed class SignallingTime() : FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero))
{
    private readonly Channel<TimeSpan> waits = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>How far somebody set the wall clock ahead.</summary>
    public TimeSpan WallClockJump { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + WallClockJump;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            waits.Writer.TryWrite(dueTime);
        }

        return timer;
    }

    /// <summary>How long the next waiter waits; returns once it does.</summary>
    public Task<TimeSpan> NextWaitAsync() => Wait.For(waits.Reader.ReadAsync());

    /// <summary>Returns once something waits for so long; other waits are skipped.</summary>
    public async Task WaitOfAsync(TimeSpan length)
    {
        while (await NextWaitAsync() != length)
        {
        }
    }

    /// <summary>Waits for the next waiter and lets its time pass.</summary>
    public async Task<TimeSpan> PassNextWaitAsync()
    {
        var wait = await NextWaitAsync();
        Advance(wait);
        return wait;
    }
}
