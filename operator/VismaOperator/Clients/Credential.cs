using OAuth;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>One readable client secret.</summary>
/// <param name="Reference">Where it was read from.</param>
/// <param name="Revision">Changes with the value and not with anything else; see <see cref="CredentialRevisions"/>.</param>
/// <param name="Value">The secret.</param>
/// <param name="ExpirationTime">The expiry that the user stated; null when none was.</param>
internal sealed record Credential(SecretKeyReference Reference, string Revision, Sensitive Value, DateTimeOffset? ExpirationTime)
{
    /// <summary>Version of the Secret when it was last read; it changes with every change of the Secret.</summary>
    public string SecretVersion { get => field ?? Revision; init; }
}
