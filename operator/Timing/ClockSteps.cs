namespace Timing;

/// <summary>
/// Notices when the wall clock was set back, by comparing it with the monotonic one. A slow correction moves both clocks of the system, so
/// only steps are seen. Not safe for use by several threads.
/// </summary>
internal sealed class ClockSteps
{
    /// <summary>A step back by less goes unnoticed, and makes nothing later than by as much.</summary>
    private static readonly TimeSpan tolerance = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider time;
    private readonly long begun;
    private long ahead;

    /// <summary>Takes both clocks as they are.</summary>
    public ClockSteps(TimeProvider time)
    {
        this.time = time;
        begun = time.GetTimestamp();
        ahead = Ahead(time.GetUtcNow());
    }

    /// <summary>By how much the wall clock was set back since the last look; zero when it was not.</summary>
    /// <param name="now">The wall clock, read just before.</param>
    public TimeSpan SetBack(DateTimeOffset now)
    {
        var present = Ahead(now);
        var back = TimeSpan.FromTicks(ahead - present);
        var wasSetBack = back > tolerance;
        if (wasSetBack || present > ahead)
        {
            ahead = present; // not after every look: many small steps would add up unseen
        }

        return wasSetBack ? back : TimeSpan.Zero;
    }

    private long Ahead(DateTimeOffset now) => now.UtcTicks - time.GetElapsedTime(begun).Ticks;
}
