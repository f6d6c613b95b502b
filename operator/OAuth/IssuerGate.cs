using System.Collections.Concurrent;

namespace OAuth;

/// <summary>
/// The one door to each authorization server: a concurrency limit with a queue, a circuit breaker, and the pause a 429 asks for. An issuer
/// is identified by the origin (scheme, host, port) of its endpoint. Share one gate in a process; a second one would double every limit.
/// </summary>
public sealed class IssuerGate(IssuerGateOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Lazy<IssuerLane>> lanes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The state of the door of each issuer.</summary>
    public IReadOnlyList<IssuerGateState> States => [.. lanes.Values.Select(lane => lane.Value.State)];

    /// <summary>The lane to the server of an endpoint.</summary>
    internal IssuerLane LaneTo(Uri endpoint) => lanes.GetOrAdd(
        endpoint.GetLeftPart(UriPartial.Authority),
        origin => new Lazy<IssuerLane>(() => new IssuerLane(origin, options, time))).Value;
}

/// <summary>What <see cref="IssuerGate"/> must know of the outcome of a request.</summary>
internal interface IGatedOutcome
{
    /// <summary>
    /// Whether the issuer gave no usable answer; enough of these close the door. A refusal is the answer of a healthy server.
    /// </summary>
    bool IsFailure { get; }

    /// <summary>How long a 429 asks to send nothing; null when the answer was no such thing.</summary>
    TimeSpan? Pause { get; }
}

/// <summary>An outcome that the gate can make itself.</summary>
internal interface IGatedOutcome<TSelf> : IGatedOutcome where TSelf : class, IGatedOutcome<TSelf>
{
    /// <summary>The outcome of a request that is not sent, because the door is closed for <paramref name="wait"/>.</summary>
    static abstract TSelf TurnedAway(string cause, TimeSpan? wait);
}

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

/// <summary>The state of the door to one issuer at a moment.</summary>
/// <param name="Origin">Scheme, host and port.</param>
/// <param name="InFlight">Requests on the wire.</param>
/// <param name="Queued">Requests waiting for a slot.</param>
/// <param name="ClosedFor">Time until requests are let through again; null while they are.</param>
public sealed record IssuerGateState(string Origin, int InFlight, long Queued, TimeSpan? ClosedFor);
