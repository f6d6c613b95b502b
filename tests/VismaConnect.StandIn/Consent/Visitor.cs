using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace VismaConnect.StandIn;

/// <summary>
/// A person at a browser without scripts, driven over HTTP: fills in the stand-in's real forms. Keeps cookies, so a second visit finds the
/// person signed in, and consents at once.
/// </summary>
public sealed partial class Visitor : IDisposable
{
    private const int MostPages = 10;

    private readonly HttpClient http;

    /// <param name="trusted">The certificate of an https stand-in; null for http.</param>
    public Visitor(X509Certificate2? trusted = null)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = true };
        if (trusted is not null)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, presented, _, _) =>
                presented?.GetCertHashString() == trusted.GetCertHashString();
        }

        http = new HttpClient(handler);
    }

    /// <summary>Signs in where asked, approves, and gives the URL to which the browser is then sent, without going there.</summary>
    /// <param name="authorizeUrl">A URL of the authorization endpoint with its query.</param>
    /// <param name="userName">Who signs in.</param>
    /// <param name="tenantId">For which company; null for a person's only one.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">The way ended on a page: a wrong request, an unknown person or company.</exception>
    public Task<Uri> ApproveAsync(Uri authorizeUrl, string userName, string? tenantId, CancellationToken cancellationToken) =>
        GoAsync(authorizeUrl, [("username", userName), ("tenant", tenantId ?? ""), ("decision", "signin")], "approve", cancellationToken);

    /// <summary>The same with a refusal on the consent page.</summary>
    /// <inheritdoc cref="ApproveAsync"/>
    public Task<Uri> DenyAsync(Uri authorizeUrl, string userName, string? tenantId, CancellationToken cancellationToken) =>
        GoAsync(authorizeUrl, [("username", userName), ("tenant", tenantId ?? ""), ("decision", "signin")], "deny", cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async Task<Uri> GoAsync(Uri start, (string Name, string Value)[] login, string decision, CancellationToken cancellationToken)
    {
        using var first = new HttpRequestMessage(HttpMethod.Get, start);
        var stop = await FollowAsync(first, cancellationToken);
        for (var pages = 0; pages < MostPages && stop.Html is not null; pages++)
        {
            var form = FormOf(stop);
            using var post = new HttpRequestMessage(HttpMethod.Post, new Uri(stop.Url, form.Action));
            var answer = form.Action == ConsentPages.LoginPath ? login : [("decision", decision)];
            post.Content = new FormUrlEncodedContent([
                .. form.Hidden,
                .. answer.Select(field => KeyValuePair.Create(field.Name, field.Value)),
            ]);
            stop = await FollowAsync(post, cancellationToken);
        }

        return stop.Html is null
            ? stop.Url
            : throw new InvalidOperationException($"the pages at {stop.Url.GetLeftPart(UriPartial.Path)} lead nowhere");
    }

    /// <summary>Goes where it is sent until it is shown a page or sent away from the server.</summary>
    private async Task<Stop> FollowAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var url = request.RequestUri!;
        var response = await http.SendAsync(request, cancellationToken);
        try
        {
            while (response.Headers.Location is { } location)
            {
                var next = new Uri(url, location);
                if (next.Authority != url.Authority)
                {
                    return new Stop(next, null);
                }

                response.Dispose();
                response = await http.GetAsync(url = next, cancellationToken);
            }

            var html = await response.Content.ReadAsStringAsync(cancellationToken);
            return response.StatusCode == HttpStatusCode.OK
                ? new Stop(url, html)
                : throw new InvalidOperationException(
                    $"{(int)response.StatusCode}: {WebUtility.HtmlDecode(Tag().Replace(Alert().Match(html).Value, ""))}"
                );
        }
        finally
        {
            response.Dispose();
        }
    }

    private static (string Action, IEnumerable<KeyValuePair<string, string>> Hidden) FormOf(Stop stop)
    {
        var form = Form().Match(stop.Html!);
        return form.Success
            ? (
                WebUtility.HtmlDecode(form.Groups[1].Value),
                Hidden()
                    .Matches(stop.Html!)
                    .Select(field => KeyValuePair.Create(field.Groups[1].Value, WebUtility.HtmlDecode(field.Groups[2].Value)))
            )
            : throw new InvalidOperationException($"the page at {stop.Url.GetLeftPart(UriPartial.Path)} has no form");
    }

    [GeneratedRegex("""<form method="post" action="([^"]*)">""")]
    private static partial Regex Form();

    [GeneratedRegex("""<input type="hidden" name="([^"]*)" value="([^"]*)">""")]
    private static partial Regex Hidden();

    [GeneratedRegex("""<p role="alert">.*?</p>""")]
    private static partial Regex Alert();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tag();

    /// <summary>A page, or where the browser was sent away to.</summary>
    private sealed record Stop(Uri Url, string? Html);
}
