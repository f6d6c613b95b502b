using System.Text.RegularExpressions;
using Lifecycle;
using VismaOperator.Manifests;
using VismaOperator.VismaConnections;

namespace VismaOperator.Rules;

/// <summary>What in a Secret template is allowed and probably not meant: another notation of a reference, which is published as it stands.</summary>
internal static class TemplateRules
{
    private const int LongestQuote = 60;

    private static readonly Regex foreign = new(
        $@"\{{\{{[^{{}}]*\}}\}}|\$\(?({string.Join('|', StandardKeys.All)})\b\)?",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture);

    /// <summary>The warnings; none where every reference has the notation of templates.</summary>
    internal static IReadOnlyList<Problem> Warnings(VismaConnectionSpec spec) =>
    [
        .. from entry in spec.Secret.Template?.Data ?? new Dictionary<string, string>()
           let match = foreign.Match(entry.Value)
           where match.Success
           select new Problem(FieldPath.Member("spec.secret.template.data", entry.Key), Reason.LiteralReference, $"'{Shortened(match.Value)}' is published as it stands: a reference is written ${{key}}, such as ${{access_token}}"),
    ];

    private static string Shortened(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "…";
}
