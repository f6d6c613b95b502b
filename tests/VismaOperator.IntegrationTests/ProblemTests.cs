using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Mistakes that people make: each ends in words that name the cause and the remedy, at the API server or in the conditions.
/// </summary>
public sealed class ProblemTests(ApiServerFixture fixture)
{
    // Beyond this a retry could be the slow one (a minute), not the one that a correction causes.
    private static readonly TimeSpan atOnce = TimeSpan.FromSeconds(45);

    // Shorter than the 60 s after which something missing is said differently.
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(40);

    private static readonly Mistake[] mistakes =
    [
        new("wrong-secret", "ClientRefused", ["client secret", "developer portal"]) { Secret = "not-the-secret" },
        new("unknown-client", "ClientRefused", ["spec.clientID"]) { Client = spec => spec["clientID"] = "isv_nobody" },
        new("unknown-scope", "ScopeRefused", ["vismanet_erp_service_api:fly", "spec.scopes"])
        {
            Connection = spec => spec["scopes"] = new JsonArray("vismanet_erp_service_api:fly"),
        },
        new("tenant-not-approved", "TenantRefused", [The.UnapprovedTenant, "approve"])
        {
            Connection = spec => spec["tenantID"] = The.UnapprovedTenant,
        },
        new("missing-secret", "SecretNotFound", ["missing-secret-credentials"]) { Secret = null },
        new("missing-key", "SecretKeyNotFound", ["missing-key-credentials", "nosuchkey"])
        {
            Client = spec => spec["clientSecrets"]![0]!["secretKeyRef"]!["key"] = "nosuchkey",
        },
        new("missing-client", "ClientNotAvailable", ["nobody", "spec.oauthClientRef"])
        {
            Connection = spec => spec["oauthClientRef"] = new JsonObject { ["name"] = "nobody" },
        },
        new("bad-guid", "InvalidSpec", ["tenantID"]) { Connection = spec => spec["tenantID"] = "acme" },
        new("odd-dot", "InvalidSpec", ["U+2024"]) { Client = spec => spec["issuer"] = "https://connect\u2024visma.com" },
        new("issuer-not-allowed", "IssuerNotAllowed", ["login.example.com", "--allowed-issuers"])
        {
            Client = spec => spec["issuer"] = "https://login.example.com",
        },
        new("api-host-not-allowed", "ApiHostNotAllowed", ["api.example.com", "--allowed-api-hosts"])
        {
            Connection = spec => spec["baseURL"] = "https://api.example.com/v1",
        },
        new("tenant-not-allowed", "TenantNotAllowed", [The.Tenant, "spec.tenants"])
        {
            Client = spec => spec["tenants"] = new JsonArray(new JsonObject { ["tenantID"] = The.OtherTenant }),
        },
        new("forbidden-type", "InvalidSpec", ["type", "kubernetes.io"])
        {
            Connection = spec => spec["secret"] = Template("type", "kubernetes.io/tls"),
        },
        new("forbidden-annotation", "InvalidSpec", ["argocd.argoproj.io/sync-wave"])
        {
            Connection = spec =>
                spec["secret"] = Template(
                    "metadata",
                    new JsonObject { ["annotations"] = new JsonObject { ["argocd.argoproj.io/sync-wave"] = "1" } }
                ),
        },
        new("unknown-key-in-template", "InvalidSpec", ["spec.secret.template.data.a", "access_token"])
        {
            Connection = spec => spec["secret"] = Template("data", new JsonObject { ["a"] = "${acces_token}" }),
        },
    ];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_mistake_ends_in_a_message_that_names_cause_and_remedy()
    {
        await using var scene = await Scene.OpenAsync(fixture);

        var verdicts = await Task.WhenAll(mistakes.Select(mistake => JudgeAsync(scene, mistake)));

        Assert.True(Array.TrueForAll(verdicts, verdict => verdict is null), string.Join('\n', verdicts.OfType<string>()));
    }

    [Fact]
    public async Task A_lifetime_shorter_than_the_margin_is_served_and_said()
    {
        await using var scene = await Scene.OpenAsync(fixture, SceneOptions.WithLifetime(TimeSpan.FromMinutes(5)));

        var connection = await scene.CreateAllAsync();

        var fresh = connection.Condition("TokenFresh")!;
        Assert.Equal(("True", "LifetimeTooShort"), (fresh.Status, fresh.Reason));
        Assert.Contains("300s", fresh.Message, StringComparison.Ordinal);
        Assert.Contains("spec.refresh.minRemainingValidity", fresh.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_secret_that_is_corrected_is_tried_at_once()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateSecretAsync(The.CredentialSecret, ("clientSecret", "not-the-secret"));
        await scene.CreateClientAsync();
        await scene.CreateConnectionAsync();
        await scene.UntilAsync(scene.ConnectionPath(), "Stalled", node => node.Condition("Stalled")?.Reason == "ClientRefused");

        await scene.Admin.PatchAsync(
            scene.SecretPath(The.CredentialSecret),
            new JsonObject
            {
                ["data"] = new JsonObject { ["clientSecret"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(The.ClientSecret)) },
            },
            Ct
        );

        await scene.UntilReadyAsync(within: atOnce);
        await scene.UntilAsync(scene.ClientPath(), "the client to be Ready", node => node.Condition("Ready")?.Status == "True");
    }

    [Fact]
    public async Task Ten_connections_of_a_refused_client_ask_hardly_more_than_once()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateSecretAsync(The.CredentialSecret, ("clientSecret", "not-the-secret"));
        await scene.CreateClientAsync();
        string[] names = [.. Enumerable.Range(0, 10).Select(number => $"connection-{number}")];

        await Task.WhenAll(names.Select(name => scene.CreateConnectionAsync(name: name)));
        foreach (var name in names)
        {
            await scene.UntilAsync(scene.ConnectionPath(name), "Stalled", node => node.Condition("Stalled")?.Reason == "ClientRefused");
        }

        await scene.UntilStillAsync(TimeSpan.FromSeconds(2));
        Assert.InRange(scene.Provider.Ledger.TokenRequests.Count, 1, names.Length);
    }

    /// <summary>What is wrong with what was said; null when all is well.</summary>
    private static async Task<string?> JudgeAsync(Scene scene, Mistake mistake)
    {
        try
        {
            await ApplyAsync(scene, mistake);
        }
        catch (ApiException refused) when (refused.Status == HttpStatusCode.UnprocessableEntity)
        {
            // The schema caught it; the words are then those of the API server, which name the field.
            return refused.Message.Contains(mistake.Words[0], StringComparison.Ordinal) ? null : $"{mistake.Name}: {refused.Message}";
        }

        try
        {
            await scene.UntilAsync(
                scene.ConnectionPath(mistake.Name),
                $"{mistake.Reason} of {mistake.Name}, in the words {string.Join(", ", mistake.Words)}",
                mistake.IsToldBy,
                patience
            );
            return null;
        }
        catch (TimeoutException timeout)
        {
            return timeout.Message;
        }
    }

    private static async Task ApplyAsync(Scene scene, Mistake mistake)
    {
        if (mistake.Secret is { } secret)
        {
            await scene.CreateSecretAsync($"{mistake.Name}-credentials", ("clientSecret", secret));
        }

        var client = The.ClientSpec(scene.Provider.Issuer.OriginalString);
        client["clientSecrets"]![0]!["secretKeyRef"]!["name"] = $"{mistake.Name}-credentials";
        mistake.Client(client);
        await scene.CreateClientAsync(client, mistake.Name);
        var connection = The.ConnectionSpec();
        connection["oauthClientRef"] = new JsonObject { ["name"] = mistake.Name };
        mistake.Connection(connection);
        await scene.CreateConnectionAsync(connection, mistake.Name);
    }

    private static JsonObject Template(string member, JsonNode value) => new() { ["template"] = new JsonObject { [member] = value } };

    /// <summary>One mistake: how it is made, and what must be said.</summary>
    private sealed record Mistake(string Name, string Reason, string[] Words)
    {
        public string? Secret { get; init; } = The.ClientSecret;

        public Action<JsonObject> Client { get; init; } = _ => { };

        public Action<JsonObject> Connection { get; init; } = _ => { };

        public bool IsToldBy(JsonNode connection) =>
            connection.Condition("Ready") is { Status: "False" } ready
            && ready.Reason == Reason
            && (connection.Condition("Stalled") ?? connection.Condition("Reconciling")) is { } called
            && called.Reason == Reason
            && Words.All(word => called.Message.Contains(word, StringComparison.Ordinal));
    }
}
