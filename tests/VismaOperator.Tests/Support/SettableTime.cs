namespace VismaOperator.Tests.Support;

/// <summary>
/// A clock that moves only when told, and whose wall clock can be stepped besides: timers and the monotonic clock notice nothing of that.
/// <see cref="Advance"/> returns once everything that was due has run, whatever other threads do with timers meanwhile. FakeTimeProvider
/// leaves that to the thread that is inside of it: on a busy machine a test went on for minutes of this clock while nothing fell due.
/// </summary>
internal sealed class SettableTime(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<SetTimer> armed = []; // in the order of arming
    private long now = start.UtcTicks;
    private long steps;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Steps the wall clock, forward or back.</summary>
    public void Step(TimeSpan by) => Interlocked.Add(ref steps, by.Ticks);

    /// <summary>Lets time pass, and runs what falls due, the earliest first.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        Interlocked.Add(ref now, by.Ticks);
        while (TakeDue() is { } due)
        {
            due.Fire();
        }
    }

    public override DateTimeOffset GetUtcNow() => new(GetTimestamp() + Interlocked.Read(ref steps), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new SetTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private SetTimer? TakeDue()
    {
        lock (gate)
        {
            var due = armed.Where(timer => timer.Due <= GetTimestamp()).MinBy(timer => timer.Due);
            if (due is { Period: > 0 })
            {
                due.Due += due.Period;
            }
            else if (due is not null)
            {
                armed.Remove(due);
            }

            return due;
        }
    }

    private sealed class SetTimer(SettableTime time, Action fire) : ITimer
    {
        private bool isDisposed;

        public long Due { get; set; }

        /// <summary>Zero for a timer that fires once.</summary>
        public long Period { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time.gate)
            {
                time.armed.Remove(this);
                if (isDisposed)
                {
                    return false;
                }

                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    return true;
                }

                (Due, Period) = (time.GetTimestamp() + dueTime.Ticks, period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks);
                if (dueTime > TimeSpan.Zero || Period > 0)
                {
                    Due = dueTime > TimeSpan.Zero ? Due : Due + Period;
                    time.armed.Add(this);
                }
            }

            // A wait of nothing is over at once, without the help of Advance.
            if (dueTime <= TimeSpan.Zero)
            {
                fire();
            }

            return true;
        }

        public void Dispose()
        {
            lock (time.gate)
            {
                isDisposed = true;
                time.armed.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
