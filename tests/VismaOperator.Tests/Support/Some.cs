using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;

namespace VismaOperator.Tests.Support;

/// <summary>Objects that work together, for tests to change one thing of.</summary>
internal static class Some
{
    public const string Namespace = "integrations";
    public const string Client = "acme";
    public const string Connection = "acme-production";
    public const string ClientId = "isv_acme";
    public const string ClientSecret = "the-portal-showed-this-once";
    public const string Tenant = "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11";
    public const string OtherTenant = "7b1e3c22-8f4e-4a57-8a63-2f1f5b6f0c22";
    public const string UnapprovedTenant = "00000000-0000-4000-8000-00000000dead";

    public static readonly IReadOnlyList<string> Scopes = ["vismanet_erp_service_api:read", "vismanet_erp_service_api:create"];

    public static StandInOptions Provider(TimeProvider time) =>
        new()
        {
            Time = time,
            Clients = [new StandInClient(ClientId) { Secrets = [new StandInSecret(ClientSecret)] }],
            Tenants =
            [
                new StandInTenant(Tenant),
                new StandInTenant(OtherTenant),
                new StandInTenant(UnapprovedTenant) { ApprovedClients = [] },
            ],
        };

    public static Secret Credentials(string value = ClientSecret, string name = "acme-credentials") =>
        new()
        {
            Metadata = new ObjectMeta { Name = name, Namespace = Namespace },
            Data = new Dictionary<string, SecretValue> { ["clientSecret"] = SecretValue.FromText(value) },
        };

    public static OAuthClient OAuthClient(string issuer) =>
        new()
        {
            Metadata = new ObjectMeta { Name = Client, Namespace = Namespace },
            Spec = new OAuthClientSpec
            {
                Issuer = issuer,
                ClientId = ClientId,
                ClientSecrets =
                [
                    new ClientSecretSpec
                    {
                        SecretKeyRef = new SecretKeyReference { Name = "acme-credentials", Key = "clientSecret" },
                    },
                ],
            },
        };

    public static VismaConnection VismaConnection(string name = Connection, string ns = Namespace) =>
        new()
        {
            Metadata = new ObjectMeta { Name = name, Namespace = ns },
            Spec = new VismaConnectionSpec
            {
                OAuthClientRef = new OAuthClientReference { Name = Client, Namespace = ns == Namespace ? null : Namespace },
                TenantId = Tenant,
                Scopes = Scopes,
            },
        };

    public static bool Is(this VismaConnection connection, string type, string status) =>
        connection.Status.Conditions.Any(condition => condition.Type == type && condition.Status == status);

    public static Condition? Condition(this VismaConnection connection, string type) =>
        connection.Status.Conditions.FirstOrDefault(condition => condition.Type == type);

    public static string Text(this Secret secret, string key) => secret.Data![key].RevealText();
}
