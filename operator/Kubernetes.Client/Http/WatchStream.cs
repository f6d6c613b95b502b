using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Kubernetes.Client.Http;

/// <summary>Cuts the answer to a watch into lines and each line into an event.</summary>
internal static class WatchStream
{
    private const int BufferSize = 16 * 1024;

    /// <summary>
    /// The events until the server ends the answer. <paramref name="heard"/> is called whenever bytes arrive; <paramref name="isKnown"/> as
    /// in <see cref="IKubernetesClient"/>, or null.
    /// </summary>
    /// <exception cref="IOException">The answer was cut within a line, a line is no event, or is longer than <paramref name="maxLine"/>
    /// bytes.</exception>
    public static async IAsyncEnumerable<WatchEvent<T>> ReadAsync<T>(
        Stream body,
        ResourceRequest request,
        int maxLine,
        Func<NamespacedName, string, bool>? isKnown,
        Action heard,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        // Large enough that most events lie in one piece, which is read in half the time; and none while nothing arrives.
        var pipe = PipeReader.Create(
            body,
            new StreamPipeReaderOptions(ClearedMemory.Pool, bufferSize: BufferSize, leaveOpen: true, useZeroByteReads: true)
        );
        try
        {
            while (true)
            {
                var result = await pipe.ReadAsync(cancellationToken);
                heard();
                var rest = result.Buffer;
                while (NextLine(ref rest) is { } line)
                {
                    if (Parse<T>(line, request, isKnown) is { } known)
                    {
                        yield return known;
                    }
                }

                if (rest.Length > maxLine)
                {
                    throw new IOException($"{request}: a line of the watch is longer than {maxLine} bytes.");
                }

                if (result.IsCompleted)
                {
                    ThrowIfCut(rest, request);
                    yield break;
                }

                pipe.AdvanceTo(rest.Start, rest.End);
            }
        }
        finally
        {
            await pipe.CompleteAsync(); // what it holds is cleared and given back
        }
    }

    private static ReadOnlySequence<byte>? NextLine(ref ReadOnlySequence<byte> rest)
    {
        if (rest.PositionOf((byte)'\n') is not { } end)
        {
            return null;
        }

        var line = rest.Slice(0, end);
        rest = rest.Slice(rest.GetPosition(1, end));
        return line;
    }

    private static WatchEvent<T>? Parse<T>(
        in ReadOnlySequence<byte> line,
        ResourceRequest request,
        Func<NamespacedName, string, bool>? isKnown
    )
        where T : class, IResource<T>
    {
        try
        {
            return line.Length == 0 ? null : WatchLine.Read<T>(line, request, isKnown);
        }
        catch (Exception unreadable) when (unreadable is JsonException or FormatException or InvalidOperationException)
        {
            throw new IOException(
                $"{request}: a line of the watch is no readable event of this kind (the inner exception says where).",
                unreadable
            );
        }
    }

    private static void ThrowIfCut(in ReadOnlySequence<byte> rest, ResourceRequest request)
    {
        if (rest.Length > 0)
        {
            throw new IOException($"{request}: the watch was cut within an event.");
        }
    }
}

/// <summary>The time limit of one request, on the injected clock. The token also cancels when the caller gives up.</summary>
internal sealed class TimeLimit(TimeSpan limit, TimeProvider clock, CancellationToken caller) : IDisposable
{
    private readonly Deadline deadline = Deadline.Linked(limit, clock, caller);

    public CancellationToken Token => deadline.Token;

    public bool IsOver => deadline.IsCancellationRequested && !caller.IsCancellationRequested;

    public HttpRequestException Exceeded(ResourceRequest request) =>
        new($"{request}: no complete answer within {limit.TotalSeconds:0.#} s. The API server is slow or cannot be reached.");

    public void Dispose() => deadline.Dispose();
}
