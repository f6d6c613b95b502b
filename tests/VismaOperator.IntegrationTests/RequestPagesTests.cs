using Microsoft.Playwright;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using Proxying = VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>What a person sees in a real Chromium whose request is not looked at.</summary>
public sealed class RequestPagesTests(ApiServerFixture fixture, Chromium chromium)
{
    /// <summary>So many ask at the same time, each again when it is answered: more than the budget of one address is refilled by.</summary>
    private const int Crowd = 10;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_link_that_was_mangled_or_led_through_another_site_begins_nothing()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();
        var link = new Uri(await scene.UntilAwaitingConsentAsync());

        await page.GotoAsync(new Uri(link, "/connect").AbsoluteUri);
        await page.UntilShownAsync("There is no such page", "consent-no-such-page");
        await OpenFormElsewhereAsync(page, new Uri(link, "/oauth2/callback"), "code=a-code"); // as response_mode=form_post would
        await page.UntilShownAsync("This page cannot be used in this way", "consent-no-such-method");
        await OpenFormElsewhereAsync(page, new Uri(link.GetLeftPart(UriPartial.Path)), link.Query.TrimStart('?'));
        await page.UntilShownAsync("This was sent by another site", "consent-other-site");
        await page.RouteAsync(link.GetLeftPart(UriPartial.Path), Mangle);
        await page.GotoAsync(link.AbsoluteUri);
        await page.Locator("form button").ClickAsync();
        await page.UntilShownAsync("This request cannot be read", "consent-unreadable-request");

        Assert.Null(await scene.Admin.FindAsync(scene.GrantPath(), Ct)); // nothing was begun
    }

    [Fact]
    public async Task A_crowd_behind_one_address_has_to_wait()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();
        // A name may resolve to ::1, which is another address. A visitor with a valid link is let through, so none has one here.
        var link = (await scene.UntilAwaitingConsentAsync()).Replace("localhost", "127.0.0.1", StringComparison.Ordinal);
        var elsewhere = new Uri(new Uri(link), "/elsewhere");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Ct);

        // The crowd continues while the page loads: the budget of an address is refilled every second.
        var crowd = Task.WhenAll(Enumerable.Range(0, Crowd).Select(_ => AskOnAndOnAsync(client, elsewhere, over.Token)));
        await Eventually.BecomesTrueAsync(
            "a person to be among too many", async _ => (await page.GotoAsync(elsewhere.AbsoluteUri))!.Status == 429, Ct);
        await over.CancelAsync();
        await crowd;

        await page.UntilShownAsync("Too many requests", "consent-too-many");
    }

    [Fact]
    public async Task A_person_who_comes_while_the_operator_starts_is_asked_to_come_again()
    {
        await using var scene = await ConsentScene.OpenAsync(fixture.Server);
        await using var browser = await chromium.StartAsync();
        var page = await browser.OpenAsync();
        var link = await scene.UntilAwaitingConsentAsync();
        await scene.EndOperatorAsync(ProcessSignal.Kill);
        var slow = scene.Proxy.Inject(
            new Proxying.FaultEffect.Hold(),
            request => request.IsRead() && request.Path.EndsWith("/vismaconnections", StringComparison.Ordinal)
        );
        var ready = scene.StartOperatorAsync();
        await scene.Operator.Process.WaitForLineAsync("Consent pages of", Ct);

        await page.GotoAsync(link);
        await page.UntilShownAsync("The operator is starting", "consent-starting");
        slow.Dispose();
        await ready;

        await page.ReloadAsync();
        await page.Locator("form button").WaitForAsync();
    }

    private static async Task AskOnAndOnAsync(HttpClient client, Uri target, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                (await client.GetAsync(target, over)).Dispose();
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                // The test has seen what it waited for.
            }
        }
    }

    /// <summary>A page of another site, with a button that sends a form to us.</summary>
    private static async Task OpenFormElsewhereAsync(IPage page, Uri target, string pair)
    {
        var (name, value) = (
            pair[..pair.IndexOf('=', StringComparison.Ordinal)],
            pair[(pair.IndexOf('=', StringComparison.Ordinal) + 1)..]
        );
        await page.RouteAsync(
            "http://elsewhere.example/",
            route =>
                route.FulfillAsync(
                    new RouteFulfillOptions
                    {
                        ContentType = "text/html",
                        Body =
                            $"""<form method="post" action="{target.AbsoluteUri}"><input type="hidden" name="{name}" value="{value}"><button>A present for you</button></form>""",
                    }
                )
        );
        await page.GotoAsync("http://elsewhere.example/");
        await page.Locator("button").ClickAsync();
    }

    // As something between browser and operator could.
    private static Task Mangle(IRoute route) => route.Request.Method == "POST"
        ? route.ContinueAsync(new RouteContinueOptions { PostData = new byte[64 * 1024] })
        : route.ContinueAsync();
}
