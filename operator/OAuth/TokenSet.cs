namespace OAuth;

/// <summary>What a token endpoint issued (RFC 6749 section 5.1).</summary>
/// <param name="AccessToken">Printable ASCII without spaces, so that it is safe in a header.</param>
/// <param name="TokenType">Always <c>Bearer</c>, in this spelling; other types are <see cref="TokenOutcome.Malformed"/>.</param>
/// <param name="Lifetime">From <c>expires_in</c>, counted from the answer; null when the server did not say.</param>
/// <param name="GrantedScopes">From <c>scope</c>; null when the server did not say, which means as asked for.</param>
/// <param name="RefreshToken">Null when the answer had none or an empty one: keep the one that was used.</param>
/// <param name="RefreshTokenLifetime">From <c>refresh_token_expires_in</c> or <c>refresh_expires_in</c>; null when not said or
/// unlimited.</param>
public sealed record TokenSet(
    Sensitive AccessToken,
    string TokenType,
    TimeSpan? Lifetime,
    IReadOnlyList<string>? GrantedScopes,
    Sensitive? RefreshToken,
    TimeSpan? RefreshTokenLifetime)
{
    /// <summary>
    /// From <c>id_token</c> (OpenID Connect), not verified; null when the answer had none. See <see cref="TokenClaims"/>.
    /// </summary>
    public Sensitive? IdToken { get; init; }
}
