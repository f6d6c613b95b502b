using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>
/// A proxy in front of the API server that makes trouble on request and keeps a ledger. It ends TLS with an authority of its own and speaks
/// HTTP/2 and HTTP/1.1, as the API server does. Requests without an Authorization header go on with the rights of an administrator;
/// those with one are judged by it alone, so that RBAC works through it.
/// </summary>
public sealed class ApiProxy : IApiEndpoint, IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly Upstream upstream;
    private readonly FaultList faults = new();
    private readonly ConnectionList connections;
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("visma-operator-proxy-");

    private ApiProxy(ApiServer server, KeyPairPem serving, string authorityPem)
    {
        AuthorityPem = authorityPem;
        upstream = new Upstream(server.Access, Watches);
        connections = new ConnectionList();
        application = Build(serving.ToCertificate(), connections);
        application.Run(HandleAsync);
    }

    /// <inheritdoc/>
    public Uri Server { get; private set; } = new("https://127.0.0.1");

    /// <inheritdoc/>
    public string? AuthorityPem { get; }

    /// <summary>A kubeconfig that points at the proxy and sends no Authorization header, which means: administrator.</summary>
    public string KubeconfigPath => Path.Combine(folder.FullName, "proxy.kubeconfig");

    /// <summary>All requests that came.</summary>
    public RequestLedger Ledger { get; } = new();

    /// <summary>Delays, holds, cuts and ends watches.</summary>
    public WatchControl Watches { get; } = new();

    /// <summary>Starts a proxy in front of the server, on a free port of 127.0.0.1.</summary>
    public static async Task<ApiProxy> StartAsync(ApiServer server, CancellationToken cancellationToken)
    {
        using var certificates = new ClusterCertificates(TimeProvider.System);
        var proxy = new ApiProxy(server, certificates.IssueServer(), certificates.AuthorityPem);
        await proxy.application.StartAsync(cancellationToken);
        proxy.Server = new Uri(proxy.application.Urls.Single());
        // Nobody asks for this certificate, but clients refuse a kubeconfig without any credentials.
        var user = Kubeconfig.UserWith(certificates.IssueClient("test-admin", "proxy"));
        Kubeconfig.Write(proxy.KubeconfigPath, proxy.Server, proxy.AuthorityPem, user);
        return proxy;
    }

    /// <summary>Puts a fault in force for the next requests that match. Of several faults that match the oldest applies.</summary>
    /// <param name="effect">What happens to such a request.</param>
    /// <param name="when">Which requests it meets.</param>
    /// <param name="times">How many of them; without a limit where absent.</param>
    public Fault Inject(FaultEffect effect, Func<ProxiedRequest, bool> when, int times = int.MaxValue) =>
        faults.Add(new Fault(effect, when, times));

    /// <summary>
    /// From now on lists and watches over all namespaces show these namespaces only, as if the cluster held no others. RBAC judges as ever.
    /// </summary>
    public void Confine(IReadOnlyCollection<string> namespaces) => upstream.View = new ConfinedView(namespaces);

    /// <summary>Closes all TCP connections of clients, as a restarted load balancer does.</summary>
    public void DropConnections() => connections.Abort();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        faults.Lift();
        connections.Abort();
        await application.DisposeAsync();
        upstream.Dispose();
        folder.Delete(recursive: true);
    }

    private async Task HandleAsync(HttpContext context)
    {
        var (method, path, query) = (context.Request.Method, context.Request.Path.Value ?? "", context.Request.QueryString.Value ?? "");
        var request = new ProxiedRequest(
            method,
            path,
            query,
            context.Request.Headers.UserAgent.ToString(),
            TimeProvider.System.GetUtcNow()
        )
        {
            TraceParent = context.Request.Headers.TraceParent.ToString(),
            Baggage = context.Request.Headers.Baggage.ToString(),
        };
        Ledger.Add(request);
        try
        {
            await ApplyAsync(faults.Find(request), context, request);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // The API server is gone or the client is: either way the other side sees its stream break, not an invented answer.
            context.Abort();
        }
        finally
        {
            request.End();
        }
    }

    private async Task ApplyAsync(Fault? fault, HttpContext context, ProxiedRequest request)
    {
        switch (fault?.Effect)
        {
            case FaultEffect.Answer answer:
                request.Answered((int)answer.Status);
                await FaultAnswer.WriteAsync(context, answer);
                return;
            case FaultEffect.ExpireWatch:
                request.Answered(StatusCodes.Status200OK);
                await FaultAnswer.WriteExpiredWatchAsync(context);
                return;
            case FaultEffect.Break:
                context.Abort();
                return;
            case FaultEffect.LoseAnswer:
                (await upstream.SendAsync(context)).Dispose();
                context.Abort();
                return;
            case FaultEffect.Delay delay:
                await Task.Delay(delay.By, TimeProvider.System, context.RequestAborted);
                break;
            case FaultEffect.Hold:
                await fault.HoldAsync(context.RequestAborted);
                break;
        }

        using var passed = await upstream.SendAsync(context);
        if (fault?.Effect is FaultEffect.HoldAnswer)
        {
            await fault.HoldAsync(context.RequestAborted);
        }

        await upstream.ReturnAsync(context, passed, request);
    }

    private static WebApplication Build(X509Certificate2 certificate, ConnectionList connections)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.Zero);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            // As kube-apiserver: a client with more watches than this needs a second connection.
            kestrel.Limits.Http2.MaxStreamsPerConnection = 250;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1AndHttp2;
                connections.Observe(listen);
                listen.UseHttps(certificate);
            });
        });
        return builder.Build();
    }
}
