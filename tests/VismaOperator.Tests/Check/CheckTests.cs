using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api.Validation;
using VismaOperator.Cli.Check;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Check;

public sealed class CheckTests
{
    private const string Tenant = "2f5c0e7a-0c1d-4f5e-9a6b-3c8d7e6f5a4b";

    private const string Secret = """
        apiVersion: v1
        kind: Secret
        metadata: {name: credentials, namespace: integrations}
        stringData: {clientSecret: s}

        """;

    private const string Client = """
        apiVersion: visma-operator.io/v1
        kind: OAuthClient
        metadata: {name: acme, namespace: integrations}
        spec:
          clientID: isv_acme
          clientSecrets:
          - secretKeyRef: {name: credentials, key: clientSecret}

        """;

    private const string Connection = $$"""
        apiVersion: visma-operator.io/v1
        kind: VismaConnection
        metadata: {name: customer, namespace: integrations}
        spec:
          oauthClientRef: {name: acme}
          tenantID: {{Tenant}}
          scopes: [vismanet_erp_service_api:read]

        """;

    private static readonly DateTimeOffset now = new(2027, 1, 15, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Sound_manifests_have_no_findings() => Assert.Empty(Check(Secret, Client, Connection));

    [Theory]
    [InlineData("clientID: isv_acme", "clientID: YOUR_CLIENT_ID", "spec.clientID")]
    [InlineData(Tenant, "00000000-0000-0000-0000-000000000000", "spec.tenantID")]
    [InlineData("clientSecret: s}", "clientSecret: YOUR_CLIENT_SECRET}", "spec.clientSecrets[0].secretKeyRef.key")]
    [InlineData(
        "stringData: {clientSecret: s}",
        "data: {clientSecret: WU9VUl9DTElFTlRfU0VDUkVU}",
        "spec.clientSecrets[0].secretKeyRef.key"
    )]
    [InlineData(
        "stringData: {clientSecret: s}",
        "data: {clientSecret: WU9VUl9DTElFTlRfU0VDUkVUCg==}", // with a line break at its end
        "spec.clientSecrets[0].secretKeyRef.key"
    )]
    public void A_place_that_was_to_be_filled_in_is_an_error(string part, string instead, string path)
    {
        string[] documents = [Secret, Client, Connection];

        var finding = Assert.Single(Check([.. documents.Select(text => text.Replace(part, instead, StringComparison.Ordinal))]));

        Assert.Equal((Severity.Error, "NotFilledIn", path), (finding.Severity, finding.Reason, finding.Path));
    }

    [Fact]
    public void Foreign_kinds_are_left_alone() =>
        Assert.Empty(Check("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replica: 1}\n"));

    [Theory]
    [InlineData(
        "clientID: isv_acme",
        "clientID: isv_acme\n  Issuer: https://connect.visma.com",
        "6:3 error spec.Issuer: there is no field Issuer here: did you mean issuer?"
    )]
    [InlineData("clientID: isv_acme", "clientID: 123", "5:3 error spec.clientID: must be a text, but is a number: put it in quotes")]
    [InlineData("clientID: isv_acme", "clientID: a\n  clientID: b", "6:3 error : clientID is given twice, first in line 5")]
    [InlineData(
        "clientID: isv_acme",
        "clientID: isv_acme\n  authenticationMethod: ClientSecretPost",
        "6:3 error spec.authenticationMethod: must be one of client_secret_post, client_secret_basic"
    )]
    [InlineData(
        "clientID: isv_acme",
        "clientID: isv_acme\n  issuer: https://login.example.com",
        "6:3 error spec.issuer: the issuer https://login.example.com is not among those that the administrator allows"
    )]
    [InlineData(
        "clientID: isv_acme",
        "clientID: isv_acme\n  issuer: http://connect.visma.com",
        "6:3 error spec.issuer: secrets and tokens would travel unencrypted"
    )]
    [InlineData(
        "clientID: isv_acme",
        "clientID: isv_acme\n  endpoints: {token: 'https://evil.example.com/token'}",
        "6:15 error spec.endpoints.token: the endpoint https://evil.example.com/token is not on the host"
    )]
    [InlineData(
        "clientID: isv_acme",
        "clientID: isv_acme\n  allowedNamespaces: {from: All}",
        "6:3 warning spec.allowedNamespaces: other namespaces may use this client for every tenant"
    )]
    [InlineData(
        "key: clientSecret",
        "key: secret",
        "7:39 error spec.clientSecrets[0].secretKeyRef.key: Secret integrations/credentials (f.yaml:3) has no key secret"
    )]
    [InlineData(
        "name: credentials, key",
        "name: other, key",
        "7:20 info spec.clientSecrets[0].secretKeyRef.name: Secret integrations/other is not among the files"
    )]
    [InlineData(
        "clientSecret}",
        "clientSecret}\n    expirationTime: 2027-02-01T00:00:00Z",
        "8:5 warning spec.clientSecrets[0].expirationTime: the secret expires on 2027-02-01"
    )]
    [InlineData(
        "clientSecret}",
        "clientSecret}\n    expirationTime: 2027-01-15T11:59:59Z",
        "8:5 warning spec.clientSecrets[0].expirationTime: the secret expired on 2027-01-15"
    )]
    [InlineData(
        "clientSecret}",
        "clientSecret}\n    expirationTime: 2027-13-01T00:00:00Z",
        "8:5 error spec.clientSecrets[0].expirationTime: must be a date and time"
    )]
    [InlineData(
        "clientSecret}",
        "clientSecret}\n    expirationTime: 2028-03-01",
        "8:5 error spec.clientSecrets[0].expirationTime: must be a date and time"
    )]
    [InlineData(
        "visma-operator.io/v1\nkind: OAuthClient",
        "visma-operator.io/v1\nkind: OauthClients",
        "2:1 error kind: there is no kind OauthClients in visma-operator.io: did you mean OAuthClient?"
    )]
    [InlineData(
        "visma-operator.io/v1\nkind: OAuthClient",
        "visma-operator.io/v1beta1\nkind: OAuthClient",
        "1:1 error apiVersion: there is no version visma-operator.io/v1beta1: write visma-operator.io/v1"
    )]
    [InlineData(
        "visma-operator.io/v1\nkind: OAuthClient",
        "visma-operator/v1\nkind: OAuthClient",
        "1:1 error apiVersion: there is no kind OAuthClient in visma-operator/v1: did you mean visma-operator.io/v1?"
    )]
    [InlineData("apiVersion: visma-operator.io/v1\n", "", "1:1 error : this is not an object of Kubernetes: add apiVersion")]
    [InlineData(
        "  clientID: isv_acme",
        "\tclientID: isv_acme",
        "5:1 error : this is not YAML, and nothing after it was read: the line is indented by a tab: use spaces"
    )]
    [InlineData("name: acme", "name: Acme", "3:12 error metadata.name: metadata.name must be made of")]
    public void A_broken_client_is_found_in_its_place(string sound, string broken, string expected)
    {
        Assert.Contains(sound, Client, StringComparison.Ordinal);

        var client = ManifestReader.ReadText("c.yaml", Client.Replace(sound, broken, StringComparison.Ordinal));
        var secret = ManifestReader.ReadText("f.yaml", Secret);
        var findings = ManifestCheck
            .Check(new([.. client.Documents, .. secret.Documents], client.Problems), new AllowLists(), new FakeTimeProvider(now))
            .Findings;

        Assert.StartsWith(expected, Summary(Assert.Single(findings)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stringData: {clientSecret: ''}", "error", "has an empty value under the key clientSecret")]
    [InlineData("stringData: {clientSecret: ''}\ndata: {clientSecret: cw==}", "error", "has an empty value under the key clientSecret")]
    [InlineData("data: {clientSecret: ''}", "error", "has an empty value under the key clientSecret")]
    [InlineData("type: Opaque", "info", "has no key in the files")]
    public void A_Secret_without_a_value_is_found_where_an_apply_would_write_that(string data, string severity, string cause)
    {
        var finding = Assert.Single(Check(Secret.Replace("stringData: {clientSecret: s}", data, StringComparison.Ordinal), Client));

        Assert.StartsWith(
            $"{severity} spec.clientSecrets[0].secretKeyRef.key: Secret integrations/credentials (f.yaml:3) {cause}",
            Summary(finding).Split(' ', 2)[1],
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("true", "stringData: {clientSecret: s, clientID: isv_acme}", null)]
    [InlineData("true", "data: {clientSecret: cw==, clientID: aXN2X2FjbWUK}", null)]
    [InlineData(
        "yes",
        "stringData: {clientSecret: s, clientID: isv_acme}",
        "error spec.clientIDFrom.secretKeyRef.name: Secret integrations/credentials (f.yaml:3) has not the label "
        + "visma-operator.io/client-credentials: \"true\""
    )]
    [InlineData(
        null,
        "stringData: {clientSecret: s, clientID: isv_acme}",
        "error spec.clientIDFrom.secretKeyRef.name: Secret integrations/credentials (f.yaml:3) has not the label "
        + "visma-operator.io/client-credentials: \"true\""
    )]
    [InlineData(
        "true",
        "stringData: {clientSecret: s, clientID: two words}",
        "error spec.clientIDFrom.secretKeyRef.key: the value under the key clientID of Secret integrations/credentials (f.yaml:3) is no "
        + "client id"
    )]
    [InlineData(
        "true",
        "data: {clientSecret: cw==, clientID: dHdvIHdvcmRz}",
        "error spec.clientIDFrom.secretKeyRef.key: the value under the key clientID of Secret integrations/credentials (f.yaml:3) is no "
        + "client id"
    )]
    [InlineData(
        "true",
        "stringData: {clientSecret: s}",
        "error spec.clientIDFrom.secretKeyRef.key: Secret integrations/credentials (f.yaml:3) has no key clientID"
    )]
    public void A_Secret_that_may_not_serve_as_a_client_id_is_found(string? label, string data, string? expected)
    {
        var secret = Secret
            .Replace("stringData: {clientSecret: s}", data, StringComparison.Ordinal)
            .Replace(
                "namespace: integrations}",
                $"namespace: integrations, labels: {{{(label is null ? "a: b" : $"visma-operator.io/client-credentials: '{label}'")}}}}}",
                StringComparison.Ordinal
            );
        var client = Client.Replace(
            "clientID: isv_acme",
            "clientIDFrom: {secretKeyRef: {name: credentials, key: clientID}}",
            StringComparison.Ordinal
        );

        var findings = Check(secret, client);

        Assert.Equal(expected is null ? 0 : 1, findings.Count);
        Assert.All(findings, finding => Assert.StartsWith(expected!, Summary(finding).Split(' ', 2)[1], StringComparison.Ordinal));
        Assert.All(findings, finding => Assert.DoesNotContain("two words", finding.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(
        "oauthClientRef: {name: acme}",
        "oauthClientRef: {name: acne}",
        "error spec.oauthClientRef.name: OAuthClient integrations/acne is not among the files: did you mean acme?"
    )]
    [InlineData(
        "oauthClientRef: {name: acme}",
        "oauthClientRef: {name: acme, namespace: platform}",
        "info spec.oauthClientRef.name: OAuthClient platform/acme is not among the files"
    )]
    [InlineData("oauthClientRef: {name: acme}", "oauthClientRef:", "error spec.oauthClientRef: oauthClientRef is missing: it is required")]
    [InlineData(
        "namespace: integrations}",
        "namespace: customer-a}",
        "error spec.oauthClientRef.name: OAuthClient customer-a/acme is not among the files"
    )]
    [InlineData("tenantID: " + Tenant, "displayName: x", "error spec.tenantID: tenantID is required")]
    [InlineData(Tenant, "12345", "error spec.tenantID: must be a text")]
    [InlineData(Tenant, "'12345'", "error spec.tenantID: the tenant id must be a GUID")]
    [InlineData("[vismanet_erp_service_api:read]", "['a:b', 'a:b']", "error spec.scopes[1]: is listed twice")]
    [InlineData("[vismanet_erp_service_api:read]", "vismanet_erp_service_api:read", "error spec.scopes: must be a list, but is a text")]
    [InlineData(
        "[vismanet_erp_service_api:read]",
        "['a:b']\n  baseURL: https://integration.visma.net/API",
        "error spec.baseURL: the host of https://integration.visma.net/API is not among those"
    )]
    [InlineData(
        "[vismanet_erp_service_api:read]",
        "['a:b']\n  baseURL: https://api.finance.visma.net/erp/service",
        "warning spec.baseURL: this is the audience"
    )]
    [InlineData(
        "[vismanet_erp_service_api:read]",
        "['a:b']\n  probe: {path: //evil.example}",
        "error spec.probe.path: the path must begin with one slash"
    )]
    [InlineData(
        "[vismanet_erp_service_api:read]",
        "['a:b']\n  apiVersion: v2\n  probe: {enabled: true}",
        "error spec.probe.path: /dimension, which is the default of spec.probe.path, is in version 1 of the API only"
    )]
    [InlineData(
        "[vismanet_erp_service_api:read]",
        "['a:b']\n  baseURL: https://api.finance.visma.net/v2/\n  probe: {enabled: true}",
        "warning spec.probe: /dimension is a resource of version 1"
    )]
    [InlineData(
        "[vismanet_erp_service_api:read]",
        "[vismanet_erp_service_api:create]\n  probe: {enabled: true}",
        "warning spec.probe: a probe reads, none of the scopes"
    )]
    [InlineData(
        "[vismanet_erp_service_api:read]",
        "['a:b']\n  grant: DeviceCode",
        "error spec.grant: must be one of ClientCredentials, AuthorizationCode"
    )]
    [InlineData(
        "[vismanet_erp_service_api:read]",
        "['a:b']\n  suspend: 'true'",
        "error spec.suspend: must be true or false, but is a text"
    )]
    [InlineData(
        "[vismanet_erp_service_api:read]",
        "['a:b']\n  secret: {name: credentials}",
        "error spec.secret.name: Secret integrations/credentials is where OAuthClient acme reads its credentials"
    )]
    [InlineData(
        "[vismanet_erp_service_api:read]",
        "['a:b']\n  refresh: {renewBefore: 5m}",
        "error spec.refresh.renewBefore: renewBefore must not be shorter"
    )]
    public void A_broken_connection_is_found(string sound, string broken, string expected)
    {
        Assert.Contains(sound, Connection, StringComparison.Ordinal);

        var findings = Check(Secret, Client, Connection.Replace(sound, broken, StringComparison.Ordinal));

        Assert.StartsWith(expected, Summary(Assert.Single(findings)).Split(' ', 2)[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redirectURI: https://operator.example.com/oauth2/callback", null)]
    [InlineData(
        "authenticationMethod: client_secret_basic",
        "info spec.grant: OAuthClient integrations/acme has no redirectURI, so a consent at the operator is sent its --public-url "
        + "followed by /oauth2/callback, and one by visma-operator connect, as in local mode, http://localhost:8888/oauth2/callback "
    )]
    [InlineData(
        "redirectURI: https://operator.example.com/oauth2/callback\n  issuer: http://localhost",
        "warning spec.grant: OAuthClient integrations/acme has an issuer or authorization endpoint of plain http"
    )]
    [InlineData(
        "redirectURI: https://operator.example.com/oauth2/callback\n  endpoints: {authorization: 'http://localhost/a'}",
        "warning spec.grant: OAuthClient integrations/acme has an issuer or authorization endpoint of plain http"
    )]
    public void A_consent_needs_a_client_that_is_made_for_it(string ofClient, string? expected)
    {
        var interactive = Connection.Replace(
            "[vismanet_erp_service_api:read]",
            "[vismanet_erp_interactive_api:read]\n  grant: AuthorizationCode",
            StringComparison.Ordinal
        );
        var lists = new AllowLists { AllowedIssuers = ["https://connect.visma.com", "http://localhost"], AllowInsecureIssuers = true };

        var findings = Check(lists, Secret, Client + $"  {ofClient}\n", interactive);

        Assert.Equal(expected is null ? 0 : 1, findings.Count);
        Assert.All(findings, finding => Assert.StartsWith(expected!, Summary(finding).Split(' ', 2)[1], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(
        "vismanet_erp_service_api:read",
        "grant: AuthorizationCode",
        "warning spec.scopes[1]: vismanet_erp_service_api:* are the scopes of service integrations"
    )]
    [InlineData(
        "vismanet_erp_interactive_api:read",
        "grant: ClientCredentials",
        "warning spec.scopes[1]: vismanet_erp_interactive_api:* are the scopes of integrations that act for a person"
    )]
    public void A_scope_of_the_other_kind_of_integration_is_found(string scope, string grant, string expected)
    {
        var connection = Connection.Replace("[vismanet_erp_service_api:read]", $"['a:b', '{scope}']\n  {grant}", StringComparison.Ordinal);

        var finding = Assert.Single(Check(Secret, Client + "  redirectURI: https://operator.example.com/oauth2/callback\n", connection));

        Assert.StartsWith(expected, Summary(finding).Split(' ', 2)[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Two_connections_with_the_same_secret_are_found()
    {
        var other = Connection.Replace("name: customer", "name: other", StringComparison.Ordinal) + "  secret: {name: customer-token}\n";

        var finding = Assert.Single(Check(Secret, Client, Connection, other));

        Assert.Equal("other", finding.Name);
        Assert.Contains(
            "VismaConnection integrations/customer (f.yaml:17) publishes in the same Secret",
            finding.Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("labels: {visma-operator.io/secret: token}, annotations: {visma-operator.io/adopt: customer}", null)]
    [InlineData(
        "labels: {visma-operator.io/secret: token}, annotations: {visma-operator.io/adopt: other}",
        "error spec.secret.name: the files declare Secret integrations/mine themselves (f.yaml:"
    )]
    [InlineData("labels: {a: b}", "error spec.secret.name: the files declare Secret integrations/mine themselves (f.yaml:")]
    public void A_declared_Secret_takes_a_token_only_if_it_is_lent(string metadata, string? expected)
    {
        var mine =
            $"apiVersion: v1\nkind: Secret\nmetadata: {{name: mine, namespace: integrations, {metadata}}}\nstringData: {{password: s}}\n";

        var findings = Check(Secret, Client, Connection + "  secret: {name: mine}\n", mine);

        Assert.Equal(expected is null ? 0 : 1, findings.Count);
        Assert.All(findings, finding => Assert.StartsWith(expected!, Summary(finding).Split(' ', 2)[1], StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_object_twice_is_found()
    {
        var finding = Assert.Single(Check(Secret, Client, Connection, Connection));

        Assert.Equal("DuplicateObject", finding.Reason);
        Assert.Contains("f.yaml:16", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "{from: Same}",
        "",
        "error spec.oauthClientRef.namespace: OAuthClient integrations/acme does not allow namespace customer-a"
    )]
    [InlineData(
        "{from: Selector, selector: {matchLabels: {erp: 'yes'}}}",
        "",
        "info spec.oauthClientRef.namespace: Namespace customer-a is not among the files"
    )]
    [InlineData(
        "{from: Selector, selector: {matchLabels: {erp: 'yes'}}}",
        "erp: 'no'",
        "error spec.oauthClientRef.namespace: OAuthClient integrations/acme does not allow"
    )]
    [InlineData("{from: Selector, selector: {matchLabels: {erp: 'yes'}}}", "erp: 'yes'", null)]
    [InlineData("{from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: customer-a}}}", "a: b", null)]
    [InlineData("{from: All}", "", null)]
    public void Another_namespace_needs_the_allowance(string allowed, string labels, string? expected)
    {
        var client = Client + $"  allowedNamespaces: {allowed}\n  tenants: [{{tenantID: {Tenant}}}]\n";
        var connection = Connection
            .Replace("namespace: integrations", "namespace: customer-a", StringComparison.Ordinal)
            .Replace("{name: acme}", "{name: acme, namespace: integrations}", StringComparison.Ordinal);
        var space =
            labels.Length == 0 ? string.Empty : $"apiVersion: v1\nkind: Namespace\nmetadata: {{name: customer-a, labels: {{{labels}}}}}\n";

        var findings = Check(Secret, client, connection, space);

        Assert.Equal(expected is null ? 0 : 1, findings.Count);
        Assert.All(findings, finding => Assert.StartsWith(expected!, Summary(finding).Split(' ', 2)[1], StringComparison.Ordinal));
    }

    [Fact]
    public void A_tenant_that_the_client_does_not_serve_is_found()
    {
        var client = Client + $"  tenants: [{{tenantID: {Tenant}, scopes: ['a:b']}}]\n";

        Assert.Equal("TenantNotAllowed", Assert.Single(Check(Secret, client, Connection)).Reason);
    }

    [Theory]
    [InlineData("tenantID: 9a1b2c3d-0c1d-4f5e-9a6b-3c8d7e6f5a4b")]
    [InlineData("tenantID: 2f5c0e7a-0c1d-4f5e-9a6b-3c8d7e6f5a4b, namespaces: [customer-a]")]
    public void A_first_tenants_entry_that_leaves_a_connection_out_is_said_to_close_the_client(string entry)
    {
        var client = Client + $"  tenants: [{{{entry}}}]\n";

        var finding = Assert.Single(Check(Secret, client, Connection));

        Assert.Equal(("customer", "spec.tenantID", "TenantNotAllowed"), (finding.Name, finding.Path, finding.Reason));
        Assert.Contains($"OAuthClient integrations/acme does not serve tenant {Tenant} ", finding.Message, StringComparison.Ordinal);
        Assert.Contains(
            "spec.tenants closes the client for all that it does not list, so add the combination there",
            finding.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Text_output_reads_like_a_compilers()
    {
        var (exitCode, output, _) = Run(CheckOutput.Text, Client.Replace("clientID", "clientId", StringComparison.Ordinal));

        Assert.Equal(1, exitCode);
        Assert.Contains(
            "/f.yaml:5:3: error: OAuthClient integrations/acme: spec.clientId: there is no field clientId here: did you mean clientID? "
            + "[InvalidSpec]\n",
            output,
            StringComparison.Ordinal
        );
        Assert.EndsWith("1 object checked: 2 errors, 0 warnings\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_output_has_the_documented_members()
    {
        var (exitCode, output, _) = Run(CheckOutput.Json, Client + "  allowedNamespaces: {from: All}\n");

        var report = JsonNode.Parse(output)!;
        Assert.Equal(0, exitCode);
        Assert.Equal(1, (int)report["objects"]!);
        Assert.Equal(0, (int)report["errors"]!);
        Assert.Equal(1, (int)report["warnings"]!);
        var warning = report["findings"]!.AsArray().Single(finding => (string)finding!["severity"]! == "Warning")!;
        Assert.Equal(
            ["column", "file", "kind", "line", "message", "name", "namespace", "path", "reason", "severity"],
            warning.AsObject().Select(member => member.Key).Order(StringComparer.Ordinal));
        Assert.All(
            warning.AsObject().Select(member => member.Key),
            member =>
                Assert.Contains(
                    $"`{member}`",
                    File.ReadAllText(Support.Repository.Path("docs", "reference", "check.md")),
                    StringComparison.Ordinal
                )
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n")]
    public void Files_without_anything_to_check_are_an_unusable_argument(string manifest)
    {
        var (exitCode, output, errors) = Run(CheckOutput.Text, manifest);

        Assert.Equal(2, exitCode);
        Assert.StartsWith("visma-operator check: there is no OAuthClient and no VismaConnection in /", errors, StringComparison.Ordinal);
        Assert.EndsWith("0 objects checked: 0 errors, 0 warnings\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_in_a_file_without_objects_is_an_error() =>
        Assert.Equal(1, Run(CheckOutput.Text, "kind: [").ExitCode);

    [Fact]
    public void A_file_that_is_not_there_is_an_unusable_argument()
    {
        using var stdout = new StringWriter();
        using var stderr = new StringWriter();

        var exitCode = CheckCommand.Run(["/nowhere/f.yaml"], CheckOutput.Text, new AllowLists(), new FakeTimeProvider(now), stdout, stderr);

        Assert.Equal(2, exitCode);
        Assert.Contains("/nowhere/f.yaml", stderr.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void No_value_of_a_secret_is_ever_printed()
    {
        var (_, output, _) = Run(
            CheckOutput.Text,
            Secret.Replace("{clientSecret: s}", "{clientSecret: [hunter2], other: hunter2}", StringComparison.Ordinal) + "---\n" + Client
        );

        Assert.DoesNotContain("hunter2", output, StringComparison.Ordinal);
    }

    private static IReadOnlyList<CheckFinding> Check(params string[] documents) => Check(new AllowLists(), documents);

    private static IReadOnlyList<CheckFinding> Check(AllowLists allowLists, params string[] documents) =>
        ManifestCheck
            .Check(ManifestReader.ReadText("f.yaml", string.Join("---\n", documents)), allowLists, new FakeTimeProvider(now))
            .Findings;

    private static string Summary(CheckFinding finding) =>
        $"{finding.Line}:{finding.Column} {finding.Severity.ToString().ToLowerInvariant()} {finding.Path}: {finding.Message}";

    private static (int ExitCode, string Output, string Errors) Run(CheckOutput output, string manifest)
    {
        var folder = Directory.CreateTempSubdirectory("visma-check-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "f.yaml"), manifest);
            File.WriteAllText(Path.Combine(folder.FullName, "README.md"), "not a manifest: [");
            using var stdout = new StringWriter { NewLine = "\n" };
            using var stderr = new StringWriter();
            var exitCode = CheckCommand.Run([folder.FullName], output, new AllowLists(), new FakeTimeProvider(now), stdout, stderr);
            return (exitCode, stdout.ToString(), stderr.ToString());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
