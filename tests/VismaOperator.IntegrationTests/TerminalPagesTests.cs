using Microsoft.Playwright;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>What a person sees in a real Chromium who consents from a terminal.</summary>
public sealed class TerminalPagesTests(ApiServerFixture fixture, Chromium chromium)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_browser_says_what_the_terminal_says_and_what_came_astray_changes_nothing()
    {
        var port = FreePort.Take();
        await using var scene = await ConnectScene.OpenAsync(fixture, port);
        await using var browser = await chromium.StartAsync();
        await using var verb = scene.StartConnect(await ConnectScene.PersonAsync(scene), port);
        var page = await browser.OpenAsync();
        var provider = await verb.WaitForLineAsync("/connect/authorize?", Ct);

        await page.GotoAsync($"http://localhost:{port}/");
        await page.UntilShownAsync("Nothing here", "connect-nothing-here");
        await page.GotoAsync($"http://localhost:{port}/oauth2/callback?code=a-code&state=of-another-request");
        await page.UntilShownAsync("This answer cannot be used", "connect-other-answer");
        await SignInAsync(page, provider);
        await page.ApproveAsync();
        await page.UntilShownAsync("Consent given", "connect-given");

        Assert.Equal(0, await verb.WaitForExitAsync(Ct));
        await scene.UntilReadyAsync();
    }

    [Fact]
    public async Task A_no_is_shown_too()
    {
        var port = FreePort.Take();
        await using var scene = await ConnectScene.OpenAsync(fixture, port);
        await using var browser = await chromium.StartAsync();
        await using var verb = scene.StartConnect(await ConnectScene.PersonAsync(scene), port);
        var page = await browser.OpenAsync();

        await SignInAsync(page, await verb.WaitForLineAsync("/connect/authorize?", Ct));
        await page.DenyAsync();
        await page.UntilShownAsync("No consent", "connect-none");

        Assert.Equal(1, await verb.WaitForExitAsync(Ct));
    }

    [Fact]
    public async Task Without_an_operator_the_browser_is_not_left_waiting()
    {
        var port = FreePort.Take();
        await using var scene = await ConnectScene.OpenAsync(fixture, port);
        await scene.UntilAsync(
            scene.ConnectionPath(),
            "a person to be asked",
            node => node.Condition("Authorized")?.Reason == "AwaitingConsent"
        );
        await scene.EndOperatorAsync(ProcessSignal.Kill);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();
        var kubeconfig = await ConnectScene.PersonAsync(scene);

        await using (var stopped = scene.StartConnect(kubeconfig, port))
        {
            await SignInAsync(page, await stopped.WaitForLineAsync("/connect/authorize?", Ct));
            var approving = page.ApproveAsync();
            await stopped.WaitForLineAsync("The code has arrived", Ct);
            Assert.Equal(1, await stopped.TerminateAsync(Ct));
            await approving;
            await page.UntilShownAsync("The terminal waits no more", "connect-stopped");
        }

        await using var verb = scene.StartConnect(kubeconfig, port);
        await SignInAsync(page, await verb.WaitForLineAsync("/connect/authorize?", Ct));
        await page.ApproveAsync();
        await page.UntilShownAsync("Nearly done", "connect-nearly-done");
        await scene.StartOperatorAsync();

        Assert.Equal(0, await verb.WaitForExitAsync(Ct));
        await scene.UntilReadyAsync();
    }

    /// <summary>Goes to the provider's question. Who approves there waits until the terminal knows how it ended.</summary>
    private static async Task SignInAsync(IPage page, string address)
    {
        await page.GotoAsync(address);
        if (await page.Locator("#username").CountAsync() > 0)
        {
            await page.SignInAsync();
        }
    }
}
