using System.Text;
using Microsoft.AspNetCore.Http;

namespace VismaConnect.StandIn;

/// <summary>An answer that is ready to leave, and its word for the ledger.</summary>
internal sealed record Reply(int Status, string Body, string MediaType, IReadOnlyDictionary<string, string> Headers, string Outcome)
{
    public static Reply Json(int status, string body, string outcome) => new(status, body, "application/json", NoStore, outcome);

    public static Reply Empty(int status, string outcome) => new(status, "", "text/plain", NoStore, outcome);

    public static Reply Page(int status, string html, string outcome) =>
        new(status, html, "text/html; charset=utf-8", PageHeaders, outcome);

    public static Reply RedirectTo(string location, string outcome) => Empty(302, outcome).With("Location", location);

    /// <summary>What it did to a grant.</summary>
    public GrantTrace? Grant { get; init; }

    public Reply With(string header, string value) => this with { Headers = new Dictionary<string, string>(Headers) { [header] = value } };

    private static IReadOnlyDictionary<string, string> NoStore { get; } =
        new Dictionary<string, string> { ["Cache-Control"] = "no-store, no-cache, max-age=0", ["Pragma"] = "no-cache" };

    /// <summary>No <c>form-action</c>: browsers apply it to the redirect that follows the form, which leaves for the client.</summary>
    private static IReadOnlyDictionary<string, string> PageHeaders { get; } = new Dictionary<string, string>(NoStore)
    {
        ["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
        ["Referrer-Policy"] = "no-referrer",
        ["X-Content-Type-Options"] = "nosniff",
    };

    public Task WriteAsync(HttpResponse response) => WriteAsync(response, Encoding.UTF8.GetByteCount(Body));

    /// <summary>Announces the whole body and sends the first half of it.</summary>
    public async Task WriteHalfAsync(HttpResponse response)
    {
        await WriteAsync(response, Encoding.UTF8.GetByteCount(Body) / 2);
        await response.Body.FlushAsync(response.HttpContext.RequestAborted);
    }

    private async Task WriteAsync(HttpResponse response, int length)
    {
        var bytes = Encoding.UTF8.GetBytes(Body);
        response.StatusCode = Status;
        response.ContentType = MediaType;
        response.ContentLength = bytes.Length;
        foreach (var (name, value) in Headers)
        {
            response.Headers[name] = value;
        }

        await response.Body.WriteAsync(bytes.AsMemory(0, length), response.HttpContext.RequestAborted);
    }
}
