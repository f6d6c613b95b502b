using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VismaConnect.StandIn;

/// <summary>
/// A Visma Connect for tests and demonstrations: an HTTP server on 127.0.0.1 that answers as Duende IdentityServer does.
/// Its behaviour is scripted and its ledger read; it has no switch for any particular test.
/// </summary>
public sealed class VismaConnectStandIn : IAsyncDisposable
{
    private readonly StandInOptions options;
    private readonly WebApplication application;
    private readonly AccessTokens tokens;
    private readonly TokenRules rules;
    private readonly Desk desk;

    private VismaConnectStandIn(StandInOptions options)
    {
        this.options = options;
        Certificate = options.Scheme == StandInScheme.Https ? SelfSigned.Create() : null;
        Ledger = new Ledger(options.Time, options.SecretsFile);
        Portal = new Portal(options, Ledger);
        tokens = new AccessTokens(options.Time);
        rules = new TokenRules(Portal, options.Time);
        application = Build(options, Certificate);
        desk = new Desk(Ledger, Faults, options.Time, application.Lifetime.ApplicationStopping);
        Map();
    }

    /// <summary>What it listens on, for example <c>http://127.0.0.1:41234</c>.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>The issuer identifier, without a trailing slash.</summary>
    public Uri Issuer => new(options.Issuer ?? Url.OriginalString);

    /// <summary>Where tokens are asked for.</summary>
    public Uri TokenEndpoint => new(Url, "/connect/token");

    /// <summary>The certificate of an https stand-in, which is its own root; otherwise null.</summary>
    public X509Certificate2? Certificate { get; }

    /// <summary>Clients, tenants and lifetimes.</summary>
    public Portal Portal { get; }

    /// <summary>What goes wrong.</summary>
    public FaultScript Faults { get; } = new();

    /// <summary>What happened.</summary>
    public Ledger Ledger { get; }

    /// <summary>Starts listening.</summary>
    public static async Task<VismaConnectStandIn> StartAsync(StandInOptions options, CancellationToken cancellationToken)
    {
        var standIn = new VismaConnectStandIn(options);
        await standIn.application.StartAsync(cancellationToken);
        var addresses = standIn.application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!;
        standIn.Url = new Uri(addresses.Addresses.Single());
        return standIn;
    }

    /// <summary>Waits until the process is asked to stop.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => application.WaitForShutdownAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await application.DisposeAsync();
        Certificate?.Dispose();
    }

    private static WebApplication Build(StandInOptions options, X509Certificate2? certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, options.Port, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        return builder.Build();
    }

    private void Map()
    {
        application.Map("/connect/token", (Delegate)ServeTokenAsync);
        application.MapGet("/.well-known/openid-configuration", (Delegate)ServeMetadataAsync);
        application.MapGet("/.well-known/oauth-authorization-server", (Delegate)ServeMetadataAsync);
        application.MapGet("/.well-known/openid-configuration/jwks", (HttpContext context) => desk.ServeAsync(
            context, StandInEndpoint.Keys, AskedFor.Nothing, () => Reply.Json(200, AccessTokens.KeySet(), "served")));
        Administration.Map(application.MapGroup("/_standin"), this);
    }

    private Task ServeMetadataAsync(HttpContext context) => desk.ServeAsync(
        context, StandInEndpoint.Metadata, AskedFor.Nothing, () => Reply.Json(200, Bodies.OfMetadata(Issuer.OriginalString, Url), "served"));

    private async Task ServeTokenAsync(HttpContext context)
    {
        var form = await TokenForm.ReadAsync(context.Request, context.RequestAborted);
        await desk.ServeAsync(context, StandInEndpoint.Token, form.Asked, () => Process(form));
    }

    private Reply Process(TokenForm form) => rules.Decide(form) switch
    {
        TokenDecision.Grant grant => Issue(grant),
        TokenDecision.Refuse { Error: var error } => Reply.Json(400, Bodies.Of(error), error.Code), // always 400, as Duende
        _ => throw new InvalidOperationException("a decision without a meaning"),
    };

    private Reply Issue(TokenDecision.Grant grant)
    {
        var lifetime = grant.Client.AccessTokenLifetime ?? Portal.AccessTokenLifetime;
        var accessToken = tokens.Issue(Issuer.OriginalString, grant, lifetime);
        Ledger.AddSecret(accessToken);
        return Reply.Json(200, Bodies.OfToken(accessToken, lifetime, grant.Scopes), "granted");
    }
}
