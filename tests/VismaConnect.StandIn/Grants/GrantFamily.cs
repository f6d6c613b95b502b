namespace VismaConnect.StandIn;

/// <summary>Everything that came of one consent, as it is at the moment of asking. Holds no secret.</summary>
/// <param name="Id">Names the family in the ledger; not part of any token.</param>
/// <param name="ClientId">To whom the grant was given.</param>
/// <param name="Subject">Who gave it.</param>
/// <param name="TenantId">The company it is for.</param>
/// <param name="Scopes">What was granted.</param>
/// <param name="GrantedAt">When.</param>
public sealed record GrantFamily(
    string Id, string ClientId, string Subject, string TenantId, IReadOnlyList<string> Scopes, DateTimeOffset GrantedAt)
{
    /// <summary>Every refresh token of the family in order of issue.</summary>
    public IReadOnlyList<IssuedRefreshToken> RefreshTokens { get; init; } = [];

    /// <summary>Why the family was revoked; null while it is not.</summary>
    public RevocationCause? Revocation { get; init; }

    /// <summary>When it was revoked.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>How often a token was presented whose successor had been issued, within the grace or not.</summary>
    public int SpendsOfConsumed { get; init; }

    /// <summary>Whether the family was revoked.</summary>
    public bool IsRevoked => Revocation is not null;

    /// <summary>The generation of the youngest live token; null when none is live.</summary>
    public int? LiveGeneration => RefreshTokens.LastOrDefault(token => token.IsLive)?.Generation;
}

/// <summary>A refresh token as it is at the moment of asking.</summary>
/// <param name="Generation">1 for the one that the code was exchanged for. Two successors of one token are of the same generation.</param>
/// <param name="Sha256">SHA-256 of the token in lower-case hexadecimal.</param>
/// <param name="IssuedAt">When it was issued.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="ConsumedAt">When it was first exchanged for a successor; null when it was not.</param>
public sealed record IssuedRefreshToken(
    int Generation,
    string Sha256,
    DateTimeOffset IssuedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? ConsumedAt
)
{
    /// <summary>Not consumed, not expired, not revoked.</summary>
    public bool IsLive { get; init; }

    /// <summary>Whether the server would take it now: it is live, or consumed and within its grace.</summary>
    public bool IsAccepted { get; init; }
}

/// <summary>Why a family was revoked.</summary>
public enum RevocationCause
{
    /// <summary>A consumed refresh token was presented after its grace.</summary>
    ReusedToken,

    /// <summary>The authorization code was presented again.</summary>
    ReplayedCode,

    /// <summary>The client asked for it at the revocation endpoint.</summary>
    Requested,

    /// <summary>The person or an administrator withdrew the consent.</summary>
    Withdrawn,
}
