namespace VismaOperator.Tests.Support;

/// <summary>
/// A clock that moves only when told, and whose wall clock can be stepped besides: timers and the monotonic clock notice nothing of that.
/// </summary>
internal sealed class SettableTime(DateTimeOffset start) : Microsoft.Extensions.Time.Testing.FakeTimeProvider(start)
{
    private long steps;

    /// <summary>Steps the wall clock, forward or back.</summary>
    public void Step(TimeSpan by) => Interlocked.Add(ref steps, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref steps));

    public override long GetTimestamp() => base.GetUtcNow().UtcTicks;
}
