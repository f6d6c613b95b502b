using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Web;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests.Support;

/// <summary>
/// A person's consent for interactive connections: given at the stand-in, and handed over in a Secret as <c>connect</c> does.
/// </summary>
/// <param name="admin">Who may create the Secret.</param>
/// <param name="provider">The stand-in.</param>
internal sealed class PersonsConsent(ApiClient admin, VismaConnectStandIn provider)
{
    public const string Scope = "vismanet_erp_interactive_api:read";
    /// <summary>Who consents.</summary>
    public const string Person = "kari@acme.example";
    private const string RedirectUri = "http://127.0.0.1:8888/callback";
    private const string Verifier = "a-verifier-of-this-test-that-has-at-least-43-characters";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The person who consents, for one company.</summary>
    public static StandInUser UserFor(string tenant) => new(Person, "sub-of-kari") { Tenants = [tenant] };

    /// <summary>The application, as one that people may consent to as well.</summary>
    public static StandInClient Interactive(StandInClient client) => client with
    {
        AllowedScopes = [.. ErpScopes.Service, .. ErpScopes.Interactive],
        AllowedGrants = ["client_credentials", .. StandInClient.InteractiveGrants],
        AllowOfflineAccess = true,
        RedirectUris = [RedirectUri],
    };

    /// <summary>
    /// A provider of one company and one application, at which the person may consent, and which sends the browser back there.
    /// </summary>
    public static StandInOptions Interactive(StandInOptions provider, string redirectUri) => provider with
    {
        Clients = [Interactive(provider.Clients.Single()) with { RedirectUris = [redirectUri] }],
        Users = [UserFor(provider.Tenants.Single().TenantId)],
    };

    /// <summary>Consents for a connection; the answer is what the stand-in calls the grant.</summary>
    public async Task<string> GiveAsync(string ns, string connection, string clientId, string tenant)
    {
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
        var query =
            $"response_type=code&client_id={clientId}&redirect_uri={Uri.EscapeDataString(RedirectUri)}"
            + $"&scope={Uri.EscapeDataString($"{Scope} offline_access")}"
            + $"&state=of-this-test&code_challenge={challenge}&code_challenge_method=S256";
        var back = await provider.ApproveAsync(new Uri($"{provider.AuthorizationEndpoint}?{query}"), Person, tenant, Ct);
        var family = provider.Grants.Families[^1].Id;
        var asking = (await admin.GetAsync($"/apis/visma-operator.io/v1/namespaces/{ns}/vismaconnections/{connection}", Ct)).Deserialize(
            VismaConnection.JsonTypeInfo
        )!;
        var handOff = HandOff(
            connection,
            HttpUtility.ParseQueryString(back.Query)["code"]!,
            Handoff.AskedFor(asking, provider.Issuer, clientId)
        );
        await admin.CreateAsync($"/api/v1/namespaces/{ns}/secrets", handOff, Ct);
        return family;
    }

    private static JsonObject HandOff(string connection, string code, string asked) =>
        new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{connection}-visma-handoff",
                ["labels"] = new JsonObject { ["visma-operator.io/secret"] = "handoff" },
                ["annotations"] = new JsonObject { ["visma-operator.io/connection"] = connection },
            },
            ["type"] = "visma-operator.io/handoff",
            ["stringData"] = new JsonObject
            {
                ["code"] = code,
                ["code_verifier"] = Verifier,
                ["redirect_uri"] = RedirectUri,
                ["asked"] = asked,
            },
        };
}
