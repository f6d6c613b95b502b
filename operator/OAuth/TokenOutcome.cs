using System.Net;

namespace OAuth;

/// <summary>
/// How a token request ended. Everything a server or a network can do is one of these cases; an exception out of
/// <see cref="ITokenEndpoint"/> is the caller's cancellation or a bug. No text in here holds a secret.
/// </summary>
public abstract record TokenOutcome : IGatedOutcome<TokenOutcome>
{
    private TokenOutcome()
    {
    }

    /// <summary>This machine's clock beside the server's; null where there was no answer, or none that says.</summary>
    public ClockReading? Clock { get; init; }

    bool IGatedOutcome.IsFailure => this is Unavailable;

    TimeSpan? IGatedOutcome.Pause =>
        this is Unavailable { StatusCode: HttpStatusCode.TooManyRequests, RetryAfter: var wait } ? wait : null;

    static TokenOutcome IGatedOutcome<TokenOutcome>.TurnedAway(string cause, TimeSpan? wait) =>
        new Unavailable(cause, wait, MayHaveBeenProcessed: false) { HadTurn = false };

    /// <summary>The server issued a token.</summary>
    public sealed record Granted(TokenSet Tokens) : TokenOutcome;

    /// <summary>The server answered with an OAuth error (RFC 6749 section 5.2), at any HTTP status.</summary>
    /// <param name="Error">The <c>error</c> member, unknown codes too; printable ASCII, at most 64 characters.</param>
    /// <param name="Description">The <c>error_description</c> member; printable ASCII, at most 200 characters, withheld when it repeated a
    /// credential.</param>
    /// <param name="StatusCode">The HTTP status; informative, since servers disagree on it.</param>
    /// <param name="RetryAfter">What the <c>Retry-After</c> header asks for, at most an hour; null without one.</param>
    public sealed record Refused(string Error, string? Description, HttpStatusCode StatusCode, TimeSpan? RetryAfter) : TokenOutcome;

    /// <summary>No usable answer: network, timeout, 5xx, 429, an open circuit. Worth trying again.</summary>
    /// <param name="Cause">One sentence for people.</param>
    /// <param name="RetryAfter">How long the server or the gate asks to wait, at most an hour; null when nobody said.</param>
    /// <param name="MayHaveBeenProcessed">False only where the server cannot have received the request; otherwise a one-time credential in
    /// it may be spent.</param>
    public sealed record Unavailable(string Cause, TimeSpan? RetryAfter, bool MayHaveBeenProcessed) : TokenOutcome
    {
        /// <summary>
        /// False where the request did not have its turn: the gate of the issuer was closed, or the wait for a slot was given up.
        /// </summary>
        public bool HadTurn { get; init; } = true;

        /// <summary>The HTTP status where there was one; informative, for example to distinguish a throttle (429) from an outage.</summary>
        public HttpStatusCode? StatusCode { get; init; }
    }

    /// <summary>The server answered something that is neither a token nor an OAuth error. It may have processed the request.</summary>
    /// <param name="Cause">One sentence for people; never quotes the body.</param>
    public sealed record Malformed(string Cause) : TokenOutcome
    {
        /// <summary>
        /// The refresh token of an answer whose access token cannot be used; null when there was none. Where refresh tokens work once, it
        /// is the only one that still works, so it must be stored nevertheless.
        /// </summary>
        public Sensitive? RefreshToken { get; init; }
    }
}

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

/// <summary>
/// This machine's clock compared with the <c>Date</c> of an answer (RFC 9110 section 6.6.1). Says nothing of lifetimes, which the answer
/// states as durations.
/// </summary>
/// <param name="Ahead">How far this machine is ahead of the server; negative when it is behind.</param>
/// <param name="Uncertainty">By how much that may be wrong, since nobody knows when between question and answer the server looked at its
/// clock.</param>
public sealed record ClockReading(TimeSpan Ahead, TimeSpan Uncertainty)
{
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1); // what Date is cut to

    /// <summary>The reading of one exchange, against its middle; null where nothing can be said.</summary>
    /// <param name="date">The header; null when it is missing or unreadable.</param>
    /// <param name="sent">When the request began, by this machine's clock.</param>
    /// <param name="took">How long it took until the header was there.</param>
    /// <param name="received">When it was there, by this machine's clock.</param>
    internal static ClockReading? Of(DateTimeOffset? date, DateTimeOffset sent, TimeSpan took, DateTimeOffset received)
    {
        var wasSetMeanwhile = (received - sent - took).Duration() > second;
        return date is { } server && !wasSetMeanwhile
            ? new ClockReading(sent + (took / 2) - (server + (second / 2)), (took / 2) + (second / 2))
            : null;
    }
}
