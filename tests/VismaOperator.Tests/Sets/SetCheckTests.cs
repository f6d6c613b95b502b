using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Sets;

/// <summary>What <c>check</c> says of a set: it makes the connections and checks each as if the files declared it.</summary>
public sealed class SetCheckTests
{
    private const string Tenant = "2f5c0e7a-0c1d-4f5e-9a6b-3c8d7e6f5a4b";
    private const string OtherTenant = "7b1e3c22-8f4e-4a57-8a63-2f1f5b6f0c22";

    private const string Client = """
        apiVersion: v1
        kind: Secret
        metadata: {name: credentials, namespace: integrations}
        stringData: {clientSecret: s}
        ---
        apiVersion: visma-operator.io/v1
        kind: OAuthClient
        metadata: {name: acme, namespace: integrations}
        spec:
          clientID: isv_acme
          clientSecrets:
          - secretKeyRef: {name: credentials, key: clientSecret}

        """;

    private const string Set = $$"""
        apiVersion: visma-operator.io/v1
        kind: VismaConnectionSet
        metadata: {name: customers, namespace: integrations}
        spec:
          tenants:
          - {name: a, tenantID: {{Tenant}}}
          - {name: b, tenantID: {{OtherTenant}}}
          template:
            spec:
              oauthClientRef: {name: acme}
              scopes: [vismanet_erp_service_api:read]

        """;

    private const string FromMap = """
        apiVersion: visma-operator.io/v1
        kind: VismaConnectionSet
        metadata: {name: customers, namespace: integrations}
        spec:
          tenantsFrom: {configMapKeyRef: {name: list, key: tenants.yaml}}
          template:
            spec:
              oauthClientRef: {name: acme}
              scopes: [vismanet_erp_service_api:read]

        """;

    [Fact]
    public void A_sound_set_has_no_findings() => Assert.Empty(Check(Client, Set));

    [Fact]
    public void What_is_wrong_with_every_connection_is_told_once_at_the_template()
    {
        var finding = Assert.Single(Check(Set));

        Assert.Equal((8, "ClientNotAvailable", "customers-a"), (finding.Line, finding.Reason, finding.Name));
    }

    [Theory]
    [InlineData("name: acme}", "name: acme}\n      secret: {name: token}", "publishes in the same Secret", "SecretNotOwned")]
    [InlineData("api:read]", "api:read]\n      secret: {name: 'T-${tenantName}'}", "(found with tenant a)", "InvalidSpec")]
    [InlineData("api:read]", "api:read]\n      baseUrl: x", "there is no field baseUrl here: did you mean baseURL?", "InvalidSpec")]
    [InlineData("api:read]", "api:read]\n      tenantID: x", "leave tenantID out of the template", "InvalidSpec")]
    [InlineData("name: acme}", "name: acme}\n      displayName: 'Cust ${tenantname}'", "must name tenantName or tenantID", "InvalidSpec")]
    [InlineData("name: acme}", "name: acme}\n      displayName: 'Cust ${tenantName'", "and end with a brace", "InvalidSpec")]
    [InlineData("name: acme}", "name: 'acme-${tenant}'}", "must name tenantName or tenantID", "InvalidSpec")]
    [InlineData("api:read]", "api:read, 'a:${tenant}']", "must name tenantName or tenantID", "InvalidSpec")]
    [InlineData("api:read]", "api:read]\n      secret: {name: 't-${tenant_name}'}", "must name tenantName or tenantID", "InvalidSpec")]
    [InlineData("  template:", "  template:\n    metadata: {annotations: {a: '${access_token}'}}", "name tenantName or", "InvalidSpec")]
    [InlineData("  template:", "  template:\n    metadata: {labels: {a: '${tenantname}'}}", "must name tenantName or", "InvalidSpec")]
    [InlineData(
        "api:read]",
        "api:read]\n      secret: {template: {data: {a: '${access_token} ${tenantname}'}}}",
        "must name tenantName, tenantID or one of access_token",
        "InvalidSpec"
    )]
    [InlineData("{name: b,", "{name: a,", "another tenant of the set has this name", "InvalidSpec")]
    [InlineData("kind: VismaConnectionSet", "kind: VismaConectionSet", "did you mean VismaConnectionSet?", "UnknownKind")]
    public void What_is_wrong_with_a_set_is_told(string part, string instead, string says, string reason)
    {
        var findings = Check(Client, Set.Replace(part, instead, StringComparison.Ordinal));

        Assert.Contains(findings, finding => finding.Message.Contains(says, StringComparison.Ordinal) && finding.Reason == reason);
        Assert.All(findings, finding => Assert.Equal(Severity.Error, finding.Severity));
    }

    [Fact]
    public void A_tenant_id_that_has_two_names_is_warned_of_where_the_second_one_stands()
    {
        var finding = Assert.Single(
            Check(Client, Set.Replace(OtherTenant, Tenant.ToUpperInvariant(), StringComparison.Ordinal))
        );

        Assert.Equal(
            (Severity.Warning, "DuplicateTenant", "spec.tenants[1].tenantID"),
            (finding.Severity, finding.Reason, finding.Path)
        );
        Assert.StartsWith("tenant b has the tenant id of tenant a: ", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_reference_that_is_replaced_and_a_dollar_sign_without_a_brace_are_fine()
    {
        const string Text = "api:read]\n      displayName: '$5 $${tenantName} ${tenantID}'\n"
            + "      secret: {template: {data: {a: '${access_token}-${tenantName}-${tenantID}'}}}";

        Assert.Empty(Check(Client, Set.Replace("api:read]", Text, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_connection_that_the_files_declare_is_not_the_sets()
    {
        var clash = $$"""
            apiVersion: visma-operator.io/v1
            kind: VismaConnection
            metadata: {name: customers-b, namespace: integrations}
            spec: {oauthClientRef: {name: acme}, tenantID: {{Tenant}}, scopes: ['a:b']}
            """;

        var finding = Assert.Single(Check(Client, Set, clash));

        Assert.Equal(("ConnectionNotOwned", "VismaConnectionSet"), (finding.Reason, finding.Kind));
        Assert.Contains("VismaConnection integrations/customers-b", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_limits_of_the_client_are_held_against_every_tenant()
    {
        var limited = Client.TrimEnd() + $"\n  tenants: [{{tenantID: {Tenant}}}]\n";

        var finding = Assert.Single(Check(limited, Set));

        Assert.Equal(("TenantNotAllowed", "customers-b"), (finding.Reason, finding.Name));
    }

    [Theory]
    [InlineData("", Severity.Info, "TenantsNotFound")]
    [InlineData("other.yaml: ''", Severity.Error, "TenantsNotFound")]
    [InlineData("tenants.yaml: 'x'", Severity.Error, "TenantsInvalid")]
    [InlineData($"tenants.yaml: '[{{name: a, tenantID: {Tenant}}}]'", null, null)]
    [InlineData(
        $"tenants.yaml: '[{{name: a, tenantID: {Tenant}}}, {{name: b, tenantID: {Tenant}}}]'",
        Severity.Warning,
        "DuplicateTenant"
    )]
    public void The_list_is_read_where_the_files_hold_it(string data, Severity? severity, string? reason)
    {
        const string Map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: list, namespace: integrations}\ndata:\n  ";
        var map = data.Length == 0 ? "" : $"{Map}{data}\n";

        var findings = Check(Client, FromMap, map);

        Assert.Equal((severity, reason), findings is [var finding] ? (finding.Severity, finding.Reason) : (null, null));
    }

    [Theory]
    [InlineData(false, "ClientNotAvailable")]
    [InlineData(true, null)]
    public void Tenants_from_namespaces_need_a_client_with_a_list(bool hasList, string? error)
    {
        var set = FromMap.Replace(
            "configMapKeyRef: {name: list, key: tenants.yaml}",
            "namespaceSelector: {}, annotation: example.com/tenant",
            StringComparison.Ordinal
        );

        var findings = Check(hasList ? Client.TrimEnd() + $"\n  tenants: [{{tenantID: {Tenant}}}]\n" : Client, set);

        Assert.Equal(error, findings.SingleOrDefault(finding => finding.Severity == Severity.Error)?.Reason);
        Assert.Single(findings, finding => finding is { Severity: Severity.Info, Reason: "TenantSourceNotAllowed" });
    }

    private static IReadOnlyList<CheckFinding> Check(params string[] documents)
    {
        var manifests = ManifestReader.ReadText("set.yaml", string.Join("\n---\n", documents.Where(text => text.Length > 0).Reverse()));
        return ManifestCheck.Check(manifests, new AllowLists(), new FakeTimeProvider()).Findings;
    }
}
