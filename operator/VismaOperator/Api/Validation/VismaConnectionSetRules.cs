using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.Manifests;

namespace VismaOperator.Api.Validation;

/// <summary>
/// What a set must fulfil: the schema's rules, and what only the operator can know. What its template makes of a tenant must fulfil
/// <see cref="VismaConnectionRules"/>.
/// </summary>
public static class VismaConnectionSetRules
{
    private const string UnknownReference =
        "a reference ${...} in the template of a set must name tenantName or tenantID and end with a brace: correct the reference";

    private const string UnknownReferenceInData =
        "a reference ${...} must name tenantName, tenantID or one of access_token, token_type, authorization, expires_at, scope, "
        + "tenant_id, api_version and base_url and end with a brace: correct the reference";

    // The longest value of a label.
    private const int MaxName = 63;

    /// <summary>Every problem of the set, its name included; empty when there is none.</summary>
    public static IReadOnlyList<FieldError> Check(VismaConnectionSet set)
    {
        var findings = new Findings();
        var spec = set.Spec;
        findings.Require(
            set.Metadata.Name.Length <= MaxName,
            "metadata.name",
            "the name of a set must not be longer than 63 characters, since its connections bear it as a label: shorten the name"
        );
        findings.Require(
            spec.Tenants is null != spec.TenantsFrom is null,
            "spec.tenants",
            "set exactly one of tenants (the list itself) and tenantsFrom (where the list is kept)"
        );
        CheckTenants(findings, spec.Tenants ?? []);
        CheckSource(findings, spec.TenantsFrom);
        CheckTemplate(findings, spec.Template);
        findings.Require(spec.DeletionPolicy != DeletionPolicy.Unrecognized, "spec.deletionPolicy", NameRules.UnknownValue);
        return findings.All;
    }

    /// <summary>What is wrong with one tenant, with paths below it; empty when nothing is.</summary>
    internal static IReadOnlyList<FieldError> Check(SetTenant tenant)
    {
        var findings = new Findings();
        CheckTenant(findings, string.Empty, tenant);
        return findings.All;
    }

    private static void CheckTenants(Findings findings, IReadOnlyList<SetTenant> tenants)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < tenants.Count; index++)
        {
            var path = FieldPath.Item("spec.tenants", index);
            CheckTenant(findings, path, tenants[index]);
            findings.Require(
                names.Add(tenants[index].Name),
                FieldPath.Member(path, "name"),
                "another tenant of the set has this name: give each a name of its own"
            );
        }
    }

    private static void CheckTenant(Findings findings, string path, SetTenant tenant)
    {
        findings.Require(
            tenant.Name.Length <= MaxName && Patterns.NamespaceName.IsMatch(tenant.Name),
            FieldPath.Member(path, "name"),
            "the name of a tenant is made of at most 63 lower-case letters, digits and dashes and begins and ends with a letter or digit: "
            + "correct it"
        );
        NameRules.CheckTenant(findings, FieldPath.Member(path, "tenantID"), tenant.TenantId);
    }

    private static void CheckSource(Findings findings, TenantsSource? source)
    {
        if (source is null)
        {
            return;
        }

        const string Path = "spec.tenantsFrom";
        findings.Require(
            source.ConfigMapKeyRef is null != source.NamespaceSelector is null,
            Path,
            "set exactly one of configMapKeyRef (a key of a ConfigMap) and namespaceSelector (namespaces, by their labels)"
        );
        findings.Require(
            source.NamespaceSelector is null == source.Annotation is null,
            Path,
            "annotation goes with namespaceSelector, since its value is the tenant id of the namespace: set both or neither"
        );
        if (source.ConfigMapKeyRef is { } reference)
        {
            NameRules.CheckSubdomain(findings, $"{Path}.configMapKeyRef.name", reference.Name);
            findings.Require(
                Patterns.SecretKey.IsMatch(reference.Key),
                $"{Path}.configMapKeyRef.key",
                "a key of a ConfigMap is made of at most 253 letters, digits, dots, dashes and underscores: correct the key"
            );
        }

        SelectorRules.Check(findings, $"{Path}.namespaceSelector", source.NamespaceSelector);
        findings.Require(
            source.Annotation is not { } annotation || Patterns.MetadataKey.IsMatch(annotation),
            $"{Path}.annotation",
            "the key of an annotation is an optional domain in lower case with a slash and a name of at most 63 letters, digits, dots, "
            + "dashes and underscores, such as example.com/visma-tenant: correct the key"
        );
    }

    private static void CheckTemplate(Findings findings, ConnectionTemplate template)
    {
        const string Path = "spec.template";
        foreach (var key in (template.Metadata?.Labels ?? new Dictionary<string, string>()).Keys)
        {
            SecretRules.CheckKey(findings, FieldPath.Member($"{Path}.metadata.labels", key), key);
        }

        foreach (var key in (template.Metadata?.Annotations ?? new Dictionary<string, string>()).Keys)
        {
            SecretRules.CheckKey(findings, FieldPath.Member($"{Path}.metadata.annotations", key), key);
        }

        findings.Require(
            template.Spec.TenantId is null or ConnectionTemplate.TenantId,
            $"{Path}.spec.tenantID",
            "the tenant id of each connection is that of its tenant: leave tenantID out of the template, or write ${tenantID}"
        );
        CheckReferences(findings, $"{Path}.metadata.labels", template.Metadata?.Labels);
        CheckReferences(findings, $"{Path}.metadata.annotations", template.Metadata?.Annotations);
        var spec = JsonSerializer.SerializeToNode(template.Spec, VismaJsonContext.Default.VismaConnectionSpec);
        CheckReferences(findings, $"{Path}.spec", spec);
    }

    private static void CheckReferences(Findings findings, string path, IReadOnlyDictionary<string, string>? texts)
    {
        foreach (var (key, text) in texts ?? new Dictionary<string, string>())
        {
            CheckReferences(findings, FieldPath.Member(path, key), text, isInData: false);
        }
    }

    // Every text counts, since each is filled in.
    private static void CheckReferences(Findings findings, string path, JsonNode? value)
    {
        switch (value)
        {
            case JsonObject members:
                foreach (var (key, member) in members)
                {
                    CheckReferences(findings, FieldPath.Member(path, key), member);
                }

                break;
            case JsonArray items:
                for (var index = 0; index < items.Count; index++)
                {
                    CheckReferences(findings, FieldPath.Item(path, index), items[index]);
                }

                break;
            case JsonValue single when single.TryGetValue<string>(out var text):
                CheckReferences(findings, path, text, path.StartsWith("spec.template.spec.secret.template.data", StringComparison.Ordinal));
                break;
        }
    }

    // What else is written in data is replaced for the connection.
    private static void CheckReferences(Findings findings, string path, string text, bool isInData) =>
        findings.Require(
            TemplateText.References(text).All(name =>
                $"${{{name}}}" is ConnectionTemplate.TenantName or ConnectionTemplate.TenantId
                || (isInData && name is not null && StandardKeys.All.Contains(name))
            ),
            path,
            isInData ? UnknownReferenceInData : UnknownReference
        );
}
