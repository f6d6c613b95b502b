using System.Text;
using System.Text.Json.Nodes;
using VismaConnect.StandIn;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>Names and objects that work together, for tests to change one thing of.</summary>
internal static class The
{
    public const string Group = "visma-operator.io/v1";
    public const string Client = "acme";
    public const string Connection = "acme-production";
    public const string TokenSecret = "acme-production-token";
    public const string CredentialSecret = "acme-credentials";
    public const string ClientId = "isv_acme";
    public const string ClientSecret = "shown-once-by-the-portal";
    public const string Tenant = "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11";
    public const string OtherTenant = "7b1e3c22-8f4e-4a57-8a63-2f1f5b6f0c22";
    public const string UnapprovedTenant = "0badf00d-0000-4000-8000-00000000dead";

    public static StandInOptions Provider { get; } =
        new()
        {
            Clients = [new StandInClient(ClientId) { Secrets = [new StandInSecret(ClientSecret)] }],
            Tenants =
            [
                new StandInTenant(Tenant),
                new StandInTenant(OtherTenant),
                new StandInTenant(UnapprovedTenant) { ApprovedClients = [] },
            ],
        };

    public static JsonObject ClientSpec(string issuer) =>
        new()
        {
            ["issuer"] = issuer,
            ["clientID"] = ClientId,
            ["clientSecrets"] = new JsonArray(
                new JsonObject
                {
                    ["secretKeyRef"] = new JsonObject { ["name"] = CredentialSecret, ["key"] = "clientSecret" },
                }
            ),
        };

    public static JsonObject ConnectionSpec() =>
        new()
        {
            ["oauthClientRef"] = new JsonObject { ["name"] = Client },
            ["tenantID"] = Tenant,
            ["scopes"] = new JsonArray("vismanet_erp_service_api:read", "vismanet_erp_service_api:create"),
        };

    public static JsonObject OAuthClient(string name, JsonObject spec) => Resource("OAuthClient", name, spec);

    public static JsonObject VismaConnection(string name, JsonObject spec) => Resource("VismaConnection", name, spec);

    public static string Value(this JsonNode secret, string key) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(secret["data"]![key]!.GetValue<string>()));

    public static ConditionText? Condition(this JsonNode resource, string type) =>
        (resource["status"]?["conditions"]?.AsArray() ?? [])
            .Where(condition => condition!["type"]!.GetValue<string>() == type)
            .Select(condition => new ConditionText(
                condition!["status"]!.GetValue<string>(),
                condition["reason"]!.GetValue<string>(),
                condition["message"]!.GetValue<string>()
            ))
            .FirstOrDefault();

    /// <summary>Whether status speaks of the spec as it is now.</summary>
    public static bool IsObserved(this JsonNode resource) =>
        resource["status"]?["observedGeneration"]?.GetValue<long>() == resource["metadata"]!["generation"]!.GetValue<long>();

    public static string? TokenIssueTime(this JsonNode connection) => connection["status"]?["token"]?["issueTime"]?.GetValue<string>();

    private static JsonObject Resource(string kind, string name, JsonObject spec) => new()
    {
        ["apiVersion"] = "visma-operator.io/v1",
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = spec,
    };
}

/// <summary>One condition.</summary>
internal sealed record ConditionText(string Status, string Reason, string Message);
