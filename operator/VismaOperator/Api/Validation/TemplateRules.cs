using System.Text.RegularExpressions;
using Lifecycle;
using VismaOperator.Manifests;

namespace VismaOperator.Api.Validation;

/// <summary>
/// References in a Secret template that are allowed and probably not meant: in the notation of another tool, or outside of data. They are
/// published unchanged.
/// </summary>
internal static class TemplateRules
{
    private const string Template = "spec.secret.template";
    private const int LongestQuote = 60;

    // access_token, ACCESS_TOKEN, accessToken, access-token.
    private static readonly string key =
        $"({string.Join('|', StandardKeys.All.Select(name => name.Replace("_", "[_-]?", StringComparison.Ordinal)))})";

    // Shells and PowerShell, make, cmd, Maven, Ruby, format strings, Jinja, ERB, and Go templates with other brackets.
    private static readonly string foreign =
        $@"\$(env:)?{key}\b|\$\({key}\)|%{key}%|@{key}@|#\{{{key}\}}|\{{{key}\}}|\{{% *{key} *%\}}|<%=? *{key} *%>|\[\[[ .]*{key} *\]\]";

    private static readonly Regex own = Pattern($@"\$\{{{key}\}}");
    private static readonly Regex inData = Pattern($@"\{{\{{[^{{}}]*\}}\}}|{foreign}");

    // Annotations may hold the templates of other tools, so only those that name a key of ours.
    private static readonly Regex elsewhere = Pattern($@"\$\{{{key}\}}|\{{\{{[^{{}}]*{key}[^{{}}]*\}}\}}|{foreign}");

    /// <summary>The warnings; none where every reference has the notation of templates and is in data.</summary>
    internal static IReadOnlyList<FieldError> Warnings(VismaConnectionSpec spec) =>
    [
        .. from entry in spec.Secret.Template?.Data ?? new Dictionary<string, string>()
           let match = inData.Match(own.Replace(entry.Value, " "))
           where match.Success
           select Literal("data", entry.Key, match, "a reference is written ${key}, such as ${access_token}"),
        .. from entry in spec.Secret.Template?.Metadata?.Annotations ?? new Dictionary<string, string>()
           let match = elsewhere.Match(entry.Value)
           where match.Success
           select Literal("metadata.annotations", entry.Key, match, "references are replaced in data only"),
    ];

    private static FieldError Literal(string part, string name, Match match, string remedy) =>
        new(
            FieldPath.Member($"{Template}.{part}", name),
            Reason.LiteralReference,
            $"'{Shortened(match.Value)}' is published unchanged: {remedy}"
        );

    private static Regex Pattern(string pattern) =>
        new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase);

    private static string Shortened(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "…";
}
