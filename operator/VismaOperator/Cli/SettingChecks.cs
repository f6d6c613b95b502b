using VismaOperator.Api.Validation;

namespace VismaOperator.Cli;

/// <summary>Checks of single values; each returns what is wrong, or null.</summary>
internal static class SettingChecks
{
    private const int LongestHost = 253;
    private const int LongestNamespace = 63;

    private static readonly Pattern host = new(
        @"^[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?([.][A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*(:[0-9]{1,5})?\z"
    );

    /// <summary>An https URL without user info, query and fragment.</summary>
    public static string? Issuer(string value) => CheckIssuer(value, [Uri.UriSchemeHttps]);

    /// <summary>The same, http admitted.</summary>
    public static string? InsecureIssuer(string value) => CheckIssuer(value, [Uri.UriSchemeHttps, Uri.UriSchemeHttp]);

    /// <summary>An ASCII host name with an optional port: no scheme, no path, no wildcard.</summary>
    public static string? Host(string value) =>
        value.Length <= LongestHost && host.IsMatch(value) ? null : "is not an ASCII host name";

    /// <summary>A namespace's name (RFC 1123 label).</summary>
    public static string? NamespaceName(string value) =>
        value.Length <= LongestNamespace && Patterns.NamespaceName.IsMatch(value) ? null : "is not the name of a namespace";

    /// <summary>A URL at which people reach the operator: judged as the redirect URI that is built from it.</summary>
    public static string? PublicUrl(string value, AllowLists allowLists)
    {
        var findings = new Findings();
        UrlRules.CheckRedirect(findings, "--public-url", value, allowLists);
        return findings.All.Count > 0 ? findings.All[0].Message : null;
    }

    private static string? CheckIssuer(string value, string[] schemes)
    {
        if (!Uri.TryCreate(value, UriKind.Absolute, out var uri))
        {
            return "is not an absolute URL";
        }

        if (!schemes.Contains(uri.Scheme, StringComparer.Ordinal))
        {
            return $"does not begin with {string.Join(" or ", schemes.Select(scheme => scheme + "://"))}";
        }

        // OpenID Connect Discovery 1.0, section 2: an issuer has no query and no fragment.
        return uri.UserInfo.Length + uri.Query.Length + uri.Fragment.Length > 0 ? "has user info, a query or a fragment" : null;
    }
}
