namespace VismaConnect.StandIn;

/// <summary>
/// How an application's refresh tokens behave. A grant keeps what was set when the person consented: changes apply only after
/// the next consent, as at Visma.
/// </summary>
public sealed record StandInRefreshTokens
{
    private static readonly TimeSpan maxGrace = TimeSpan.FromSeconds(60);

    /// <summary>Whether a refresh token is good once or until it ends.</summary>
    public RefreshTokenUsage Usage { get; init; } = RefreshTokenUsage.ReUse;

    /// <summary>How long after its first use a one-time token may be exchanged again, 0 to 60 s.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The portal would not take it.</exception>
    public TimeSpan Grace
    {
        get;
        init =>
            field =
                value >= TimeSpan.Zero && value <= maxGrace
                    ? value
                    : throw new ArgumentOutOfRangeException(nameof(value), "grace is 0 to 60 seconds");
    }

    /// <summary>
    /// Whether a one-time token that is presented after its grace revokes its family (RFC 9700 section 4.14.2). Else it is refused, and its
    /// successor stays valid: then nothing that was issued later is lost.
    /// </summary>
    public bool RevokesFamilyOnReuse { get; init; } = true;

    /// <summary>Whether use puts off the end.</summary>
    public RefreshTokenExpiration Expiration { get; init; } = RefreshTokenExpiration.Absolute;

    /// <summary>Counted from consent. Zero means no such end, and only where the expiration is sliding.</summary>
    public TimeSpan AbsoluteLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Counted from the last use, capped by the absolute lifetime.</summary>
    public TimeSpan SlidingLifetime { get; init; } = TimeSpan.FromDays(15);

    /// <summary>Whether answers say <c>refresh_token_expires_in</c>.</summary>
    public bool AnnouncesExpiration { get; init; }

    /// <summary>When a token that is issued or used now ends.</summary>
    internal DateTimeOffset ExpiresAt(DateTimeOffset grantedAt, DateTimeOffset now)
    {
        if (Expiration == RefreshTokenExpiration.Absolute)
        {
            return grantedAt + AbsoluteLifetime;
        }

        var slidTo = now + SlidingLifetime;
        var end = grantedAt + AbsoluteLifetime;
        return AbsoluteLifetime > TimeSpan.Zero && slidTo > end ? end : slidTo;
    }
}

/// <summary>The portal's two kinds of refresh token.</summary>
public enum RefreshTokenUsage
{
    /// <summary>The same token comes back.</summary>
    ReUse,

    /// <summary>Each use gives a successor and makes the token used invalid.</summary>
    OneTime,
}

/// <summary>When refresh tokens end.</summary>
public enum RefreshTokenExpiration
{
    /// <summary>A fixed time after consent.</summary>
    Absolute,

    /// <summary>A time after the last use, but no later than the absolute lifetime.</summary>
    Sliding,
}
