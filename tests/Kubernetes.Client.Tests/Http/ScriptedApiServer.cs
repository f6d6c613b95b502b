using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Client.Tests.Http;

/// <summary>A request as the server got it.</summary>
internal sealed record SeenRequest(
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Query,
    IHeaderDictionary Headers,
    string Body,
    string Connection,
    string Protocol
)
{
    /// <summary>Subject of the certificate that the client presented; null without one.</summary>
    public string? ClientCertificate { get; init; }
}

/// <summary>A real HTTP server on the loopback address that answers as the test says and keeps what it was asked.</summary>
internal sealed class ScriptedApiServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly CancellationTokenSource stopping = new();

    private ScriptedApiServer(WebApplication app) => this.app = app;

    public ConcurrentQueue<SeenRequest> Requests { get; } = [];

    public Uri Address => new(app.Urls.Single());

    /// <summary>Cancelled when the test is over, so that an answer that is held open ends.</summary>
    public CancellationToken Stopping => stopping.Token;

    public static Task<ScriptedApiServer> StartAsync(Func<ScriptedApiServer, HttpContext, Task> answer) =>
        StartAsync(answer, new ScriptedTls());

    public static async Task<ScriptedApiServer> StartAsync(Func<ScriptedApiServer, HttpContext, Task> answer, ScriptedTls tls)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.Http2.MaxStreamsPerConnection = 100;
            kestrel.Listen(IPAddress.Loopback, 0, tls.Apply);
        });
        var server = new ScriptedApiServer(builder.Build());
        server.app.Run(async context =>
        {
            server.Requests.Enqueue(await SeeAsync(context));
            await answer(server, context);
        });
        await server.app.StartAsync();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await app.DisposeAsync();
        stopping.Dispose();
    }

    private static async Task<SeenRequest> SeeAsync(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body);
        return new SeenRequest(
            context.Request.Method,
            context.Request.Path,
            context.Request.Query.ToDictionary(entry => entry.Key, entry => entry.Value.ToString()),
            new HeaderDictionary(context.Request.Headers.ToDictionary()),
            await body.ReadToEndAsync(),
            context.Connection.Id,
            context.Request.Protocol)
        {
            ClientCertificate = context.Connection.ClientCertificate?.Subject,
        };
    }
}

/// <summary>How the server speaks: plain HTTP/1.1, or TLS with the given certificate.</summary>
internal sealed record ScriptedTls(
    X509Certificate2? Certificate = null,
    X509Certificate2? ClientAuthority = null,
    HttpProtocols Protocols = HttpProtocols.Http1AndHttp2
)
{
    /// <summary>What the server sends along with its certificate.</summary>
    public X509Certificate2Collection? Chain { get; init; }

    /// <summary>How a client certificate is asked for where there is an authority for it.</summary>
    public ClientCertificateMode ClientCertificates { get; init; } = ClientCertificateMode.RequireCertificate;

    public void Apply(ListenOptions listen)
    {
        listen.Protocols = Certificate is null ? HttpProtocols.Http1 : Protocols;
        if (Certificate is null)
        {
            return;
        }

        listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = Certificate,
            ServerCertificateChain = Chain,
            ClientCertificateMode = ClientAuthority is null ? ClientCertificateMode.NoCertificate : ClientCertificates,
            ClientCertificateValidation = (certificate, _, _) => IsSignedBy(certificate, ClientAuthority!),
        });
    }

    private static bool IsSignedBy(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationFlags = X509VerificationFlags.IgnoreNotTimeValid; // a test has a clock of its own
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        return chain.Build(certificate);
    }
}
