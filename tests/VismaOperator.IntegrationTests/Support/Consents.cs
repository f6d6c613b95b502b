using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Web;
using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>Connections that act for a person, each of a company of its own, so that a fault can be meant for one of them.</summary>
internal static class Consents
{
    public const string Person = "kari@acme.example";

    /// <summary>A client whose one-time tokens have a grace of a minute; <see cref="The.Client"/> has none.</summary>
    public const string GracefulClient = "acme-with-grace";

    /// <summary>
    /// A client without a grace. A token of it that is sent twice is refused, and nothing more; with <see cref="The.Client"/> that revokes
    /// its family.
    /// </summary>
    public const string LenientClient = "acme-without-revocation";

    private const string GracefulClientId = "isv_acme_with_grace";
    private const string LenientClientId = "isv_acme_without_revocation";
    private const string RedirectUri = "http://localhost:8888/";
    private const string Scope = "vismanet_erp_interactive_api:read";

    private static readonly CodeVerifier verifiers = new(RandomNumberGenerator.GetBytes);

    /// <summary>A provider with so many companies, for all of which the person may act.</summary>
    public static StandInOptions Provider(int tenants) => The.Provider with
    {
        Clients =
        [
            ClientOf(The.ClientId, new StandInRefreshTokens()),
            ClientOf(GracefulClientId, new StandInRefreshTokens { Grace = TimeSpan.FromMinutes(1) }),
            ClientOf(LenientClientId, new StandInRefreshTokens { RevokesFamilyOnReuse = false }),
        ],
        Tenants = [.. Enumerable.Range(0, tenants).Select(number => new StandInTenant(TenantOf(number)))],
        Users = [new StandInUser(Person, "sub-of-kari") { Tenants = [.. Enumerable.Range(0, tenants).Select(TenantOf)] }],
    };

    public static string TenantOf(int number) => $"2f5c8a54-51ab-4c5e-9d3a-{number:d12}";

    /// <summary>Credentials, and the clients with a grace and without one.</summary>
    public static async Task CreateClientsAsync(this Scene scene)
    {
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        await scene.CreateConsentClientAsync(GracefulClient);
    }

    /// <summary>One of the clients of this class.</summary>
    public static Task CreateConsentClientAsync(this Scene scene, string client)
    {
        var spec = The.ClientSpec(scene.Provider.Issuer.OriginalString);
        spec["clientID"] = IdOf(client);
        return scene.CreateClientAsync(spec, client);
    }

    /// <summary>The spec of a connection to a company.</summary>
    public static JsonObject Spec(int tenant, string client = The.Client) => new()
    {
        ["oauthClientRef"] = new JsonObject { ["name"] = client },
        ["tenantID"] = TenantOf(tenant),
        ["grant"] = "AuthorizationCode",
        ["scopes"] = new JsonArray(Scope),
    };

    /// <summary>The person consents, and the code is handed over as <c>connect</c> does.</summary>
    public static Task HandOverAsync(
        this Scene scene,
        int tenant,
        string name = The.Connection,
        string client = The.Client,
        TestNamespace? ns = null
    ) =>
        HandOverAsync(
            scene.Admin,
            scene.Provider,
            ns ?? scene.Home,
            name,
            new Consent(IdOf(client), TenantOf(tenant))
        );

    /// <summary>The same, with any provider.</summary>
    /// <returns>The code verifier.</returns>
    public static async Task<string> HandOverAsync(
        ApiClient admin,
        VismaConnectStandIn provider,
        TestNamespace home,
        string name,
        Consent consent
    )
    {
        var (code, verifier) = await ApproveAsync(provider, consent);
        var connection = (
            await admin.GetAsync(home.Of(The.Group, $"vismaconnections/{name}"), TestContext.Current.CancellationToken)
        ).Deserialize(VismaConnection.JsonTypeInfo)!;
        var asked = Grants.Handoff.AskedFor(connection, provider.Issuer, consent.ClientId);
        await admin.CreateAsync(
            home.Core("secrets"),
            Handoff(name, code, verifier, asked),
            TestContext.Current.CancellationToken
        );
        return verifier;
    }

    /// <summary>The person consents, and this is the file that <c>connect</c> leaves for local mode.</summary>
    public static async Task<JsonObject> HandoffFileAsync(VismaConnectStandIn provider, JsonObject connection, Consent consent)
    {
        var (code, verifier) = await ApproveAsync(provider, consent);
        var asked = Grants.Handoff.AskedFor(connection.Deserialize(VismaConnection.JsonTypeInfo)!, provider.Issuer, consent.ClientId);
        var file = Handoff((string)connection["metadata"]!["name"]!, code, verifier, asked);
        var data = new JsonObject();
        foreach (var (key, value) in file["stringData"]!.AsObject())
        {
            data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes((string)value!));
        }

        file["data"] = data;
        file.Remove("stringData");
        return file;
    }

    private static async Task<(string Code, string Verifier)> ApproveAsync(VismaConnectStandIn provider, Consent consent)
    {
        var verifier = verifiers.New();
        var url = new AuthorizationRequest(
            provider.AuthorizationEndpoint,
            consent.ClientId,
            new Uri(RedirectUri),
            [Scope, VismaConnectionSpec.OfflineAccess],
            Sensitive.From("a-state-of-this-test"),
            CodeVerifier.ChallengeOf(verifier)).ToUri();
        var back = await provider.ApproveAsync(url, Person, consent.TenantId, TestContext.Current.CancellationToken);
        return (HttpUtility.ParseQueryString(back.Query)["code"]!, verifier.Reveal());
    }

    /// <summary>Path of the Secret that a grant is kept in.</summary>
    public static string GrantPath(this Scene scene, string name = The.Connection) =>
        scene.SecretPath(name + AuthorizationSpec.GrantSecretSuffix);

    /// <summary>The family that the stored refresh token belongs to.</summary>
    public static async Task<GrantFamily> FamilyAsync(this Scene scene, string name = The.Connection) =>
        scene.Provider.Grants.FamilyOf(
            (await scene.Admin.GetAsync(scene.GrantPath(name), TestContext.Current.CancellationToken)).Value("refresh_token")
        )!;

    /// <summary>Waits until the connection is Ready by a grant that is in use, without an open exchange.</summary>
    public static async Task UntilServedAsync(this Scene scene, string name = The.Connection)
    {
        await scene.UntilReadyAsync(name);
        await scene.UntilAsync(
            scene.ConnectionPath(name),
            "the grant to be in use",
            node => node.Condition("Authorized")?.Status == "True" && node.Condition("Stalled") is null
        );
        await scene.UntilAsync(scene.GrantPath(name), "no exchange to stand open", grant => grant["data"]?["intent_id"] is null);
    }

    private static string IdOf(string client) => client switch
    {
        GracefulClient => GracefulClientId,
        LenientClient => LenientClientId,
        _ => The.ClientId,
    };

    private static StandInClient ClientOf(string id, StandInRefreshTokens tokens) =>
        new(id)
        {
            Secrets = [new StandInSecret(The.ClientSecret)],
            AllowedScopes = ErpScopes.Interactive,
            AllowedGrants = StandInClient.InteractiveGrants,
            AllowOfflineAccess = true,
            RedirectUris = [RedirectUri, PageConsents.RedirectUri],
            RefreshTokens = tokens with { Usage = RefreshTokenUsage.OneTime },
        };

    private static JsonObject Handoff(string connection, string code, string verifier, string asked) =>
        new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = connection + AuthorizationSpec.HandoffSecretSuffix,
                ["labels"] = new JsonObject { [VismaNames.SecretLabel] = VismaNames.HandoffSecretValue },
                ["annotations"] = new JsonObject { [VismaNames.ConnectionAnnotation] = connection },
            },
            ["type"] = VismaNames.HandoffSecretType,
            ["stringData"] = new JsonObject
            {
                ["code"] = code,
                ["code_verifier"] = verifier,
                ["redirect_uri"] = RedirectUri,
                ["asked"] = asked,
            },
        };

    /// <summary>What a person consents to.</summary>
    /// <param name="ClientId">The application.</param>
    /// <param name="TenantId">The company.</param>
    internal sealed record Consent(string ClientId, string TenantId);
}
