using System.Text.RegularExpressions;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;

namespace VismaOperator.Cli.Import;

/// <summary>What an iClient and a connection say in the same way.</summary>
internal static class CeligoFields
{
    /// <summary>Matched without backtracking, and not compiled into the executable: such a pattern runs once in a run.</summary>
    public const RegexOptions Matched = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    private static readonly Regex tenantField = new(
        "tenant_?id[\"']?\\s*[=:]\\s*[\"']?(?<id>[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})([^0-9a-z-]|$)",
        Matched | RegexOptions.IgnoreCase
    );

    /// <summary>The grant; null where the field says none.</summary>
    public static Grant? GrantOf(ExportedObject source, string name)
    {
        switch (source.Text(name))
        {
            case null:
                return null;
            case "authorizecode":
                return Grant.AuthorizationCode;
            case "clientcredentials":
                return Grant.ClientCredentials;
            default:
                source.Note(NoteKind.Changed, name, "Visma Connect has no such grant: ClientCredentials was written. See docs/import.md.");
                return Grant.ClientCredentials;
        }
    }

    /// <summary>The scopes of an <c>oauth2</c>, or of an <c>http.auth.oauth</c>; empty where it has none.</summary>
    public static IReadOnlyList<string> ScopesIn(ExportedObject source, string at) =>
        source.Texts($"{at}.scope", source.Text($"{at}.scopeDelimiter") ?? " ");

    /// <summary>The tenant id in what a person wrote into token requests; null where there is none.</summary>
    /// <param name="source">The object.</param>
    /// <param name="names">Its fields; the first one that has a tenant id counts.</param>
    public static string? TenantIn(ExportedObject source, IEnumerable<string> names)
    {
        string? tenant = null;
        foreach (var name in names)
        {
            if (source.Text(name) is not { } text)
            {
                continue;
            }

            var match = tenantField.Match(text);
            if (text.Trim() != $"tenant_id={match.Groups["id"].Value}")
            {
                source.Note(NoteKind.Changed, name, "Nothing but a tenant_id was read of it: the operator makes the token request itself.");
            }

            var found = match.Success ? match.Groups["id"].Value : null;
            if (found == Placeholders.TenantId)
            {
                source.Note(NoteKind.Changed, name, "A tenant id of zeros is that of no company: it was not taken.");
                found = null;
            }

            if (tenant is not null && found is not null && !IsSame(found, tenant))
            {
                source.Note(NoteKind.Changed, name, "It names another tenant than the body of the token request, whose tenant counts.");
            }

            tenant ??= found;
        }

        return tenant;
    }

    /// <summary>True for the same GUID.</summary>
    public static bool IsSame(string tenant, string? other) => tenant.Equals(other, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// What is wrong with a URL, or with its host where nothing else is. Nothing but the host is repeated: the path of a URL may be a
    /// secret.
    /// </summary>
    /// <param name="findings">What was found of it.</param>
    /// <param name="url">The URL.</param>
    /// <param name="ofHost">What is wrong with its host.</param>
    public static string CauseOf(Findings findings, string url, string ofHost)
    {
        if (findings.All is [var first, ..] && !first.Message.Contains(url, StringComparison.Ordinal))
        {
            return first.Message;
        }

        var host = Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.Host : string.Empty;
        return $"{(host.Length > 0 ? $"the host {host}" : "its host")} {ofHost}";
    }
}
