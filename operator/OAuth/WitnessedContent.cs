using System.Net;

namespace OAuth;

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
