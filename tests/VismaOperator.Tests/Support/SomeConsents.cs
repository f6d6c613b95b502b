using Kubernetes.Client.Resources;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Grants;

namespace VismaOperator.Tests.Support;

/// <summary>People who consent, and the codes that their consents give.</summary>
internal static class SomeConsents
{
    public const string Person = "kari@acme.example";
    public const string PersonSubject = "8f0e-kari";
    public const string RedirectUri = "http://localhost:8888/";

    public static readonly IReadOnlyList<string> InteractiveScopes = ["vismanet_erp_interactive_api:read"];

    private static readonly CodeVerifier verifiers = new(System.Security.Cryptography.RandomNumberGenerator.GetBytes);

    /// <summary>A connection that acts for a person.</summary>
    public static VismaConnection InteractiveConnection(string name = Some.Connection, string ns = Some.Namespace) =>
        Some.VismaConnection(name, ns) with
        {
            Spec = Some.VismaConnection(name, ns).Spec with { Grant = Grant.AuthorizationCode, Scopes = InteractiveScopes },
        };

    /// <summary>Lets the provider know the person and what the application may do for her.</summary>
    public static void AllowInteractive(
        this VismaConnectStandIn provider,
        StandInRefreshTokens? refreshTokens = null,
        params IReadOnlyList<string> redirectUris
    )
    {
        provider.Portal.Set(new StandInUser(Person, PersonSubject) { Tenants = [Some.Tenant, Some.OtherTenant] });
        provider.Portal.Set(provider.Portal.FindClient(Some.ClientId)! with
        {
            AllowedScopes = [.. ErpScopes.Service, .. ErpScopes.Interactive],
            AllowedGrants = ["client_credentials", .. StandInClient.InteractiveGrants],
            AllowOfflineAccess = true,
            RedirectUris = [RedirectUri, .. redirectUris],
            RefreshTokens = refreshTokens ?? new StandInRefreshTokens { Usage = RefreshTokenUsage.OneTime },
        });
    }

    /// <summary>An operator whose connection a person is to consent to.</summary>
    public static async Task<TestOperator> StartInteractiveAsync(
        StandInRefreshTokens? refreshTokens = null,
        Action<TestOperator>? prepare = null
    )
    {
        var test = await TestOperator.StartAsync(prepare);
        test.Provider.AllowInteractive(refreshTokens);
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.UntilSeenAsync(); // else the connection may be seen before its client, which is told as a problem
        await test.ApplyAsync(InteractiveConnection());
        await test.UntilIdleAsync();
        return test;
    }

    /// <summary>An operator whose connection a person has consented to.</summary>
    public static async Task<TestOperator> StartConsentedAsync(
        StandInRefreshTokens? refreshTokens = null,
        Action<TestOperator>? prepare = null
    )
    {
        var test = await StartInteractiveAsync(refreshTokens, prepare);
        await test.HandOverAsync();
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        return test;
    }

    /// <summary>Has the person consent, and hands the code over as <c>connect</c> does.</summary>
    /// <param name="test">The operator.</param>
    /// <param name="tenant">The company that the person chooses; null for the usual one.</param>
    /// <param name="name">The connection.</param>
    /// <param name="scopes">What the provider was asked for; null for what the connection asks for.</param>
    /// <param name="clientId">The client that asked.</param>
    public static async Task HandOverAsync(
        this TestOperator test,
        string? tenant = null,
        string name = Some.Connection,
        IReadOnlyList<string>? scopes = null,
        string clientId = Some.ClientId
    )
    {
        var verifier = verifiers.New();
        var url = new AuthorizationRequest(
            new Uri(test.Provider.Url, "/connect/authorize"),
            clientId,
            new Uri(RedirectUri),
            [.. scopes ?? InteractiveScopes, VismaConnectionSpec.OfflineAccess],
            Sensitive.From("a-state-of-this-test"),
            CodeVerifier.ChallengeOf(verifier)).ToUri();
        var back = await test.Provider.ApproveAsync(url, Person, tenant ?? Some.Tenant, TestContext.Current.CancellationToken);
        var query = System.Web.HttpUtility.ParseQueryString(back.Query);
        var handoff = Handoff(name, query["code"]!, verifier.Reveal(), test.Time.GetUtcNow().AddMinutes(5));
        await test.ApplyAsync(
            handoff.Asking(Grants.Handoff.AskedFor(await test.ConnectionAsync(name), test.Provider.Issuer, clientId))
        );
    }

    /// <summary>The Secret that hands a code over.</summary>
    public static Secret Handoff(string connection, string code, string verifier, DateTimeOffset expiresAt) => new()
    {
        Metadata = new ObjectMeta
        {
            Name = connection + AuthorizationSpec.HandoffSecretSuffix,
            Namespace = Some.Namespace,
            Labels = new Dictionary<string, string> { [VismaNames.SecretLabel] = VismaNames.HandoffSecretValue },
            Annotations = new Dictionary<string, string> { [VismaNames.ConnectionAnnotation] = connection },
        },
        Type = VismaNames.HandoffSecretType,
        Data = new SecretText()
            .Set(HandoffRedeemer.Code, code)
            .Set(HandoffRedeemer.CodeVerifier, verifier)
            .Set(HandoffRedeemer.RedirectUri, RedirectUri)
            .Set(HandoffRedeemer.ExpiresAt, expiresAt).Data,
    };

    /// <summary>The same, with what the person was asked for; null leaves it out.</summary>
    public static Secret Asking(this Secret handoff, string? asked) =>
        handoff with
        {
            Data = new SecretText(handoff.Data).Set(HandoffRedeemer.Asked, asked).Data,
        };

    /// <summary>What is stored of the grant; null when its Secret is gone.</summary>
    public static async Task<GrantDocument?> GrantAsync(this TestOperator test, string name = Some.Connection) =>
        await test.FindAsync<Secret>(name + AuthorizationSpec.GrantSecretSuffix) is { } secret ? GrantSecret.Read(secret) : null;

    /// <summary>The family that the stored refresh token belongs to.</summary>
    public static async Task<GrantFamily> FamilyAsync(this TestOperator test) =>
        test.Provider.Grants.FamilyOf((await test.GrantAsync())!.Held!.RefreshToken.Reveal())!;
}
