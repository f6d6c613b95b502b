using System.Net;
using System.Text.RegularExpressions;
using VismaConnect.StandIn;

namespace VismaOperator.ChartTests.Support;

/// <summary>
/// A person who was sent a link: opens it, presses the button, signs in at the provider, approves, and comes back. Addresses of the public
/// URL lead to the port of a replica, as an Ingress would lead them.
/// </summary>
/// <param name="pages">Where the replica serves the pages.</param>
/// <param name="provider">The stand-in.</param>
internal sealed partial class PersonAtBrowser(Uri pages, VismaConnectStandIn provider) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Goes the whole way.</summary>
    /// <returns>The page at the end.</returns>
    public async Task<string> ConsentAsync(Uri link, string user, string tenant)
    {
        var asked = await PageAsync(new HttpRequestMessage(HttpMethod.Get, At(link)));
        var form = Form().Match(asked);
        Assert.True(form.Success, asked);

        using var press = new HttpRequestMessage(HttpMethod.Post, new Uri(pages, WebUtility.HtmlDecode(form.Groups["action"].Value)))
        {
            Content = new FormUrlEncodedContent([
                KeyValuePair.Create(form.Groups["name"].Value, WebUtility.HtmlDecode(form.Groups["value"].Value)),
            ]),
        };
        press.Headers.Add("Sec-Fetch-Site", "same-origin");
        using var begun = await http.SendAsync(press, Ct);
        Assert.Equal(HttpStatusCode.SeeOther, begun.StatusCode);

        var back = await provider.ApproveAsync(begun.Headers.Location!, user, tenant, Ct);
        Assert.Equal(link.Authority, back.Authority);
        using var comes = new HttpRequestMessage(HttpMethod.Get, At(back));
        comes.Headers.Add("Cookie", begun.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0]));
        return await PageAsync(comes);
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private Uri At(Uri url) => new(pages, url.PathAndQuery);

    private async Task<string> PageAsync(HttpRequestMessage request)
    {
        using var answer = await http.SendAsync(request, Ct);
        var page = await answer.Content.ReadAsStringAsync(Ct);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, page);
        return page;
    }

    [GeneratedRegex(
        """<form method="post" action="(?<action>[^"]*)">\s*<input type="hidden" name="(?<name>[^"]*)" value="(?<value>[^"]*)">""",
        RegexOptions.ExplicitCapture,
        60_000
    )]
    private static partial Regex Form();
}
