using System.Buffers.Text;
using System.Text.Json;

namespace OAuth;

/// <summary>
/// Claims of a token that came straight from the token endpoint over TLS, which vouches for it in place of the signature (OpenID Connect
/// Core 3.1.3.7). Never read a token of any other origin with this: nothing is verified.
/// </summary>
/// <param name="Subject">The <c>sub</c> claim: who consented; null when it is absent or unfit to be shown.</param>
/// <param name="TenantId">The <c>tenant_id</c> claim; null when it is absent or unfit to be shown.</param>
public sealed record TokenClaims(string? Subject, string? TenantId)
{
    /// <summary>The <c>scope</c> claim (RFC 9068 section 2.2.3, as one text or as a list); null when it is absent or no text.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>The <c>exp</c> claim; null when it is absent or no instant. By the clock of the server.</summary>
    public DateTimeOffset? ExpirationTime { get; init; }

    /// <summary>
    /// From <c>iat</c>, or <c>nbf</c> where that is absent, to <c>exp</c>: how long the token lives, independent of any clock. Null when
    /// not stated.
    /// </summary>
    public TimeSpan? Lifetime { get; init; }

    private const int MaxTokenLength = 64 * 1024;
    private const int MaxClaimLength = 255; // of sub, by OpenID Connect Core section 2

    private static readonly TokenClaims none = new(null, null);

    // One of these that is repeated, or no text, spoils the token (RFC 7519 section 4).
    private static readonly string[] read = ["sub", "tenant_id", "scope", "exp", "iat", "nbf"];

    /// <summary>The claims of <paramref name="jwt"/>; both null for anything that is no JWT. Throws nothing for any text.</summary>
    public static TokenClaims Of(Sensitive jwt) =>
        Payload(jwt.Reveal()) is { } payload && AnswerJson.TryParse(payload) is { } json && !read.Any(json.IsUnreadable)
            ? Read(json)
            : none;

    private static TokenClaims Read(AnswerJson claims)
    {
        var (expires, issued) = (Instant(claims, "exp"), Instant(claims, "iat") ?? Instant(claims, "nbf"));
        return new TokenClaims(Showable(claims.Text("sub")), Showable(claims.Text("tenant_id")))
        {
            Scopes = TokenMembers.ScopesIn(claims),
            ExpirationTime = expires,
            Lifetime = expires > issued ? expires - issued : null,
        };
    }

    /// <summary>A NumericDate (RFC 7519 section 2) between the years 1970 and 3000.</summary>
    private static DateTimeOffset? Instant(AnswerJson claims, string name) =>
        claims.Value(name) is { ValueKind: JsonValueKind.Number } value
        && value.TryGetDouble(out var seconds)
        && seconds is >= 0 and < 32_503_680_000
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : null;

    /// <summary>The bytes between the first and the second of exactly two dots (RFC 7515 section 3.1); null when there are none.</summary>
    private static byte[]? Payload(string jwt)
    {
        Span<Range> parts = stackalloc Range[4];
        if (jwt.Length > MaxTokenLength || jwt.AsSpan().Split(parts, '.') != 3)
        {
            return null;
        }

        var payload = jwt.AsSpan(parts[1]);
        if (payload.Contains('%') || !Base64Url.IsValid(payload, out var size)) // padding to IsValid, and to the decoder an exception
        {
            return null;
        }

        var bytes = new byte[size];
        return Base64Url.TryDecodeFromChars(payload, bytes, out var length) ? bytes[..length] : null;
    }

    private static string? Showable(string? claim) =>
        claim is { Length: > 0 and <= MaxClaimLength } && !claim.AsSpan().ContainsAnyExceptInRange(' ', '~') ? claim : null;
}
