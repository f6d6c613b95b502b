namespace Lifecycle;

/// <summary>
/// When a refresh that an annotation asks for (<see cref="ConnectionFacts.RequestedAt"/>) may be attempted. Somebody who may annotate a
/// connection must not be able to flood the provider or to spend refresh tokens. So a request inside the gap is delayed, never dropped.
/// </summary>
public static class RequestRules
{
    /// <summary>The least time between two attempts on request, for each connection and for each client.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromSeconds(10);

    /// <summary>True when a request waits and may be attempted now.</summary>
    public static bool IsDue(Facts facts, DateTimeOffset now) => IsDue(facts.Connection, now);

    /// <summary>True when a request waits and may be attempted now.</summary>
    public static bool IsDue(ConnectionFacts connection, DateTimeOffset now) =>
        connection.HasUnhandledRequest && !(DueTime(connection, now) > now);

    /// <summary>Until when a request has to wait; null when none waits.</summary>
    internal static DateTimeOffset? WaitsUntil(Facts facts, DateTimeOffset now) =>
        facts.Connection.HasUnhandledRequest && DueTime(facts.Connection, now) is { } due && due > now ? due : null;

    /// <summary>Status holds whole seconds: the next one, so that the gap is never shorter.</summary>
    internal static DateTimeOffset Attempted(DateTimeOffset instant) => WholeSeconds.Floor(instant).AddSeconds(1);

    /// <summary>An attempt was made, which answers the request that stood there.</summary>
    internal static ConnectionFacts Answered(this ConnectionFacts connection, DateTimeOffset attempt) => connection.HasUnhandledRequest
        ? connection with { HandledRequest = connection.RequestedAt, HandledRequestTime = Attempted(attempt) }
        : connection;

    /// <summary>Something else had to be done first and failed: the request stays, and is looked at again after the gap.</summary>
    internal static ConnectionFacts Delayed(this ConnectionFacts connection, DateTimeOffset now) =>
        connection with { HandledRequestTime = Attempted(now) };

    // Both may come from a clock that was set back since.
    private static DateTimeOffset? DueTime(ConnectionFacts connection, DateTimeOffset now)
    {
        var own = connection.HandledRequestTime is { } handled && handled <= now + Gap ? handled + Gap : (DateTimeOffset?)null;
        return own > connection.RequestTurn || connection.RequestTurn is null ? own : connection.RequestTurn;
    }
}
