namespace Timing;

/// <summary>
/// A source of cancellation that fires by itself after a wait. A wait of zero or less has passed already; no wait is too long.
/// </summary>
internal sealed class Deadline : CancellationTokenSource
{
    private readonly Alarm alarm;
    private CancellationTokenRegistration stopping;

    private Deadline(TimeProvider time) => alarm = new Alarm(time, Fire);

    /// <summary>Fires after this wait, counted from now.</summary>
    public static Deadline After(TimeSpan wait, TimeProvider time)
    {
        var deadline = new Deadline(time);
        deadline.Set(wait);
        return deadline;
    }

    /// <summary>Fires after this wait, counted from now, or with <paramref name="stop"/>, whichever is first.</summary>
    public static Deadline Linked(TimeSpan wait, TimeProvider time, CancellationToken stop)
    {
        var deadline = After(wait, time);
        deadline.stopping = stop.UnsafeRegister(static fired => ((Deadline)fired!).Fire(), deadline);
        return deadline;
    }

    /// <summary>Fires only once it was set, or cancelled.</summary>
    public static Deadline Unset(TimeProvider time) => new(time);

    /// <summary>Fires after this wait, counted from now. An earlier setting is forgotten.</summary>
    public void Set(TimeSpan wait)
    {
        if (wait <= TimeSpan.Zero)
        {
            Fire();
        }
        else
        {
            alarm.Set(wait);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        stopping.Dispose();
        alarm.Dispose();
        base.Dispose(disposing);
    }

    private void Fire()
    {
        try
        {
            Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The timer fired while the owner was done already.
        }
    }
}
