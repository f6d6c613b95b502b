using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using OpenTelemetry.Resources;
using VismaOperator.Consent.Web;

namespace VismaOperator.Hosting;

/// <summary>Builds the web server of health and metrics, and nothing that the environment could change.</summary>
internal static class HttpHost
{
    private static readonly TimeSpan stopDeadline = TimeSpan.FromSeconds(2);

    /// <summary>The server; nothing is served yet.</summary>
    /// <exception cref="UnusableCertificateException">There is no certificate where the options name one.</exception>
    public static EmptyWebHost Build(OperatorOptions options)
    {
        var certificate = options.HttpTls is { } folder ? new HttpCertificate(folder) : null;
        certificate?.Current();
        var http = new EmptyWebHost(
            stopDeadline,
            kestrel => kestrel.ListenAnyIP(options.HttpPort, listen => Secure(listen, certificate)),
            web => web.ConfigureServices(services =>
            {
                services.AddLogging(logging => logging.WriteToConsole(options.Logs));
                services.AddOpenTelemetry()
                    .ConfigureResource(resource => resource.Clear().AddService("visma-operator", serviceVersion: Product.Version))
                    .WithMetrics(metrics => metrics.AddOperatorMeters(options));
            })
        );
        certificate?.LogTo(http.Services.GetRequiredService<ILoggerFactory>().CreateLogger<HttpCertificate>());
        return http;
    }

    private static void Secure(ListenOptions listen, HttpCertificate? certificate)
    {
        if (certificate is not null)
        {
            listen.UseHttps(
                new TlsHandshakeCallbackOptions
                {
                    OnConnection = _ => ValueTask.FromResult(
                        new SslServerAuthenticationOptions { ServerCertificateContext = certificate.Current() }
                    ),
                }
            );
        }
    }
}

/// <summary>
/// <c>/livez</c>, <c>/readyz</c>, <c>/healthz</c> and <c>/metrics</c>. Served from before the caches are filled until after the
/// controllers have drained, leader or not.
/// </summary>
internal static class HttpEndpoints
{
    private static readonly PathString ready = "/readyz";
    private static readonly PathString metrics = "/metrics";

    private static readonly PathString[] alive = ["/livez", "/healthz"];

    /// <summary>Has every request answered here.</summary>
    /// <param name="http">The server.</param>
    /// <param name="health">Whether this replica is ready.</param>
    /// <param name="gauges">The metrics that name objects.</param>
    /// <param name="readers">Who may read the metrics; null for everybody.</param>
    public static void ServeOperator(
        this EmptyWebHost http,
        OperatorHealth health,
        ObjectGauges gauges,
        MetricsAuthentication? readers = null
    ) =>
        http.Serve(answers =>
        {
            var page = new MetricsPage(gauges);
            answers.Use((context, next) =>
                IsGet(context) && context.Request.Path == metrics ? AnswerMetrics(context, page, readers, next) : next()
            );
            answers.UseOpenTelemetryPrometheusScrapingEndpoint(context => IsGet(context) && context.Request.Path == metrics);
            answers.Run(context => AnswerAsync(context, health));
        });

    private static async Task AnswerMetrics(HttpContext context, MetricsPage page, MetricsAuthentication? readers, Func<Task> exporter)
    {
        var status = readers is null
            ? HttpStatusCode.OK
            : await readers.JudgeAsync(context.Request.Headers.Authorization, context.Connection.RemoteIpAddress, context.RequestAborted);
        if (status == HttpStatusCode.OK)
        {
            await page.Answer(context, exporter);
            return;
        }

        if (status == HttpStatusCode.Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
        }

        await WriteAsync(context, status, refusals[status]);
    }

    private static readonly Dictionary<HttpStatusCode, string> refusals = new()
    {
        [HttpStatusCode.Unauthorized] = "a bearer token that this cluster knows is required",
        [HttpStatusCode.Forbidden] = "the account may not get the path /metrics: bind it to a ClusterRole that allows it",
        [HttpStatusCode.ServiceUnavailable] = "the API server could not be asked who this is; try again",
    };

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

        return (path == ready ? health.NotReady : path == alive[0] ? health.NotAlive : null) is { } failure
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
    private volatile string? notReady = Starting;
    private volatile Func<string?> stuck = () => null;
    private volatile Func<IEnumerable<string>> missing = () => [];

    /// <summary>Why this replica is not ready, or null when it is. A standby is ready: it can take over at any moment.</summary>
    public string? NotReady => notReady == Starting && missing().ToList() is { Count: > 0 } lists
        ? $"{Starting}: not listed yet: {string.Join(", ", lists)}"
        : notReady;

    /// <summary>
    /// Why this process should be started again, or null. A loop that fails is no reason: it ends the process, once everything that must be
    /// stored is stored. An outage of the API server or a provider is none either, since a new process would not reach it.
    /// </summary>
    public string? NotAlive => notReady == Stopped ? null : stuck();

    /// <summary>Where to look.</summary>
    /// <param name="stuckLoop">Says which loop does not go on; null while all do.</param>
    /// <param name="missingLists">Names the caches that have not listed yet.</param>
    public void Watch(Func<string?> stuckLoop, Func<IEnumerable<string>> missingLists) => (stuck, missing) = (stuckLoop, missingLists);

    /// <summary>Every cache has listed.</summary>
    public void CachesSynced() => notReady = null;

    /// <summary>The process is stopping and takes no more work.</summary>
    public void Stopping() => notReady = Stopped;

    private const string Starting = "starting";
    private const string Stopped = "stopping";
}
