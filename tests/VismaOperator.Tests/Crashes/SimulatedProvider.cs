using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Crashes;

/// <summary>
/// The provider of a simulation: the stand-in's own rules, called without HTTP, with requests and answers of the OAuth project.
/// </summary>
internal sealed class SimulatedProvider
{
    public static readonly Uri Issuer = new("https://connect.example.com");
    public static readonly TimeSpan AccessTokenLifetime = TimeSpan.FromHours(1);

    private static readonly CodeVerifier verifiers = new(RandomNumberGenerator.GetBytes);

    private readonly InProcessStandIn standIn;
    private long accessTokens;

    public SimulatedProvider(TimeProvider time, StandInRefreshTokens refreshTokens) => standIn = new InProcessStandIn(new StandInOptions
    {
        Time = time,
        AccessTokenLifetime = AccessTokenLifetime,
        Tenants = [new StandInTenant(Some.Tenant)],
        Users = [new StandInUser(SomeConsents.Person, SomeConsents.PersonSubject) { Tenants = [Some.Tenant] }],
        Clients =
        [
            new StandInClient(Some.ClientId)
            {
                Secrets = [new StandInSecret(Some.ClientSecret)],
                AllowedScopes = ErpScopes.Interactive,
                AllowedGrants = StandInClient.InteractiveGrants,
                AllowOfflineAccess = true,
                RedirectUris = [SomeConsents.RedirectUri],
                RefreshTokens = refreshTokens,
            },
        ],
    });

    public IssuedGrants Grants => standIn.Grants;

    /// <summary>What goes wrong with the next token request.</summary>
    public ProviderTrouble? Next { get; set; }

    /// <summary>A person consents.</summary>
    public ConsentCode Consent()
    {
        var verifier = verifiers.New();
        var code = standIn.Approve(new InProcessConsent
        {
            ClientId = Some.ClientId,
            UserName = SomeConsents.Person,
            TenantId = Some.Tenant,
            Scopes = [.. SomeConsents.InteractiveScopes, VismaConnectionSpec.OfflineAccess],
            RedirectUri = SomeConsents.RedirectUri,
            CodeChallenge = CodeVerifier.ChallengeOf(verifier),
        });
        return new ConsentCode(Sensitive.From(code), verifier, new Uri(SomeConsents.RedirectUri));
    }

    /// <summary>Carries a request out.</summary>
    public (TokenOutcome Outcome, GrantTrace? Trace) Process(ClientCredentials client, TokenRequest request)
    {
        var answer = standIn.Ask(FormOf(client, request));
        return (answer.Error is { } error
            ? new TokenOutcome.Refused(error.Code, error.Description, HttpStatusCode.BadRequest, RetryAfter: null)
            : new TokenOutcome.Granted(TokensOf(answer)), answer.Trace);
    }

    /// <summary>Revokes.</summary>
    public GrantTrace? Revoke(ClientCredentials client, Sensitive token) => standIn.Revoke(token.Reveal(), client.ClientId);

    private static Dictionary<string, string> FormOf(ClientCredentials client, TokenRequest request)
    {
        var (own, extra) = request switch
        {
            TokenRequest.RefreshTokenGrant refresh => (
                (Dictionary<string, string>)new() { ["refresh_token"] = refresh.RefreshToken.Reveal() },
                refresh.ExtraParameters
            ),
            TokenRequest.AuthorizationCodeGrant code => (
                new()
                {
                    ["code"] = code.Code.Reveal(),
                    ["code_verifier"] = code.CodeVerifier.Reveal(),
                    ["redirect_uri"] = code.RedirectUri.OriginalString,
                },
                code.ExtraParameters
            ),
            _ => throw new InvalidOperationException($"No schedule asks with {request.GrantType}."),
        };
        foreach (var (name, value) in extra)
        {
            own[name] = value;
        }

        own["grant_type"] = request.GrantType;
        own["client_id"] = client.ClientId;
        own["client_secret"] = client.ClientSecret.Reveal();
        return own;
    }

    // Not signed: nobody in the simulation verifies, and a signature takes longer than everything else.
    private TokenSet TokensOf(InProcessAnswer answer)
    {
        var claims = $$"""{"sub":"{{answer.Subject}}","tenant_id":"{{answer.TenantId}}","jti":"{{++accessTokens}}"}""";
        var token = $"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims))}.unsigned";
        return new TokenSet(
            Sensitive.From(token),
            "Bearer",
            answer.Lifetime,
            answer.Scopes,
            answer.RefreshToken is { } refresh ? Sensitive.From(refresh) : null,
            RefreshTokenLifetime: null
        );
    }
}

/// <summary>Something that goes wrong between a process and the provider.</summary>
internal abstract record ProviderTrouble
{
    private ProviderTrouble()
    {
    }

    /// <summary>503; nothing is processed.</summary>
    public sealed record Unavailable : ProviderTrouble;

    /// <summary>The connection breaks before anything is processed.</summary>
    public sealed record CutBefore : ProviderTrouble;

    /// <summary>The request is processed, and the connection breaks before the answer.</summary>
    public sealed record CutAfter : ProviderTrouble;

    /// <summary>The request is processed at once, and the answer takes so long.</summary>
    public sealed record SlowAnswer(TimeSpan By) : ProviderTrouble;

    /// <summary>The request is processed after so long, whether or not anybody still waits.</summary>
    public sealed record LateProcessing(TimeSpan By) : ProviderTrouble;
}
