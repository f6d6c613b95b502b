using System.IO.Compression;
using System.Net;
using Microsoft.Net.Http.Headers;

namespace VismaOperator.Hosting;

/// <summary>
/// <c>/metrics</c>: the metrics that name objects, then those of the exporter of OpenTelemetry. The exporter keeps memory for every series
/// that ever existed, and drops series beyond a limit. So the metrics that name objects are read from the caches while they are written.
/// </summary>
internal sealed class MetricsPage(ObjectGauges gauges)
{
    /// <summary>
    /// Writes the gauges, and then the exporter's answer. That answer is small and is read as a whole first: the exporter collects nothing
    /// for others before its answer is written, and a client that does not read must not hold it up.
    /// </summary>
    public async Task Answer(HttpContext context, Func<Task> exporter)
    {
        var (request, response, stop) = (context.Request, context.Response, context.RequestAborted);
        var isZipped = AcceptsGzip(request);
        request.Headers.AcceptEncoding = default; // zipped here, as a whole
        var outside = response.Body;
        using var collected = new MemoryStream();
        response.Body = collected;
        try
        {
            await exporter();
        }
        finally
        {
            response.Body = outside;
        }

        if (response.StatusCode != (int)HttpStatusCode.OK)
        {
            return;
        }

        if (!isZipped)
        {
            await WriteAsync(outside, collected, stop);
            return;
        }

        response.Headers[HeaderNames.ContentEncoding] = "gzip";
        await using var zipped = new GZipStream(outside, CompressionLevel.Fastest, leaveOpen: true);
        await WriteAsync(zipped, collected, stop);
    }

    private async Task WriteAsync(Stream page, MemoryStream collected, CancellationToken cancellationToken)
    {
        await new SeriesWriter(page).WriteAsync(gauges.All, cancellationToken);
        collected.Position = 0;
        await collected.CopyToAsync(page, cancellationToken);
    }

    private static bool AcceptsGzip(HttpRequest request) =>
        request.GetTypedHeaders().AcceptEncoding.Any(accepted => accepted.Quality is not 0 && accepted.Value == "gzip");
}
