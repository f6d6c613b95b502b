using System.Net;

namespace VismaOperator.Hosting;

/// <summary>
/// <c>/livez</c>, <c>/readyz</c>, <c>/healthz</c> and <c>/metrics</c>. Served from before the caches are filled until after the
/// controllers have drained, leader or not.
/// </summary>
internal static class HttpEndpoints
{
    /// <summary>Maps the endpoints.</summary>
    public static void MapOperator(this WebApplication http, OperatorHealth health)
    {
        // Alive means: the process answers. A loop that dies ends the process, so there is nothing else to ask.
        http.MapGet("/livez", AnswerAlive);
        http.MapGet("/healthz", AnswerAlive);
        http.MapGet("/readyz", context => AnswerAsync(context, health.NotReady));
        http.MapPrometheusScrapingEndpoint("/metrics");
    }

    private static Task AnswerAlive(HttpContext context) => AnswerAsync(context, failure: null);

    private static Task AnswerAsync(HttpContext context, string? failure)
    {
        context.Response.StatusCode = (int)(failure is null ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable);
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync((failure ?? "ok") + "\n", context.RequestAborted);
    }
}
