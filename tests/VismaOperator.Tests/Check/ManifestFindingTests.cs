using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Check;

/// <summary>What <c>check</c> says of manifests that first users wrote.</summary>
public sealed class ManifestFindingTests
{
    private const string Tenant = "2f5c3a3e-8a40-4c6e-9d0b-0123456789ab";

    private const string Client = """
        apiVersion: visma-operator.io/v1
        kind: OAuthClient
        metadata: {name: acme, namespace: demo}
        spec:
          clientID: isv_acme
          clientSecrets:
          - secretKeyRef: {name: credentials, key: clientSecret}

        """;

    private const string Secret = """
        apiVersion: v1
        kind: Secret
        metadata: {name: credentials, namespace: demo}
        stringData: {clientSecret: s}

        """;

    private const string Connection = $$"""
        apiVersion: visma-operator.io/v1
        kind: VismaConnection
        metadata: {name: acme, namespace: demo}
        spec:
          oauthClientRef: {name: acme}
          tenantID: {{Tenant}}
          scopes: [vismanet_erp_service_api:read]

        """;

    [Fact]
    public void A_value_that_cannot_be_converted_hides_no_other_finding()
    {
        var paths = Check(
                """
                apiVersion: visma-operator.io/v1
                kind: VismaConnection
                metadata:
                  name: acme
                  namespace: demo
                  labels: {version: 1.0}
                spec:
                  oauthClientRef: {name: nobody}
                  tenantID: acme
                  allScopes: true
                  scopes: [vismanet_erp_service_api:read]
                  refresh: {minRemainingValidity: 5}
                  secret: {name: [x], template: {data: {x: "${nope}"}}}

                """
            )
            .Select(finding => finding.Path)
            .ToList();

        string[] expected =
        [
            "metadata.labels.version",
            "spec.oauthClientRef.name",
            "spec.tenantID",
            "spec.refresh.minRemainingValidity",
            "spec.secret.name",
            "spec.secret.template.data.x",
        ];
        Assert.All(expected, path => Assert.Contains(path, paths));
        Assert.Contains(paths, path => path is "spec.scopes" or "spec.allScopes");
    }

    [Theory]
    [InlineData("labels: {version: 1.0}", "metadata.labels.version: must be a text, but is a number: put it in quotes")]
    [InlineData("labels: {on: x}", "metadata.labels.true: kubectl reads the key on as true")]
    [InlineData("labels: [a]", "metadata.labels: must be an object, but is a list")]
    [InlineData("lables: {a: b}", "metadata.lables: there is no field lables here: did you mean labels?")]
    [InlineData("labels: {a: 'with blank'}", "metadata.labels.a: the value of a label")]
    [InlineData("labels: {a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}", "metadata.labels.a: the value of a label")]
    [InlineData("labels: {-a: b}", "metadata.labels[-a]: a key is")]
    [InlineData("labels: {a/b/c: b}", "metadata.labels[a/b/c]: a key is")]
    [InlineData("labels: {Example.com/a: b}", "metadata.labels[Example.com/a]: a key is")]
    [InlineData("annotations: {a: 1}", "metadata.annotations.a: must be a text, but is a number")]
    [InlineData("annotations: {a b: c}", "metadata.annotations[a b]: a key is")]
    [InlineData("finalizers: x", "metadata.finalizers: must be a list")]
    [InlineData("annotations: {Example.com/a: 'any text: at all'}", null)]
    [InlineData("labels: {a: , example.com/b: ''}", null)]
    [InlineData(
        "uid: x, resourceVersion: '1', generation: 2, creationTimestamp: , managedFields: [{manager: x}], ownerReferences: [{name: x}]",
        null
    )]
    public void Metadata_is_checked(string metadata, string? expected) =>
        AssertFinding(
            expected,
            Check(Secret, Client, Connection.Replace("namespace: demo}", $"namespace: demo, {metadata}}}", StringComparison.Ordinal))
        );

    [Theory]
    [InlineData("name: 1", "metadata.name: must be a text, but is a number")]
    [InlineData("namespace: Demo, name: a", "metadata.namespace: the name of a namespace")]
    [InlineData("labels: {}", "metadata.name: metadata.name must be made of")]
    [InlineData("generateName: Acme-", "metadata.generateName: generateName must be made of")]
    [InlineData("generateName: acme-", "metadata.generateName: only kubectl create takes generateName")]
    public void Names_are_checked(string metadata, string expected) =>
        Assert.Contains(
            Check(Client.Replace("name: acme, namespace: demo", metadata, StringComparison.Ordinal)),
            finding => $"{finding.Path}: {finding.Message}".StartsWith(expected, StringComparison.Ordinal)
        );

    [Fact]
    public void Objects_with_generated_names_are_different_ones() =>
        Assert.All(
            Check(
                Secret,
                Client,
                Connection.Replace("name: acme, namespace", "generateName: acme-, namespace", StringComparison.Ordinal),
                Connection.Replace("name: acme, namespace", "generateName: acme-, namespace", StringComparison.Ordinal)
            ),
            finding => Assert.Equal("GeneratedName", finding.Reason)
        );

    [Theory]
    [InlineData("no", "false")]
    [InlineData("y", "true")]
    [InlineData("0x10", "16")]
    [InlineData("1.0", "1")]
    [InlineData("0777", "511")]
    [InlineData("1_000", "1000")]
    public void A_key_that_YAML_11_turns_is_warned_of(string written, string read)
    {
        var finding = Assert.Single(Check(Secret, Client, $"{Connection.TrimEnd()}\n  secret: {{template: {{data: {{{written}: x}}}}}}\n"));

        Assert.Equal(("KeyNotQuoted", Severity.Warning), (finding.Reason, finding.Severity));
        Assert.StartsWith($"kubectl reads the key {written} as {read}", finding.Message, StringComparison.Ordinal);
        Assert.Empty(Check(Secret, Client, $"{Connection.TrimEnd()}\n  secret: {{template: {{data: {{'{written}': x}}}}}}\n"));
    }

    [Theory]
    [InlineData("{{ .access_token }}", "{{ .access_token }}")]
    [InlineData("token={{access_token}};", "{{access_token}}")]
    [InlineData("{{ .data.access_token | toString }}", "{{ .data.access_token | toString }}")]
    [InlineData("$access_token", "$access_token")]
    [InlineData("a $(access_token) b", "$(access_token)")]
    [InlineData("TOKEN=$ACCESS_TOKEN", "$ACCESS_TOKEN")]
    [InlineData("$(ACCESS_TOKEN)", "$(ACCESS_TOKEN)")]
    [InlineData("$accessToken", "$accessToken")]
    [InlineData("$env:TENANT_ID", "$env:TENANT_ID")]
    [InlineData("%access_token%", "%access_token%")]
    [InlineData("@access_token@", "@access_token@")]
    [InlineData("#{access_token}", "#{access_token}")]
    [InlineData("{access_token}", "{access_token}")]
    [InlineData("[[ .access_token ]]", "[[ .access_token ]]")]
    [InlineData("{% access_token %}", "{% access_token %}")]
    [InlineData("<%= access_token %>", "<%= access_token %>")]
    [InlineData("100% scope, mail me@scope.example", null)]
    [InlineData("${access_token}", null)]
    [InlineData("{\"a\":{\"b\":\"${access_token}\"}}", null)]
    [InlineData("costs 5$ or $x", null)]
    [InlineData("$access_tokens", null)]
    public void A_reference_in_another_notation_is_warned_of(string value, string? literal)
    {
        var findings = Check(Secret, Client, $"{Connection.TrimEnd()}\n  secret: {{template: {{data: {{x: '{value}'}}}}}}\n");

        AssertFinding(literal is null ? null : $"spec.secret.template.data.x: '{literal}' is published unchanged", findings);
        Assert.All(findings, finding => Assert.Equal(("LiteralReference", Severity.Warning), (finding.Reason, finding.Severity)));
    }

    [Theory]
    [InlineData("creationTimestamp: 1.5")]
    [InlineData("creationTimestamp: March 1 2027")]
    [InlineData("creationTimestamp: '2027'")]
    public void A_time_of_another_form_hides_no_other_finding(string member)
    {
        var findings = Check(
            Secret,
            Client,
            Connection
                .Replace("name: acme, namespace", $"{member}, name: acme, namespace", StringComparison.Ordinal)
                .Replace(Tenant, "acme", StringComparison.Ordinal)
        );

        Assert.Contains(findings, finding => finding.Path == "metadata.creationTimestamp");
        Assert.Contains(findings, finding => finding.Path == "spec.tenantID");
    }

    [Theory]
    [InlineData("${tenant_id}")]
    [InlineData("{{ .tenant_id }}")]
    public void A_reference_outside_of_data_is_warned_of(string value)
    {
        var findings = Check(
            Secret,
            Client,
            $"{Connection.TrimEnd()}\n  secret: {{template: {{metadata: {{annotations: {{x: '{value}'}}}}}}}}\n"
        );

        AssertFinding(
            $"spec.secret.template.metadata.annotations.x: '{value}' is published unchanged: references are replaced in data only",
            findings
        );
        Assert.All(findings, finding => Assert.Equal(("LiteralReference", Severity.Warning), (finding.Reason, finding.Severity)));
    }

    [Theory]
    [InlineData("stringData: {clientSecret: 'ENC[AES256_GCM,data:abcdEFGH,iv:AAAA,tag:BBBB,type:str]'}")]
    [InlineData("data: {clientSecret: 'ENC[AES256_GCM,data:abcdEFGH,iv:AAAA,tag:BBBB,type:str]'}")]
    [InlineData("stringData: {clientSecret: x}\nsops: {mac: x}")]
    public void A_document_of_SOPS_is_warned_of(string content)
    {
        var finding = Assert.Single(
            Check(Secret.Replace("stringData: {clientSecret: s}", content, StringComparison.Ordinal), Client, Connection)
        );

        Assert.Equal(("EncryptedManifest", Severity.Warning, "Secret"), (finding.Reason, finding.Severity, finding.Kind));
    }

    [Fact]
    public void The_first_entry_of_tenants_names_the_connections_of_the_cluster_that_it_shuts_out()
    {
        var closed = Client + "  tenants:\n  - {tenantID: 2f5c3a3e-8a40-4c6e-9d0b-000000000001}\n";

        var finding = Assert.Single(
            Check(
                Live(
                    Client,
                    Named("one"),
                    Named("two").Replace(Tenant, "2f5c3a3e-8a40-4c6e-9d0b-000000000001", StringComparison.Ordinal),
                    Named("three")
                ),
                Secret,
                closed
            )
        );

        Assert.Equal(("WouldLoseSecret", Severity.Warning, "spec.tenants"), (finding.Reason, finding.Severity, finding.Path));
        Assert.Contains(
            "VismaConnection demo/one (Secret one-token), demo/three (Secret three-token) would lose the Secret",
            finding.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "the first entry of spec.tenants closes the client for all that is not listed",
            finding.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_connection_that_has_no_Secret_loses_none()
    {
        var closed = Client + "  tenants:\n  - {tenantID: 2f5c3a3e-8a40-4c6e-9d0b-000000000001}\n";

        Assert.Empty(Check(new LiveObjects(Live(Client).Clients, Read(Named("one")).Connections), Secret, closed));
    }

    [Theory]
    [InlineData(
        "allowedNamespaces: {from: All}\n  tenants: [{tenantID: TENANT}]",
        "allowedNamespaces: {from: Same}\n  tenants: [{tenantID: TENANT}]",
        "spec.allowedNamespaces"
    )]
    [InlineData(
        "allowedNamespaces: {from: All}\n  tenants: [{tenantID: TENANT}]",
        "allowedNamespaces: {from: All}\n  tenants: [{tenantID: TENANT, namespaces: [demo]}]",
        "spec.tenants"
    )]
    [InlineData(
        "allowedNamespaces: {from: All}\n  tenants: [{tenantID: TENANT}]",
        "allowedNamespaces: {from: All}\n  tenants: [{tenantID: TENANT, scopes: ['a:b']}]",
        "spec.tenants"
    )]
    [InlineData(
        "allowedNamespaces: {from: All}\n  tenants: [{tenantID: TENANT}]",
        "allowedNamespaces: {from: All}\n  tenants: [{tenantID: TENANT, namespaces: [other]}]",
        null
    )]
    [InlineData("tenants: [{tenantID: TENANT}]", "allowedNamespaces: {from: Same}\n  tenants: [{tenantID: TENANT}]", null)]
    public void A_client_that_serves_less_than_in_the_cluster_is_warned_of(string before, string after, string? path)
    {
        string With(string more) => $"{Client}  {more.Replace("TENANT", Tenant, StringComparison.Ordinal)}\n";
        var user = Named("one")
            .Replace("namespace: demo", "namespace: other", StringComparison.Ordinal)
            .Replace("{name: acme}", "{name: acme, namespace: demo}", StringComparison.Ordinal);

        var findings = Check(Live(With(before), user), Secret, With(after));

        Assert.Equal(path is null ? [] : [path], findings.Select(finding => finding.Path));
    }

    [Fact]
    public void A_connection_of_the_files_finds_its_client_in_the_cluster() => Assert.Empty(Check(Live(Client), Connection));

    private static string Named(string name) =>
        Connection.Replace("name: acme, namespace", $"name: {name}, namespace", StringComparison.Ordinal);

    private static void AssertFinding(string? expected, IReadOnlyList<CheckFinding> findings)
    {
        Assert.Equal(expected is null ? 0 : 1, findings.Count);
        Assert.All(findings, finding => Assert.StartsWith(expected!, $"{finding.Path}: {finding.Message}", StringComparison.Ordinal));
    }

    // Its connections have their Secrets.
    private static LiveObjects Live(params string[] documents)
    {
        var read = Read(documents);
        return read with
        {
            Connections = [.. read.Connections.Select(one => one with { Status = one.Status with { SecretName = one.SecretName().Name } })],
        };
    }

    private static LiveObjects Read(params string[] documents)
    {
        var read = ManifestReader.ReadText("live", string.Join("---\n", documents)).Documents;
        return new(ManifestConversion.ReadAll<OAuthClient>(read, []), ManifestConversion.ReadAll<VismaConnection>(read, []));
    }

    private static IReadOnlyList<CheckFinding> Check(params string[] documents) => Check(live: null, documents);

    private static IReadOnlyList<CheckFinding> Check(LiveObjects? live, params string[] documents) =>
        ManifestCheck
            .Check(ManifestReader.ReadText("f.yaml", string.Join("---\n", documents)), new AllowLists(), new FakeTimeProvider(), live)
            .Findings;
}
