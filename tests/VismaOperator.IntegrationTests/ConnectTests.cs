using System.Text.Json.Nodes;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>Consent from a terminal: two real processes, the verb and the operator, with a real API server between them and its RBAC in the verb's way.</summary>
public sealed class ConnectTests(ApiServerFixture fixture)
{
    private const string Person = "kari@acme.example";
    private const string Rbac = "rbac.authorization.k8s.io/v1";

    /// <summary>All that a person needs who may consent and nothing else.</summary>
    private static IReadOnlyList<JsonNode> Needed { get; } = DocumentedYaml.In("docs/interactive-connections.md");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_who_may_do_nothing_else_consents_and_the_operator_redeems()
    {
        var port = FreePort.Take();
        await using var scene = await OpenAsync(port);
        var kubeconfig = await PersonAsync(scene);
        await using var verb = Connect(scene, kubeconfig, port);

        var page = await ConsentAsync(scene, verb);

        Assert.Equal(0, await verb.WaitForExitAsync(Ct));
        Assert.Contains("<h1>Consent given</h1>", page, StringComparison.Ordinal);
        Assert.Contains(verb.Lines, line => line.Contains("is authorized by sub-of-kari. The consent ends at ", StringComparison.Ordinal));
        await scene.UntilReadyAsync();
        Assert.Null(await scene.Admin.FindAsync(scene.SecretPath(The.Connection + "-visma-handoff"), Ct));
        var output = string.Join('\n', verb.Lines);
        Assert.All(scene.Provider.Ledger.AllSecretsIssued(), secret => Assert.DoesNotContain(secret, output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_browser_of_the_desktop_is_opened_and_the_terminal_keeps_the_address_to_itself()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "xdg-open is the opener of Linux.");
        var port = FreePort.Take();
        await using var scene = await OpenAsync(port);
        var kubeconfig = await PersonAsync(scene);
        var page = scene.FileNamed("page");
        await using var verb = Connect(scene, kubeconfig, port, Desktop(scene, page));

        await Eventually.BecomesTrueAsync("the browser to be opened", () => File.Exists(page), Ct);
        var shown = await ConsentAsync(scene, await File.ReadAllTextAsync(page, Ct));

        Assert.Equal(0, await verb.WaitForExitAsync(Ct));
        Assert.Contains("<h1>Consent given</h1>", shown, StringComparison.Ordinal);
        Assert.Contains(verb.Lines, line => line.StartsWith("The browser is open: ", StringComparison.Ordinal));
        Assert.DoesNotContain(verb.Lines, line => line.Contains("state=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_consent_that_fails_ends_the_verb_with_the_reason_while_the_first_goes_on()
    {
        var port = FreePort.Take();
        await using var scene = await OpenAsync(port);
        scene.Provider.Portal.Set(new StandInUser(Person, "sub-of-kari") { Tenants = [The.Tenant, The.OtherTenant] });
        scene.Provider.Portal.Set(scene.Provider.Portal.FindClient(The.ClientId)! with { ComparesTenants = false });
        var kubeconfig = await PersonAsync(scene);
        await using var first = Connect(scene, kubeconfig, port);
        await ConsentAsync(scene, first);
        Assert.Equal(0, await first.WaitForExitAsync(Ct));
        await using var second = Connect(scene, kubeconfig, port, log: "second.log");

        var page = await ConsentAsync(scene, second, The.OtherTenant);

        Assert.Equal(1, await second.WaitForExitAsync(Ct));
        Assert.Contains(second.Lines, line => line.StartsWith("visma-operator: TenantMismatch: ", StringComparison.Ordinal) && line.Contains(The.OtherTenant, StringComparison.Ordinal));
        Assert.Contains("TenantMismatch", page, StringComparison.Ordinal);
        Assert.Equal(("True", "ConsentGranted"), (await scene.GetConnectionAsync()).Condition("Authorized") is { } authorized ? (authorized.Status, authorized.Reason) : default);
        await scene.UntilReadyAsync();
    }

    [Fact]
    public async Task A_verb_that_is_missing_for_the_code_is_named_before_anybody_consents()
    {
        var port = FreePort.Take();
        await using var scene = await OpenAsync(port);
        var kubeconfig = await PersonAsync(scene, withoutVerb: "create");
        await using var verb = Connect(scene, kubeconfig, port);

        Assert.Equal(1, await verb.WaitForExitAsync(Ct));
        Assert.Equal([$"visma-operator: You may not create secrets in namespace {scene.Home.Name}. Have a Role with the verb create bound to your account."], verb.Lines);
    }

    [Fact]
    public async Task Whoever_stops_the_verb_leaves_nothing()
    {
        var port = FreePort.Take();
        await using var scene = await OpenAsync(port);
        var kubeconfig = await PersonAsync(scene);
        await using var verb = Connect(scene, kubeconfig, port);
        await verb.WaitForLineAsync("/connect/authorize?", Ct);

        Assert.Equal(1, await verb.TerminateAsync(Ct));
        Assert.Contains(verb.Lines, line => line.Contains("stopped before the consent", StringComparison.Ordinal));
    }

    private async Task<Scene> OpenAsync(int port)
    {
        var scene = await Scene.OpenAsync(fixture);
        scene.Provider.Portal.Set(new StandInUser(Person, "sub-of-kari") { Tenants = [The.Tenant] });
        scene.Provider.Portal.Set(scene.Provider.Portal.FindClient(The.ClientId)! with
        {
            AllowedScopes = ErpScopes.Interactive,
            AllowedGrants = StandInClient.InteractiveGrants,
            AllowOfflineAccess = true,
            RedirectUris = [$"http://localhost:{port}/oauth2/callback"],
        });
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        var spec = The.ConnectionSpec();
        spec["grant"] = "AuthorizationCode";
        spec["scopes"] = new JsonArray("vismanet_erp_interactive_api:read");
        await scene.CreateConnectionAsync(spec);
        return scene;
    }

    /// <summary>An account with the documented role in the scene's namespace, as a kubeconfig.</summary>
    private static async Task<string> PersonAsync(Scene scene, string? withoutVerb = null)
    {
        var account = await TestServiceAccount.CreateAsync(scene.Admin, scene.Home, "kari", Ct);
        foreach (var resource in Needed)
        {
            await scene.Admin.CreateAsync(scene.Home.Of(Rbac, resource["kind"]!.GetValue<string>().ToLowerInvariant() + "s"), Own(resource, scene, account, withoutVerb), Ct);
        }

        var path = scene.FileNamed("kari.kubeconfig");
        account.WriteKubeconfig(scene.Server, path);
        return path;
    }

    // The names in the document are those of the example.
    private static JsonNode Own(JsonNode resource, Scene scene, TestServiceAccount account, string? withoutVerb)
    {
        var own = JsonNode.Parse(resource.ToJsonString().Replace("\"acme-visma-handoff\"", $"\"{The.Connection}-visma-handoff\"", StringComparison.Ordinal))!;
        own["metadata"]!["namespace"] = scene.Home.Name;
        if (own["rules"] is JsonArray rules)
        {
            own["rules"] = new JsonArray([.. rules.Where(rule => rule!["verbs"]!.AsArray().All(verb => verb!.GetValue<string>() != withoutVerb)).Select(rule => rule!.DeepClone())]);
        }
        else
        {
            own["subjects"] = new JsonArray(account.ToSubject());
        }

        return own;
    }

    private static RealProcess Connect(Scene scene, string kubeconfig, int port, Dictionary<string, string?>? desktop = null, string log = "connect.log")
    {
        string[] arguments =
        [
            "connect", $"{scene.Home.Name}/{The.Connection}", "--kubeconfig", kubeconfig, "--port", $"{port}",
            "--allowed-issuers", scene.Provider.Issuer.OriginalString, "--insecure-issuers", .. desktop is null ? ["--no-browser"] : (string[])[],
        ];
        return RealProcess.Start(new ProcessCommand("connect", OperatorProcess.FindProgram("visma-operator"), arguments, scene.FileNamed(log)) { Environment = desktop ?? [] });
    }

    /// <summary>Variables of a desktop whose opener leaves what it was told in a file.</summary>
    private static Dictionary<string, string?> Desktop(Scene scene, string page)
    {
        var opener = scene.FileNamed("xdg-open");
        File.WriteAllText(opener, $"""
            #!/bin/sh
            printf '%s' "$@" >'{page}.part' && mv '{page}.part' '{page}'
            """);
        File.SetUnixFileMode(opener, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return new Dictionary<string, string?> { ["DISPLAY"] = ":0", ["PATH"] = $"{Path.GetDirectoryName(opener)}:{Environment.GetEnvironmentVariable("PATH")}" };
    }

    /// <summary>Does with the printed address what a person does, and says what the browser shows in the end.</summary>
    private static async Task<string> ConsentAsync(Scene scene, RealProcess verb, string tenant = The.Tenant)
    {
        var address = await verb.WaitForLineAsync("/connect/authorize?", Ct);
        return await ConsentAsync(scene, address, tenant);
    }

    private static async Task<string> ConsentAsync(Scene scene, string address, string tenant = The.Tenant)
    {
        var back = await scene.Provider.ApproveAsync(new Uri(address), Person, tenant, Ct);
        using var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return await browser.GetStringAsync(back, Ct);
    }
}
