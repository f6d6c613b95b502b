using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Consent from a terminal: two real processes, the verb and the operator, with a real API server between them and its RBAC in the verb's
/// way.
/// </summary>
public sealed class ConnectTests(ApiServerFixture fixture)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Reach", "Cluster")]
    public async Task A_person_who_may_do_nothing_else_consents_and_the_operator_redeems()
    {
        var port = FreePort.Take();
        await using var scene = await ConnectScene.OpenAsync(fixture, port);
        var kubeconfig = await ConnectScene.PersonAsync(scene);
        await using var verb = scene.StartConnect(kubeconfig, port);

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
        await using var scene = await ConnectScene.OpenAsync(fixture, port);
        var kubeconfig = await ConnectScene.PersonAsync(scene);
        var page = scene.FileNamed("page");
        await using var verb = scene.StartConnect(kubeconfig, port, Desktop(scene, page));

        await Eventually.BecomesTrueAsync("the browser to be opened", () => File.Exists(page), Ct);
        var shown = await ConsentAsync(scene, await File.ReadAllTextAsync(page, Ct));

        Assert.Equal(0, await verb.WaitForExitAsync(Ct));
        Assert.Contains("<h1>Consent given</h1>", shown, StringComparison.Ordinal);
        Assert.Contains(verb.Lines, line => line.StartsWith("The browser is open: ", StringComparison.Ordinal));
        Assert.DoesNotContain(verb.Lines, line => line.Contains("state=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_consent_that_fails_ends_the_verb_with_the_reason_while_the_first_stays_valid()
    {
        var port = FreePort.Take();
        await using var scene = await ConnectScene.OpenAsync(fixture, port);
        scene.Provider.Portal.Set(new StandInUser(ConnectScene.Person, "sub-of-kari") { Tenants = [The.Tenant, The.OtherTenant] });
        scene.Provider.Portal.Set(scene.Provider.Portal.FindClient(The.ClientId)! with { ComparesTenants = false });
        var kubeconfig = await ConnectScene.PersonAsync(scene);
        await using var first = scene.StartConnect(kubeconfig, port);
        await ConsentAsync(scene, first);
        Assert.Equal(0, await first.WaitForExitAsync(Ct));
        await using var second = scene.StartConnect(kubeconfig, port, log: "second.log");

        var page = await ConsentAsync(scene, second, The.OtherTenant);

        Assert.Equal(1, await second.WaitForExitAsync(Ct));
        Assert.Contains(
            second.Lines,
            line =>
                line.StartsWith("visma-operator: TenantMismatch: ", StringComparison.Ordinal)
                && line.Contains(The.OtherTenant, StringComparison.Ordinal)
        );
        Assert.Contains("TenantMismatch", page, StringComparison.Ordinal);
        Assert.Equal(
            ("True", "ConsentGranted"),
            (await scene.GetConnectionAsync()).Condition("Authorized") is { } authorized ? (authorized.Status, authorized.Reason) : default
        );
        await scene.UntilReadyAsync();
    }

    [Fact]
    public async Task A_verb_that_is_missing_for_the_code_is_named_before_anybody_consents()
    {
        var port = FreePort.Take();
        await using var scene = await ConnectScene.OpenAsync(fixture, port);
        var kubeconfig = await ConnectScene.PersonAsync(scene, withoutVerb: "create");
        await using var verb = scene.StartConnect(kubeconfig, port);

        Assert.Equal(1, await verb.WaitForExitAsync(Ct));
        Assert.Equal(
            [
                $"visma-operator: You may not create secrets in namespace {scene.Home.Name}. Have a Role with the verb create bound to "
                + "your account.",
            ],
            verb.Lines
        );
    }

    [Fact]
    public async Task Stopping_the_verb_leaves_nothing()
    {
        var port = FreePort.Take();
        await using var scene = await ConnectScene.OpenAsync(fixture, port);
        var kubeconfig = await ConnectScene.PersonAsync(scene);
        await using var verb = scene.StartConnect(kubeconfig, port);
        await verb.WaitForLineAsync("/connect/authorize?", Ct);

        Assert.Equal(1, await verb.TerminateAsync(Ct));
        Assert.Contains(verb.Lines, line => line.Contains("stopped before the consent", StringComparison.Ordinal));
    }

    /// <summary>Variables of a desktop whose opener leaves what it was told in a file.</summary>
    private static Dictionary<string, string?> Desktop(Scene scene, string page)
    {
        var opener = scene.FileNamed("xdg-open");
        File.WriteAllText(opener, $"""
            #!/bin/sh
            printf '%s' "$@" >'{page}.part' && mv '{page}.part' '{page}'
            """
        );
        File.SetUnixFileMode(opener, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return new Dictionary<string, string?>
        {
            ["DISPLAY"] = ":0",
            ["PATH"] = $"{Path.GetDirectoryName(opener)}:{Environment.GetEnvironmentVariable("PATH")}",
        };
    }

    /// <summary>Does with the printed address what a person does, and says what the browser shows in the end.</summary>
    private static async Task<string> ConsentAsync(Scene scene, RealProcess verb, string tenant = The.Tenant)
    {
        var address = await verb.WaitForLineAsync("/connect/authorize?", Ct);
        return await ConsentAsync(scene, address, tenant);
    }

    private static async Task<string> ConsentAsync(Scene scene, string address, string tenant = The.Tenant)
    {
        var back = await scene.Provider.ApproveAsync(new Uri(address), ConnectScene.Person, tenant, Ct);
        using var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return await browser.GetStringAsync(back, Ct);
    }
}
