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
        new Unavailable(cause, wait, MayHaveBeenProcessed: false);

    /// <summary>The server issued a token.</summary>
    public sealed record Granted(TokenSet Tokens) : TokenOutcome;

    /// <summary>The server answered with an OAuth error (RFC 6749 section 5.2), at whatever HTTP status.</summary>
    /// <param name="Error">The <c>error</c> member, unknown codes too; printable ASCII, at most 64 characters.</param>
    /// <param name="Description">The <c>error_description</c> member; printable ASCII, at most 200 characters, withheld when it repeated a
    /// credential.</param>
    /// <param name="StatusCode">The HTTP status; informative, since servers disagree on it.</param>
    /// <param name="RetryAfter">What the <c>Retry-After</c> header asks for, at most an hour; null without one.</param>
    public sealed record Refused(string Error, string? Description, HttpStatusCode StatusCode, TimeSpan? RetryAfter) : TokenOutcome;

    /// <summary>No verdict: network, timeout, 5xx, 429, an open circuit. Worth trying again.</summary>
    /// <param name="Cause">One sentence for people.</param>
    /// <param name="RetryAfter">How long the server or the gate asks to wait, at most an hour; null when nobody said.</param>
    /// <param name="MayHaveBeenProcessed">False only where the server cannot have received the request; otherwise a one-time credential in
    /// it may be spent.</param>
    public sealed record Unavailable(string Cause, TimeSpan? RetryAfter, bool MayHaveBeenProcessed) : TokenOutcome
    {
        /// <summary>The HTTP status where there was one; informative, for example to tell a throttle (429) from an outage.</summary>
        public HttpStatusCode? StatusCode { get; init; }
    }

    /// <summary>The server answered something that is neither a token nor an OAuth error. It may have processed the request.</summary>
    /// <param name="Cause">One sentence for people; never quotes the body.</param>
    public sealed record Malformed(string Cause) : TokenOutcome
    {
        /// <summary>
        /// The refresh token of an answer whose access token cannot be used; null when there was none. Where refresh tokens work once, it
        /// is the only one that still works, so it must be stored all the same.
        /// </summary>
        public Sensitive? RefreshToken { get; init; }
    }
}
