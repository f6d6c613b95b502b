using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace VismaOperator.Consent.Web;

/// <summary>
/// Tells a form of our own page from one that another site sends in a person's browser, which would skip the page on which the person reads
/// what the consent is for.
/// </summary>
internal static class FormOrigin
{
    private const string Opaque = "null";

    /// <summary>
    /// True unless the browser says that another site sent the form. The browser's own word on the site counts first (Fetch Metadata): for
    /// <c>Origin</c> it sends <c>null</c> here, since our pages forbid referrers. Where browsers send no Fetch Metadata, over plain http to
    /// another machine, that <c>null</c> has to do.
    /// </summary>
    public static bool IsOurs(IHeaderDictionary headers, ConsentSite site)
    {
        var fetchSite = headers["Sec-Fetch-Site"];
        if (!StringValues.IsNullOrEmpty(fetchSite))
        {
            return fetchSite == "same-origin";
        }

        var origin = headers[HeaderNames.Origin];
        return StringValues.IsNullOrEmpty(origin) || origin == site.Origin || (origin == Opaque && !site.IsTrustworthy);
    }
}
