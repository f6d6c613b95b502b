using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests.Support;

/// <summary>A namespace of somebody who uses the operator: credentials, a client, connections and their outcome.</summary>
/// <param name="admin">Who may create everything.</param>
/// <param name="provider">The stand-in of Visma Connect.</param>
/// <param name="name">The namespace.</param>
internal sealed class Tenancy(ApiClient admin, VismaConnectStandIn provider, string name)
{
    private const string Group = "/apis/visma-operator.io/v1";
    private const string Tenant = "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11";

    public string Name => name;

    public VismaConnectStandIn Provider => provider;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public string ConnectionPath(string connection) => $"{Group}/namespaces/{name}/vismaconnections/{connection}";

    public string GrantPath(string connection) => $"/api/v1/namespaces/{name}/secrets/{connection}-visma-grant";

    public string SecretPath(string connection) => $"/api/v1/namespaces/{name}/secrets/{connection}-token";

    /// <summary>Credentials and the client <c>acme</c>, once the API server takes our kinds.</summary>
    public async Task CreateClientAsync()
    {
        await KnowsOurKindsAsync();
        await admin.CreateAsync(
            $"/api/v1/namespaces/{name}/secrets",
            JsonNode.Parse($$"""{"metadata": {"name": "credentials"}, "stringData": {"clientSecret": "{{Job.ClientSecret}}"} }""")!,
            Ct
        );
        await admin.CreateAsync(
            $"{Group}/namespaces/{name}/oauthclients",
            Resource(
                "OAuthClient",
                "acme",
                $$"""
                {"issuer": "{{provider.Issuer.OriginalString}}", "clientID": "{{Job.ClientId}}", "clientSecrets": [{"secretKeyRef": {"name": "credentials", "key": "clientSecret"} }] }
                """
            ),
            Ct
        );
    }

    /// <summary>A connection with that client.</summary>
    /// <param name="connection">Its name.</param>
    /// <param name="more">Further members of the spec, with a comma in front.</param>
    public Task<JsonNode> CreateConnectionAsync(string connection, string more = "") =>
        CreateAsync(connection, "vismanet_erp_service_api:read", more);

    /// <summary>
    /// An interactive connection with that client, a person's consent, and the token; the answer is what the stand-in calls the grant.
    /// </summary>
    public async Task<string> CreateConsentedAsync(string connection)
    {
        await CreateAsync(connection, PersonsConsent.Scope, """, "grant": "AuthorizationCode" """);
        await UntilAsync(connection, "AwaitingConsent");
        var family = await new PersonsConsent(admin, provider).GiveAsync(name, connection, Job.ClientId, Tenant);
        await UntilAsync(connection, "TokenValid");
        return family;
    }

    /// <summary>Waits until a connection's condition Ready has this reason.</summary>
    public Task<JsonNode> UntilAsync(string connection, string reason) => Eventually.GetAsync(
        $"{name}/{connection} to be {reason}",
        async token => await admin.FindAsync(ConnectionPath(connection), token) is { } found && ReasonOf(found) == reason ? found : null,
        Ct);

    /// <summary>Asks for a token now and waits until it is there.</summary>
    public async Task RefreshAsync(string connection)
    {
        await admin.PatchAsync(
            ConnectionPath(connection),
            JsonNode.Parse("""{"metadata": {"annotations": {"visma-operator.io/requestedAt": "now"}}}""")!,
            Ct
        );
        await Eventually.BecomesTrueAsync(
            "the refresh",
            async token =>
                (await admin.FindAsync(ConnectionPath(connection), token))?["status"]?["lastHandledReconcileAt"]?.GetValue<string>()
                == "now",
            Ct
        );
    }

    /// <summary>The connections and the Secrets, each with its version: what an upgrade must not change.</summary>
    public async Task<IReadOnlyList<string>> VersionsAsync()
    {
        var versions = new List<string>();
        foreach (
            var collection in new[]
            {
                $"{Group}/namespaces/{name}/vismaconnections",
                $"{Group}/namespaces/{name}/oauthclients",
                $"/api/v1/namespaces/{name}/secrets",
            }
        )
        {
            var list = await admin.GetAsync(collection, Ct);
            versions.AddRange(
                list["items"]!
                    .AsArray()
                    .Select(item =>
                        $"{collection}/{item!["metadata"]!["name"]} {item["metadata"]!["uid"]} {item["metadata"]!["resourceVersion"]}"
                    )
            );
        }

        return versions;
    }

    private async Task<JsonNode> CreateAsync(string connection, string scope, string more)
    {
        await KnowsOurKindsAsync();
        return await admin.CreateAsync($"{Group}/namespaces/{name}/vismaconnections", Resource("VismaConnection", connection, $$"""
            {"oauthClientRef": {"name": "acme"}, "tenantID": "{{Tenant}}", "scopes": ["{{scope}}"]{{more}} }
            """), Ct);
    }

    private Task KnowsOurKindsAsync() =>
        Eventually.BecomesTrueAsync(
            "the API server to take our kinds",
            async token =>
                await admin.FindAsync($"{Group}/namespaces/{name}/vismaconnections", token) is not null
                && await admin.FindAsync($"{Group}/namespaces/{name}/oauthclients", token) is not null,
            Ct
        );

    private static JsonNode Resource(string kind, string resource, string spec) =>
        JsonNode.Parse(
            $$"""{"apiVersion": "visma-operator.io/v1", "kind": "{{kind}}", "metadata": {"name": "{{resource}}"}, "spec": {{spec}} }"""
        )!;

    private static string? ReasonOf(JsonNode connection) =>
        (connection["status"]?["conditions"]?.AsArray() ?? [])
            .Where(condition => condition!["type"]!.GetValue<string>() == "Ready")
            .Select(condition => condition!["reason"]!.GetValue<string>())
            .FirstOrDefault();
}
