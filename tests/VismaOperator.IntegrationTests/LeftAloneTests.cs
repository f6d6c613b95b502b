using System.Text.Json.Nodes;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>Connections that are suspended, and connections that a client no longer serves.</summary>
public sealed class LeftAloneTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_suspended_connection_is_left_alone_until_its_token_expires_and_after()
    {
        await using var scene = await Scene.OpenAsync(fixture, SceneOptions.WithLifetime(TimeSpan.FromSeconds(12)));
        await scene.CreateAllAsync();
        await scene.ChangeConnectionAsync(new JsonObject { ["suspend"] = true });
        var suspended = await scene.UntilAsync(
            scene.ConnectionPath(),
            "Suspended",
            node => node.IsObserved() && node.Condition("Ready")?.Reason == "Suspended"
        );
        Assert.Equal("True", suspended.Condition("Ready")!.Status);
        var (tokens, requests) = (scene.Provider.Ledger.TokenRequests.Count, scene.Proxy.Ledger.Requests.Count);

        await scene.RequestRefreshAsync("in vain");
        await scene.Admin.PatchAsync(scene.SecretPath(), new JsonObject { ["data"] = new JsonObject { ["base_url"] = "" } }, Ct);
        await scene.UntilAsync(scene.ConnectionPath(), "the token to expire", node => node.Condition("Ready")?.Status == "False");
        await scene.UntilStillAsync(TimeSpan.FromSeconds(2));

        Assert.Equal(tokens, scene.Provider.Ledger.TokenRequests.Count);
        var writes = scene.Proxy.Ledger.Requests.Skip(requests).Where(request => request.IsWrite && !request.IsEvent()).ToList();
        Assert.DoesNotContain(writes, request => request.IsSecretWrite());
        Assert.Single(writes, request => request.IsConnectionStatus()); // that it expired
    }

    [Fact]
    public async Task A_resumed_connection_gets_a_token_again()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        var spec = The.ConnectionSpec();
        spec["suspend"] = true;
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        await scene.CreateConnectionAsync(spec);
        await scene.UntilAsync(scene.ConnectionPath(), "Suspended", node => node.Condition("Ready")?.Reason == "Suspended");
        Assert.Empty(scene.Provider.Ledger.TokenRequests);

        await scene.ChangeConnectionAsync(new JsonObject { ["suspend"] = false });

        await scene.UntilReadyAsync();
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_withdrawn_allowance_takes_the_Secret_away_even_where_it_is_to_be_retained_or_is_suspended(bool isSuspended)
    {
        await using var integrations = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await OpenBesideAsync(integrations);
        var spec = ConnectionTo(integrations);
        spec["secret"] = new JsonObject { ["deletionPolicy"] = "Retain" };
        await scene.CreateConnectionAsync(spec);
        await scene.UntilReadyAsync();
        await scene.ChangeConnectionAsync(new JsonObject { ["suspend"] = isSuspended });
        await scene.UntilReadyAsync();

        await scene.Admin.PatchAsync(
            integrations.Of(The.Group, $"oauthclients/{The.Client}"),
            new JsonObject { ["spec"] = new JsonObject { ["allowedNamespaces"] = new JsonObject { ["from"] = "Same" } } },
            Ct
        );

        await scene.UntilGoneAsync(scene.SecretPath());
        var connection = await scene.UntilAsync(scene.ConnectionPath(), "Stalled", node => node.Condition("Stalled") is not null);
        Assert.Equal("ClientNotAvailable", connection.Condition("Stalled")!.Reason);
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_client_of_another_namespace_that_does_not_allow_this_one_reads_as_if_it_did_not_exist()
    {
        await using var integrations = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await OpenBesideAsync(integrations, allowedFrom: "Same");
        var absent = ConnectionTo(integrations);
        absent["oauthClientRef"]!["name"] = "absent";
        await scene.CreateConnectionAsync(ConnectionTo(integrations), "forbidden");
        await scene.CreateConnectionAsync(absent, "absent");

        var forbidden = await scene.UntilAsync(scene.ConnectionPath("forbidden"), "a verdict", node => node.IsObserved());
        var missing = await scene.UntilAsync(scene.ConnectionPath("absent"), "a verdict", node => node.IsObserved());

        Assert.Equal(Verdict(missing, "absent"), Verdict(forbidden, The.Client));
        Assert.Empty(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    [Trait("Reach", "Cluster")]
    public async Task A_client_that_allows_namespaces_by_label_serves_those_that_have_it()
    {
        await using var integrations = await fixture.CreateNamespaceAsync(Ct);
        await using var scene = await OpenBesideAsync(integrations, allowedFrom: "Selector");

        await scene.CreateConnectionAsync(ConnectionTo(integrations));

        await scene.UntilReadyAsync();
    }

    private async Task<Scene> OpenBesideAsync(TestNamespace integrations, string allowedFrom = "All")
    {
        var scene = await Scene.OpenAsync(
            fixture,
            new SceneOptions
            {
                MoreNamespaces = [integrations.Name],
                Labels = new Dictionary<string, string> { ["team"] = "erp" },
            }
        );
        var spec = The.ClientSpec(scene.Provider.Issuer.OriginalString);
        spec["allowedNamespaces"] = new JsonObject { ["from"] = allowedFrom };
        if (allowedFrom == "Selector")
        {
            spec["allowedNamespaces"]!["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["team"] = "erp" } };
        }

        var credentials = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = The.CredentialSecret },
            ["stringData"] = new JsonObject { ["clientSecret"] = The.ClientSecret },
        };
        await scene.Admin.CreateAsync(integrations.Core("secrets"), credentials, Ct);
        await scene.Admin.CreateAsync(integrations.Of(The.Group, "oauthclients"), The.OAuthClient(The.Client, spec), Ct);
        return scene;
    }

    private static JsonObject ConnectionTo(TestNamespace ns)
    {
        var spec = The.ConnectionSpec();
        spec["oauthClientRef"] = new JsonObject { ["name"] = The.Client, ["namespace"] = ns.Name };
        return spec;
    }

    private static string Verdict(JsonNode connection, string client)
    {
        string[] types = ["Ready", "Reconciling", "Stalled"];
        return string.Join(
            '\n',
            types.Select(type => $"{type}: {connection.Condition(type)}".Replace($"/{client}", "/CLIENT", StringComparison.Ordinal))
        );
    }
}
