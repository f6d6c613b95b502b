using System.Net;
using Lifecycle;

namespace VismaOperator.Api.Validation;

/// <summary>What every URL in a spec must fulfil.</summary>
internal static class UrlRules
{
    /// <summary>Checks the form; false when the URL must not be looked at further.</summary>
    internal static bool CheckForm(Findings findings, string path, string url)
    {
        var before = findings.All.Count;
        var isAscii = Patterns.PrintableAscii.IsMatch(url);
        var isHttp = Patterns.HttpScheme.IsMatch(url);
        var hasUser = Patterns.UserInfo.IsMatch(url);
        var hasQuery = Patterns.QueryOrFragment.IsMatch(url);
        findings.Require(
            isAscii,
            path,
            "the URL has a character that is not printable ASCII, such as U+2024, which looks like a dot and was copied from a web "
            + "page: type the URL by hand"
        );
        findings.Require(isHttp, path, "the URL must begin with https:// (or http:// where the administrator allows it)");
        findings.Require(!hasUser, path, "the URL must not carry a user name or password: remove everything up to the @ sign");
        findings.Require(!hasQuery, path, "the URL must not have a query or a fragment: remove everything from ? or # on");
        findings.Require(
            !isAscii || !isHttp || hasUser || hasQuery || Patterns.Url.IsMatch(url),
            path,
            "the URL must be made of a host name, an optional port and an optional path, such as https://api.finance.visma.net/v1: "
            + "correct what follows https://"
        );
        return findings.All.Count == before;
    }

    /// <summary>Checks an issuer: its form, and whether the administrator listed it.</summary>
    internal static void CheckIssuer(Findings findings, string path, string url, AllowLists allowLists)
    {
        if (CheckForm(findings, path, url) && IsEncrypted(findings, path, url, allowLists) && !allowLists.AllowsIssuer(url))
        {
            findings.Add(
                path,
                Reason.IssuerNotAllowed,
                $"the issuer {url} is not among those that the administrator allows ({Listed(allowLists.AllowedIssuers)}): use one of "
                + "them, or ask for it to be added to --allowed-issuers"
            );
        }
    }

    /// <summary>Checks an endpoint: its form, and whether it is on the host of an issuer that the administrator listed.</summary>
    internal static void CheckEndpoint(Findings findings, string path, string url, AllowLists allowLists)
    {
        if (CheckForm(findings, path, url) && IsEncrypted(findings, path, url, allowLists) && !allowLists.AllowsEndpoint(url))
        {
            findings.Add(
                path,
                Reason.IssuerNotAllowed,
                $"the endpoint {url} is not on the host of an issuer that the administrator allows "
                + $"({Listed(allowLists.AllowedIssuers)}): correct the host, or ask for its issuer to be added to --allowed-issuers"
            );
        }
    }

    /// <summary>
    /// Checks a redirect URI: its form, and that an authorization code does not travel unencrypted. Where it leads is between the
    /// administrator and the provider, with whom it is registered; loopback is this machine itself (RFC 8252 section 7.3).
    /// </summary>
    internal static void CheckRedirect(Findings findings, string path, string url, AllowLists allowLists)
    {
        if (CheckForm(findings, path, url) && !IsLoopback(url))
        {
            IsEncrypted(findings, path, url, allowLists);
        }
    }

    /// <summary>Checks the base URL of an API: its form, and whether the administrator listed its host.</summary>
    internal static void CheckApi(Findings findings, string path, string url, AllowLists allowLists)
    {
        if (CheckForm(findings, path, url) && IsEncrypted(findings, path, url, allowLists) && !allowLists.AllowsApi(url))
        {
            findings.Add(
                path,
                Reason.ApiHostNotAllowed,
                $"the host of {url} is not among those that the administrator allows ({Listed(allowLists.AllowedApiHosts)}): use one of "
                + "them, or ask for it to be added to --allowed-api-hosts"
            );
        }
    }

    // By the text, since Uri treats a host that is named "loopback" as localhost.
    private static bool IsLoopback(string url)
    {
        var host = url[(url.IndexOf("//", StringComparison.Ordinal) + 2)..].Split(':', '/')[0];
        return host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));
    }

    private static bool IsEncrypted(Findings findings, string path, string url, AllowLists allowLists)
    {
        if (allowLists.AllowInsecureIssuers || url.StartsWith("https://", StringComparison.Ordinal))
        {
            return true;
        }

        findings.Add(
            path,
            Reason.InsecureUrl,
            "secrets and tokens would travel unencrypted over http: use https (--insecure-issuers allows http, for development)"
        );
        return false;
    }

    private static string Listed(IReadOnlyList<string> entries) => entries.Count == 0 ? "none" : string.Join(", ", entries);
}
