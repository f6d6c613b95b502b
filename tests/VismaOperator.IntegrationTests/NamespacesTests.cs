using System.Net;
using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>Listed namespaces of which one is gone, or its Role: the others are served all the same, and nothing is taken back.</summary>
public sealed class NamespacesTests(ApiServerFixture fixture)
{
    private const string Remedy = "Create the namespace and the operator's Role and RoleBinding in it, or take it out of --namespaces.";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_namespace_that_is_missing_at_the_start_holds_up_nothing_and_is_served_once_it_appears()
    {
        await using var named = await fixture.CreateNamespaceAsync(Ct);
        var missing = $"{named.Name}-later";
        await using var scene = await Scene.OpenAsync(fixture, new SceneOptions { Reach = Reach.Listed, MissingNamespaces = [missing] });
        await scene.CreateAllAsync();

        var line = Assert.Single(Lines(scene, "is not served"));
        Assert.Contains($"Namespace {missing} is not served", line, StringComparison.Ordinal);
        Assert.Contains(Remedy, line, StringComparison.Ordinal);
        Assert.Equal((0, 1), await ServedAsync(scene, missing));
        Assert.Equal(HttpStatusCode.OK, await ReadinessAsync(scene));

        await scene.Admin.CreateAsync("/api/v1/namespaces", new JsonObject { ["metadata"] = new JsonObject { ["name"] = missing } }, Ct);
        try
        {
            await scene.Account.AdmitAsync(missing);
            await scene.ChangeClientAsync(new JsonObject { ["allowedNamespaces"] = new JsonObject { ["from"] = "All" } });
            await CreateConnectionAsync(scene, missing, scene.Home.Name);
            await scene.UntilAsync(Path(missing), "Ready", node => node.Condition("Ready")?.Status == "True", TimeSpan.FromSeconds(90));
            Assert.Single(Lines(scene, $"Namespace {missing} is served again"));
            Assert.Equal((1, 1), await ServedAsync(scene, missing));
        }
        finally
        {
            await scene.Admin.DeleteAsync($"/api/v1/namespaces/{missing}", CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_client_that_cannot_be_read_is_unknown_and_takes_nothing_back()
    {
        await using var other = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await Scene.OpenAsync(fixture, new SceneOptions { Reach = Reach.Listed, MoreNamespaces = [other.Name] });
        await CreateSharedAsync(scene, other);
        await scene.UntilReadyAsync();
        var published = await scene.GetSecretAsync();
        await scene.EndOperatorAsync(ProcessSignal.Terminate);
        await scene.Account.DismissAsync(other.Name);

        await scene.StartOperatorAsync();
        var stalled = await scene.UntilAsync(scene.ConnectionPath(), "Stalled", node => node.Condition("Stalled") is not null);
        Assert.Equal("NamespaceForbidden", stalled.Condition("Stalled")!.Reason);
        Assert.Contains(other.Name, stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal("True", stalled.Condition("Ready")!.Status);

        await scene.Account.AdmitAsync(other.Name);
        await scene.UntilAsync(scene.ConnectionPath(), "not Stalled", node => node.Condition("Stalled") is null, TimeSpan.FromSeconds(90));
        Assert.Equal(published.Value("access_token"), (await scene.GetSecretAsync()).Value("access_token"));
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_new_leader_serves_the_others_at_once_and_says_which_it_cannot()
    {
        await using var other = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await Scene.SetAsync(fixture.Server, new SceneOptions
        {
            Reach = Reach.Listed,
            MoreNamespaces = [other.Name],
            Arguments = ["--leader-elect", "true"],
        });
        var leader = await scene.StartOperatorAsync();
        await scene.CreateAllAsync();
        var second = await scene.StartOperatorAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        await scene.Account.DismissAsync(other.Name);

        await leader.Process.KillAsync(Ct);
        await scene.RequestRefreshAsync("after the failover");
        await scene.UntilHandledAsync("after the failover", within: TimeSpan.FromSeconds(90));

        Assert.Contains(second.Process.Lines, line => line.Contains($"Namespace {other.Name} is not served", StringComparison.Ordinal));
        await UntilToldAsync(scene, other.Name, "NamespaceNotServed", Remedy);
    }

    [Fact]
    public async Task A_deleted_Role_is_reported_with_the_remedy_and_readyz_stays_true()
    {
        await using var other = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await Scene.OpenAsync(
            fixture,
            new SceneOptions { Reach = Reach.Listed, MoreNamespaces = [other.Name], Arguments = ["--leader-elect", "true"] }
        );
        await scene.CreateAllAsync();
        await scene.ChangeClientAsync(new JsonObject { ["allowedNamespaces"] = new JsonObject { ["from"] = "All" } });
        await CreateConnectionAsync(scene, other.Name, scene.Home.Name);
        await scene.UntilAsync(Path(other.Name), "Ready", node => node.Condition("Ready")?.Status == "True");
        Assert.Equal((1, 1), await ServedAsync(scene, other.Name));

        // An open watch continues without the Role, so the watches are cut.
        await scene.Account.DismissAsync(other.Name);
        scene.Proxy.DropConnections();
        await Eventually.BecomesTrueAsync("the metric", async _ => await ServedAsync(scene, other.Name) == (0, 1), Ct);
        Assert.Equal(HttpStatusCode.OK, await ReadinessAsync(scene));
        await Eventually.BecomesTrueAsync("the log line", _ => Task.FromResult(Lines(scene, "is not served").Count > 0), Ct);
        await UntilToldAsync(scene, other.Name, "NamespaceNotServed", Remedy);
        Assert.Equal(HttpStatusCode.OK, await ReadinessAsync(scene));

        var line = Assert.Single(Lines(scene, "is not served"));
        Assert.Contains($"Namespace {other.Name} is not served", line, StringComparison.Ordinal);
        Assert.Contains(Remedy, line, StringComparison.Ordinal);
        Assert.Equal((0, 1), await ServedAsync(scene, other.Name));

        await scene.Account.AdmitAsync(other.Name);
        await UntilToldAsync(scene, other.Name, "NamespaceServed", "is served again");
        // Told once the lists that were refused for long are read. One that was refused only once may be read a moment later.
        await Eventually.BecomesTrueAsync("the metric", async _ => await ServedAsync(scene, other.Name) == (1, 1), Ct);
        Assert.Equal(HttpStatusCode.OK, await ReadinessAsync(scene));
    }

    [Fact]
    public async Task A_namespace_that_breaks_while_running_keeps_its_tokens_and_the_others_are_served()
    {
        fixture.Server.EnsureControllerManager();
        await using var other = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await Scene.OpenAsync(fixture, new SceneOptions { Reach = Reach.Listed, MoreNamespaces = [other.Name] });
        await scene.CreateAllAsync();
        await scene.ChangeClientAsync(new JsonObject { ["allowedNamespaces"] = new JsonObject { ["from"] = "All" } });
        await CreateConnectionAsync(scene, other.Name, scene.Home.Name);
        await scene.UntilAsync(Path(other.Name), "Ready", node => node.Condition("Ready")?.Status == "True");
        var published = await scene.Admin.GetAsync(other.Core($"secrets/{The.TokenSecret}"), Ct);

        await scene.Account.DismissAsync(other.Name);
        scene.Proxy.DropConnections();
        await Eventually.BecomesTrueAsync(
            "the log line",
            _ => Task.FromResult(Lines(scene, "is not served").Count > 0),
            Ct,
            TimeSpan.FromSeconds(90)
        );
        await scene.RequestRefreshAsync("while the other is broken");
        await scene.UntilHandledAsync("while the other is broken");

        Assert.Equal((0, 1), await ServedAsync(scene, other.Name));
        Assert.Equal(HttpStatusCode.OK, await ReadinessAsync(scene));
        Assert.Equal(published.ToJsonString(), (await scene.Admin.GetAsync(other.Core($"secrets/{The.TokenSecret}"), Ct)).ToJsonString());
        await scene.Account.AdmitAsync(other.Name);
        await Eventually.BecomesTrueAsync(
            "the line that it is over",
            _ => Task.FromResult(Lines(scene, $"Namespace {other.Name} is served again").Count == 1),
            Ct,
            TimeSpan.FromSeconds(90)
        );
    }

    private static string Path(string ns) => $"/apis/{The.Group}/namespaces/{ns}/vismaconnections/{The.Connection}";

    private static IReadOnlyList<string> Lines(Scene scene, string text) =>
        [.. scene.Operator.Process.Lines.Where(line => line.Contains(text, StringComparison.Ordinal))];

    private static async Task<HttpStatusCode> ReadinessAsync(Scene scene)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{scene.Operator.HttpPort}/readyz"), Ct);
        return response.StatusCode;
    }

    private static Task UntilToldAsync(Scene scene, string ns, string reason, string words) =>
        Eventually.BecomesTrueAsync(
            $"an event {reason} about the Lease that names {ns}",
            async token =>
                (await scene.Admin.GetAsync($"/apis/events.k8s.io/v1/namespaces/{scene.Home.Name}/events", token))["items"]!
                    .AsArray()
                    .Any(item =>
                        item!["reason"]!.GetValue<string>() == reason
                        && item["regarding"]!["kind"]!.GetValue<string>() == "Lease"
                        && item["note"]!.GetValue<string>() is { } note
                        && note.Contains($"Namespace {ns} ", StringComparison.Ordinal)
                        && note.Contains(words, StringComparison.Ordinal)
                    ),
            Ct,
            TimeSpan.FromSeconds(90)
        );

    private static async Task<(double Other, double Home)> ServedAsync(Scene scene, string other)
    {
        var page = await MetricsPage.ReadAsync(scene.Operator, Ct);
        return (
            page.Sum("visma_operator_namespace_served", $"namespace=\"{other}\""),
            page.Sum("visma_operator_namespace_served", $"namespace=\"{scene.Home.Name}\"")
        );
    }

    private static Task<JsonNode> CreateConnectionAsync(Scene scene, string ns, string clientNamespace)
    {
        var spec = The.ConnectionSpec();
        spec["oauthClientRef"]!["namespace"] = clientNamespace;
        return scene.Admin.CreateAsync(
            $"/apis/{The.Group}/namespaces/{ns}/vismaconnections",
            The.VismaConnection(The.Connection, spec),
            Ct
        );
    }

    // Client and credentials in the other namespace, the connection at home.
    private static async Task CreateSharedAsync(Scene scene, TestNamespace other)
    {
        await scene.Admin.CreateAsync(
            other.Core("secrets"),
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["name"] = The.CredentialSecret },
                ["stringData"] = new JsonObject { ["clientSecret"] = The.ClientSecret },
            },
            Ct);
        var client = The.ClientSpec(scene.Provider.Issuer.OriginalString);
        client["allowedNamespaces"] = new JsonObject { ["from"] = "All" };
        await scene.Admin.CreateAsync(other.Of(The.Group, "oauthclients"), The.OAuthClient(The.Client, client), Ct);
        await CreateConnectionAsync(scene, scene.Home.Name, other.Name);
    }
}
