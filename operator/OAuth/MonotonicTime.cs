namespace OAuth;

/// <summary>A wall clock that nobody can step: it is read once, and goes on with the monotonic clock. Makes no timers.</summary>
internal sealed class MonotonicTime(TimeProvider time) : TimeProvider
{
    private readonly DateTimeOffset start = time.GetUtcNow();
    private readonly long begun = time.GetTimestamp();

    /// <inheritdoc/>
    public override long TimestampFrequency => time.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => start + time.GetElapsedTime(begun);

    /// <inheritdoc/>
    public override long GetTimestamp() => time.GetTimestamp();
}
