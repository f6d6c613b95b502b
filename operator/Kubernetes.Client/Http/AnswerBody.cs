using System.Buffers;

namespace Kubernetes.Client.Http;

/// <summary>Reads the body of an answer whole, up to a limit.</summary>
internal static class AnswerBody
{
    private const int UsualSize = 8 * 1024; // what most single objects fit in, in bytes

    /// <summary>Reads the body, and what it says. Its text is forgotten afterwards: it may be that of a Secret.</summary>
    /// <exception cref="HttpRequestException">The answer is larger than the limit (in bytes), or was cut.</exception>
    public static async Task<TAnswer> ReadAsync<TAnswer>(
        HttpResponseMessage response,
        int limit,
        Func<ReadOnlySpan<byte>, TAnswer> read,
        CancellationToken cancellationToken
    )
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = ArrayPool<byte>.Shared.Rent(ExpectedSize(response, limit));
        var length = 0;
        try
        {
            int more;
            while ((more = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0)
            {
                length += more;
                if (length > limit)
                {
                    throw TooLarge(response, limit);
                }

                if (length == buffer.Length)
                {
                    buffer = Larger(buffer);
                }
            }

            return read(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>Says that an answer is larger than the limit, in bytes.</summary>
    public static HttpRequestException TooLarge(HttpResponseMessage response, int limit) =>
        new(
            HttpRequestError.ConfigurationLimitExceeded,
            $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.AbsolutePath}: the answer is larger than {limit} "
            + "bytes"
        );

    /// <summary>A pooled buffer of twice the size with what is in this one, which goes back to the pool.</summary>
    public static byte[] Larger(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        return larger;
    }

    /// <summary>What the server announces, and one byte more, so that the read that finds the end needs no larger buffer.</summary>
    private static int ExpectedSize(HttpResponseMessage response, int limit) =>
        response.Content.Headers.ContentLength is { } announced ? (int)Math.Min(announced, limit) + 1 : UsualSize;
}
