namespace VismaConnect.StandIn;

/// <summary>A refresh token in the store. Guarded by the store's lock.</summary>
internal sealed class RefreshTokenState(FamilyState family, string value, int generation, DateTimeOffset issuedAt)
{
    public FamilyState Family => family;

    public string Value => value;

    public int Generation => generation;

    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? ConsumedAt { get; set; }

    public string Hash { get; } = GrantTrace.HashOf(value);

    public bool IsConsumedBeyondGrace(DateTimeOffset now) => ConsumedAt is { } at && now >= at + family.Settings.Grace;

    public IssuedRefreshToken Snapshot(DateTimeOffset now)
    {
        var exists = family.Revocation is null && ExpiresAt > now;
        return new IssuedRefreshToken(generation, Hash, issuedAt, ExpiresAt, ConsumedAt)
        {
            IsLive = exists && ConsumedAt is null,
            IsAccepted = exists && !IsConsumedBeyondGrace(now),
        };
    }
}

/// <summary>An authorization code in the store. Guarded by the store's lock.</summary>
internal sealed class CodeState(FamilyState family, string value, DateTimeOffset expiresAt)
{
    public FamilyState Family => family;

    public DateTimeOffset ExpiresAt => expiresAt;

    public bool IsConsumed { get; set; }

    public string Hash { get; } = GrantTrace.HashOf(value);
}
