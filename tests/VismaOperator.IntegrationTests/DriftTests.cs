using System.Text;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Hands that change the Secret: it is as published again, and the provider is asked only where the token itself is gone.
/// </summary>
public sealed class DriftTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_Secret_with_an_edited_key_is_repaired_with_the_same_token()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var published = (await scene.GetSecretAsync())["data"]!.ToJsonString();

        await EditAsync(
            scene,
            new JsonObject
            {
                ["data"] = new JsonObject
                {
                    ["base_url"] = Base64("https://elsewhere.example"),
                    ["extra"] = Base64("x"),
                    ["scope"] = null,
                },
            }
        );

        await UntilDataIsAsync(scene, published);
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_Secret_whose_token_was_edited_gets_a_new_one()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();

        await EditAsync(scene, new JsonObject { ["data"] = new JsonObject { ["access_token"] = Base64("not-a-token") } });

        var secret = await scene.UntilAsync(
            scene.SecretPath(),
            "a real token",
            node => node.Value("access_token").StartsWith("ey", StringComparison.Ordinal)
        );
        Assert.Equal($"Bearer {secret.Value("access_token")}", secret.Value("authorization"));
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
    }

    [Fact]
    public async Task A_deleted_Secret_is_back_with_a_new_token()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var first = (await scene.GetSecretAsync()).Value("access_token");

        await scene.Admin.DeleteAsync(scene.SecretPath(), Ct);

        var second = await scene.UntilAsync(scene.SecretPath(), "the Secret to be back", _ => true);
        Assert.NotEqual(first, second.Value("access_token"));
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
    }

    [Fact]
    public async Task Foreign_labels_and_annotations_are_left_and_cost_nothing()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var marks = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["labels"] = new JsonObject { ["team"] = "erp" },
                ["annotations"] = new JsonObject { ["example.com/note"] = "kept" },
            },
        };

        await EditAsync(scene, marks);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        await scene.RequestRefreshAsync("now");
        await scene.UntilHandledAsync("now");

        var metadata = (await scene.GetSecretAsync())["metadata"]!;
        Assert.Equal("erp", metadata["labels"]!["team"]!.GetValue<string>());
        Assert.Equal("kept", metadata["annotations"]!["example.com/note"]!.GetValue<string>());
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
    }

    [Fact]
    public async Task An_immutable_Secret_is_replaced_when_its_token_is_renewed()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var first = await scene.GetSecretAsync();
        await EditAsync(scene, new JsonObject { ["immutable"] = true });
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));

        await scene.RequestRefreshAsync("now");
        await scene.UntilHandledAsync("now");

        await scene.UntilReadyAsync();
        var second = await scene.GetSecretAsync();
        Assert.NotEqual(first.Value("access_token"), second.Value("access_token"));
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
    }

    [Fact]
    public async Task A_Secret_of_somebody_else_is_never_touched()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateSecretAsync(The.TokenSecret, ("password", "of-another-application"));
        var theirs = await scene.GetSecretAsync();
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        await scene.CreateConnectionAsync();

        var connection = await scene.UntilAsync(scene.ConnectionPath(), "Stalled", node => node.Condition("Stalled") is not null);

        Assert.Equal("SecretNotOwned", connection.Condition("Stalled")!.Reason);
        Assert.Contains(The.TokenSecret, connection.Condition("Stalled")!.Message, StringComparison.Ordinal);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(theirs.ToJsonString(), (await scene.GetSecretAsync()).ToJsonString());
    }

    [Theory]
    [InlineData("""{"labels": {"visma-operator.io/secret": null}}""")]
    [InlineData("""{"labels": null, "annotations": null}""")]
    [InlineData("""{"labels": null, "ownerReferences": null}""")]
    public async Task A_mark_that_was_removed_is_put_back_without_a_token_request(string metadata)
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var before = await scene.GetSecretAsync();

        await EditAsync(scene, new JsonObject { ["metadata"] = JsonNode.Parse(metadata) });

        var after = await scene.UntilAsync(
            scene.SecretPath(),
            "its label",
            node => node["metadata"]!["labels"]?["visma-operator.io/secret"] is not null
        );
        Assert.Equal(before["data"]!.ToJsonString(), after["data"]!.ToJsonString());
        Assert.Equal(before["metadata"]!["ownerReferences"]!.ToJsonString(), after["metadata"]!["ownerReferences"]!.ToJsonString());
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_name_that_a_strangers_Secret_gives_free_is_taken()
    {
        await using var scene = await StalledAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));

        await scene.Admin.DeleteAsync(scene.SecretPath(), Ct);

        await scene.UntilReadyAsync();
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_Secret_that_its_owner_lends_takes_the_token_in_and_keeps_the_rest()
    {
        await using var scene = await StalledAsync();

        await EditAsync(scene, new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["labels"] = new JsonObject { ["visma-operator.io/secret"] = "token" },
                ["annotations"] = new JsonObject { ["visma-operator.io/adopt"] = The.Connection },
            },
        });
        await scene.UntilReadyAsync();
        await scene.RequestRefreshAsync("now");
        await scene.UntilHandledAsync("now", within: TimeSpan.FromSeconds(60));

        var secret = await scene.GetSecretAsync();
        Assert.Equal("of-another-application", secret.Value("password"));
        Assert.StartsWith("ey", secret.Value("access_token"), StringComparison.Ordinal);
        Assert.Null(secret["metadata"]!["ownerReferences"]);
    }

    // The name of the token Secret is taken by another application's.
    private async Task<Scene> StalledAsync()
    {
        var scene = await Scene.OpenAsync(fixture);
        await scene.CreateSecretAsync(The.TokenSecret, ("password", "of-another-application"));
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        await scene.CreateConnectionAsync();
        await scene.UntilAsync(scene.ConnectionPath(), "Stalled", node => node.Condition("Stalled")?.Reason == "SecretNotOwned");
        return scene;
    }

    private static Task<JsonNode> EditAsync(Scene scene, JsonObject change) => scene.Admin.PatchAsync(scene.SecretPath(), change, Ct);

    private static Task<JsonNode> UntilDataIsAsync(Scene scene, string data) =>
        scene.UntilAsync(scene.SecretPath(), "the content that was published", node => node["data"]!.ToJsonString() == data);

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
