namespace VismaOperator.Tests.Connect;

/// <summary>The time of the operator under test, with timers that run by themselves: for a verb that waits for it.</summary>
internal sealed class OperatorsClock(TimeProvider time) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

    public override long GetTimestamp() => time.GetTimestamp();

    public override long TimestampFrequency => time.TimestampFrequency;
}
