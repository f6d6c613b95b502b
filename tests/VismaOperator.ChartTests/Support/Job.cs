using System.Net;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests.Support;

/// <summary>The main job from end to end, with every kind of request that the operator ever sends: a connection that uses a client of
/// another namespace, allowed by label; a Secret that is tampered with; a link to the consent pages; a person's consent that is handed over
/// and becomes a grant; an allowance that is withdrawn.</summary>
internal sealed class Job(ChartScene scene)
{
    private const string Group = "visma-operator.io/v1";
    public const string ClientId = "isv_acme";
    public const string ClientSecret = "shown-once-by-the-portal";
    public const string Tenant = "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11";

    public static StandInOptions Provider { get; } = new()
    {
        Clients = [PersonsConsent.Interactive(new StandInClient(ClientId) { Secrets = [new StandInSecret(ClientSecret)] })],
        Tenants = [new StandInTenant(Tenant)],
        Users = [PersonsConsent.UserFor(Tenant)],
    };

    private string ClientPath => scene.Clients.Of(Group, "oauthclients/acme");

    private string ConnectionPath => scene.Customer.Of(Group, "vismaconnections/acme");

    private string SecretPath => scene.Customer.Core("secrets/acme-token");

    /// <summary>Does the job and checks each step.</summary>
    public async Task DoAsync(CancellationToken cancellationToken)
    {
        await ApplyAsync(cancellationToken);
        await UntilAsync(ConnectionPath, "the connection to be Ready", node => Ready(node) == "True", cancellationToken);
        await UntilAsync(ClientPath, "the client to be Ready", node => Ready(node) == "True", cancellationToken);

        var published = (await scene.Admin.GetAsync(SecretPath, cancellationToken))["data"]!["access_token"]!.GetValue<string>();
        await scene.Admin.PatchAsync(SecretPath, JsonNode.Parse("""{"data": {"base_url": "dGFtcGVyZWQ="}}""")!, cancellationToken);
        await UntilAsync(
            SecretPath,
            "the Secret to be healed",
            node => node["data"]!["base_url"]!.GetValue<string>() != "dGFtcGVyZWQ=",
            cancellationToken
        );
        Assert.Equal(published, (await scene.Admin.GetAsync(SecretPath, cancellationToken))["data"]!["access_token"]!.GetValue<string>());
        Assert.Single(scene.Provider.Ledger.TokenRequests);

        await OpenConsentPagesAsync(cancellationToken);
        await CreateConnectionAsync(
            "person",
            $$""", "grant": "AuthorizationCode", "scopes": ["{{PersonsConsent.Scope}}"]""",
            cancellationToken
        );
        await new PersonsConsent(scene.Admin, scene.Provider).GiveAsync(scene.Customer.Name, "person", ClientId, Tenant);
        await UntilAsync(
            scene.Customer.Of(Group, "vismaconnections/person"),
            "the person's connection to be Ready",
            node => Ready(node) == "True",
            cancellationToken
        );
        Assert.NotNull(await scene.Admin.FindAsync(scene.Customer.Core("secrets/person-visma-grant"), cancellationToken));
        Assert.Null(await scene.Admin.FindAsync(scene.Customer.Core("secrets/person-visma-handoff"), cancellationToken));

        await scene.Admin.PatchAsync(
            ClientPath,
            JsonNode.Parse("""{"spec": {"allowedNamespaces": {"from": "Same", "selector": null}}}""")!,
            cancellationToken
        );
        await Eventually.BecomesTrueAsync(
            "the Secret to be gone",
            async token => await scene.Admin.FindAsync(SecretPath, token) is null,
            cancellationToken
        );
    }

    // A link that the replica's cache does not know may be newer than the cache: the connection is read as it is now, before the person is
    // turned away. On that port there is nothing else.
    private async Task OpenConsentPagesAsync(CancellationToken cancellationToken)
    {
        using var connections = new SocketsHttpHandler();
        using var browser = new HttpClient(connections);
        foreach (var path in new[] { $"/connect/{scene.Customer.Name}/acme?start=of-yesterday", "/metrics", "/readyz", "/livez" })
        {
            var answer = await browser.GetAsync(new Uri(scene.Pages, path), cancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    private async Task ApplyAsync(CancellationToken cancellationToken)
    {
        await scene.Admin.CreateAsync(
            scene.Clients.Core("secrets"),
            JsonNode.Parse($$"""{"metadata": {"name": "credentials"}, "stringData": {"clientSecret": "{{ClientSecret}}"} }""")!,
            cancellationToken
        );
        await scene.Admin.CreateAsync(
            scene.Clients.Of(Group, "oauthclients"),
            Resource(
                "OAuthClient",
                "acme",
                $$"""
                {"issuer": "{{scene.Provider.Issuer.OriginalString}}", "clientID": "{{ClientId}}", "clientSecrets": [{"secretKeyRef": {"name": "credentials", "key": "clientSecret"} }],
                 "allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"erp": "yes"} } } }
                """
            ),
            cancellationToken
        );
        await CreateConnectionAsync("acme", """, "scopes": ["vismanet_erp_service_api:read"]""", cancellationToken);
    }

    private Task CreateConnectionAsync(string name, string more, CancellationToken cancellationToken) =>
        scene.Admin.CreateAsync(scene.Customer.Of(Group, "vismaconnections"), Resource("VismaConnection", name, $$"""
            {"oauthClientRef": {"name": "acme", "namespace": "{{scene.Clients.Name}}"}, "tenantID": "{{Tenant}}"{{more}} }
            """), cancellationToken);

    private static JsonNode Resource(string kind, string name, string spec) =>
        JsonNode.Parse($$"""{"apiVersion": "{{Group}}", "kind": "{{kind}}", "metadata": {"name": "{{name}}"}, "spec": {{spec}} }""")!;

    private static string? Ready(JsonNode resource) =>
        (resource["status"]?["conditions"]?.AsArray() ?? [])
            .Where(condition => condition!["type"]!.GetValue<string>() == "Ready")
            .Select(condition => condition!["status"]!.GetValue<string>())
            .FirstOrDefault();

    private async Task UntilAsync(string path, string expectation, Func<JsonNode, bool> isWanted, CancellationToken cancellationToken)
    {
        JsonNode? last = null;
        try
        {
            await Eventually.BecomesTrueAsync(
                expectation,
                async token => (last = await scene.Admin.FindAsync(path, token)) is not null && isWanted(last),
                cancellationToken
            );
        }
        catch (TimeoutException timeout)
        {
            throw new TimeoutException($"{timeout.Message}\nIt was: {last?.ToJsonString()}\nThe operator said:\n{scene.Log()}", timeout);
        }
    }
}
