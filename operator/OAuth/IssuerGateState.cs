namespace OAuth;

/// <summary>How the door to one issuer stands at a moment.</summary>
/// <param name="Origin">Scheme, host and port.</param>
/// <param name="InFlight">Requests on the wire.</param>
/// <param name="Queued">Requests waiting for a place.</param>
/// <param name="ClosedFor">Time until requests are let through again; null while they are.</param>
public sealed record IssuerGateState(string Origin, int InFlight, long Queued, TimeSpan? ClosedFor);
