using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>
/// Brings objects into every state with a real operator on a real API server, and shows that Argo CD's script judges them as expected.
/// <c>WRITE_RECORDINGS=1</c> also writes them to <c>recorded/</c>.
/// </summary>
public sealed class RecordingTests(ApiServerFixture fixture)
{
    private const string Tenant = "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11";
    private const string OutageTenant = "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f12";
    private const string LeavingTenant = "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f13";
    private const string SparingTenant = "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f14";
    private const string Group = "visma-operator.io/v1";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_state_can_be_reached_and_is_judged_right()
    {
        await using var scene = await ChartScene.InstallAsync(fixture.Server, Mode.Namespaces);
        var recorder = new Recorder(scene);
        await PrepareAsync(scene);
        scene.Start();

        await CreateAsync(scene, recorder);
        await recorder.TakeAsync("connection-client-missing", node => Is(node, "Reconciling"));
        await recorder.TakeAsync("client-secret-missing", node => Is(node, "Reconciling"));
        await recorder.TakeAsync("client-provider-away", node => Is(node, "Reconciling"));
        await recorder.TakeAsync("connection-provider-away", node => Is(node, "Reconciling"));
        await recorder.TakeAsync("connection-awaiting-consent", node => Is(node, "Reconciling"));
        foreach (
            var ready in new[]
            {
                "connection-ready",
                "connection-outage",
                "connection-renewal-refused",
                "connection-expired",
                "connection-suspended-with-token",
                "client-ready",
            }
        )
        {
            await recorder.TakeAsync(ready, node => Is(node, "Ready"));
        }

        foreach (
            var refused in new[]
            {
                "connection-tenant-refused",
                "connection-scope-refused",
                "connection-api-host-not-allowed",
                "connection-secret-not-owned",
                "client-refused",
            }
        )
        {
            await recorder.TakeAsync(refused, node => Is(node, "Stalled"));
        }

        await recorder.SuspendAsync("connection-suspended-with-token");
        await recorder.TakeAsync("connection-suspended-with-token", node => Is(node, "Ready") && IsSeen(node));
        await recorder.TakeAsync("connection-scopes-missing", node => Is(node, "Ready") && Status(node, "ScopesGranted") == "False");
        await recorder.TakeAsync("client-secret-expiring", node => Is(node, "Ready") && Is(node, "SecretExpiring"));
        await recorder.TakeAsync("connection-suspended", node => Reason(node, "Ready") == "Suspended");
        await ConsentAsync(scene, recorder);
        await RunIntoTroubleAsync(scene, recorder);
        await recorder.TakeAsync("connection-secret-missing", node => Is(node, "Stalled")); // which takes a minute
        await scene.StopAsync();
        await LeaveUnseenAsync(scene, recorder);

        await recorder.JudgeAsync();
    }

    private static async Task PrepareAsync(ChartScene scene)
    {
        scene.Provider.Portal.Set(new StandInTenant(OutageTenant));
        scene.Provider.Portal.Set(new StandInTenant(LeavingTenant));
        scene.Provider.Portal.Set(new StandInTenant(SparingTenant));
        scene.Provider.Faults.Always(
            new Fault.Answer(
                200,
                """{"access_token": "part-of-what-was-asked", "token_type": "Bearer", "expires_in": 3600, "scope": "vismanet_erp_service_api:read"}""",
                "application/json",
                new Dictionary<string, string>()
            ),
            tenantId: SparingTenant
        );
        scene.Provider.Portal.Set(
            PersonsConsent.Interactive(
                new StandInClient("isv_brief")
                {
                    Secrets = [new StandInSecret("brief-secret")],
                    AccessTokenLifetime = TimeSpan.FromSeconds(8),
                }
            )
        );
        await SecretAsync(scene, "credentials", "clientSecret", Job.ClientSecret);
        await SecretAsync(scene, "brief-credentials", "clientSecret", "brief-secret");
        await SecretAsync(scene, "wrong-credentials", "clientSecret", "not-what-the-portal-showed");
        await SecretAsync(scene, "somebody-elses", "key", "value");
    }

    private static Task SecretAsync(ChartScene scene, string name, string key, string value) =>
        scene.Admin.CreateAsync(
            scene.Clients.Core("secrets"),
            JsonNode.Parse($$"""{"metadata": {"name": "{{name}}"}, "stringData": {"{{key}}": "{{value}}"} }""")!,
            Ct
        );

    private static async Task CreateAsync(ChartScene scene, Recorder recorder)
    {
        await recorder.ClientAsync("client-ready", Job.ClientId, "credentials");
        await recorder.ClientAsync("client-refused", Job.ClientId, "wrong-credentials");
        await recorder.ClientAsync("client-secret-missing", Job.ClientId, "never-created");
        await recorder.ClientAsync(
            "client-secret-expiring",
            Job.ClientId,
            "credentials",
            more: $""", "expirationTime": "{TimeProvider.System.GetUtcNow().AddDays(10):yyyy-MM-ddTHH:mm:ssZ}" """
        );
        await recorder.ClientAsync("client-provider-away", Job.ClientId, "credentials", scene.AwayIssuer);
        await recorder.ClientAsync("client-brief", "isv_brief", "brief-credentials");
        await recorder.ConnectionAsync("connection-ready", Tenant);
        await recorder.ConnectionAsync("connection-suspended-with-token", Tenant);
        await recorder.ConnectionAsync("connection-outage", OutageTenant);
        await recorder.ConnectionAsync("connection-renewal-refused", LeavingTenant);
        await recorder.ConnectionAsync(
            "connection-expired",
            OutageTenant,
            client: "client-brief",
            more: """, "refresh": {"minRemainingValidity": "1s", "renewBefore": "1s"}"""
        );
        await recorder.ConnectionAsync("connection-tenant-refused", "0badf00d-0000-4000-8000-00000000dead");
        await recorder.ConnectionAsync("connection-scope-refused", Tenant, scope: "vismanet_erp_service_api:no_such");
        await recorder.ConnectionAsync("connection-api-host-not-allowed", Tenant, more: """, "baseURL": "https://erp.example.com/v1" """);
        await recorder.ConnectionAsync("connection-secret-not-owned", Tenant, more: """, "secret": {"name": "somebody-elses"}""");
        await recorder.ConnectionAsync(
            "connection-scopes-missing",
            SparingTenant,
            scope: "vismanet_erp_service_api:read vismanet_erp_service_api:create"
        );
        await recorder.ConnectionAsync("connection-secret-missing", Tenant, client: "client-secret-missing");
        await recorder.ConnectionAsync("connection-provider-away", Tenant, client: "client-provider-away");
        await recorder.ConnectionAsync("connection-client-missing", Tenant, client: "nobody");
        await recorder.ConnectionAsync(
            "connection-awaiting-consent",
            Tenant,
            scope: "vismanet_erp_interactive_api:read",
            more: """, "grant": "AuthorizationCode" """
        );
        await recorder.ConnectionAsync("connection-suspended", Tenant, more: """, "suspend": true""");
        // the refusal of the client shows with its first use
        await recorder.ConnectionAsync("connection-wrong-secret", Tenant, client: "client-refused");
    }

    // A person consents for each, and then takes two of the grants back.
    private static async Task ConsentAsync(ChartScene scene, Recorder recorder)
    {
        var consent = new PersonsConsent(scene.Admin, scene.Provider);
        string[] names =
        [
            "connection-consented",
            "connection-consent-expiring",
            "connection-consent-lost",
            "connection-grant-used-elsewhere",
            "connection-consent-lost-and-expired",
        ];
        var families = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var isBrief = name == "connection-consent-lost-and-expired";
            var more =
                isBrief ? """, "refresh": {"minRemainingValidity": "1s", "renewBefore": "1s"}"""
                : name == "connection-consent-expiring" ? """, "authorization": {"consentLifetime": "240h"}"""
                : "";
            await recorder.ConnectionAsync(
                name,
                Tenant,
                client: isBrief ? "client-brief" : "client-ready",
                scope: PersonsConsent.Scope,
                more: $"""{more}, "grant": "AuthorizationCode" """
            );
            families[name] = await consent.GiveAsync(scene.Clients.Name, name, isBrief ? "isv_brief" : Job.ClientId, Tenant);
            await recorder.TakeAsync(name, node => Is(node, "Ready"));
        }

        await recorder.TakeAsync("connection-consent-expiring", node => Is(node, "ConsentExpiring"));
        scene.Provider.Grants.Withdraw(families["connection-consent-lost"]);
        scene.Provider.Grants.Withdraw(families["connection-consent-lost-and-expired"]);
        await recorder.ClaimSequenceAsync("connection-grant-used-elsewhere", 99);
        await recorder.RefreshAsync("connection-consent-lost");
        await recorder.RefreshAsync("connection-grant-used-elsewhere");
        await recorder.TakeAsync("connection-consent-lost", node => Is(node, "Ready") && Is(node, "Stalled"));
        await recorder.TakeAsync("connection-grant-used-elsewhere", node => Reason(node, "Stalled") == "GrantUsedElsewhere");
        await recorder.TakeAsync("connection-consent-lost-and-expired", node => Status(node, "Ready") == "False" && Is(node, "Stalled"));
    }

    private static async Task RunIntoTroubleAsync(ChartScene scene, Recorder recorder)
    {
        scene.Provider.Faults.Always(Fault.ServerError(503), tenantId: OutageTenant);
        scene.Provider.Portal.Set(new StandInTenant(LeavingTenant) { ApprovedClients = [] });
        await recorder.RefreshAsync("connection-outage");
        await recorder.RefreshAsync("connection-renewal-refused");
        await recorder.TakeAsync("connection-outage", node => Is(node, "Ready") && Status(node, "TokenFresh") == "False");
        await recorder.TakeAsync("connection-renewal-refused", node => Is(node, "Ready") && Is(node, "Stalled"));
        await recorder.TakeAsync("connection-expired", node => Status(node, "Ready") == "False");
    }

    private static async Task LeaveUnseenAsync(ChartScene scene, Recorder recorder)
    {
        await recorder.ConnectionAsync("connection-unseen", Tenant);
        await recorder.ClientAsync("client-unseen", Job.ClientId, "credentials");
        await recorder.ConnectionAsync("connection-deleting", Tenant, finalizer: "example.com/kept");
        await scene.Admin.DeleteAsync(scene.Clients.Of(Group, "vismaconnections/connection-deleting"), Ct);
        var changed = await recorder.CopyAsync("connection-ready", "connection-changed");
        changed["metadata"]!["generation"] = changed["metadata"]!["generation"]!.GetValue<int>() + 1;
        foreach (var name in new[] { "connection-unseen", "client-unseen", "connection-deleting" })
        {
            await recorder.TakeAsync(name, _ => true);
        }
    }

    private static bool IsSeen(JsonNode node) =>
        node["status"]!["observedGeneration"]!.GetValue<long>() == node["metadata"]!["generation"]!.GetValue<long>();

    private static bool Is(JsonNode node, string type) => Status(node, type) == "True";

    private static string? Status(JsonNode node, string type) => Condition(node, type)?["status"]!.GetValue<string>();

    private static string? Reason(JsonNode node, string type) => Condition(node, type)?["reason"]!.GetValue<string>();

    private static JsonNode? Condition(JsonNode node, string type) =>
        (node["status"]?["conditions"]?.AsArray() ?? []).FirstOrDefault(condition => condition!["type"]!.GetValue<string>() == type);
}
