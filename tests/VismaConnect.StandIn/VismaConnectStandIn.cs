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
    private readonly ClientAuthentication authentication;
    private readonly Desk desk;

    private VismaConnectStandIn(StandInOptions options)
    {
        this.options = options;
        Certificate = options.Scheme == StandInScheme.Https ? SelfSigned.Create(options.CertificateExpirationTime) : null;
        Ledger = new Ledger(options.Time, options.SecretsFile);
        Portal = new Portal(options, Ledger);
        Grants = new IssuedGrants(options.Time, Ledger);
        authentication = new ClientAuthentication(Portal, options.Time);
        application = Build(options, Certificate);
        desk = new Desk(Ledger, Faults, options.Time, application.Lifetime.ApplicationStopping) { ClockOffset = options.ClockOffset };
        Map();
    }

    /// <summary>What it listens on, for example <c>http://127.0.0.1:41234</c>.</summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>The issuer identifier, without a trailing slash.</summary>
    public Uri Issuer => new(options.Issuer ?? Url.OriginalString);

    /// <summary>Where tokens are asked for.</summary>
    public Uri TokenEndpoint => new(Url, "/connect/token");

    /// <summary>Where browsers are sent for consent.</summary>
    public Uri AuthorizationEndpoint => new(Url, "/connect/authorize");

    /// <summary>Where tokens are revoked.</summary>
    public Uri RevocationEndpoint => new(Url, "/connect/revocation");

    /// <summary>Base URL of the ERP API, version 1; version 2 is beside it.</summary>
    public Uri ApiUrl => new(Url, "/v1");

    /// <summary>The certificate of an https stand-in, which is its own root; otherwise null.</summary>
    public X509Certificate2? Certificate { get; }

    /// <summary>Clients, tenants, people and lifetimes.</summary>
    public Portal Portal { get; }

    /// <summary>What people consented to, and the refresh tokens that came of it.</summary>
    public IssuedGrants Grants { get; }

    /// <summary>By how much the <c>Date</c> of answers from now on is wrong; positive when ahead of the truth.</summary>
    public TimeSpan ClockOffset
    {
        get => desk.ClockOffset;
        set => desk.ClockOffset = value;
    }

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

    /// <summary>Consents without a browser, in a new session: see <see cref="Visitor.ApproveAsync"/>.</summary>
    public async Task<Uri> ApproveAsync(
        Uri authorizeUrl,
        string userName,
        string? tenantId = null,
        CancellationToken cancellationToken = default
    )
    {
        using var visitor = new Visitor(Certificate);
        return await visitor.ApproveAsync(authorizeUrl, userName, tenantId, cancellationToken);
    }

    /// <summary>Refuses without a browser, in a new session: see <see cref="Visitor.DenyAsync"/>.</summary>
    public async Task<Uri> DenyAsync(
        Uri authorizeUrl,
        string userName,
        string? tenantId = null,
        CancellationToken cancellationToken = default
    )
    {
        using var visitor = new Visitor(Certificate);
        return await visitor.DenyAsync(authorizeUrl, userName, tenantId, cancellationToken);
    }

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
        builder
            .WebHost.UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    IPAddress.Loopback,
                    options.Port,
                    listen =>
                    {
                        if (certificate is not null)
                        {
                            listen.UseHttps(certificate);
                        }
                    }
                )
            );
        return builder.Build();
    }

    private void Map()
    {
        application.MapGet("/.well-known/openid-configuration", (Delegate)ServeMetadataAsync);
        application.MapGet("/.well-known/oauth-authorization-server", (Delegate)ServeMetadataAsync);
        application.MapGet("/.well-known/openid-configuration/jwks", (HttpContext context) => desk.ServeAsync(
            context, StandInEndpoint.Keys, AskedFor.Nothing, () => Reply.Json(200, JwtSigner.KeySet(), "served")));
        MapClientEndpoints();
        var consent = new ConsentFlow(
            Portal,
            Grants,
            new Attempts(options.Time, options.ConsentTimeout),
            new Sessions(Portal, options.Time),
            new AuthorizationAnswers(options, () => Issuer.OriginalString)
        );
        InteractiveEndpoints.Map(application, desk, consent);
        ErpApi.Map(application, desk, new ErpApi(Portal, options.Time, () => Issuer.OriginalString));
        Administration.Map(application.MapGroup("/_standin"), this);
    }

    private void MapClientEndpoints()
    {
        var rules = new TokenRules(Portal, authentication, new InteractiveRules(Portal, Grants));
        var tokens = new TokenEndpoint(rules, Portal, Ledger, options.Time, () => Issuer.OriginalString);
        var revocation = new RevocationEndpoint(authentication, Grants);
        application.Map("/connect/token", (HttpContext context) => ServeFormAsync(context, StandInEndpoint.Token, tokens.Process));
        application.Map("/connect/revocation", (HttpContext context) =>
            ServeFormAsync(context, StandInEndpoint.Revocation, form => revocation.Process(context.Request, form)));
    }

    private Task ServeMetadataAsync(HttpContext context) =>
        desk.ServeAsync(
            context,
            StandInEndpoint.Metadata,
            AskedFor.Nothing,
            () => Reply.Json(200, Bodies.OfMetadata(Issuer.OriginalString, Url, options), "served")
        );

    private async Task ServeFormAsync(HttpContext context, StandInEndpoint endpoint, Func<TokenForm, Reply> process)
    {
        var form = await TokenForm.ReadAsync(context.Request, context.RequestAborted);
        await desk.ServeAsync(context, endpoint, form.Asked, () => process(form));
    }
}
