namespace VismaOperator.Api.Validation;

/// <summary>
/// What a connection must fulfil: the schema's rules, and what only the operator can know. The operator and the <c>check</c>
/// verb run the same functions.
/// </summary>
public static class VismaConnectionRules
{
    // 253 (a DNS subdomain) less the suffix of the default name.
    private const int MaxNameForDefaultSecret = 247;

    /// <summary>Every problem of the connection, its name included; empty when there is none.</summary>
    public static IReadOnlyList<FieldError> Check(VismaConnection connection, AllowLists allowLists)
    {
        var findings = new Findings();
        findings.Require(
            connection.Spec.Secret.Name is not null || connection.Metadata.Name.Length <= MaxNameForDefaultSecret,
            "spec.secret.name",
            "the Secret's default name, the connection's name followed by -token, would be longer than 253 characters: set spec.secret.name"
        );
        AuthorizationRules.CheckName(findings, connection);
        return [.. findings.All, .. Check(connection.Spec, allowLists)];
    }

    /// <summary>Every problem of the spec; empty when there is none.</summary>
    public static IReadOnlyList<FieldError> Check(VismaConnectionSpec spec, AllowLists allowLists)
    {
        var findings = new Findings();
        findings.Require(spec.ApiVersion != ErpApiVersion.Unrecognized, "spec.apiVersion", NameRules.UnknownValue);
        findings.Require(spec.Grant != Grant.Unrecognized, "spec.grant", NameRules.UnknownValue);
        CheckClient(findings, spec.OAuthClientRef);
        if (spec.TenantId is not null)
        {
            NameRules.CheckTenant(findings, "spec.tenantID", spec.TenantId);
        }

        if (spec.BaseUrl is not null)
        {
            UrlRules.CheckApi(findings, "spec.baseURL", spec.BaseUrl, allowLists);
        }

        ScopeRules.Check(findings, spec);
        AuthorizationRules.Check(findings, spec);
        RefreshRules.Check(findings, spec.Refresh);
        SecretRules.Check(findings, spec.Secret, allowLists);
        ProbeRules.Check(findings, spec);
        RestartRules.Check(findings, spec);
        return findings.All;
    }

    private static void CheckClient(Findings findings, OAuthClientReference client)
    {
        NameRules.CheckSubdomain(findings, "spec.oauthClientRef.name", client.Name);
        if (client.Namespace is not null)
        {
            NameRules.CheckNamespace(findings, "spec.oauthClientRef.namespace", client.Namespace);
        }
    }
}
