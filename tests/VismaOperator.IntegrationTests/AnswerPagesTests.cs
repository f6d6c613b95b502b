using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using Proxying = VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>What a person sees in a real Chromium who comes back with an answer that cannot be taken, or not yet.</summary>
public sealed class AnswerPagesTests(ApiServerFixture fixture, Chromium chromium)
{
    private const int MaxOpenAttempts = 8; // of one connection

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wrong_answer_is_reported_and_the_right_one_is_still_accepted()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();
        var back = await scene.ConsentInAsync(page);

        await page.GotoAsync(back.GetLeftPart(UriPartial.Path));
        await page.UntilShownAsync("This is not an answer of the provider", "consent-unreadable-answer");
        await page.GotoAsync(
            back.AbsoluteUri.Replace(
                Uri.EscapeDataString(scene.Provider.Issuer.OriginalString),
                "https%3A%2F%2Fother.example.com",
                StringComparison.Ordinal
            )
        );
        await page.UntilShownAsync("This is the answer of another provider", "consent-other-provider");
        using (
            scene.Proxy.Inject(
                new Proxying.FaultEffect.Answer(HttpStatusCode.ServiceUnavailable),
                request => request.IsReadOf(scene.GrantPath())
            )
        )
        {
            await page.GotoAsync(back.AbsoluteUri);
            await page.UntilShownAsync("This does not work at the moment", "consent-cluster-unavailable");
        }

        await page.GotoAsync(back.AbsoluteUri);
        await scene.UntilReadyAsync();
    }

    [Fact]
    public async Task Changes_while_the_person_was_at_the_provider_are_reported()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();

        var late = await scene.ConsentInAsync(page);
        await ChangeAttemptAsync(scene, "attempt_expires_at", "2026-01-01T00:00:00Z"); // as if ten minutes had passed
        await page.GotoAsync(late.AbsoluteUri);
        await page.UntilShownAsync("That took too long", "consent-too-late");

        var spoilt = await scene.ConsentInAsync(page);
        await ChangeAttemptAsync(scene, "attempt_redirect_uri", "edited by hand");
        await page.GotoAsync(spoilt.AbsoluteUri);
        await page.UntilShownAsync("Something went wrong here", "consent-failed");

        var outdated = await scene.ConsentInAsync(page);
        await scene.ChangeConnectionAsync(new JsonObject { ["scopes"] = new JsonArray("vismanet_erp_interactive_api:read") });
        await page.GotoAsync(outdated.AbsoluteUri);
        await page.UntilShownAsync("The connection was changed meanwhile", "consent-changed");

        Assert.DoesNotContain(scene.Provider.Ledger.TokenRequests, request => request.Request.GrantType == "authorization_code");
    }

    [Fact]
    public async Task Others_who_hold_the_link_are_told_that_they_are_too_many_or_too_late_and_lock_nobody_out()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var link = await scene.UntilAwaitingConsentAsync();
        IPage[] people = [await browser.OpenAsync(), await browser.OpenAsync()];
        Uri[] backs = [await scene.ConsentInAsync(people[0]), await scene.ConsentInAsync(people[1])];
        for (var open = people.Length; open < MaxOpenAttempts; open++)
        {
            await (await browser.OpenAsync()).LeaveAsync(link);
        }

        var oneMore = await browser.OpenAsync();
        await oneMore.GotoAsync(link);
        await oneMore.Locator("form button").ClickAsync();
        await oneMore.UntilShownAsync("Too many consents are under way", "consent-too-many-attempts");

        await people[0].GotoAsync(backs[0].AbsoluteUri);
        await people[0].Locator("h1", new PageLocatorOptions { HasText = "Your consent is stored" }).WaitForAsync();
        await people[1].GotoAsync(backs[1].AbsoluteUri);
        await people[1].UntilShownAsync("Another consent was stored first", "consent-superseded");
        await scene.UntilReadyAsync();
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_connection_that_cannot_be_consented_to_says_why()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();
        var link = await scene.UntilAwaitingConsentAsync();
        await scene.ChangeConnectionAsync(new JsonObject { ["suspend"] = true });
        await scene.UntilAsync(scene.ConnectionPath(), "the suspension to be seen", node => node.IsObserved());

        await page.GotoAsync(link);

        await page.UntilShownAsync("A consent is not possible now", "consent-not-possible");
    }

    [Fact]
    public async Task An_error_of_the_provider_is_reported_with_its_remedy()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();
        scene.Provider.Portal.Set(scene.Provider.Portal.FindClient(The.ClientId)! with { AllowOfflineAccess = false });

        await page.GotoAsync(await scene.UntilAwaitingConsentAsync());
        await page.Locator("form button").ClickAsync();

        await page.UntilShownAsync("The provider did not give access", "consent-provider-failed");
        await scene.UntilAsync(
            scene.ConnectionPath(),
            "the error in status",
            node => node.Condition("Authorized")?.Reason == "ConsentFailed"
        );
    }

    [Fact]
    public async Task A_consent_that_the_cluster_does_not_accept_for_a_minute_is_reported_kept_and_stored()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();
        await page.BeginAsync(await scene.UntilAwaitingConsentAsync());
        var writes = 0; // the first one removes the attempt
        using (scene.Proxy.Inject(
            new Proxying.FaultEffect.Answer(HttpStatusCode.ServiceUnavailable),
            request => request.IsWrite && request.Path == scene.GrantPath() && Interlocked.Increment(ref writes) > 1))
        {
            page.SetDefaultTimeout((float)(CrashRun.Outage + Eventually.Patience).TotalMilliseconds);
            await page.ApproveAsync();
            await page.UntilShownAsync("Your consent is about to be stored", "consent-stored-soon");
        }

        var connection = await scene.UntilReadyAsync();
        Assert.Equal("8f0e-kari", connection["status"]!["authorization"]!["grantedBy"]!.GetValue<string>());
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    private static Task ChangeAttemptAsync(Scene scene, string key, string value) =>
        scene.Admin.PatchAsync(scene.GrantPath(), new JsonObject { ["stringData"] = new JsonObject { [key] = value } }, Ct);
}
