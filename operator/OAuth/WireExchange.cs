using System.Buffers;
using System.Globalization;
using System.Net;
using System.Security.Authentication;

namespace OAuth;

/// <summary>Sends one request under a deadline and reads the answer up to a limit. Failures are values.</summary>
/// <param name="http">A client without redirects and without a timeout of its own.</param>
/// <param name="time">The clock of the deadline and of dates in headers.</param>
/// <param name="timeout">From the first DNS packet to the last byte of the answer.</param>
/// <param name="maxBytes">Largest body that is read.</param>
/// <param name="kept">Names of further headers to keep of an answer.</param>
internal sealed class WireExchange(
    HttpClient http, TimeProvider time, TimeSpan timeout, int maxBytes, params IReadOnlyList<string> kept)
{
    private const int UsualBytes = 4 * 1024; // where the server does not announce the size of its answer

    /// <summary>Sends <paramref name="request"/>; throws only when <paramref name="cancellationToken"/> is cancelled.</summary>
    public async Task<WireResult> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var deadline = Deadline.Linked(timeout, time, cancellationToken);
        try
        {
            var (sent, begun) = (time.GetUtcNow(), time.GetTimestamp());
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            var clock = ClockReading.Of(response.Headers.Date, sent, time.GetElapsedTime(begun), time.GetUtcNow());
            var result = await ReadAsync(response, deadline.Token);
            return result is WireResult.Answer answer ? answer with { Clock = clock } : result;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new WireResult.Failed(
                deadline.IsCancellationRequested ? TimedOut() : WireFailureText.For(exception),
                request.Content is not WitnessedContent { Begun: false });
        }
    }

    private string TimedOut() => string.Create(
        CultureInfo.InvariantCulture, $"no complete answer within {timeout.TotalSeconds:0.###} s");

    private async Task<WireResult> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > maxBytes)
        {
            return TooLarge(response);
        }

        // As large as an answer is, not as the largest that is read: one more byte, so that the end is found without a larger buffer.
        var buffer = new ArrayBufferWriter<byte>((int)(response.Content.Headers.ContentLength ?? UsualBytes) + 1);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        int read;
        while ((read = await body.ReadAsync(buffer.GetMemory(), cancellationToken)) > 0)
        {
            buffer.Advance(read);
            if (buffer.WrittenCount > maxBytes)
            {
                return TooLarge(response);
            }
        }

        return Judge(response, buffer.WrittenMemory);
    }

    private WireResult.TooLarge TooLarge(HttpResponseMessage response) =>
        new(response.StatusCode, maxBytes)
        {
            MediaType = MediaTypeOf(response),
            RetryAfter = RetryAfterOf(response),
            Headers = HeadersOf(response),
        };

    private WireResult.Answer Judge(HttpResponseMessage response, ReadOnlyMemory<byte> body) =>
        new(response.StatusCode, MediaTypeOf(response), RetryAfterOf(response), body) { Headers = HeadersOf(response) };

    private static string MediaTypeOf(HttpResponseMessage response) =>
        PrintableText.Cut(response.Content.Headers.ContentType?.MediaType ?? "no media type", 64);

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) =>
        RetryAfter.Parse(HeaderOf(response, "Retry-After"), time.GetUtcNow());

    private static string? HeaderOf(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;

    private IReadOnlyDictionary<string, string> HeadersOf(HttpResponseMessage response) =>
        kept.Count == 0
            ? WireResult.NoHeaders
            : kept.Select(name => (name, Value: HeaderOf(response, name)))
                .Where(header => header.Value is not null)
                .ToDictionary(header => header.name, header => PrintableText.Cut(header.Value!, 64), StringComparer.OrdinalIgnoreCase);
}

/// <summary>The raw result of one HTTP exchange.</summary>
internal abstract record WireResult
{
    private WireResult()
    {
    }

    /// <summary>No header was kept.</summary>
    internal static readonly IReadOnlyDictionary<string, string> NoHeaders = new Dictionary<string, string>();

    /// <summary>The headers of the answer that were asked for and are there, printable and cut to 64 characters.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = NoHeaders;

    /// <summary>A complete answer within the size limit.</summary>
    public sealed record Answer(HttpStatusCode Status, string MediaType, TimeSpan? RetryAfter, ReadOnlyMemory<byte> Body) : WireResult
    {
        /// <summary>This machine's clock beside the server's; null where nothing can be said.</summary>
        public ClockReading? Clock { get; init; }
    }

    /// <summary>The answer was larger than allowed and was not read to its end.</summary>
    public sealed record TooLarge(HttpStatusCode Status, int Limit) : WireResult
    {
        /// <summary>What the answer says it is.</summary>
        public string MediaType { get; init; } = "no media type";

        /// <summary>How long the server asks to wait; null when it does not say.</summary>
        public TimeSpan? RetryAfter { get; init; }
    }

    /// <summary>No complete answer.</summary>
    /// <param name="Cause">One sentence, without URL or body.</param>
    /// <param name="MayHaveArrived">Whether a byte of the request's content was handed to a connection.</param>
    public sealed record Failed(string Cause, bool MayHaveArrived) : WireResult;
}

/// <summary>
/// Content that knows whether writing it began. A server that has not been sent the form cannot have acted on it, so this
/// is the line between "surely not processed" and "perhaps"; it holds for every kind of failure, timeouts included.
/// Once it began, the platform's handler does not repeat the request by itself either.
/// </summary>
internal sealed class WitnessedContent : HttpContent
{
    private readonly HttpContent inner;
    private volatile bool begun;

    public WitnessedContent(HttpContent inner)
    {
        this.inner = inner;
        foreach (var (name, values) in inner.Headers)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    /// <summary>Whether a byte of the content may have left.</summary>
    public bool Begun => begun;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        begun = true;
        return inner.CopyToAsync(stream, context, cancellationToken);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = inner.Headers.ContentLength ?? 0;
        return inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>One sentence for a failed exchange. Texts of the platform are quoted only where they cannot hold a credential.</summary>
internal static class WireFailureText
{
    public static string For(Exception exception)
    {
        if (Find<HostNotAllowedException>(exception) is { } refused)
        {
            return refused.Message;
        }

        return exception switch
        {
            HttpRequestException http => For(http.HttpRequestError, exception),
            HttpIOException io => For(io.HttpRequestError, exception),
            OperationCanceledException => "could not connect in time",
            _ => "the connection was lost before the answer was complete",
        };
    }

    private static string For(HttpRequestError error, Exception exception) => error switch
    {
        HttpRequestError.NameResolutionError => "the host name could not be resolved",
        HttpRequestError.ConnectionError => "could not connect",
        HttpRequestError.SecureConnectionError => "the TLS handshake failed" + Detail(exception),
        HttpRequestError.ProxyTunnelError => "the proxy refused the connection",
        HttpRequestError.ResponseEnded => "the connection was closed before the answer was complete",
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError => "the answer is not HTTP",
        HttpRequestError.ConfigurationLimitExceeded => "the headers of the answer are too large",
        _ => "the connection was lost before the answer was complete",
    };

    /// <summary>The reason of a failed handshake, for example an unknown authority: it is about certificates only.</summary>
    private static string Detail(Exception exception) =>
        Find<AuthenticationException>(exception) is { } reason ? ": " + PrintableText.Cut(reason.Message, 160) : "";

    private static T? Find<T>(Exception? exception) where T : Exception
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is T found)
            {
                return found;
            }
        }

        return null;
    }
}
