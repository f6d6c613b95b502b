using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>What people see with the real kubectl.</summary>
public sealed class KubectlTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Get_tells_the_story_in_a_line()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        var connection = await scene.CreateAllAsync();

        var narrow = await Kubectl.SucceedAsync(scene, "get", "vc");
        var wide = await Kubectl.SucceedAsync(scene, "get", "vismaconnections", "-o", "wide");

        Assert.Equal(["NAME", "READY", "STALLED", "REASON", "TENANT", "CLIENT", "EXPIRES", "AGE"], Columns(narrow.Lines[0]));
        string[] row =
        [
            The.Connection,
            "True",
            "TokenValid",
            The.Tenant,
            $"{scene.Home.Name}/{The.Client}",
            connection["status"]!["token"]!["expirationTime"]!.GetValue<string>(),
        ];
        Assert.Equal(row, Columns(narrow.Lines[1]).SkipLast(1)); // the column STALLED is empty
        Assert.Equal(["DISPLAY NAME", "API", "SECRET", "REFRESH AT", "OFFLINE", "MESSAGE"], Columns(wide.Lines[0]).Skip(8));
        Assert.Contains("https://api.finance.visma.net/v1", wide.Lines[1], StringComparison.Ordinal);
        Assert.Contains($"Secret {The.TokenSecret} holds a token that is valid until", wide.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_valid_token_whose_renewal_needs_a_person_is_shown_by_get()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        var spec = The.ConnectionSpec();
        spec["displayName"] = "Acme AS, production";
        await scene.CreateConnectionAsync(spec);
        await scene.UntilReadyAsync();
        scene.Provider.Portal.Set(new StandInClient(The.ClientId) { Secrets = [new StandInSecret("a-new-one-in-the-portal")] });
        await Kubectl.SucceedAsync(scene, "annotate", "vc", The.Connection, $"{VismaNames.RequestedAtAnnotation}=today");
        await scene.UntilAsync(scene.ConnectionPath(), "Stalled", node => node.Condition("Stalled")?.Reason == "ClientRefused");
        await scene.UntilAsync(
            scene.ClientPath(),
            "the client to be refused",
            node => node.Condition("Stalled")?.Reason == "ClientRefused"
        );

        var narrow = await Kubectl.SucceedAsync(scene, "get", "vc");
        var wide = await Kubectl.SucceedAsync(scene, "get", "vc", "-o", "wide");
        var client = await Kubectl.SucceedAsync(scene, "get", "oac", "-o", "wide");

        Assert.Equal([The.Connection, "True", "True", "TokenValid"], Columns(narrow.Lines[1]).Take(4));
        Assert.Contains("Acme AS, production", Columns(wide.Lines[1]));
        Assert.Matches("valid until [0-9: Z-]+[.] ClientRefused: The provider refused with invalid_client", wide.Lines[1]);
        Assert.Equal(["NAME", "READY", "STALLED", "REASON"], Columns(client.Lines[0]).Take(4));
        Assert.Equal([The.Client, "False", "True", "ClientRefused"], Columns(client.Lines[1]).Take(4));
        Assert.Contains("invalid_client", Columns(client.Lines[1])[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_valid_token_whose_renewal_fails_for_now_is_shown_by_get()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        scene.Provider.Faults.Always(Fault.ServerError(503));
        await Kubectl.SucceedAsync(scene, "annotate", "vc", The.Connection, $"{VismaNames.RequestedAtAnnotation}=today");
        await scene.UntilAsync(scene.ConnectionPath(), "an outage", node => node.Condition("TokenFresh")?.Status == "False");

        var wide = await Kubectl.SucceedAsync(scene, "get", "vc", "-o", "wide");

        Assert.Equal([The.Connection, "True", "TokenValid"], Columns(wide.Lines[1]).Take(3));
        Assert.Matches("valid until [0-9: Z-]+[.] ProviderUnavailable: ", wide.Lines[1]);
    }

    [Fact]
    public async Task A_client_secret_that_expires_soon_is_shown_by_get()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateCredentialsAsync();
        var spec = The.ClientSpec(scene.Provider.Issuer.OriginalString);
        spec["clientSecrets"]![0]!["expirationTime"] = TimeProvider
            .System.GetUtcNow()
            .AddDays(5)
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        await scene.CreateClientAsync(spec);
        await scene.UntilAsync(scene.ClientPath(), "a client that is Ready", node => node.Condition("Ready")?.Status == "True");

        var client = await Kubectl.SucceedAsync(scene, "get", "oac", "-o", "wide");

        Assert.Equal([The.Client, "True", "ClientUsable"], Columns(client.Lines[1]).Take(3));
        Assert.Contains(" SecretExpiresSoon: The client secret in ", client.Lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_kinds_answer_to_their_category_and_short_names()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();

        var all = await Kubectl.SucceedAsync(scene, "get", "visma");
        var client = await Kubectl.SucceedAsync(scene, "get", "oac", The.Client, "--no-headers");

        Assert.Contains($"vismaconnection.visma-operator.io/{The.Connection}", all.Text, StringComparison.Ordinal);
        Assert.Contains($"oauthclient.visma-operator.io/{The.Client}", all.Text, StringComparison.Ordinal);
        Assert.Equal([The.Client, "True"], Columns(client.Lines[0]).Take(2));
    }

    [Fact]
    public async Task Describe_shows_conditions_events_and_what_to_do()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        var spec = The.ConnectionSpec();
        spec["tenantID"] = The.UnapprovedTenant;
        await scene.CreateConnectionAsync(spec);
        var stalled = await scene.UntilAsync(scene.ConnectionPath(), "Stalled", node => node.Condition("Stalled") is not null);
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));

        var described = await Kubectl.SucceedAsync(scene, "describe", "vc", The.Connection);

        var reason = stalled.Condition("Stalled")!.Reason;
        Assert.Contains(
            described.Lines,
            line =>
                line.Contains("Warning", StringComparison.Ordinal)
                && line.Contains(reason, StringComparison.Ordinal)
                && line.Contains("visma-operator", StringComparison.Ordinal)
        );
        Assert.Contains(
            described.Lines,
            line => line.Contains("Message:", StringComparison.Ordinal) && line.Contains(The.UnapprovedTenant, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Wait_ends_when_the_connection_is_Ready_and_not_before()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        var answer = new TaskCompletionSource();
        scene.Provider.Faults.Next(new Fault.Hold(answer.Task));
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        await scene.CreateConnectionAsync();
        await scene.Provider.Ledger.WaitForInFlightAsync(1, Ct);

        var early = await Kubectl.RunAsync(scene, "wait", "--for=condition=Ready", $"vc/{The.Connection}", "--timeout=1s");
        var late = Kubectl.SucceedAsync(scene, "wait", "--for=condition=Ready", $"vc/{The.Connection}", "--timeout=60s");
        answer.SetResult();

        Assert.NotEqual(0, early.ExitCode);
        Assert.Contains("condition met", (await late).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_and_annotate_do_what_the_documentation_says()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateCredentialsAsync();
        var manifests = Directory.CreateTempSubdirectory("visma-operator-manifests-");
        await File.WriteAllTextAsync(
            Path.Combine(manifests.FullName, "client.json"),
            The.OAuthClient(The.Client, The.ClientSpec(scene.Provider.Issuer.OriginalString)).ToJsonString(),
            Ct
        );
        await File.WriteAllTextAsync(
            Path.Combine(manifests.FullName, "connection.json"),
            The.VismaConnection(The.Connection, The.ConnectionSpec()).ToJsonString(),
            Ct
        );

        // Schema validation by kubectl itself needs the field validation of later servers.
        await Kubectl.SucceedAsync(scene, "apply", "--validate=false", "-f", manifests.FullName);
        await scene.UntilReadyAsync();
        await Kubectl.SucceedAsync(scene, "annotate", "vc", The.Connection, $"{VismaNames.RequestedAtAnnotation}=today");
        await scene.UntilHandledAsync("today");
        manifests.Delete(recursive: true);

        var again = await Kubectl.SucceedAsync(scene, "get", "vc", The.Connection, "-o", "json");
        Assert.Equal("True", JsonNode.Parse(again.Text)!.Condition("Ready")!.Status);
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
    }

    // One blank is part of a name or a sentence; columns are at least two apart.
    private static string[] Columns(string line) =>
        line.Split("  ", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
