using System.Net;
using System.Net.Http.Headers;

namespace OAuth;

/// <summary>
/// Uses an access token at an API (RFC 6750 section 2.1): one GET, sent without a body, whose answer is read up to a limit. Hosts are those
/// of the client's <see cref="HostPolicy"/>, and no redirect is followed, so the token goes nowhere else.
/// </summary>
/// <param name="http">A client of <see cref="OAuthHttp"/>.</param>
/// <param name="time">The clock of the deadline and of dates in headers.</param>
/// <param name="options">Limits, and headers to keep.</param>
public sealed class ResourceEndpoint(HttpClient http, TimeProvider time, ResourceEndpointOptions options)
{
    private const int MaxAnswerBytes = 64 * 1024;

    private static readonly MediaTypeWithQualityHeaderValue json = new("application/json");

    private readonly WireExchange exchange = new(http, time, options.Timeout, MaxAnswerBytes, options.Headers);

    /// <summary>Sends one request and says how it ended.</summary>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> is cancelled.</exception>
    public async Task<ResourceOutcome> GetAsync(Uri address, Sensitive token, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Get, address);
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Reveal());
        message.Headers.Accept.Add(json);
        return await exchange.SendAsync(message, cancellationToken) switch
        {
            WireResult.Answer answer => new ResourceOutcome.Answered(answer.Status, answer.MediaType, answer.Body, token)
            {
                RetryAfter = answer.RetryAfter,
                Headers = answer.Headers,
                Clock = answer.Clock,
            },
            WireResult.TooLarge large => new ResourceOutcome.Answered(large.Status, large.MediaType, Body: null, token)
            {
                RetryAfter = large.RetryAfter,
                Headers = large.Headers,
            },
            WireResult.Failed failed => new ResourceOutcome.Failed(failed.Cause),
            var other => throw new InvalidOperationException($"Unknown result {other.GetType().Name}."),
        };
    }
}

/// <summary>Limits of one request to an API.</summary>
public sealed record ResourceEndpointOptions
{
    /// <summary>From the first DNS packet to the last byte of the answer. The default is 10 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Names of the headers that <see cref="ResourceOutcome.Answered.Headers"/> keeps.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];
}

/// <summary>How a request to an API ended. No text in here holds the token.</summary>
public abstract record ResourceOutcome
{
    private ResourceOutcome()
    {
    }

    /// <summary>The API answered.</summary>
    /// <param name="Status">The HTTP status.</param>
    /// <param name="MediaType">What the answer says it is; <c>no media type</c> where it does not say.</param>
    /// <param name="Body">The body; null where it is larger than the limit. It may repeat the token: see <see cref="Quote"/>.</param>
    /// <param name="Token">The token that was used.</param>
    public sealed record Answered(HttpStatusCode Status, string MediaType, ReadOnlyMemory<byte>? Body, Sensitive Token) : ResourceOutcome
    {
        /// <summary>How long the server asks to wait, at most an hour; null when it does not say.</summary>
        public TimeSpan? RetryAfter { get; init; }

        /// <summary>The headers of <see cref="ResourceEndpointOptions.Headers"/> that are there, printable and cut.</summary>
        public IReadOnlyDictionary<string, string> Headers { get; init; } = WireResult.NoHeaders;

        /// <summary>This machine's clock beside the server's; null where nothing can be said.</summary>
        public ClockReading? Clock { get; init; }

        /// <summary>A text of the answer, fit to be shown: withheld when it repeats the token, otherwise short and printable.</summary>
        public string Quote(string text, int maxLength) => new SpentCredentials(Token).Quote(text, maxLength);
    }

    /// <summary>No complete answer.</summary>
    /// <param name="Cause">Why, for people, without a full stop.</param>
    public sealed record Failed(string Cause) : ResourceOutcome;
}
