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
