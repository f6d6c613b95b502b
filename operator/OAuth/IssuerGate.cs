using System.Collections.Concurrent;

namespace OAuth;

/// <summary>
/// The one door to each authorization server: a concurrency limit with a queue, a circuit breaker, and the pause a 429 asks
/// for. An issuer is told by the origin (scheme, host, port) of its endpoint. Share one gate in a process; a second one
/// would double every limit.
/// </summary>
public sealed class IssuerGate(IssuerGateOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Lazy<IssuerLane>> lanes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Runs <paramref name="send"/> when the door is open and a place is free; waits for a place as long as
    /// <paramref name="cancellationToken"/> lets it. A closed door is Unavailable with the time left, and nothing is sent. Of those that
    /// wait, the one that is needed first goes first.
    /// </summary>
    internal Task<TOutcome> RunAsync<TOutcome>(
        Uri endpoint, DateTimeOffset? neededBy, Func<CancellationToken, Task<TOutcome>> send, CancellationToken cancellationToken)
        where TOutcome : class, IGatedOutcome<TOutcome> =>
        LaneOf(endpoint).RunAsync(neededBy, send, cancellationToken);

    /// <summary>How each issuer's door stands; for metrics.</summary>
    public IReadOnlyList<IssuerGateState> States => [.. lanes.Values.Select(lane => lane.Value.State)];

    private IssuerLane LaneOf(Uri endpoint) => lanes.GetOrAdd(
        endpoint.GetLeftPart(UriPartial.Authority),
        origin => new Lazy<IssuerLane>(() => new IssuerLane(origin, options, time))).Value;
}
