using System.Text;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>The audit that ends every scene can fail: nobody would notice one that finds nothing.</summary>
public sealed class AuditTests(ApiServerFixture fixture)
{
    private const string Token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLW9mLXRoaXM";

    [Theory]
    [InlineData("granted eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLW9mLXRoaXM to acme")]
    [InlineData("...c2lnbmF0dXJlLW9mLXRoaXM")]
    [InlineData("token_request{secret=\"p&ss word\"} 1")]
    [InlineData("client_secret=p%26ss%20word&scope=x")]
    public void A_secret_in_a_text_is_found_in_each_of_its_forms(string text)
    {
        var found = LeakSearch.In([new ReadableText("log", text)], [Token, "p&ss word"]).ToList();

        Assert.NotEmpty(found);
        Assert.DoesNotContain(
            found,
            line => line.Contains("p&ss word", StringComparison.Ordinal) || line.Contains(Token, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_secret_in_Base64_is_found()
    {
        var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(Token));

        Assert.NotEmpty(LeakSearch.In([new ReadableText("event", $"data: {text}")], [Token]));
        Assert.Empty(LeakSearch.In([new ReadableText("event", "data: nothing")], [Token]));
    }

    [Fact]
    public async Task A_leak_anywhere_fails_the_scene()
    {
        var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var leak = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["annotations"] = new JsonObject { ["note"] = (await scene.GetSecretAsync()).Value("access_token") },
            },
        };
        await scene.Admin.PatchAsync(scene.ConnectionPath(), leak, TestContext.Current.CancellationToken);
        await Eventually.BecomesTrueAsync(
            "the leak to be seen",
            () => scene.History.Of("VismaConnection", The.Connection)[^1].Resource["metadata"]!["annotations"]?["note"] is not null,
            TestContext.Current.CancellationToken
        );

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(async () => await scene.DisposeAsync());

        Assert.Contains($"a secret in VismaConnection {The.Connection}", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Reach", "Cluster")]
    public async Task A_permission_that_is_missing_fails_the_scene()
    {
        var scene = await Scene.SetAsync(fixture.Server);
        await WithholdEventsAsync(scene, scene.Home.Of("rbac.authorization.k8s.io/v1", "roles/leader"));
        await WithholdEventsAsync(scene, Reaches.OfThisRun == Reach.Cluster
            ? $"/apis/rbac.authorization.k8s.io/v1/clusterroles/operator-of-{scene.Home.Name}"
            : scene.Home.Of("rbac.authorization.k8s.io/v1", "roles/operator"));
        await scene.StartOperatorAsync();
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        var spec = The.ConnectionSpec();
        spec["tenantID"] = The.UnapprovedTenant; // what goes wrong has an event
        await scene.CreateConnectionAsync(spec);
        await Eventually.BecomesTrueAsync(
            "a refusal",
            () => scene.Proxy.Ledger.Requests.Any(request => request.Status == 403),
            TestContext.Current.CancellationToken
        );

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(async () => await scene.DisposeAsync());

        Assert.Contains("a permission that the chart does not give", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"observedGeneration":3,"conditions":[]}""", "not one that was observed")]
    [InlineData("""{"conditions":[]}""", "says nothing of a generation")]
    [InlineData("""{"observedGeneration":2,"conditions":[]}""", "exactly one condition Ready")]
    [InlineData(
        """{"observedGeneration":2,"conditions":[{"type":"Ready","status":"True","reason":"TokenValid","message":"m","lastTransitionTime":"t","observedGeneration":2}]}""",
        "Ready without a token"
    )]
    [InlineData(
        """{"observedGeneration":2,"conditions":[{"type":"Stalled","status":"False","reason":"X","message":"m","lastTransitionTime":"t","observedGeneration":2}]}""",
        "absent unless it is True"
    )]
    [InlineData(
        """{"observedGeneration":2,"conditions":[{"type":"Ready","status":"False","reason":"not camel","message":"m","lastTransitionTime":"t","observedGeneration":2}]}""",
        "no reason in CamelCase"
    )]
    [InlineData(
        """{"observedGeneration":2,"conditions":[{"type":"Ready","status":"False","reason":"X","message":"m","lastTransitionTime":"t","observedGeneration":1}]}""",
        "another generation"
    )]
    public void A_status_that_tools_misread_is_found(string status, string rule) =>
        Assert.Contains(StatusRules.Violations([Version("1", status)]), violation => violation.Contains(rule, StringComparison.Ordinal));

    [Fact]
    public void The_objects_that_health_scripts_are_tried_on_keep_the_rules()
    {
        var files = Directory.GetFiles(RepositoryFolder.PathOf("tests/VismaOperator.ChartTests/recorded"), "*.json");

        Assert.NotEmpty(files);
        Assert.Empty(
            files.SelectMany(file => StatusRules.Violations([new Sighting(default, "MODIFIED", JsonNode.Parse(File.ReadAllText(file))!)]))
        );
    }

    [Fact]
    public void A_transition_time_that_moves_without_a_transition_is_found()
    {
        const string ready =
            """{"observedGeneration":2,"conditions":[{"type":"Ready","status":"False","reason":"X","message":"m","lastTransitionTime":"TIME","observedGeneration":2}]}""";

        var violations = StatusRules.Violations([
            Version("1", ready),
            Version("2", ready.Replace("TIME", "LATER", StringComparison.Ordinal)),
        ]);

        Assert.Contains("transition time moved", Assert.Single(violations), StringComparison.Ordinal);
    }

    private static Sighting Version(string version, string status) => new(default, "MODIFIED", new JsonObject
    {
        ["kind"] = "VismaConnection",
        ["metadata"] = new JsonObject { ["name"] = "a", ["uid"] = "u", ["generation"] = 2L, ["resourceVersion"] = version },
        ["status"] = JsonNode.Parse(status),
    });

    private static async Task WithholdEventsAsync(Scene scene, string path)
    {
        var role = await scene.Admin.GetAsync(path, TestContext.Current.CancellationToken);
        var rules = role["rules"]!
            .AsArray()
            .Where(rule => rule!["resources"]![0]!.GetValue<string>() != "events")
            .Select(rule => rule!.DeepClone());
        await scene.Admin.PatchAsync(path, new JsonObject { ["rules"] = new JsonArray([.. rules]) }, TestContext.Current.CancellationToken);
    }
}
