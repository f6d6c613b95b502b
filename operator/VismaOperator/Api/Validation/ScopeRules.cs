using VismaOperator.Manifests;

namespace VismaOperator.Api.Validation;

/// <summary>What the scopes of a connection must fulfil.</summary>
internal static class ScopeRules
{
    // Duende IdentityServer, which Visma Connect is built on, refuses longer ones (InputLengthRestrictions.Scope).
    private const int MaxScopeLength = 300;

    // Scopes of OpenID Connect, which need a user who signed in.
    private static readonly string[] userScopes =
    [
        "openid",
        "profile",
        "email",
        "address",
        "phone",
        "tenants",
        VismaConnectionSpec.OfflineAccess,
    ];

    // Their tokens are for one company: docs.connect.visma.com, "Service applications"; those of the interactive API are for the company
    // that the person chose, which must be the declared one.
    private static readonly string[] tenantScopes =
    [
        "vismanet_erp_service_api:",
        "vismanet_erp_interactive_api:",
        "visma.net.erp.salesorder:",
    ];

    internal static void Check(Findings findings, VismaConnectionSpec spec)
    {
        findings.Require(
            spec.Scopes.Count > 0 != spec.AllScopes,
            "spec.scopes",
            "name the scopes to ask for, or set allScopes to true to ask for all that the application is allowed: one of the two, not both"
        );
        findings.Require(
            spec.TenantId is not null || !spec.Scopes.Any(NeedsTenant),
            "spec.tenantID",
            "tenantID is required with scopes of the ERP API or of SalesOrder, since such a token is for one company: copy it from "
            + "Visma Admin > Company > Edit > Configuration > Tenant id"
        );
        findings.Require(
            spec.Grant != Grant.ClientCredentials || !spec.Scopes.Any(userScopes.Contains),
            "spec.scopes",
            "the scopes openid, profile, email, address, phone, tenants and offline_access speak of a user, and with the grant "
            + "ClientCredentials there is none, so the provider would refuse them: remove them"
        );
        findings.Require(string.Join(' ', spec.RequestedScopes()).Length <= MaxScopeLength, "spec.scopes", TooLong(spec.Grant));
        CheckShapes(findings, spec.Scopes);
    }

    private static void CheckShapes(Findings findings, IReadOnlyList<string> scopes)
    {
        for (var index = 0; index < scopes.Count; index++)
        {
            findings.Require(
                Patterns.Scope.IsMatch(scopes[index]) || userScopes.Contains(scopes[index]),
                FieldPath.Item("spec.scopes", index),
                "a scope has the form api:permission, such as vismanet_erp_service_api:read: write one scope per list item, without "
                + "spaces, as the developer portal shows it"
            );
        }
    }

    private static string TooLong(Grant grant) => grant == Grant.AuthorizationCode
        ? "the scopes are longer than 300 characters in all, offline_access included, which the provider refuses: ask for fewer"
        : "the scopes are longer than 300 characters in all, which the provider refuses: ask for fewer, or set allScopes to true";

    private static bool NeedsTenant(string scope) => tenantScopes.Any(prefix => scope.StartsWith(prefix, StringComparison.Ordinal));
}
