namespace VismaConnect.StandIn;

/// <summary>A client secret as the portal shows it once.</summary>
/// <param name="Value">The secret, at most 100 characters.</param>
/// <param name="ExpirationTime">From then on it is refused like a wrong one; null for never.</param>
public sealed record StandInSecret(string Value, DateTimeOffset? ExpirationTime = null);
