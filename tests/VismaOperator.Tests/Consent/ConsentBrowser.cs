using VismaConnect.StandIn;

namespace VismaOperator.Tests.Consent;

/// <summary>
/// A browser without scripts: keeps cookies, sends forms, and says of each request from which site it comes. Addresses of the public URL
/// lead to the replica that the test names, as a proxy in front would choose one.
/// </summary>
internal sealed class ConsentBrowser : IDisposable
{
    private readonly SocketsHttpHandler sockets = new() { AllowAutoRedirect = false, UseCookies = false };
    private readonly Dictionary<string, string> cookies = new(StringComparer.Ordinal);
    private readonly List<Visit> visits = [];

    /// <summary>The person's session at the provider.</summary>
    public Visitor Visitor { get; } = new();

    /// <summary>The cookies of the pages.</summary>
    public IReadOnlyDictionary<string, string> Cookies => cookies;

    /// <summary>Every answer so far.</summary>
    public IReadOnlyList<Visit> Visits => visits;

    /// <summary>Opens an address.</summary>
    public Task<Visit> OpenAsync(ConsentReplica replica, Uri url) => SendAsync(replica, HttpMethod.Get, url.PathAndQuery);

    /// <summary>Opens an address and goes away before the answer.</summary>
    public Task<Visit> OpenUntilAsync(ConsentReplica replica, Uri url, CancellationToken closed) =>
        GoAsync(replica, new HttpRequestMessage(HttpMethod.Get, url.PathAndQuery), closed);

    /// <summary>Presses the button of a page.</summary>
    public Task<Visit> PressAsync(ConsentReplica replica, Visit page, params (string Name, string Value)[] headers) =>
        SendAsync(replica, Form(page, headers is [] ? [("Sec-Fetch-Site", "same-origin"), ("Origin", "null")] : headers));

    public Task<Visit> SendAsync(ConsentReplica replica, HttpMethod method, string path) =>
        SendAsync(replica, new HttpRequestMessage(method, path));

    /// <summary>Sends a request whose address is a path.</summary>
    public Task<Visit> SendAsync(ConsentReplica replica, HttpRequestMessage request) =>
        GoAsync(replica, request, TestContext.Current.CancellationToken);

    public void Dispose()
    {
        Visitor.Dispose();
        sockets.Dispose();
    }

    private async Task<Visit> GoAsync(ConsentReplica replica, HttpRequestMessage request, CancellationToken closed)
    {
        using var client = new HttpMessageInvoker(sockets, disposeHandler: false);
        request.RequestUri = new Uri($"http://127.0.0.1:{replica.Port}{request.RequestUri}");
        if (cookies.Count > 0)
        {
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        }

        using var response = await client.SendAsync(request, closed);
        var visit = await Visit.ReadAsync(response, TestContext.Current.CancellationToken);
        Keep(visit);
        return visit;
    }

    private static HttpRequestMessage Form(Visit page, (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, page.Action) { Content = new FormUrlEncodedContent([page.Field]) };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private void Keep(Visit visit)
    {
        lock (visits)
        {
            visits.Add(visit);
            foreach (var cookie in visit.Headers.GetValueOrDefault("Set-Cookie") ?? [])
            {
                var pair = cookie.Split(';')[0].Split('=', 2);
                cookies[pair[0]] = pair[1];
            }
        }
    }
}
