using VismaOperator.Manifests;

namespace VismaOperator.Api.Validation;

/// <summary>
/// What a client must fulfil: the schema's rules, and what only the operator can know. The operator and the <c>check</c> verb
/// run the same functions.
/// </summary>
public static class OAuthClientRules
{
    // Duende IdentityServer, which Visma Connect is built on, refuses longer ones (InputLengthRestrictions.ClientId).
    private const int MaxClientId = 100;

    /// <summary>What <see cref="IsClientId"/> asks for, in words.</summary>
    internal const string ClientIdRule = "a client id is made of at most 100 printable ASCII characters without spaces";

    /// <summary>Every problem of the spec; empty when there is none.</summary>
    public static IReadOnlyList<FieldError> Check(OAuthClientSpec spec, AllowLists allowLists)
    {
        var findings = new Findings();
        UrlRules.CheckIssuer(findings, "spec.issuer", spec.Issuer, allowLists);
        CheckEndpoints(findings, spec.Endpoints ?? new(), allowLists);
        if (spec.RedirectUri is { } redirectUri)
        {
            UrlRules.CheckRedirect(findings, "spec.redirectURI", redirectUri, allowLists);
        }

        CheckClientId(findings, spec);
        CheckSecrets(findings, spec.ClientSecrets);
        findings.Require(
            spec.AuthenticationMethod != AuthenticationMethod.Unrecognized,
            "spec.authenticationMethod",
            NameRules.UnknownValue
        );
        CheckAllowedNamespaces(findings, spec.AllowedNamespaces);
        CheckTenants(findings, spec.Tenants ?? []);
        return findings.All;
    }

    /// <summary>True for what may be a client id, whether it is written in the spec or read from a Secret.</summary>
    internal static bool IsClientId(string id) => id.Length is > 0 and <= MaxClientId && Patterns.PrintableAscii.IsMatch(id);

    private static void CheckEndpoints(Findings findings, EndpointsSpec endpoints, AllowLists allowLists)
    {
        foreach (
            var (name, url) in new[]
            {
                ("token", endpoints.Token),
                ("authorization", endpoints.Authorization),
                ("revocation", endpoints.Revocation),
            }
        )
        {
            if (url is not null)
            {
                UrlRules.CheckEndpoint(findings, $"spec.endpoints.{name}", url, allowLists);
            }
        }
    }

    private static void CheckClientId(Findings findings, OAuthClientSpec spec)
    {
        findings.Require(
            spec.ClientId is null != spec.ClientIdFrom is null,
            "spec.clientID",
            "set exactly one of clientID (the id itself) and clientIDFrom (the Secret that holds it)");
        if (spec.ClientId is { } id)
        {
            findings.Require(
                IsClientId(id),
                "spec.clientID",
                $"{ClientIdRule}: copy it from the developer portal");
        }

        if (spec.ClientIdFrom is { } source)
        {
            CheckReference(findings, "spec.clientIDFrom.secretKeyRef", source.SecretKeyRef);
        }
    }

    private static void CheckSecrets(Findings findings, IReadOnlyList<ClientSecretSpec> secrets)
    {
        findings.Require(secrets.Count > 0, "spec.clientSecrets", "at least one secret is needed: name the Secret that holds it");
        findings.Require(
            secrets.Select(secret => secret.SecretKeyRef).Distinct().Count() == secrets.Count,
            "spec.clientSecrets",
            "the same key of the same Secret is listed twice: remove one of them");
        for (var index = 0; index < secrets.Count; index++)
        {
            CheckReference(findings, $"{FieldPath.Item("spec.clientSecrets", index)}.secretKeyRef", secrets[index].SecretKeyRef);
        }
    }

    private static void CheckReference(Findings findings, string path, SecretKeyReference reference)
    {
        NameRules.CheckSubdomain(findings, $"{path}.name", reference.Name);
        findings.Require(
            Patterns.SecretKey.IsMatch(reference.Key),
            $"{path}.key",
            "a key of a Secret is made of at most 253 letters, digits, dots, dashes and underscores: correct the key");
    }

    private static void CheckAllowedNamespaces(Findings findings, AllowedNamespaces allowed)
    {
        findings.Require(allowed.From != NamespaceScope.Unrecognized, "spec.allowedNamespaces.from", NameRules.UnknownValue);
        findings.Require(
            (allowed.From == NamespaceScope.Selector) == (allowed.Selector is not null),
            "spec.allowedNamespaces",
            "selector goes with from: Selector, and only with it: set both or neither");
        SelectorRules.Check(findings, "spec.allowedNamespaces.selector", allowed.Selector);
    }

    private static void CheckTenants(Findings findings, IReadOnlyList<TenantRule> tenants)
    {
        for (var index = 0; index < tenants.Count; index++)
        {
            NameRules.CheckTenant(findings, $"{FieldPath.Item("spec.tenants", index)}.tenantID", tenants[index].TenantId);
        }
    }
}
