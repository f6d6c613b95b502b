using System.Text.Json.Nodes;
using Microsoft.Playwright;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// A person's way in a real Chromium, over a real operator and a real API server. WRITE_SCREENSHOTS=1 keeps pictures for the documentation.
/// </summary>
public sealed class BrowserTests(ApiServerFixture fixture, Chromium chromium)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_the_link_in_status_to_a_connection_that_is_ready()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();

        await page.GotoAsync(await scene.UntilAwaitingConsentAsync());
        await page.UntilShownAsync("Connect Acme AS, production to Visma?", "consent-confirm");
        await AssertSaysAsync(page, scene.Home.Name, The.Connection, The.Tenant, "vismanet_erp_interactive_api:create");
        await page.Locator("form button").ClickAsync();
        await page.SignInAsync();
        await page.KeepAsync("consent-provider");
        await page.ApproveAsync();
        await page.UntilShownAsync("Your consent is stored", "consent-granted");
        var connection = await scene.UntilReadyAsync();

        await AssertSaysAsync(page, The.Connection, "8f0e-kari");
        Assert.Equal("True", connection.Condition("Authorized")!.Status);
        Assert.Null(connection["status"]!["authorization"]!["url"]);
        Assert.StartsWith("Bearer ", (await scene.GetSecretAsync()).Value("authorization"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_who_denies_the_consent_is_told_and_the_connection_keeps_waiting()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();

        await page.BeginAsync(await scene.UntilAwaitingConsentAsync());
        await page.DenyAsync();
        await page.UntilShownAsync("The consent was refused", "consent-denied");

        var connection = await scene.UntilAsync(
            scene.ConnectionPath(),
            "the refusal in status",
            node => node.Condition("Authorized")?.Reason == "ConsentDenied"
        );
        Assert.Equal("AwaitingConsent", connection.Condition("Ready")!.Reason);
    }

    [Fact]
    public async Task Another_company_is_refused_in_words()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();

        await page.BeginAsync(await scene.UntilAwaitingConsentAsync(), The.OtherTenant);
        await page.ApproveAsync();
        await page.UntilShownAsync("This consent is not for the right company", "consent-wrong-company");

        await AssertSaysAsync(page, The.OtherTenant, The.Tenant);
        await scene.UntilAsync(
            scene.ConnectionPath(),
            "the mismatch in status",
            node => node.Condition("Authorized")?.Reason == "TenantMismatch"
        );
        Assert.Null(await scene.Admin.FindAsync(scene.SecretPath(), Ct));
    }

    [Fact]
    public async Task More_scopes_than_were_asked_for_are_refused_in_words()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();
        var portal = scene.Provider.Portal;
        portal.Set(
            portal.FindClient(The.ClientId)! with
            {
                GrantedScopes = ["vismanet_erp_interactive_api:read", "vismanet_erp_interactive_api:delete", "offline_access"],
            }
        );

        await page.BeginAsync(await scene.UntilAwaitingConsentAsync());
        await page.ApproveAsync();
        await page.UntilShownAsync("This consent gives more than was asked for", "consent-more-scopes");

        await AssertSaysAsync(page, "vismanet_erp_interactive_api:delete");
        await scene.UntilAsync(
            scene.ConnectionPath(),
            "the excess in status",
            node => node.Condition("Authorized")?.Reason == "ScopesExceeded"
        );
        Assert.Null(await scene.Admin.FindAsync(scene.SecretPath(), Ct));
    }

    [Fact]
    public async Task A_link_that_was_used_a_link_that_is_none_and_an_answer_that_is_replayed_end_on_a_page_that_says_so()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();
        var link = await scene.UntilAwaitingConsentAsync();
        await page.BeginAsync(link);
        await page.ApproveAsync();
        await scene.UntilReadyAsync();
        await page.Locator("h1", new PageLocatorOptions { HasText = "Your consent is stored" }).WaitForAsync();
        var answer = page.Url;

        await page.GotoAsync(answer);
        await page.UntilShownAsync("This link does not work", "consent-used");
        Assert.Equal(1, scene.Provider.Ledger.TokenRequests.Count(request => request.Request.GrantType == "authorization_code"));
        await AssertRefusedAsync(page, link);
        await AssertRefusedAsync(page, link[..link.IndexOf("start=", StringComparison.Ordinal)] + "start=somebody-elses");
    }

    [Fact]
    public async Task A_link_that_expired_says_where_the_next_one_is()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var link = await scene.UntilAwaitingConsentAsync();
        await scene.EndOperatorAsync(VismaOperator.Testing.ApiServer.Processes.ProcessSignal.Kill);
        await scene.Admin.PatchAsync(
            scene.ConnectionPath() + "/status",
            new JsonObject
            {
                ["status"] = new JsonObject { ["authorization"] = new JsonObject { ["urlExpirationTime"] = "2026-01-01T00:00:00Z" } },
                ["metadata"] = new JsonObject(),
            },
            Ct
        );
        await scene.ChangeConnectionAsync(new JsonObject { ["suspend"] = true });
        await scene.StartOperatorAsync();
        var page = await browser.OpenAsync();

        await page.GotoAsync(link);
        await page.UntilShownAsync("This link has expired", "consent-expired");

        await AssertSaysAsync(page, "24 hours");
    }

    [Fact]
    public async Task A_consent_begun_in_one_browser_cannot_be_finished_in_another()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var (attacker, victim) = (await browser.OpenAsync(), await browser.OpenAsync());

        await attacker.BeginAsync(await scene.UntilAwaitingConsentAsync());
        var providersPage = attacker.Url;
        await victim.GotoAsync(providersPage);
        await victim.SignInAsync();
        await victim.ApproveAsync();
        await victim.UntilShownAsync("This consent was begun in another browser", "consent-other-browser");

        Assert.Equal("False", (await scene.GetConnectionAsync()).Condition("Authorized")!.Status);
        Assert.DoesNotContain(scene.Provider.Ledger.TokenRequests, request => request.Request.GrantType == "authorization_code");
    }

    [Fact]
    public async Task The_pages_fit_a_telephone_at_night()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var telephone = new ViewportSize { Width = 320, Height = 640 };
        var page = await browser.OpenAsync(telephone, ColorScheme.Dark);

        await page.GotoAsync(await scene.UntilAwaitingConsentAsync());
        await page.KeepAsync("consent-telephone");

        await page.AssertFitsAsync(telephone);
    }

    private static async Task AssertRefusedAsync(IPage page, string link)
    {
        var answer = await page.GotoAsync(link);
        Assert.InRange(answer!.Status, 400, 499);
        Assert.Equal(0, await page.Locator("form").CountAsync());
    }

    private static async Task AssertSaysAsync(IPage page, params string[] words)
    {
        var text = await page.Locator("body").InnerTextAsync();
        Assert.All(words, word => Assert.Contains(word, text, StringComparison.Ordinal));
    }
}
