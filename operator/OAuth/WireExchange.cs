using System.Buffers;
using System.Globalization;
using System.Net;

namespace OAuth;

/// <summary>Sends one request under a deadline and reads the answer up to a limit. Failures are values.</summary>
/// <param name="http">A client without redirects and without a timeout of its own.</param>
/// <param name="time">The clock of the deadline and of dates in headers.</param>
/// <param name="timeout">From the first DNS packet to the last byte of the answer.</param>
/// <param name="maxBytes">Largest body that is read.</param>
internal sealed class WireExchange(HttpClient http, TimeProvider time, TimeSpan timeout, int maxBytes)
{
    private const int UsualBytes = 4 * 1024; // where the server does not announce the size of its answer

    /// <summary>Sends <paramref name="request"/>; throws only when <paramref name="cancellationToken"/> is cancelled.</summary>
    public async Task<WireResult> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var deadline = Deadline.After(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var (sent, begun) = (time.GetUtcNow(), time.GetTimestamp());
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            var clock = ClockReading.Of(response.Headers.Date, sent, time.GetElapsedTime(begun), time.GetUtcNow());
            var result = await ReadAsync(response, both.Token);
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
            return new WireResult.TooLarge(response.StatusCode, maxBytes);
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
                return new WireResult.TooLarge(response.StatusCode, maxBytes);
            }
        }

        return Judge(response, buffer.WrittenMemory);
    }

    private WireResult.Answer Judge(HttpResponseMessage response, ReadOnlyMemory<byte> body)
    {
        var retryAfter = response.Headers.NonValidated.TryGetValues("Retry-After", out var values) ? values.ToString() : null;
        return new WireResult.Answer(
            response.StatusCode,
            PrintableText.Cut(response.Content.Headers.ContentType?.MediaType ?? "no media type", 64),
            RetryAfter.Parse(retryAfter, time.GetUtcNow()),
            body);
    }
}

/// <summary>The raw result of one HTTP exchange.</summary>
internal abstract record WireResult
{
    private WireResult()
    {
    }

    /// <summary>A complete answer within the size limit.</summary>
    public sealed record Answer(HttpStatusCode Status, string MediaType, TimeSpan? RetryAfter, ReadOnlyMemory<byte> Body) : WireResult
    {
        /// <summary>This machine's clock beside the server's; null where nothing can be said.</summary>
        public ClockReading? Clock { get; init; }
    }

    /// <summary>The answer was larger than allowed and was not read to its end.</summary>
    public sealed record TooLarge(HttpStatusCode Status, int Limit) : WireResult;

    /// <summary>No complete answer.</summary>
    /// <param name="Cause">One sentence, without URL or body.</param>
    /// <param name="MayHaveArrived">Whether a byte of the request's content was handed to a connection.</param>
    public sealed record Failed(string Cause, bool MayHaveArrived) : WireResult;
}
