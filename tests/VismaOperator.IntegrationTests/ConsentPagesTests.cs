using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests;

/// <summary>Consent in a browser: two real processes of which one leads, with the chart's roles, and a person who begins at one of them and comes back to the other.</summary>
public sealed partial class ConsentPagesTests(ApiServerFixture fixture)
{
    private const string Person = "kari@acme.example";
    private const string PublicUrl = "http://localhost:9"; // what a proxy would be reached at; the test is the proxy

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_who_begins_at_the_standby_and_comes_back_to_the_leader_makes_the_connection_Ready()
    {
        await using var scene = await SetAsync();
        var leader = await scene.StartOperatorAsync();
        await leader.Process.WaitForLineAsync("This replica leads", Ct);
        await CreateAsync(scene);
        await ConsentAsync(scene, await scene.StartOperatorAsync(), leader);

        var connection = await scene.UntilReadyAsync();

        Assert.Equal("sub-of-kari", connection["status"]!["authorization"]!["grantedBy"]!.GetValue<string>());
        Assert.Null(connection["status"]!["authorization"]!["url"]);
        Assert.Contains("outcome=\"Granted\"} 1", (await MetricsPage.ReadAsync(leader, Ct)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_who_comes_back_to_the_standby_makes_the_connection_Ready_too()
    {
        await using var scene = await SetAsync();
        var leader = await scene.StartOperatorAsync();
        await leader.Process.WaitForLineAsync("This replica leads", Ct);
        await CreateAsync(scene);
        await ConsentAsync(scene, leader, await scene.StartOperatorAsync());

        await scene.UntilReadyAsync();
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    private async Task<Scene> SetAsync()
    {
        var scene = await Scene.SetAsync(fixture.Server, new SceneOptions { Arguments = ["--leader-elect", "true", "--public-url", PublicUrl, "--consent-port", "0"] });
        scene.Provider.Portal.Set(new StandInUser(Person, "sub-of-kari") { Tenants = [The.Tenant] });
        scene.Provider.Portal.Set(scene.Provider.Portal.FindClient(The.ClientId)! with
        {
            AllowedScopes = ErpScopes.Interactive,
            AllowedGrants = StandInClient.InteractiveGrants,
            AllowOfflineAccess = true,
            RedirectUris = [PublicUrl + "/oauth2/callback"],
        });
        return scene;
    }

    private static async Task CreateAsync(Scene scene)
    {
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        var spec = The.ConnectionSpec();
        spec["grant"] = "AuthorizationCode";
        spec["scopes"] = new JsonArray("vismanet_erp_interactive_api:read");
        await scene.CreateConnectionAsync(spec);
    }

    private static async Task ConsentAsync(Scene scene, OperatorProcess beginning, OperatorProcess ending)
    {
        var connection = await scene.UntilAsync(scene.ConnectionPath(), "a link", node => node["status"]?["authorization"]?["url"] is not null);
        var link = new Uri(connection["status"]!["authorization"]!["url"]!.GetValue<string>());
        using var browser = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, CookieContainer = new CookieContainer() });

        var (begin, end) = (await PortAsync(beginning), await PortAsync(ending));
        var page = await browser.GetStringAsync(At(begin, link), Ct);
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("start", StartPattern().Match(page).Groups["value"].Value)]);
        using var begun = await browser.PostAsync(At(begin, link), form, Ct);
        Assert.Equal(HttpStatusCode.SeeOther, begun.StatusCode);
        var back = await scene.Provider.ApproveAsync(begun.Headers.Location!, Person, The.Tenant, Ct);
        using var ended = await browser.GetAsync(At(end, back), Ct);
        var last = await ended.Content.ReadAsStringAsync(Ct);

        Assert.True(ended.StatusCode == HttpStatusCode.OK, $"{last}\n{scene.Situation()}");
        Assert.Contains("<h1>Your consent is stored</h1>", last, StringComparison.Ordinal);
        Assert.All(scene.Provider.Ledger.AllSecretsIssued(), secret => Assert.DoesNotContain(secret, page + last, StringComparison.Ordinal));
    }

    // Cookies know no ports, so the browser takes all processes for one site.
    private static Uri At(int port, Uri url) => new($"http://127.0.0.1:{port}{url.PathAndQuery}");

    private static async Task<int> PortAsync(OperatorProcess running) =>
        int.Parse(PortPattern().Match(await running.Process.WaitForLineAsync("Consent pages of", Ct)).Groups["port"].Value, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("name=\"start\" value=\"(?<value>[^\"]+)\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StartPattern();

    [GeneratedRegex("on port (?<port>[0-9]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PortPattern();
}
