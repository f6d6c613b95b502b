using System.Net.Http.Headers;
using System.Text.RegularExpressions;

namespace VismaConnect.StandIn.Tests;

/// <summary>A browser of the plain platform that a test leads from page to page by hand, with its own cookies.</summary>
public sealed class FormSession(Interactive interactive)
{
    private string? cookie;

    public string Html { get; private set; } = "";

    public Uri Url { get; private set; } = interactive.StandIn.Url;

    public HttpResponseHeaders Headers { get; private set; } = null!;

    public Task GoToAsync(Uri url) => FollowAsync(new HttpRequestMessage(HttpMethod.Get, url));

    /// <summary>Goes back to a page that was shown before.</summary>
    public void Back(string html) => (Html, Url) = (html, interactive.StandIn.Url);

    public Task SubmitAsync(string action, params (string Name, string Value)[] fields)
    {
        Assert.Contains($"action=\"{action}\"", Html, StringComparison.Ordinal);
        var attempt = Regex.Match(Html, "name=\"attempt\" value=\"([^\"]+)\"").Groups[1].Value;
        var form = fields.Append(("attempt", attempt)).ToDictionary(field => field.Item1, field => field.Item2);
        return FollowAsync(
            new HttpRequestMessage(HttpMethod.Post, new Uri(interactive.StandIn.Url, action)) { Content = new FormUrlEncodedContent(form) }
        );
    }

    /// <summary>Stops where it is sent away from the stand-in, without going there.</summary>
    private async Task FollowAsync(HttpRequestMessage request)
    {
        for (var next = request; next is not null;)
        {
            next.Headers.Add("Cookie", cookie is null ? [] : [cookie]);
            using var response = await interactive.Running.Http.SendAsync(next, TestContext.Current.CancellationToken);
            next.Dispose();
            cookie = response.Headers.TryGetValues("Set-Cookie", out var set) ? set.Single().Split(';')[0] : cookie;
            (Headers, Url) = (response.Headers, response.Headers.Location is { } location ? new Uri(Url, location) : next.RequestUri!);
            Html = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            var goesOn = response.Headers.Location is not null && Url.Authority == interactive.StandIn.Url.Authority;
            next = goesOn ? new HttpRequestMessage(HttpMethod.Get, Url) : null;
        }
    }
}
