using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Playwright;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// <c>dashboard</c> as a person sees it: the real executable with that person's permissions, a real API server, a real Chromium.
/// WRITE_SCREENSHOTS=1 keeps pictures for the documentation.
/// </summary>
public sealed class DashboardTests(ApiServerFixture fixture, Chromium chromium)
{
    private const string Broken = "not-approved";
    private const string FirstRow = "tbody tr[data-key] >> nth=0";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_that_breaks_is_at_the_top_at_once_and_nothing_secret_is_in_the_browser()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        await using var dashboard = await StartAsync(scene, scene.Server);
        await using var browser = await chromium.StartAsync();
        var (page, problems) = await EnterAsync(browser, dashboard);
        ConcurrentBag<string> received = [];
        page.Response += async (_, response) => received.Add($"{response.Url} {await BodyAsync(response)}");
        await page.GetByText("All 2 are well").WaitForAsync();

        await CreateBrokenAsync(scene);
        await page.GetByText("1 of 3 broken").WaitForAsync();
        // A new connection is NotReady until its first token request is answered.
        await page.Locator(FirstRow, new PageLocatorOptions { HasText = "Stalled" }).WaitForAsync();

        var row = await page.Locator(FirstRow).InnerTextAsync();
        Assert.Contains($"{scene.Home.Name}/{Broken}", row, StringComparison.Ordinal);
        Assert.Contains("TenantRefused", row, StringComparison.Ordinal);
        Assert.Contains("To do:", row, StringComparison.Ordinal);
        Assert.Equal("(1) Visma connections", await page.TitleAsync());
        Assert.Equal(3, await page.Locator("svg.line").CountAsync());
        Assert.True(await page.Locator($"tr[data-key*='{The.Connection}'] .bar").CountAsync() > 0);
        Assert.DoesNotContain("token=", page.Url, StringComparison.Ordinal);
        Assert.DoesNotContain("token=", string.Join('\n', await HistoryAsync(page)), StringComparison.Ordinal);
        await page.Locator("button.name").First.ClickAsync();
        await page.Locator("tr.detail dt", new PageLocatorOptions { HasText = "Next" }).WaitForAsync();
        string[] texts = [await page.ContentAsync(), .. received, .. dashboard.Lines];
        Assert.Empty(
            LeakSearch.In(
                texts.Select(text => new ReadableText("the dashboard", text)),
                [.. scene.Provider.Ledger.AllSecretsIssued(), The.ClientSecret]
            )
        );
        await scene.Admin.DeleteAsync(scene.ConnectionPath(Broken), Ct);
        await page.GetByText("All 2 are well").WaitForAsync();
        Assert.Empty(problems);
    }

    [Fact]
    public async Task A_cluster_that_goes_away_is_told_on_the_page_which_recovers_and_a_signal_ends_it_well()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var way = await scene.AddProxyAsync();
        await using var dashboard = await StartAsync(scene, way);
        await using var browser = await chromium.StartAsync();
        var (page, problems) = await EnterAsync(browser, dashboard);
        await page.GetByText("All 2 are well").WaitForAsync();

        var outage = way.Inject(new FaultEffect.Break(), _ => true);
        way.DropConnections();
        await page.Locator(".banner", new PageLocatorOptions { HasText = "cannot be reached" }).WaitForAsync();
        await page.KeepAsync("dashboard-away");
        await CreateBrokenAsync(scene);
        outage.Dispose();
        await page.GetByText("1 of 3 broken").WaitForAsync();

        Assert.Equal(0, await page.Locator(".banner").CountAsync());
        Assert.Equal(0, await dashboard.TerminateAsync(Ct));
        await page.GetByText("The dashboard was stopped in its terminal.").WaitForAsync();
        Assert.Empty(problems);
    }

    [Fact]
    public async Task An_address_that_was_followed_from_another_site_works_too_and_once()
    {
        await using var scene = await Scene.SetAsync(fixture.Server);
        await using var dashboard = await StartAsync(scene, scene.Server);
        await using var browser = await chromium.StartAsync();
        var address = await dashboard.WaitForLineAsync("?token=", Ct);
        var (first, second) = (await browser.OpenWithScriptsAsync(), await browser.OpenWithScriptsAsync());

        await first.GotoAsync($"data:text/html,<a href='{address}'>dashboard</a>");
        await first.Locator("a").ClickAsync();
        await first.GetByText("There is no connection and no client here").WaitForAsync();
        await second.GotoAsync(address);

        Assert.Contains("This address was used before", await second.ContentAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(dashboard.Lines, line => line.Contains("failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task It_ends_with_its_terminal()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "script (util-linux) makes the terminal.");
        await using var scene = await Scene.SetAsync(fixture.Server);
        var program = OperatorProcess.FindProgram("visma-operator");
        await using var terminal = RealProcess.Start(
            new ProcessCommand(
                "terminal",
                "/usr/bin/env", // under nohup the signal of a terminal that goes away is ignored
                ["--default-signal=HUP", "/usr/bin/script", "-qefc", $"'{program}' dashboard --no-open -n {scene.Home.Name}", "/dev/null"],
                scene.FileNamed("terminal.log")
            )
            {
                Environment = new Dictionary<string, string?> { ["KUBECONFIG"] = scene.Server.KubeconfigPath },
            }
        );
        var address = new Uri((await terminal.WaitForLineAsync("?token=", Ct)).Trim());
        using var client = new HttpClient(new SocketsHttpHandler());
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync(new Uri(address, "/"), Ct)).StatusCode);

        terminal.Send(ProcessSignal.Kill);

        await Eventually.BecomesTrueAsync("nobody to listen", async token => await IsDeafAsync(client, address, token), Ct);
    }

    [Fact]
    public async Task It_is_used_by_keyboard_alone()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        await CreateBrokenAsync(scene);
        await using var dashboard = await StartAsync(scene, scene.Server);
        await using var browser = await chromium.StartAsync();
        var (page, problems) = await EnterAsync(browser, dashboard);
        await page.GetByText("1 of 3 broken").WaitForAsync();

        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the list", await FocusedAsync(page));
        await page.Keyboard.PressAsync("Enter");
        await page.Keyboard.PressAsync("ArrowDown");
        Assert.EndsWith(Broken, await FocusedAsync(page), StringComparison.Ordinal);
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("tr.detail").WaitForAsync();
        Assert.Equal("true", await page.Locator("button.name:focus").GetAttributeAsync("aria-expanded"));
        await page.Keyboard.PressAsync("Escape");
        Assert.Equal(0, await page.Locator("tr.detail").CountAsync());
        await page.Keyboard.PressAsync("ArrowDown");
        Assert.EndsWith(The.Client, await FocusedAsync(page), StringComparison.Ordinal);
        await page.Keyboard.PressAsync("/");
        await page.Keyboard.TypeAsync(Broken);
        // One of three is shown long before the last letter.
        await page.WaitForURLAsync(url => url.EndsWith($"?q={Broken}", StringComparison.Ordinal));
        await page.ReloadAsync();
        await page.GetByText("1 of 3 shown").WaitForAsync();

        Assert.EndsWith($"?q={Broken}", page.Url, StringComparison.Ordinal);
        Assert.Empty(problems);
    }

    [Fact]
    public async Task Names_and_words_that_are_markup_stay_text()
    {
        const string Hostile = "<img src=x onerror=alert(1)>\u202elive";
        await using var scene = await Scene.SetAsync(fixture.Server);
        var spec = The.ConnectionSpec();
        spec["displayName"] = Hostile;
        await scene.CreateConnectionAsync(spec);
        await SetStatusAsync(scene, The.Connection, DashboardObjects.Stalled("<script>alert(2)</script>", new string('x', 5000)));
        await using var dashboard = await StartAsync(scene, scene.Server);
        await using var browser = await chromium.StartAsync();
        var (page, problems) = await EnterAsync(browser, dashboard);

        var row = page.Locator(FirstRow);
        await row.WaitForAsync();
        await page.Locator("button.name").First.ClickAsync();
        await page.Locator("tr.detail").WaitForAsync();

        Assert.Contains("<img src=x onerror=alert(1)>?live", await row.InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal(0, await page.Locator("main img, main script").CountAsync());
        var width = await page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.InRange(width, 0, 1400);
        Assert.Empty(problems);
    }

    [Fact]
    public async Task It_is_legible_by_day_at_night_on_a_telephone_and_on_paper()
    {
        await using var scene = await Scene.SetAsync(fixture.Server, new SceneOptions { Namespace = "integrations" });
        foreach (var (path, body, status) in DashboardObjects.Of(scene, TimeProvider.System.GetUtcNow()))
        {
            await scene.Admin.CreateAsync(path, body, Ct);
            await SetStatusAsync(scene, $"{path}/{body["metadata"]!["name"]}", status);
        }

        await using var dashboard = await StartAsync(scene, scene.Server);
        await using var browser = await chromium.StartAsync();
        var (page, problems) = await EnterAsync(browser, dashboard);
        await page.GetByText("3 of 10 broken, 2 need somebody in time").WaitForAsync();
        await page.KeepAsync("dashboard");
        var day = await BackgroundAsync(page);

        await page.Locator("button.name").First.ClickAsync();
        await page.Locator("tr.detail").WaitForAsync();
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await page.KeepAsync("dashboard-dark");
        Assert.NotEqual(day, await BackgroundAsync(page));

        var telephone = new ViewportSize { Width = 320, Height = 640 };
        await page.SetViewportSizeAsync(telephone.Width, telephone.Height);
        await page.AssertFitsAsync(telephone);
        Assert.Equal(telephone.Width, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print, ReducedMotion = ReducedMotion.Reduce });
        Assert.False(await page.Locator("#tools").IsVisibleAsync());
        Assert.Empty(problems);
    }

    private static async Task<RealProcess> StartAsync(Scene scene, IApiEndpoint way) =>
        RealProcess.Start(
            new ProcessCommand(
                "dashboard",
                OperatorProcess.FindProgram("visma-operator"),
                ["dashboard", "--no-open"],
                scene.FileNamed("dashboard.log")
            )
            {
                Environment = new Dictionary<string, string?>
                {
                    // As on a person's machine: the commands that the page names need no option then, and its pictures show no path.
                    ["KUBECONFIG"] = await OnCall.KubeconfigAsync(scene, way, "get", "list", "watch"),
                    ["VISMA_OPERATOR_NAMESPACE"] = scene.Home.Name,
                },
            }
        );

    /// <summary>Opens the address of the terminal; the list gets everything that the browser complains of.</summary>
    private static async Task<(IPage Page, ConcurrentBag<string> Problems)> EnterAsync(Browser browser, RealProcess dashboard)
    {
        var page = await browser.OpenWithScriptsAsync();
        ConcurrentBag<string> problems = [];
        page.PageError += (_, problem) => problems.Add(problem);
        page.Console += (_, message) =>
        {
            // That the server is gone is told on the page; the browser writes it down besides.
            if (message.Type is "error" or "warning" && !message.Text.Contains("net::ERR_", StringComparison.Ordinal))
            {
                problems.Add(message.Text);
            }
        };
        await page.GotoAsync(await dashboard.WaitForLineAsync("?token=", Ct));
        return (page, problems);
    }

    private static async Task<bool> IsDeafAsync(HttpClient client, Uri address, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(address, "/"), cancellationToken);
            return false;
        }
        catch (HttpRequestException)
        {
            return true;
        }
    }

    private static async Task<string> BodyAsync(IResponse response)
    {
        try
        {
            return response.Headers["content-type"].StartsWith("text/event-stream", StringComparison.Ordinal)
                ? string.Empty // never ends; what it brought is in the page
                : await response.TextAsync();
        }
        catch (PlaywrightException)
        {
            return string.Empty; // the page was closed meanwhile
        }
    }

    private static async Task<IReadOnlyList<string>> HistoryAsync(IPage page)
    {
        var session = await page.Context.NewCDPSessionAsync(page);
        var history = await session.SendAsync("Page.getNavigationHistory");
        return [.. history!.Value.GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("url").GetString()!)];
    }

    private static Task<string> FocusedAsync(IPage page) => page.EvaluateAsync<string>("document.activeElement.textContent");

    private static Task<string> BackgroundAsync(IPage page) =>
        page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

    private static async Task CreateBrokenAsync(Scene scene)
    {
        var spec = The.ConnectionSpec();
        spec["tenantID"] = The.UnapprovedTenant;
        await scene.CreateConnectionAsync(spec, Broken);
    }

    private static Task SetStatusAsync(Scene scene, string name, JsonObject status) =>
        scene.Admin.PatchAsync(
            (name.StartsWith('/') ? name : scene.ConnectionPath(name)) + "/status",
            new JsonObject { ["status"] = status },
            Ct
        );
}
