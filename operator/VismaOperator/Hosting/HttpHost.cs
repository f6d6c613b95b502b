using System.Net;
using OpenTelemetry.Resources;
using VismaOperator.Consent.Web;

namespace VismaOperator.Hosting;

/// <summary>Builds the web server of health and metrics, and nothing that the environment could change.</summary>
internal static class HttpHost
{
    private static readonly TimeSpan stopDeadline = TimeSpan.FromSeconds(2);

    /// <summary>The server; nothing is served yet.</summary>
    public static EmptyWebHost Build(OperatorOptions options) =>
        new(
            stopDeadline,
            kestrel => kestrel.ListenAnyIP(options.HttpPort),
            web => web.ConfigureServices(services =>
            {
                services.AddLogging(logging => logging.WriteToConsole(options.Logs));
                services.AddOpenTelemetry()
                    .ConfigureResource(resource => resource.Clear().AddService("visma-operator", serviceVersion: Product.Version))
                    .WithMetrics(metrics => metrics.AddOperatorMeters());
            })
        );
}

/// <summary>
/// <c>/livez</c>, <c>/readyz</c>, <c>/healthz</c> and <c>/metrics</c>. Served from before the caches are filled until after the
/// controllers have drained, leader or not.
/// </summary>
internal static class HttpEndpoints
{
    private static readonly PathString ready = "/readyz";
    private static readonly PathString metrics = "/metrics";

    // Alive means that the process answers. A loop that fails ends the process, so nothing else needs a check.
    private static readonly PathString[] alive = ["/livez", "/healthz"];

    /// <summary>Has every request answered here.</summary>
    public static void ServeOperator(this EmptyWebHost http, OperatorHealth health) =>
        http.Serve(answers =>
        {
            answers.UseOpenTelemetryPrometheusScrapingEndpoint(context => IsGet(context) && context.Request.Path == metrics);
            answers.Run(context => AnswerAsync(context, health));
        });

    private static Task AnswerAsync(HttpContext context, OperatorHealth health)
    {
        var path = context.Request.Path;
        if (path != ready && path != metrics && !alive.Contains(path))
        {
            return WriteAsync(context, HttpStatusCode.NotFound, "not found");
        }

        if (!IsGet(context))
        {
            context.Response.Headers.Allow = HttpMethods.Get;
            return WriteAsync(context, HttpStatusCode.MethodNotAllowed, "GET only");
        }

        return path == ready && health.NotReady is { } failure
            ? WriteAsync(context, HttpStatusCode.ServiceUnavailable, failure)
            : WriteAsync(context, HttpStatusCode.OK, "ok");
    }

    private static bool IsGet(HttpContext context) => HttpMethods.IsGet(context.Request.Method);

    private static Task WriteAsync(HttpContext context, HttpStatusCode status, string text)
    {
        context.Response.StatusCode = (int)status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text + "\n", context.RequestAborted);
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

    /// <summary>The process is stopping and takes no more work.</summary>
    public void Stopping() => notReady = "stopping";
}
