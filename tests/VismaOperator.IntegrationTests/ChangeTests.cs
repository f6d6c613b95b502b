using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>Specs that change while a token is in service.</summary>
public sealed class ChangeTests(ApiServerFixture fixture)
{
    private const string OtherClient = "umbrella";
    private const string OtherClientId = "isv_umbrella";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Other_scopes_replace_the_token_at_once()
    {
        await using var scene = await Scene.OpenAsync(fixture);

        var (before, after) = await ChangeAsync(scene, new JsonObject { ["scopes"] = new JsonArray("vismanet_erp_service_api:update") });

        Assert.NotEqual(before.Value("access_token"), after.Value("access_token"));
        Assert.Equal("vismanet_erp_service_api:update", after.Value("scope"));
        Assert.Equal(["vismanet_erp_service_api:update"], scene.Provider.Ledger.TokenRequests[1].Request.Scopes);
    }

    [Fact]
    public async Task Another_tenant_replaces_the_token_at_once()
    {
        await using var scene = await Scene.OpenAsync(fixture);

        var (before, after) = await ChangeAsync(scene, new JsonObject { ["tenantID"] = The.OtherTenant });

        Assert.NotEqual(before.Value("access_token"), after.Value("access_token"));
        Assert.Equal(The.OtherTenant, after.Value("tenant_id"));
        Assert.Equal(The.OtherTenant, scene.Provider.Ledger.TokenRequests[1].Request.TenantId);
    }

    [Fact]
    public async Task Another_client_replaces_the_token_at_once()
    {
        var second = new StandInClient(OtherClientId) { Secrets = [new StandInSecret("another-secret-of-another-client")] };
        await using var scene = await Scene.OpenAsync(
            fixture,
            new SceneOptions { Provider = The.Provider with { Clients = [.. The.Provider.Clients, second] } }
        );
        await scene.CreateSecretAsync("umbrella-credentials", ("clientSecret", second.Secrets[0].Value));
        var spec = The.ClientSpec(scene.Provider.Issuer.OriginalString);
        spec["clientID"] = OtherClientId;
        spec["clientSecrets"]![0]!["secretKeyRef"]!["name"] = "umbrella-credentials";
        await scene.CreateClientAsync(spec, OtherClient);

        var (before, after) = await ChangeAsync(scene, new JsonObject { ["oauthClientRef"] = new JsonObject { ["name"] = OtherClient } });

        Assert.NotEqual(before.Value("access_token"), after.Value("access_token"));
        Assert.Equal(OtherClientId, scene.Provider.Ledger.TokenRequests[1].Request.ClientId);
    }

    [Fact]
    public async Task A_renamed_Secret_is_written_first_and_the_old_one_deleted_after_it()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();

        await scene.ChangeConnectionAsync(new JsonObject { ["secret"] = new JsonObject { ["name"] = "renamed" } });
        await scene.UntilReadyAsync();
        await scene.UntilGoneAsync(scene.SecretPath());

        Assert.StartsWith("ey", (await scene.GetSecretAsync("renamed")).Value("access_token"), StringComparison.Ordinal);
        await Eventually.BecomesTrueAsync(
            "the old Secret's end to be seen",
            () => scene.History.Of("Secret", The.TokenSecret)[^1].Change == "DELETED",
            Ct
        );
        Assert.True(
            Index(scene, "renamed", "ADDED") < Index(scene, The.TokenSecret, "DELETED"),
            "The old Secret went before the new one came."
        );
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
    }

    [Fact]
    public async Task Another_type_of_Secret_replaces_it_without_asking_for_a_token()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var before = await scene.GetSecretAsync();

        await scene.ChangeConnectionAsync(Template(new JsonObject { ["type"] = "example.com/token" }));
        await scene.UntilReadyAsync();

        var after = await scene.GetSecretAsync();
        Assert.Equal("example.com/token", after["type"]!.GetValue<string>());
        Assert.Equal(before.Value("access_token"), after.Value("access_token"));
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task Another_template_is_rendered_around_the_same_token()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();

        await scene.ChangeConnectionAsync(
            Template(new JsonObject { ["data"] = new JsonObject { ["header.txt"] = "Authorization: ${authorization}" } })
        );
        await scene.UntilReadyAsync();

        var secret = await scene.GetSecretAsync();
        Assert.Equal($"Authorization: Bearer {secret.Value("access_token")}", secret.Value("header.txt"));
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    private static async Task<(JsonNode Before, JsonNode After)> ChangeAsync(Scene scene, JsonObject spec)
    {
        await scene.CreateAllAsync();
        var before = await scene.GetSecretAsync();
        await scene.ChangeConnectionAsync(spec);
        await scene.UntilReadyAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
        return (before, await scene.GetSecretAsync());
    }

    private static JsonObject Template(JsonObject template) => new() { ["secret"] = new JsonObject { ["template"] = template } };

    private static int Index(Scene scene, string secret, string change) =>
        scene
            .History.Sightings.ToList()
            .FindIndex(sighting => sighting.Kind == "Secret" && sighting.Name == secret && sighting.Change == change);
}
