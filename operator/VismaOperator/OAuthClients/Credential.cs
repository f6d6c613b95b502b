using OAuth;

namespace VismaOperator.OAuthClients;

/// <summary>One readable client secret.</summary>
/// <param name="Reference">Where it was read from.</param>
/// <param name="ResourceVersion">Version of that Secret.</param>
/// <param name="Value">The secret.</param>
/// <param name="ExpirationTime">The expiry that the user stated; null when none was.</param>
internal sealed record Credential(SecretKeyReference Reference, string ResourceVersion, Sensitive Value, DateTimeOffset? ExpirationTime);
