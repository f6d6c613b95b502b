namespace OAuth;

/// <summary>Limits of <see cref="IssuerGate"/>, each per issuer.</summary>
public sealed record IssuerGateOptions
{
    /// <summary>
    /// Requests in flight at once. The default is 8: at 100 ms an answer that is 80 tokens a second, and no burst worth the name.
    /// </summary>
    public int MaxConcurrency { get; init; } = 8;

    /// <summary>
    /// Requests within <see cref="SamplingDuration"/> before the circuit may open. The default is 8: one full round of
    /// the concurrency limit, so that a single failing connection, which backs off, never closes the door on the others.
    /// </summary>
    public int MinimumThroughput { get; init; } = 8;

    /// <summary>Share of unavailable outcomes that opens the circuit. The default is 0.5.</summary>
    public double FailureRatio { get; init; } = 0.5;

    /// <summary>Time over which outcomes are counted. The default is 30 s: several rounds of requests that time out.</summary>
    public TimeSpan SamplingDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long an open circuit refuses before one request tries again. The default is 5 s: an outage's end is seen soon, at 12 requests a
    /// minute.
    /// </summary>
    public TimeSpan BreakDuration { get; init; } = TimeSpan.FromSeconds(5);
}
