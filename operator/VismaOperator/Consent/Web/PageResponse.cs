using Microsoft.Net.Http.Headers;

namespace VismaOperator.Consent.Web;

/// <summary>
/// Answers with pages. Every answer has the same headers: no scripts, no external resources, no framing, no caching, no referrer.
/// </summary>
internal static class PageResponse
{
    /// <summary>Answers with a page.</summary>
    public static Task WritePageAsync(this HttpResponse response, Page page, CancellationToken cancellationToken)
    {
        response.SetPageHeaders(page.FormOrigins);
        response.StatusCode = page.Status;
        response.ContentType = "text/html; charset=utf-8";
        return response.WriteAsync(page.Body.Markup, cancellationToken);
    }

    /// <summary>Sets what every answer bears.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="formOrigins">See <see cref="Page.FormOrigins"/>.</param>
    public static void SetPageHeaders(this HttpResponse response, IReadOnlyList<string>? formOrigins)
    {
        var headers = response.Headers;
        var formAction = formOrigins is null ? "'none'" : string.Join(' ', formOrigins.Prepend("'self'").Distinct(StringComparer.Ordinal));
        headers[HeaderNames.ContentSecurityPolicy] =
            $"default-src 'none'; style-src {PageLayout.StyleSource}; form-action {formAction}; frame-ancestors 'none'; base-uri 'none'";
        headers[HeaderNames.CacheControl] = "no-store";
        headers["Referrer-Policy"] = "no-referrer"; // the address in the browser may hold a code
        headers[HeaderNames.XContentTypeOptions] = "nosniff";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }
}

/// <summary>A page with its status.</summary>
/// <param name="Status">HTTP status code.</param>
/// <param name="Body">The whole document.</param>
internal sealed record Page(int Status, Html Body)
{
    /// <summary>
    /// Origins that the page's form may lead to besides our own: browsers hold redirects after a form to <c>form-action</c>, too. Null when
    /// the page has no form.
    /// </summary>
    public IReadOnlyList<string>? FormOrigins { get; init; }
}
