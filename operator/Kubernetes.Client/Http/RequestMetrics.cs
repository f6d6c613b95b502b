using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Kubernetes.Client.Http;

/// <summary>Counts requests under the name that client-go uses, so that existing dashboards show them.</summary>
internal sealed class RequestMetrics(IMeterFactory meters)
{
    /// <summary>The value of <c>code</c> for a request without an answer, as in client-go.</summary>
    private const string NoAnswer = "<error>";

    private readonly Counter<long> requests = meters.Create("Kubernetes.Client")
        .CreateCounter<long>("rest_client_requests_total", unit: "{request}", "Requests to the API server by status code and method.");

    public void Answered(HttpMethod method, int code) => Count(method, code.ToString(CultureInfo.InvariantCulture));

    public void Unanswered(HttpMethod method) => Count(method, NoAnswer);

    private void Count(HttpMethod method, string code) =>
        requests.Add(1, new TagList { { "code", code }, { "method", method.Method } });
}

/// <summary>Counts every request that is sent, also the second try after a 401.</summary>
internal sealed class CountingHandler(RequestMetrics metrics) : DelegatingHandler
{
    /// <summary>Name of the source of traces.</summary>
    public const string SourceName = "Kubernetes.Client";

    private const string TraceParent = "traceparent";

    private static readonly ActivitySource source = new(SourceName);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var span = Begin(request);
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            metrics.Answered(request.Method, (int)response.StatusCode);
            span?.SetTag("http.response.status_code", (int)response.StatusCode);
            return response;
        }
        catch (Exception failure)
        {
            span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", failure.GetType().Name);
            metrics.Unanswered(request.Method);
            throw;
        }
    }

    // Only within a trace of ours: watches run for as long as the process, and a browser at the consent pages begins no trace here.
    // Without a listener this costs one comparison.
    private static Activity? Begin(HttpRequestMessage request)
    {
        if (!source.HasListeners() || Activity.Current?.Source.Name is not ("Kubernetes.Controllers" or SourceName))
        {
            return null;
        }

        var span = source.StartActivity(request.Method.Method, ActivityKind.Client);
        request.Headers.Remove(TraceParent); // of the first try, after a 401
        if (span is not null)
        {
            request.Headers.Add(TraceParent, span.Id);
        }

        return span?.SetTag("http.request.method", request.Method.Method)
            .SetTag("server.address", request.RequestUri?.Host)
            .SetTag("url.path", request.RequestUri?.AbsolutePath);
    }
}
