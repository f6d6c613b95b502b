namespace Kubernetes.Controllers;

/// <summary>When an object that was reconciled without an error shall be looked at again.</summary>
public abstract record Requeue
{
    private Requeue()
    {
    }

    /// <summary>Only when something changes.</summary>
    public sealed record Never : Requeue
    {
        /// <summary>The one value there is.</summary>
        public static Never Instance { get; } = new();
    }

    /// <summary>
    /// At this instant of the wall clock, or earlier when something changes. An instant that has passed is put off by
    /// one second, so that a decision made on a lagging cache cannot spin.
    /// </summary>
    public sealed record At(DateTimeOffset Instant) : Requeue;
}
