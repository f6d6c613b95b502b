using Microsoft.Net.Http.Headers;

namespace VismaOperator.Consent;

/// <summary>The headers that every answer bears, whatever it says.</summary>
internal static class ConsentHeaders
{
    private const string AYear = "max-age=31536000";

    /// <summary>Sets them.</summary>
    /// <param name="headers">Of the answer.</param>
    /// <param name="site">Whose answer it is.</param>
    /// <param name="formOrigins">Where a form of the page may lead to besides our own origin; null when there is no form.</param>
    public static void Set(IHeaderDictionary headers, ConsentSite site, IReadOnlyList<string>? formOrigins)
    {
        var formAction = formOrigins is null ? "'none'" : string.Join(' ', formOrigins.Prepend("'self'").Distinct(StringComparer.Ordinal));
        headers[HeaderNames.ContentSecurityPolicy] = $"default-src 'none'; style-src {PageLayout.StyleSource}; form-action {formAction}; frame-ancestors 'none'; base-uri 'none'";
        headers[HeaderNames.CacheControl] = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers[HeaderNames.XContentTypeOptions] = "nosniff";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (site.IsEncrypted)
        {
            headers[HeaderNames.StrictTransportSecurity] = AYear;
        }
    }
}
