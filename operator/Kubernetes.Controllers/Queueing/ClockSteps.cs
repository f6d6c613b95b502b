namespace Kubernetes.Controllers.Queueing;

/// <summary>
/// Notices when the wall clock was set back, by comparing it with the monotonic one. A slow correction moves both clocks of the system, so only steps are
/// seen. Not safe for use by several threads.
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

    /// <summary>True once for every step back since the last look.</summary>
    /// <param name="now">The wall clock, read just before.</param>
    public bool WasSetBack(DateTimeOffset now)
    {
        var present = Ahead(now);
        var wasSetBack = present < ahead - tolerance.Ticks;
        if (wasSetBack || present > ahead)
        {
            ahead = present; // not after every look: many small steps would add up unseen
        }

        return wasSetBack;
    }

    private long Ahead(DateTimeOffset now) => now.UtcTicks - time.GetElapsedTime(begun).Ticks;
}
