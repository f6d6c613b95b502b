using System.Buffers;

namespace Kubernetes.Client.Http;

/// <summary>Reads the body of an answer whole, up to a limit.</summary>
internal static class AnswerBody
{
    /// <exception cref="HttpRequestException">The answer is larger than the limit (in bytes), or was cut.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, int limit, CancellationToken cancellationToken)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new ArrayBufferWriter<byte>(ExpectedSize(response, limit));
        int read;
        while ((read = await stream.ReadAsync(buffer.GetMemory(), cancellationToken)) > 0)
        {
            buffer.Advance(read);
            if (buffer.WrittenCount > limit)
            {
                throw new HttpRequestException(
                    HttpRequestError.ConfigurationLimitExceeded,
                    $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.AbsolutePath}: the answer is larger than "
                    + $"{limit} bytes"
                );
            }
        }

        return buffer.WrittenMemory;
    }

    /// <summary>
    /// What the server announces, and one byte more, so that the read that finds the end needs no larger buffer; else what most single
    /// objects fit in.
    /// </summary>
    private static int ExpectedSize(HttpResponseMessage response, int limit) =>
        response.Content.Headers.ContentLength is { } announced ? (int)Math.Min(announced, limit) + 1 : 8 * 1024;
}
