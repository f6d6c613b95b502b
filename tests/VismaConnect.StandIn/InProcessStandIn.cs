using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace VismaConnect.StandIn;

/// <summary>
/// The stand-in's rules for codes and refresh tokens, without HTTP, pages and signatures: for simulations that make more requests than a
/// socket could carry. It decides by the same code as <see cref="VismaConnectStandIn"/>; a test holds the two against each other.
/// </summary>
public sealed class InProcessStandIn
{
    private readonly TimeProvider time;
    private readonly TokenRules rules;

    /// <summary>A provider with these clients, tenants and people.</summary>
    public InProcessStandIn(StandInOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        time = options.Time;
        var ledger = new Ledger(time, options.SecretsFile);
        Portal = new Portal(options, ledger);
        Grants = new IssuedGrants(time, ledger);
        rules = new TokenRules(Portal, new ClientAuthentication(Portal, time), new InteractiveRules(Portal, Grants));
    }

    /// <summary>Clients, tenants, people and lifetimes.</summary>
    public Portal Portal { get; }

    /// <summary>What people consented to, and the refresh tokens that came of it.</summary>
    public IssuedGrants Grants { get; }

    /// <summary>A person signs in and approves.</summary>
    /// <returns>The authorization code.</returns>
    public string Approve(InProcessConsent consent)
    {
        ArgumentNullException.ThrowIfNull(consent);
        var client =
            Portal.FindClient(consent.ClientId) ?? throw new ArgumentException($"There is no client {consent.ClientId}.", nameof(consent));
        var user =
            Portal.FindUser(consent.UserName)
            ?? throw new ArgumentException($"There is nobody called {consent.UserName}.", nameof(consent));
        var request = new AuthorizationRequest(client, consent.RedirectUri, State: null)
        {
            Scopes = consent.Scopes,
            Challenge = new CodeChallenge(consent.CodeChallenge, CodeChallenge.Sha256),
        };
        return Grants.IssueCode(new GrantTerms(request, new SignIn(user, consent.TenantId, time.GetUtcNow()))).Code;
    }

    /// <summary>The token endpoint.</summary>
    /// <param name="form">The fields of the form, client id and secret among them (<c>client_secret_post</c>).</param>
    public InProcessAnswer Ask(IReadOnlyDictionary<string, string> form)
    {
        ArgumentNullException.ThrowIfNull(form);
        var fields = new FormCollection(form.ToDictionary(field => field.Key, field => new StringValues(field.Value)));
        var asked = new AskedFor(
            form.GetValueOrDefault("client_id"),
            "client_secret_post",
            form.GetValueOrDefault("grant_type"),
            form.GetValueOrDefault("tenant_id"),
            []
        );
        return rules.Decide(new TokenForm(fields, asked, form.GetValueOrDefault("client_secret"))) switch
        {
            TokenDecision.Grant grant => new InProcessAnswer(Error: null, grant.Trace)
            {
                RefreshToken = grant.RefreshToken?.Value,
                Subject = grant.Terms?.Person.User.Subject,
                TenantId = grant.TenantId,
                Scopes = grant.Scopes,
                Lifetime = grant.Client.AccessTokenLifetime ?? Portal.AccessTokenLifetime,
            },
            TokenDecision.Refuse refuse => new InProcessAnswer(refuse.Error, refuse.Trace),
            _ => throw new InvalidOperationException("a decision without a meaning"),
        };
    }

    /// <summary>The revocation endpoint.</summary>
    /// <returns>What it did to a grant; null where the token is unknown or another client's.</returns>
    public GrantTrace? Revoke(string refreshToken, string clientId) =>
        Portal.FindClient(clientId) is { } client ? Grants.Revoke(refreshToken, client) : null;
}

/// <summary>What a person approves.</summary>
public sealed record InProcessConsent
{
    /// <summary>The application that asks.</summary>
    public required string ClientId { get; init; }

    /// <summary>Who approves.</summary>
    public required string UserName { get; init; }

    /// <summary>The company that the person chooses.</summary>
    public required string TenantId { get; init; }

    /// <summary>What is asked for.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Where the code is sent.</summary>
    public required string RedirectUri { get; init; }

    /// <summary>S256 challenge (RFC 7636).</summary>
    public required string CodeChallenge { get; init; }
}

/// <summary>The verdict on a token request.</summary>
/// <param name="Error">Why it was refused; null when it was granted.</param>
/// <param name="Trace">What it did to a grant; null where it concerned none.</param>
public sealed record InProcessAnswer(StandInError? Error, GrantTrace? Trace)
{
    /// <summary>The refresh token to use from now on; null when none was given.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>Claim <c>sub</c> of the access token.</summary>
    public string? Subject { get; init; }

    /// <summary>Claim <c>tenant_id</c> of the access token.</summary>
    public string? TenantId { get; init; }

    /// <summary>What was granted.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Lifetime of the access token.</summary>
    public TimeSpan Lifetime { get; init; }
}
