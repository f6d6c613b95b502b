namespace Timing;

/// <summary>
/// A moment that is expressed as an instant of the wall clock. A wall clock that is set back does not put it off: then the moment becomes
/// an earlier instant, by whole seconds and never too late. A wall clock that is set forward may bring it about early, as after a sleep of
/// the machine. Only steps while the moment is held are seen. Safe for use by many threads.
/// </summary>
internal sealed class Moment(DateTimeOffset instant, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly ClockSteps steps = new(time);
    private DateTimeOffset instant = instant;

    /// <summary>The moment, by the wall clock as it is set now.</summary>
    public DateTimeOffset Instant
    {
        get
        {
            lock (gate)
            {
                var back = Math.Ceiling(steps.SetBack(time.GetUtcNow()).TotalSeconds);
                return instant =
                    (instant - DateTimeOffset.MinValue).TotalSeconds > back ? instant.AddSeconds(-back) : DateTimeOffset.MinValue;
            }
        }
    }

    /// <summary>True from the moment on.</summary>
    public bool HasCome => Instant <= time.GetUtcNow();
}
