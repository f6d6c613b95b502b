using System.Net;

namespace OAuth;

/// <summary>How a revocation request ended. No text in here holds a secret.</summary>
public abstract record RevocationOutcome : IGatedOutcome<RevocationOutcome>
{
    private RevocationOutcome()
    {
    }

    bool IGatedOutcome.IsFailure => this is Unavailable;

    TimeSpan? IGatedOutcome.Pause =>
        this is Unavailable { StatusCode: HttpStatusCode.TooManyRequests, RetryAfter: var wait } ? wait : null;

    static RevocationOutcome IGatedOutcome<RevocationOutcome>.TurnedAway(string cause, TimeSpan? wait) =>
        new Unavailable(cause) { RetryAfter = wait };

    /// <summary>The token works no more. A server says so of a token that it does not know, too (RFC 7009 section 2.2).</summary>
    public sealed record Revoked : RevocationOutcome;

    /// <summary>The server will not; asking again in the same way is of no use.</summary>
    /// <param name="Error">The <c>error</c> member, printable ASCII, at most 64 characters; <c>http_404</c> and the like where the answer
    /// has none.</param>
    public sealed record Refused(string Error) : RevocationOutcome
    {
        /// <summary>
        /// The <c>error_description</c> member, or what was odd about the answer; printable ASCII, at most 200 characters, withheld when it
        /// repeated a credential.
        /// </summary>
        public string? Description { get; init; }
    }

    /// <summary>No usable answer: network, timeout, 5xx, 429, an open circuit. Worth trying again.</summary>
    /// <param name="Cause">One sentence for people.</param>
    public sealed record Unavailable(string Cause) : RevocationOutcome
    {
        /// <summary>How long the server or the gate asks to wait, at most an hour; null when nobody said.</summary>
        public TimeSpan? RetryAfter { get; init; }

        /// <summary>The HTTP status where there was one; informative.</summary>
        public HttpStatusCode? StatusCode { get; init; }
    }
}
