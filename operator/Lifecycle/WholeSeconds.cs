namespace Lifecycle;

/// <summary>
/// Status holds instants of whole seconds (<c>metav1.Time</c>). What is decided by them is rounded before it is
/// recorded, so that reading it back gives the same decision.
/// </summary>
public static class WholeSeconds
{
    /// <summary>The second that has begun: for what was, and for what must not be later.</summary>
    public static DateTimeOffset Floor(DateTimeOffset instant) => instant.AddTicks(-(instant.Ticks % TimeSpan.TicksPerSecond));

    /// <summary>The next whole second: for what must not be earlier.</summary>
    public static DateTimeOffset Ceiling(DateTimeOffset instant) => Floor(instant.AddTicks(TimeSpan.TicksPerSecond - 1));

    /// <summary>The duration without its fraction of a second.</summary>
    public static TimeSpan Floor(TimeSpan duration) => new(duration.Ticks - (duration.Ticks % TimeSpan.TicksPerSecond));

    /// <summary>The shortest duration of whole seconds that is no shorter.</summary>
    public static TimeSpan Ceiling(TimeSpan duration) => Floor(duration + new TimeSpan(TimeSpan.TicksPerSecond - 1));
}
