using Microsoft.Extensions.Time.Testing;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>
/// A fake clock whose timers take and refuse waits exactly as those of the system do (see <c>StrictTimeTests</c>), and whose wall clock can
/// be stepped. While the process is <see cref="Stall"/>ed time passes and no timer fires.
/// </summary>
internal sealed class StrictTime() : FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero))
{
    private const long Longest = 0xfffffffe;

    private readonly List<StrictTimer> timers = [];
    private TimeSpan step;
    private bool isStalled;

    /// <summary>Steps the wall clock as far as a wall clock goes; the monotonic one does not notice.</summary>
    public void Step(TimeSpan by)
    {
        var present = GetUtcNow();
        var (back, ahead) = (DateTimeOffset.MinValue - present, DateTimeOffset.MaxValue - present);
        step += by < back ? back : by > ahead ? ahead : by;
    }

    /// <summary>Lets time pass without any timer, and then all that became due at once.</summary>
    public void Stall(TimeSpan length)
    {
        isStalled = true;
        Advance(length);
        isStalled = false;
        timers.ToList().ForEach(timer => timer.FireLate());
    }

    public override DateTimeOffset GetUtcNow()
    {
        var unstepped = base.GetUtcNow();
        return step > DateTimeOffset.MaxValue - unstepped ? DateTimeOffset.MaxValue
            : step < DateTimeOffset.MinValue - unstepped ? DateTimeOffset.MinValue
            : unstepped + step;
    }

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new StrictTimer(this, callback, state);
        timers.Add(timer);
        timer.Start(base.CreateTimer(timer.Fire, null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan), dueTime, period);
        return timer;
    }

    private sealed class StrictTimer(StrictTime time, TimerCallback callback, object? state) : ITimer
    {
        private ITimer? inner;
        private bool isLate;

        public void Start(ITimer timer, TimeSpan dueTime, TimeSpan period)
        {
            inner = timer;
            Change(dueTime, period);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) =>
            inner!.Change(AsTheSystem(dueTime, nameof(dueTime)), AsTheSystem(period, nameof(period)));

        public void Fire(object? _)
        {
            if (time.isStalled)
            {
                isLate = true;
            }
            else
            {
                callback(state);
            }
        }

        public void FireLate()
        {
            if (isLate)
            {
                isLate = false;
                callback(state);
            }
        }

        public void Dispose()
        {
            inner!.Dispose();
            isLate = false;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        /// <summary>Whole milliseconds, cut towards zero; -1 of them is never.</summary>
        private static TimeSpan AsTheSystem(TimeSpan wait, string name)
        {
            var milliseconds = (long)wait.TotalMilliseconds;
            ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, -1, name);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(milliseconds, Longest, name);
            return TimeSpan.FromMilliseconds(milliseconds);
        }
    }
}
