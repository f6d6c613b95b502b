namespace OAuth;

/// <summary>Limits of one token request.</summary>
public sealed record TokenEndpointOptions
{
    /// <summary>
    /// From the first DNS packet to the last byte of the answer. The default is 8 s: ten times a slow answer. Whoever sets a deadline of
    /// its own must leave more, or the circuit breaker never learns of a server that hangs.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Largest answer read, in bytes. The default is 64 KiB: a token with hundreds of scopes has less than 8.</summary>
    public int MaxAnswerBytes { get; init; } = 64 * 1024;
}
