using System.Globalization;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>Clients with several secrets, as they are while one is rotated.</summary>
public sealed class ClientSecretTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_next_secret_serves_where_the_first_is_refused_and_is_remembered()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateSecretAsync("expired", ("clientSecret", "no-longer-valid"));
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync(Listing(scene, Reference("expired"), Reference(The.CredentialSecret)));
        await scene.CreateConnectionAsync();
        await scene.UntilReadyAsync();
        Assert.Equal(["invalid_client", "granted"], scene.Provider.Ledger.TokenRequests.Select(request => request.Outcome));
        var client = await scene.UntilAsync(scene.ClientPath(), "the active secret", node => node["status"]?["activeSecret"] is not null);
        Assert.Equal(The.CredentialSecret, client["status"]!["activeSecret"]!["name"]!.GetValue<string>());

        await scene.RequestRefreshAsync("now");
        await scene.UntilHandledAsync("now");

        Assert.Equal(["invalid_client", "granted", "granted"], scene.Provider.Ledger.TokenRequests.Select(request => request.Outcome));
    }

    [Fact]
    public async Task A_rotated_secret_is_tried_by_one_renewal_within_a_minute()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        await scene.CreateSecretAsync("next", ("clientSecret", The.ClientSecret));

        await scene.ChangeClientAsync(new JsonObject { ["clientSecrets"] = new JsonArray(Reference("next")) });
        await scene.UntilAsync(
            scene.ClientPath(),
            "the new secret to be the active one",
            node => node["status"]?["activeSecret"]?["name"]?.GetValue<string>() == "next"
        );
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(["granted", "granted"], scene.Provider.Ledger.TokenRequests.Select(request => request.Outcome));
    }

    [Fact]
    public async Task A_secret_that_expires_within_a_week_is_warned_of()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateCredentialsAsync();
        var expiring = Reference(The.CredentialSecret);
        expiring["expirationTime"] = TimeProvider
            .System.GetUtcNow()
            .AddDays(5)
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

        await scene.CreateClientAsync(Listing(scene, expiring));

        var client = await scene.UntilAsync(scene.ClientPath(), "the warning", node => node.Condition("SecretExpiring")?.Status == "True");
        Assert.Equal("True", client.Condition("Ready")?.Status);
        Assert.Contains("developer portal", client.Condition("SecretExpiring")!.Message, StringComparison.Ordinal);
        await Eventually.BecomesTrueAsync(
            "a warning event",
            async token =>
                (await scene.Admin.GetAsync(scene.Home.Core("events"), token))["items"]!
                    .AsArray()
                    .Any(item =>
                        item!["reason"]!.GetValue<string>() == "SecretExpiresSoon" && item["type"]!.GetValue<string>() == "Warning"
                    ),
            Ct
        );
    }

    [Fact]
    public async Task All_scopes_are_asked_for_by_asking_for_none()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        var spec = The.ConnectionSpec();
        spec.Remove("scopes");
        spec["allScopes"] = true;

        await scene.CreateAllAsync(spec);

        Assert.Empty(Assert.Single(scene.Provider.Ledger.TokenRequests).Request.Scopes);
        Assert.Contains("vismanet_erp_service_api:delete", (await scene.GetSecretAsync()).Value("scope"), StringComparison.Ordinal);
    }

    private static JsonObject Listing(Scene scene, params JsonNode[] secrets)
    {
        var spec = The.ClientSpec(scene.Provider.Issuer.OriginalString);
        spec["clientSecrets"] = new JsonArray(secrets);
        return spec;
    }

    private static JsonObject Reference(string secret) =>
        new()
        {
            ["secretKeyRef"] = new JsonObject { ["name"] = secret, ["key"] = "clientSecret" },
        };
}
