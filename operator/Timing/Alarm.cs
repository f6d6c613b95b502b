namespace Timing;

/// <summary>
/// One timer that can be set again and again. The timers of the system refuse a wait below -1 ms, take one between -1 ms and -2 ms for
/// "never", and refuse waits beyond 49 days. Here every wait means what it says: zero or less is now, and a long one is waited for in
/// parts. Safe for use by many threads.
/// </summary>
/// <param name="time">Makes the timer. The alarm is not set at first.</param>
/// <param name="ring">Called each time a wait is over. It must not throw: nobody could catch it.</param>
internal sealed class Alarm(TimeProvider time, Action ring) : IDisposable
{
    private readonly Lock gate = new();
    private ITimer? timer;
    private TimeSpan? left;
    private bool isDisposed;

    /// <summary>Rings once after this wait. An earlier setting is forgotten.</summary>
    public void Set(TimeSpan wait)
    {
        lock (gate)
        {
            if (!isDisposed)
            {
                Arm(wait);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (gate)
        {
            isDisposed = true;
            timer?.Dispose();
        }
    }

    /// <summary>Needs the lock.</summary>
    private void Arm(TimeSpan wait)
    {
        var part = Timers.Part(wait);
        left = wait - part;
        if (timer is null)
        {
            timer = Timers.Start(time, OnTime, part);
        }
        else
        {
            Timers.Restart(timer, part);
        }
    }

    private void OnTime()
    {
        lock (gate)
        {
            if (isDisposed || left is not { } rest)
            {
                return;
            }

            if (rest > TimeSpan.Zero)
            {
                Arm(rest);
                return;
            }

            left = null;
        }

        ring();
    }
}
