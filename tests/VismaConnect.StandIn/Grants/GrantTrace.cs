using System.Security.Cryptography;
using System.Text;

namespace VismaConnect.StandIn;

/// <summary>What one request did to a grant. Holds hashes, no secret.</summary>
/// <param name="Family">The family's id.</param>
/// <param name="Generation">Which generation was presented: 0 for the authorization code, 1 for the first refresh token.</param>
/// <param name="Verdict">What became of it.</param>
public sealed record GrantTrace(string Family, int Generation, GrantVerdict Verdict)
{
    /// <summary>SHA-256 of the code or refresh token presented; null for a consent.</summary>
    public string? Presented { get; init; }

    /// <summary>SHA-256 of the code or refresh token issued; null when none was.</summary>
    public string? Issued { get; init; }

    /// <summary>Whether this request revoked the family.</summary>
    public bool RevokedFamily { get; init; }

    /// <summary>The hash by which ledger and families speak of a token.</summary>
    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}

/// <summary>What became of what was presented.</summary>
public enum GrantVerdict
{
    /// <summary>Accepted.</summary>
    Granted,

    /// <summary>A consumed refresh token, accepted within its grace: another successor was issued.</summary>
    GrantedAgain,

    /// <summary>
    /// Refused: it was a code that had been consumed, which revokes its family; or a refresh token whose grace was over, which does where
    /// <see cref="StandInRefreshTokens.RevokesFamilyOnReuse"/> says so.
    /// </summary>
    RefusedConsumed,

    /// <summary>Refused: its family had been revoked before.</summary>
    RefusedRevoked,

    /// <summary>Refused: it had expired.</summary>
    RefusedExpired,

    /// <summary>Refused for another reason, such as another client's token, a wrong verifier or a disabled user.</summary>
    Refused,

    /// <summary>Revoked at the revocation endpoint.</summary>
    Revoked,
}
