using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using System.Web;
using VismaOperator.Testing.ApiServer.Processes;

namespace VismaOperator.IntegrationTests.Support;

/// <summary>
/// A person who consents on the pages of real processes: who begins at one replica and comes back to another, or the same.
/// </summary>
internal static partial class PageConsents
{
    /// <summary>Where the provider sends a browser back to.</summary>
    public const string RedirectUri = PublicUrl + "/oauth2/callback";

    private const string PublicUrl = "http://localhost:9"; // what a proxy would be reached at; the test is the proxy

    /// <summary>Options of operators that serve pages.</summary>
    public static IReadOnlyList<string> Arguments { get; } = ["--public-url", PublicUrl, "--consent-port", "0"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Leads a person from the link in status to the page that says the consent is stored.</summary>
    /// <returns>What the person saw, without the link by which it began, and what nobody else may see.</returns>
    public static async Task<PageVisit> ConsentInBrowserAsync(
        this Scene scene,
        ServedConnection connection,
        OperatorProcess beginning,
        OperatorProcess ending
    )
    {
        var (begin, end) = (await PortAsync(beginning), await PortAsync(ending));
        var link = await scene.UntilAsync(
            scene.ConnectionPath(connection.Name),
            "a link",
            node => node["status"]?["authorization"]?["url"] is not null
        );
        var url = new Uri(link["status"]!["authorization"]!["url"]!.GetValue<string>());
        using var browser = new HttpClient(
            new SocketsHttpHandler
            {
                UseProxy = false,
                AllowAutoRedirect = false,
                CookieContainer = new CookieContainer(),
            }
        );

        using var offered = await browser.GetAsync(At(begin, url), Ct);
        var page = await offered.Content.ReadAsStringAsync(Ct);
        Assert.True(offered.StatusCode == HttpStatusCode.OK, $"{page}\n{scene.Situation()}");
        var start = StartPattern().Match(page).Groups["value"].Value;
        using var form = new FormUrlEncodedContent([KeyValuePair.Create("start", start)]);
        using var begun = await browser.PostAsync(At(begin, url), form, Ct);
        Assert.Equal(HttpStatusCode.SeeOther, begun.StatusCode);
        var back = await scene.Provider.ApproveAsync(begun.Headers.Location!, Consents.Person, Consents.TenantOf(connection.Number), Ct);
        using var ended = await browser.GetAsync(At(end, back), Ct);
        var last = await ended.Content.ReadAsStringAsync(Ct);

        Assert.True(ended.StatusCode == HttpStatusCode.OK, $"{last}\n{scene.Situation()}");
        Assert.Contains("<h1>Your consent is stored</h1>", last, StringComparison.Ordinal);
        Assert.All(
            scene.Provider.Ledger.AllSecretsIssued(),
            secret => Assert.DoesNotContain(secret, page + last, StringComparison.Ordinal)
        );
        var query = HttpUtility.ParseQueryString(back.Query);
        return new PageVisit(
            [page.Replace(start, string.Empty, StringComparison.Ordinal), $"{ended.Headers}{ended.Content.Headers}", last],
            [query["state"]!, query["code"]!]
        );
    }

    // Cookies know no ports, so the browser takes all processes for one site.
    private static Uri At(int port, Uri url) => new($"http://127.0.0.1:{port}{url.PathAndQuery}");

    private static async Task<int> PortAsync(OperatorProcess running) =>
        int.Parse(
            PortPattern().Match(await running.Process.WaitForLineAsync("Consent pages of", Ct)).Groups["port"].Value,
            CultureInfo.InvariantCulture
        );

    [GeneratedRegex("name=\"start\" value=\"(?<value>[^\"]+)\"", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex StartPattern();

    [GeneratedRegex("on port (?<port>[0-9]+)", RegexOptions.ExplicitCapture, 60_000)]
    private static partial Regex PortPattern();
}

/// <summary>One consent on the pages.</summary>
/// <param name="Pages">What the person saw, and the headers of the last page.</param>
/// <param name="Secrets">State and code.</param>
internal sealed record PageVisit(IReadOnlyList<string> Pages, IReadOnlyList<string> Secrets);
