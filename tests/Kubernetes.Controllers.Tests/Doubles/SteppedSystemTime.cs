namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>The system's own timers and monotonic clock, with a wall clock that can be stepped.</summary>
internal sealed class SteppedSystemTime : TimeProvider
{
    private long steps;

    /// <summary>Steps the wall clock; nothing else notices.</summary>
    public void Step(TimeSpan by) => Interlocked.Add(ref steps, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref steps));
}
