using System.Globalization;
using System.Text.Json.Nodes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// Connections and clients as a person on call may find them, with statuses of a moment. Messages are those of the operator, as
/// docs/troubleshooting.md has them.
/// </summary>
internal static class DashboardObjects
{
    private const string NotApproved =
        $"The provider refused with invalid_tenant. Tenant {The.UnapprovedTenant} is unknown or has not approved this "
        + "application. Check spec.tenantID (the company's tenant id from Visma Admin > Company > Configuration) and let an Integration "
        + "Administrator of that tenant approve the application; an approval can take 15 minutes to count.";
    private const string Outage =
        "The provider connect.visma.com cannot be used now: token endpoint answered 503. The operator tries again by itself; if this "
        + "lasts, look at its status page and at the network between.";

    /// <summary>The status of a connection that needs a person.</summary>
    public static JsonObject Stalled(string reason, string message) =>
        Status(
            [Condition("Ready", "False", "TenantRefused", message), Condition("Stalled", "True", "TenantRefused", $"{reason} {message}")]
        );

    /// <summary>Where each is created, the object, and its status.</summary>
    public static IEnumerable<(string Path, JsonObject Body, JsonObject Status)> Of(Scene scene, DateTimeOffset now)
    {
        DateTimeOffset At(double minutes) => now.AddMinutes(minutes);
        string Consent(string name) =>
            $"Run visma-operator connect {scene.Home.Name}/{name}; or set --public-url, so that the operator offers a link.";

        string Serving(string name, double age) => $"Secret {name}-token holds a token that is valid until {Said(At(60 - age))}.";

        (string, JsonObject, JsonObject) Connection(
            string name,
            string? known,
            JsonObject status,
            string client = "acme",
            string tenant = The.Tenant
        )
        {
            var spec = The.ConnectionSpec();
            spec["displayName"] = known;
            spec["tenantID"] = tenant;
            spec["oauthClientRef"] = new JsonObject { ["name"] = client };
            return (scene.Home.Of(The.Group, "vismaconnections"), The.VismaConnection(name, spec), status);
        }

        JsonObject Token(JsonObject status, double age, string name)
        {
            status["secretName"] = $"{name}-token";
            status["token"] = new JsonObject
            {
                ["issueTime"] = Text(At(-age)),
                ["expirationTime"] = Text(At(60 - age)),
                ["refreshTime"] = Text(At(40 - age)),
            };
            return status;
        }

        JsonObject Ready(double age, string name) =>
            Token(Status([Condition("Ready", "True", "TokenValid", Serving(name, age), At(-1800))]), age, name);

        JsonObject Failure(JsonObject status, string reason, int attempts, double next)
        {
            status["failure"] = new JsonObject
            {
                ["reason"] = reason,
                ["attempts"] = attempts,
                ["lastFailureTime"] = Text(At(-1)),
                ["nextAttemptTime"] = Text(At(next)),
            };
            return status;
        }

        (string, JsonObject, JsonObject) Client(string name, int days, int connections, params JsonObject[] conditions)
        {
            const string Usable = "Tokens are asked for at https://connect.visma.com/connect/token.";
            var status = Status([Condition("Ready", "True", "ClientUsable", Usable, At(-24_000)), .. conditions]);
            status["activeSecret"] = new JsonObject { ["name"] = $"{name}-credentials", ["key"] = "clientSecret" };
            status["secretExpirationTime"] = Text(now.AddDays(days));
            status["connections"] = connections;
            return (
                scene.Home.Of(The.Group, "oauthclients"),
                The.OAuthClient(name, The.ClientSpec("https://connect.visma.com")),
                status
            );
        }

        yield return Connection(
            "beta",
            "Beta AS",
            Failure(
                Status(
                    [
                        Condition("Ready", "False", "TenantRefused", NotApproved, At(-1560)),
                        Condition("Stalled", "True", "TenantRefused", NotApproved, At(-1560)),
                    ]
                ),
                "TenantRefused",
                attempts: 9,
                next: 31
            ),
            tenant: The.UnapprovedTenant
        );
        var awaiting = $"Nobody has consented yet. {Consent("kari")}";
        yield return Connection(
            "kari",
            "Acme AS, on behalf of Kari",
            Failure(
                Status(
                    [
                        Condition("Ready", "False", "AwaitingConsent", awaiting, At(-130)),
                        Condition("Authorized", "False", "AwaitingConsent", awaiting, At(-130)),
                    ]
                ),
                "AwaitingConsent",
                attempts: 0,
                next: 0
            )
        );
        yield return Connection(
            "gamma",
            "Gamma Logistikk AS",
            Failure(
                Token(
                    Status(
                        [
                            Condition("Ready", "True", "TokenValid", $"{Serving("gamma", 48)} ProviderUnavailable: {Outage}", At(-300)),
                            Condition(
                                "TokenFresh",
                                "False",
                                "ProviderUnavailable",
                                $"Serving the token of {Said(At(-48))} until {Said(At(12))}: {Outage}",
                                At(-9)
                            ),
                        ]
                    ),
                    48,
                    "gamma"
                ),
                "ProviderUnavailable",
                attempts: 4,
                next: 2.6
            )
        );
        var ola = Token(
            Status(
                [
                    Condition("Ready", "True", "TokenValid", Serving("ola", 20), At(-7200)),
                    Condition(
                        "ConsentExpiring",
                        "True",
                        "ConsentExpiresSoon",
                        $"The consent ends on {Day(now.AddDays(12).AddHours(3))} (within 14 days). Have a person consent again: "
                            + Consent("ola"),
                        At(-25_000)
                    ),
                ]
            ),
            20,
            "ola"
        );
        ola["authorization"] = new JsonObject
        {
            ["grantTime"] = Text(now.AddDays(-353)),
            ["consentExpirationTime"] = Text(now.AddDays(12).AddHours(3)),
        };
        yield return Connection("ola", "Acme AS, on behalf of Ola", ola);
        yield return Connection("acme-production", "Acme AS", Ready(22, "acme-production"));
        yield return Connection("acme-test", "Acme AS, test company", Ready(36, "acme-test"));
        yield return Connection("delta", "Delta Eiendom AS", Ready(3, "delta"), "portal");
        yield return Connection("webshop", null, Ready(31, "webshop"), "portal");
        yield return Client("acme", 92, 6);
        yield return Client(
            "portal",
            6,
            2,
            Condition(
                "SecretExpiring",
                "True",
                "SecretExpiresSoon",
                $"The client secret in portal-credentials, key clientSecret, expires on {Day(now.AddDays(6))} (within 7 days). Make a new "
                    + "one in the Visma developer portal and put it first in spec.clientSecrets.",
                At(-34_000)
            )
        );
    }

    private static JsonObject Status(IEnumerable<JsonObject> conditions) =>
        new() { ["observedGeneration"] = 1, ["conditions"] = new JsonArray([.. conditions]) };

    private static JsonObject Condition(string type, string status, string reason, string message, DateTimeOffset? since = null) =>
        new()
        {
            ["type"] = type,
            ["status"] = status,
            ["reason"] = reason,
            ["message"] = message,
            ["lastTransitionTime"] = Text(since ?? DateTimeOffset.UnixEpoch),
            ["observedGeneration"] = 1,
        };

    // As messages name them.
    private static string Said(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
