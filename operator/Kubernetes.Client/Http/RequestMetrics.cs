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
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            metrics.Answered(request.Method, (int)response.StatusCode);
            return response;
        }
        catch (Exception)
        {
            metrics.Unanswered(request.Method);
            throw;
        }
    }
}
