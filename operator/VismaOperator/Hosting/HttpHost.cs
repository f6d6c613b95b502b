using System.Net;
using OpenTelemetry.Resources;
using VismaOperator.Consent.Web;

namespace VismaOperator.Hosting;

/// <summary>Builds the web application that serves health and metrics, and nothing that the environment could change.</summary>
internal static class HttpHost
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(2);

    /// <summary>The application; nothing is served yet.</summary>
    public static WebApplication Build(OperatorOptions options)
    {
        var builder = EmptyWebHost.CreateBuilder(options.HttpPort, StopDeadline);
        builder.Services.AddRoutingCore();
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddService("visma-operator", serviceVersion: Product.Version))
            .WithMetrics(metrics => metrics.AddOperatorMeters());
        builder.Logging.WriteToConsole(options.Logs);
        return builder.Build();
    }
}

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

/// <summary>What the health endpoints answer. Written by the host, read by requests.</summary>
internal sealed class OperatorHealth
{
    private volatile string? notReady = "starting";

    /// <summary>Why this replica is not ready, or null when it is. A standby is ready: it can take over at any moment.</summary>
    public string? NotReady => notReady;

    /// <summary>Every cache has listed.</summary>
    public void CachesSynced() => notReady = null;

    /// <summary>The process is on its way out and takes no more work.</summary>
    public void Stopping() => notReady = "stopping";
}
