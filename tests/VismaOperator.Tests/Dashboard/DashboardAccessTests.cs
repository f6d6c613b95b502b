using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using VismaOperator.Cli.Connect;
using VismaOperator.Cli.Dashboard;
using VismaOperator.Tests.Status;

namespace VismaOperator.Tests.Dashboard;

/// <summary>Who sees the dashboard: the browser that opens the address first, and nobody else on this machine or in that browser.</summary>
public sealed partial class DashboardAccessTests
{
    private static readonly string[] paths = ["", "dashboard.css", "dashboard.js", "timeline.js", "icon.svg", "events", "object"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_address_is_exchanged_for_a_cookie_and_leads_to_one_without_the_token()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var browser = new DashboardBrowser(new Uri(scene.Address, "/"));

        var answer = await browser.GetAsync(scene.Address.PathAndQuery);

        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        var folder = answer.Headers.Location!.OriginalString;
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        Assert.Matches("^/[A-Za-z0-9_-]{22}/$", folder);
        Assert.Matches($"^visma-dashboard=[A-Za-z0-9_-]{{43}}; path={folder}; samesite=strict; httponly$", cookie);
        Assert.DoesNotContain(TokenOf(scene), cookie + folder, StringComparison.Ordinal);
        Assert.Contains("<h1>Visma connections</h1>", await (await browser.GetAsync(folder)).Content.ReadAsStringAsync(Ct));
    }

    [Fact]
    public async Task A_second_use_of_the_address_is_refused_and_told_in_the_terminal()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var first = await scene.EnterAsync();
        using var second = new DashboardBrowser(new Uri(scene.Address, "/"));

        var refused = await second.GetAsync(scene.Address.PathAndQuery);
        var again = await first.GetAsync(scene.Address.PathAndQuery);

        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (refused.StatusCode, again.StatusCode));
        Assert.False(refused.Headers.Contains("Set-Cookie"));
        Assert.Contains("This address was used before", await refused.Content.ReadAsStringAsync(Ct));
        Assert.Contains("the address was opened a second time, which was refused", scene.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(TokenOf(scene), scene.Error, StringComparison.Ordinal);
        Assert.Contains("<h1>", await first.ReadAsync(""));
    }

    [Fact]
    public async Task Of_browsers_that_open_the_address_at_once_one_is_let_in()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.GetAsync(scene.Address, Ct)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.SeeOther);
    }

    [Theory]
    [InlineData("/?token=")]
    [InlineData("/?token=wrong")]
    [InlineData("/?token=%C3%A9")]
    [InlineData("/")]
    [InlineData("/metrics")]
    public async Task Without_the_token_nobody_is_let_in_and_the_token_still_works(string path)
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var stranger = new DashboardBrowser(new Uri(scene.Address, "/"));

        var answer = await stranger.GetAsync(path);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
        using var browser = await scene.EnterAsync();
    }

    [Fact]
    public async Task Nothing_is_served_to_a_browser_without_the_cookie_or_with_another_one()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Stalled("broken"));
        using var browser = await scene.EnterAsync();
        using var stranger = new DashboardBrowser(new Uri(scene.Address, "/"));

        foreach (var path in paths)
        {
            var without = await stranger.GetAsync(browser.Folder + path);
            var other = await stranger.GetAsync(browser.Folder + path, ("Cookie", "visma-dashboard=wrong"));
            Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.Forbidden), (without.StatusCode, other.StatusCode));
            Assert.DoesNotContain("broken", await without.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("attacker.example")]
    [InlineData("attacker.example:{port}")]
    [InlineData("127.0.0.1.attacker.example:{port}")]
    [InlineData("127.0.0.1:1")]
    [InlineData("127.0.0.1")]
    [InlineData("localhost.attacker.example:{port}")]
    [InlineData("[::1]:{port}")]
    [InlineData("0.0.0.0:{port}")]
    public async Task A_name_that_is_not_this_machines_is_refused_even_with_token_and_cookie(string host)
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Stalled("broken"));
        using var browser = await scene.EnterAsync();
        var named = host.Replace("{port}", $"{scene.Address.Port}", StringComparison.Ordinal);

        foreach (var path in paths.Select(path => browser.Folder + path).Append(scene.Address.PathAndQuery))
        {
            var answer = await browser.GetAsync(path, ("Host", named));
            Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
            Assert.DoesNotContain("broken", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("127.0.0.1", 80, true)]
    [InlineData("localhost:80", 80, true)]
    [InlineData("127.0.0.1", 8080, false)]
    [InlineData("attacker.example", 80, false)]
    public void A_browser_need_not_name_the_usual_port(string host, int port, bool isOurs) =>
        Assert.Equal(isOurs, DashboardAccess.IsOurs(new HostString(host), port));

    [Fact]
    public async Task It_listens_on_the_loopback_address_only_and_answers_to_its_name()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();

        Assert.Equal("127.0.0.1", scene.Address.Host);
        Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(browser.Folder, ("Host", $"LOCALHOST:{scene.Address.Port}"))).StatusCode);
        await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(async () =>
        {
            using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Parse("127.0.0.2"), scene.Address.Port, Ct);
        });
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    public async Task Another_site_or_port_gets_no_data_through_the_persons_browser(string site)
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();

        foreach (var path in paths)
        {
            var asked = await browser.GetAsync(browser.Folder + path, ("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "no-cors"));
            Assert.Equal(HttpStatusCode.Forbidden, asked.StatusCode);
        }
    }

    [Fact]
    public async Task A_browser_that_looks_ahead_does_not_use_the_token_up()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var browser = new DashboardBrowser(new Uri(scene.Address, "/"));

        var ahead = await browser.GetAsync(scene.Address.PathAndQuery, ("Sec-Purpose", "prefetch;prerender"));
        using var entered = await scene.EnterAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, ahead.StatusCode);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("HEAD")]
    public async Task It_can_only_be_read(string method)
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();

        var answer = await browser.SendAsync(new HttpMethod(method), browser.Folder);

        Assert.Equal((HttpStatusCode.MethodNotAllowed, "GET"), (answer.StatusCode, answer.Content.Headers.Allow.Single()));
    }

    [Fact]
    public async Task Every_answer_allows_own_files_only_and_is_kept_by_nobody()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();

        foreach (var path in paths.Append("no-such-thing"))
        {
            var answer = await browser.GetAsync(browser.Folder + path);
            var isFound = answer.StatusCode == HttpStatusCode.OK;
            Assert.Equal(path is not ("no-such-thing" or "object"), isFound);
            var policy = Header(answer, "Content-Security-Policy");
            Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.DoesNotMatch("https?:|\\*", policy);
            Assert.Equal(isFound, policy.Contains("script-src 'self'", StringComparison.Ordinal));
            Assert.Contains("frame-ancestors 'none'; base-uri 'none'", policy, StringComparison.Ordinal);
            Assert.Equal("no-store", Header(answer, "Cache-Control"));
            Assert.Equal("no-referrer", Header(answer, "Referrer-Policy"));
            Assert.Equal("nosniff", Header(answer, "X-Content-Type-Options"));
            Assert.Equal("same-origin", Header(answer, "Cross-Origin-Resource-Policy"));
            Assert.False(answer.Headers.Contains("Server"));
            Assert.False(answer.Headers.Contains("Access-Control-Allow-Origin"));
        }
    }

    [Fact]
    public async Task The_page_has_no_script_no_style_and_no_handler_of_its_own_and_nothing_from_elsewhere()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();

        var page = await browser.ReadAsync("");
        var files = page + await browser.ReadAsync("dashboard.css") + await browser.ReadAsync("dashboard.js")
            + await browser.ReadAsync("timeline.js");

        Assert.DoesNotMatch("<style|style=|<script(?![^>]* src=)| on[a-z]+=", page);
        Assert.Equal(["http://www.w3.org/2000/svg"], Address().Matches(files).Select(match => match.Value).Distinct());
        Assert.DoesNotMatch("innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\(|setAttribute\\(\"style", files);
    }

    [Fact]
    public async Task A_taken_port_is_told_with_a_remedy()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));

        var refused = await Assert.ThrowsAsync<VismaOperator.Consent.Web.PortUnusableException>(() =>
            DashboardScene.RunToEndAsync(_ => { }, new DashboardOptions { Port = scene.Address.Port }, new DeafBrowser(), Ct)
        );

        Assert.Contains($"--port {scene.Address.Port} cannot be used", refused.Message, StringComparison.Ordinal);
    }

    private static string TokenOf(DashboardScene scene) => scene.Address.Query["?token=".Length..];

    private static string Header(HttpResponseMessage answer, string name) => Assert.Single(answer.Headers.GetValues(name));

    [GeneratedRegex("(https?:)?//[a-z][a-z0-9.]*[^\\s\"']*", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex Address();

    private sealed class DeafBrowser : IBrowser
    {
        public Task<bool> OpenAsync(Uri page, CancellationToken cancellationToken) => Task.FromResult(false);
    }
}
