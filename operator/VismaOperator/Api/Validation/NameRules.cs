using System.Text.RegularExpressions;

namespace VismaOperator.Api.Validation;

/// <summary>
/// What names of Kubernetes objects, and values from closed sets, must fulfil. The schema refuses them with its own words.
/// </summary>
internal static class NameRules
{
    internal const string UnknownValue = "this version of the operator does not know the value: correct it, or update the operator";

    private const int MaxSubdomain = 253;
    private const int MaxNamespace = 63;

    internal static void CheckSubdomain(Findings findings, string path, string name) =>
        findings.Require(
            name.Length <= MaxSubdomain && Patterns.Subdomain.IsMatch(name),
            path,
            "a name is made of at most 253 lower-case letters, digits, dashes and dots and begins and ends with a letter or digit: "
            + "correct it"
        );

    internal static void CheckNamespace(Findings findings, string path, string name) =>
        findings.Require(
            name.Length <= MaxNamespace && Patterns.NamespaceName.IsMatch(name),
            path,
            "the name of a namespace is made of at most 63 lower-case letters, digits and dashes and begins and ends with a letter or "
            + "digit: correct it"
        );

    internal static void CheckTenant(Findings findings, string path, string tenantId) =>
        findings.Require(
            Patterns.Guid.IsMatch(tenantId),
            path,
            "the tenant id must be a GUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx: copy it from Visma Admin > Company > Edit > "
            + "Configuration > Tenant id"
        );
}

/// <summary>
/// The patterns of the schema and of its rules. Tests run both over the same values; <c>\z</c> is written where RE2 has <c>$</c>, which in
/// .NET would let a line break at the end pass.
/// </summary>
internal static class Patterns
{
    internal static readonly Pattern Guid = new(@"^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\z");
    internal static readonly Pattern Scope = new(@"^[A-Za-z0-9._~/+-]+(:[A-Za-z0-9._~/+-]+)+\z");
    internal static readonly Pattern PrintableAscii = new(@"^[!-~]*\z");
    internal static readonly Pattern HttpScheme = new("^https?://");
    internal static readonly Pattern UserInfo = new("^[a-zA-Z]+://[^/?#]*@");
    internal static readonly Pattern QueryOrFragment = new("[?#]");
    internal static readonly Pattern Url = new(
        @"^https?://[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
        + @"(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?(/[A-Za-z0-9._~!&*+,;=:@%/-]*)?\z");

    internal static readonly Pattern ProbePath = new(
        @"^/([A-Za-z0-9_~$(),=:-][A-Za-z0-9._~$(),=:-]*(/[A-Za-z0-9_~$(),=:-][A-Za-z0-9._~$(),=:-]*)*)?([?][A-Za-z0-9._~$(),=:&+/%-]*)?\z"
    );

    internal static readonly Pattern Subdomain = new(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z");
    internal static readonly Pattern NamespaceName = new(@"^[a-z0-9]([-a-z0-9]*[a-z0-9])?\z");
    internal static readonly Pattern SecretKey = new(@"^[-._a-zA-Z0-9]{1,253}\z");
    internal static readonly Pattern SecretType = new(@"^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?\z");
    internal static readonly Pattern ReservedSecretType = new(@"^[^/]*(kubernetes[.]io|k8s[.]io|visma-operator[.]io)(/|\z)");
    internal static readonly Pattern MetadataKey = new(
        @"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\z"
    );
    internal static readonly Pattern ReservedMetadataKey = new("^[^/]*(kubernetes[.]io|k8s[.]io|argoproj[.]io|visma-operator[.]io)/");
    internal static readonly Pattern LabelValue = new(@"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?\z");
}

/// <summary>
/// A pattern that is matched without backtracking, as by RE2: the time is proportional to the text, for any manifest. Such an automaton
/// takes some hundred kilobytes, so it is made when it is first needed.
/// </summary>
internal sealed class Pattern(string pattern)
{
    private readonly Lazy<Regex> automaton = new(() =>
        new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)
    );

    public bool IsMatch(string text) => automaton.Value.IsMatch(text);

    public override string ToString() => pattern;
}
