using Kubernetes.Client;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Consent.Flow;

namespace VismaOperator.Consent.Web;

/// <summary>
/// The cookie that ties a consent to the browser in which it was begun. There is one for each connection, so that a person can consent for
/// several in several tabs.
/// </summary>
internal static class ConsentCookie
{
    private const string Name = "visma-consent";
    // no other host and no path can set it (RFC 6265bis section 4.1.3.2); browsers want Secure with it
    private const string HostPrefix = "__Host-";

    public static string NameOf(NamespacedName connection, ConsentSite site) =>
        $"{(site.IsEncrypted ? HostPrefix : string.Empty)}{Name}-{ShortHash.Of(connection.ToString())}";

    /// <summary>Sets it. Lax, since the provider sends the browser back from another site.</summary>
    public static void Set(HttpResponse response, NamespacedName connection, Sensitive value, ConsentSite site) =>
        response.Cookies.Append(
            NameOf(connection, site),
            value.Reveal(),
            new CookieOptions
            {
                HttpOnly = true,
                Secure = site.IsEncrypted,
                SameSite = SameSiteMode.Lax,
                Path = "/",
                MaxAge = ConsentAttempts.Lifetime,
            }
        );

    /// <summary>What the browser has; null when it has none.</summary>
    public static Sensitive? Of(HttpRequest request, NamespacedName connection, ConsentSite site) =>
        request.Cookies[NameOf(connection, site)] is { Length: > 0 } value ? Sensitive.From(value) : null;
}
