using System.Text;
using System.Text.Json.Nodes;
using Kubernetes.Client.Tests.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Xunit;

namespace Kubernetes.Client.IntegrationTests.Kubeconfigs;

/// <summary>
/// A kubeconfig means to us what it means to kubectl: the same request arrives, by the same account, and an exec plugin gets the same
/// input. Bodies are members of YAML flow mappings; words in capitals stand for what the test has.
/// </summary>
public sealed class KubeconfigTests : IAsyncLifetime
{
    private const string Exec = "apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin.sh";
    private readonly TestCertificates certificates = new();
    private Comparison https = null!;
    private Comparison http = null!;

    /// <summary>Name, cluster, user. Both clients send a request.</summary>
    public static TheoryData<string, string, string> Sent =>
        new()
        {
            { "token", "server: SERVER, CA", "token: t" },
            { "path without a slash at the end", "server: SERVER/k8s/clusters/c-m-abc123, CA", "token: t" },
            { "path with a slash at the end", "server: SERVER/k8s/clusters/c-m-abc123/, CA", "token: t" },
            { "path with doubled slashes", "server: SERVER//k8s//c, CA", "token: t" },
            { "query after the path", "server: 'SERVER/k8s?a=b#c', CA", "token: t" },
            { "user and password", "server: SERVER, CA", "username: jane, password: 'pä:ss'" },
            { "user without a password", "server: SERVER, CA", "username: jane" },
            { "token and token file", "server: SERVER, CA", "token: t, tokenFile: token.txt" },
            { "token and a token file that is missing", "server: SERVER, CA", "token: t, tokenFile: absent.txt" },
            { "token file beside the kubeconfig", "server: SERVER, CA", "tokenFile: token.txt" },
            { "user and password in the address", "server: 'https://jane:p%40ss@SERVERHOST', CA", "token: t" },
            { "user in the address and a token file", "server: 'https://jane@SERVERHOST/k8s', CA", "tokenFile: token.txt" },
            { "password in the address of plain http", "server: 'http://jane:pass@HOST'", "username: a, password: b" },
            { "as a user", "server: SERVER, CA", "token: t, as: op" },
            { "as a user in one group", "server: SERVER, CA", "token: t, as: op, as-groups: [a]" },
            { "as a user in several groups", "server: SERVER, CA", "token: t, as: op, as-groups: ['system:masters', b, 'c, d']" },
            { "as a user in groups with other letters", "server: SERVER, CA", "token: t, as: jürgen, as-groups: [ä, ö]" },
            {
                "as a user with a uid and extra",
                "server: SERVER, CA",
                "token: t, as: op, as-uid: u-1, as-groups: [a, b], as-user-extra: {scopes: [x, z], 'Example.com/Team%1': [z]}"
            },
            { "insecure", "server: SERVER, insecure-skip-tls-verify: true", "token: t" },
            { "insecure, other name", "server: SERVER, insecure-skip-tls-verify: true, tls-server-name: other.test", "token: t" },
            { "name in the certificate", "server: SERVER, CA, tls-server-name: kubernetes.test", "token: t" },
            { "authority as data", "server: SERVER, certificate-authority-data: CADATA", "token: t" },
            { "only the issuing authority", "server: SERVER, certificate-authority: issuing.crt", "token: t" },
            { "only the server's own certificate", "server: SERVER, certificate-authority: leaf.crt", "token: t" },
            { "the issuing and an unrelated authority", "server: SERVER, certificate-authority: issuing-and-other.crt", "token: t" },
            { "client certificate in files", "server: SERVER, CA", "client-certificate: client.crt, client-key: client.key" },
            { "client certificate as data", "server: SERVER, CA", "client-certificate-data: CERTDATA, client-key-data: KEYDATA" },
            { "client certificate and token", "server: SERVER, CA", "token: t, client-certificate: client.crt, client-key: client.key" },
            { "plugin", "server: SERVER, CA", $"exec: {{{Exec}}}" },
            {
                "plugin with arguments and variables",
                "server: SERVER, CA",
                $"exec: {{{Exec}, args: ['two words', '', '$HOME'], env: [{{name: GREETING, value: 'hello  you'}}]}}"
            },
            { "plugin with cluster, authority as file", "server: SERVER, CA", $"exec: {{{Exec}, provideClusterInfo: true}}" },
            {
                "plugin with cluster, authority as data",
                "server: SERVER/k8s/, certificate-authority-data: CADATA, tls-server-name: kubernetes.test",
                $"exec: {{{Exec}, provideClusterInfo: true}}"
            },
            {
                "plugin with an insecure cluster",
                "server: SERVER, insecure-skip-tls-verify: true",
                $"exec: {{{Exec}, provideClusterInfo: true}}"
            },
            {
                "plugin with a configuration",
                "server: SERVER, CA, extensions: [{name: other, extension: {a: b}}, {name: client.authentication.k8s.io/exec, "
                + "extension: {audience: demo, n: 1, f: 1.5, t: true, y: yes, q: 'true', none: null, list: [a, {b: c}], text: '007'}}]",
                $"exec: {{{Exec}, provideClusterInfo: true}}"
            },
            {
                "plugin with a configuration that is a text",
                "server: SERVER, CA, extensions: [{name: client.authentication.k8s.io/exec, extension: demo}]",
                $"exec: {{{Exec}, provideClusterInfo: true}}"
            },
            {
                "plugin without its configuration",
                "server: SERVER, CA, extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: demo}}]",
                $"exec: {{{Exec}}}"
            },
            {
                "plugin of v1beta1",
                "server: SERVER, CA",
                "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: FOLDER/beta.sh, provideClusterInfo: true}"
            },
            {
                "plugin with a certificate",
                "server: SERVER, CA",
                "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: IfAvailable, command: ./certificate.sh}"
            },
            { "plugin and a token", "server: SERVER, CA", $"token: t, exec: {{{Exec}}}" },
            {
                "client certificate and token file",
                "server: SERVER, CA",
                "tokenFile: token.txt, client-certificate: client.crt, client-key: client.key"
            },
            {
                "client certificate and password",
                "server: SERVER, CA",
                "username: jane, password: p, client-certificate: client.crt, client-key: client.key"
            },
            { "plugin and a password", "server: SERVER, CA", $"username: jane, password: p, exec: {{{Exec}}}" },
            { "plugin and a token file", "server: SERVER, CA", $"tokenFile: token.txt, exec: {{{Exec}}}" },
            {
                "plugin and a client certificate",
                "server: SERVER, CA",
                $"client-certificate: client.crt, client-key: client.key, exec: {{{Exec}}}"
            },
            { "plain http sends no token", "server: PLAIN/k8s", "token: t" },
            { "plain http sends no password and asks no plugin", "server: PLAIN", $"username: a, password: b, exec: {{{Exec}}}" },
            { "plain http impersonates", "server: PLAIN", "token: t, as: op, as-groups: [a, b]" },
            { "no scheme", "server: HOST", "token: t" },
        };

    /// <summary>Name, cluster, user, what our message must hold. Neither client sends a request.</summary>
    public static TheoryData<string, string, string, string> Refused =>
        new()
        {
            { "unknown authority", "server: SERVER, certificate-authority: other.crt", "token: t", "CN=issuing" },
            { "authority of the machine only", "server: SERVER", "token: t", "certificate-authority" },
            { "wrong name", "server: SERVER, CA, tls-server-name: other.test", "token: t", "other.test" },
            { "insecure with an authority", "server: SERVER, CA, insecure-skip-tls-verify: true", "token: t", "insecure-skip-tls-verify" },
            {
                "authority as file and as data",
                "server: SERVER, CA, certificate-authority-data: CADATA",
                "token: t",
                "certificate-authority-data"
            },
            { "token and password", "server: SERVER, CA", "token: t, username: jane, password: secret", "only one" },
            { "certificate without a key", "server: SERVER, CA", "client-certificate: client.crt", "client-key" },
            { "groups without a user", "server: SERVER, CA", "token: t, as-groups: [a]", "as-groups" },
            {
                "group with a line break",
                "server: SERVER, CA",
                "token: t, as: op, as-groups: [\"a\\nImpersonate-User: root\", b]",
                "as-groups"
            },
            { "token file that is missing", "server: SERVER, CA", "tokenFile: absent.txt", "absent.txt" },
            {
                "plugin that is missing",
                "server: SERVER, CA",
                "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: no-such-plugin, installHint: 'Get "
                + "it from example.com.'}",
                "Get it from example.com."
            },
            {
                "plugin that needs a person",
                "server: SERVER, CA",
                "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Always, command: ./plugin.sh}",
                "interactiveMode"
            },
            {
                "plugin without interactiveMode",
                "server: SERVER, CA",
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin.sh}",
                "interactiveMode"
            },
            {
                "plugin of an unknown version",
                "server: SERVER, CA",
                "exec: {apiVersion: client.authentication.k8s.io/v9, interactiveMode: Never, command: ./plugin.sh}",
                "client.authentication.k8s.io/v1"
            },
            {
                "plugin that answers in another version",
                "server: SERVER, CA",
                "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./beta.sh}",
                "client.authentication.k8s.io/v1beta1"
            },
            { "proxy of an unknown scheme", "server: SERVER, CA, proxy-url: 'ftp://127.0.0.1:1'", "token: t", "proxy-url" },
            {
                "plugin without a command",
                "server: SERVER, CA",
                "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never}",
                "no command"
            },
            {
                "certificate as file and as data",
                "server: SERVER, CA",
                "client-certificate: client.crt, client-certificate-data: CERTDATA, client-key: client.key",
                "client-certificate-data"
            },
            { "authority that is no certificate", "server: SERVER, certificate-authority: token.txt", "token: t", "certificate authority" },
            { "authority that is missing", "server: SERVER, certificate-authority: absent.crt", "token: t", "absent.crt" },
            { "no server", "CA", "token: t", "server" },
        };

    public async ValueTask InitializeAsync()
    {
        https = await Comparison.StartAsync(
            new ScriptedTls(certificates.IssuedServer, certificates.Authority)
            {
                Chain = [certificates.Issuing],
                ClientCertificates = ClientCertificateMode.AllowCertificate,
            }
        );
        http = await Comparison.StartAsync();
        using var others = new TestCertificates();
        https.Write("root.crt", certificates.Authority.ExportCertificatePem());
        https.Write("issuing.crt", certificates.Issuing.ExportCertificatePem());
        https.Write("leaf.crt", certificates.IssuedServer.ExportCertificatePem());
        https.Write("other.crt", others.Authority.ExportCertificatePem());
        https.Write("issuing-and-other.crt", others.Authority.ExportCertificatePem() + "\n" + certificates.Issuing.ExportCertificatePem());
        https.Write("client.crt", certificates.Client.ExportCertificatePem());
        https.Write("client.key", certificates.ClientKeyPem);
        https.Write("token.txt", "from-file\n");
        https.WritePlugin("plugin.sh", Answer("v1", "\"token\":\"from-plugin\""));
        https.WritePlugin("beta.sh", Answer("v1beta1", "\"token\":\"from-plugin\""));
        https.WritePlugin(
            "certificate.sh",
            Answer(
                "v1",
                $"\"clientCertificateData\":\"{Json(certificates.Client.ExportCertificatePem())}\","
                    + $"\"clientKeyData\":\"{Json(certificates.ClientKeyPem)}\""
            )
        );
    }

    public async ValueTask DisposeAsync()
    {
        await https.DisposeAsync();
        await http.DisposeAsync();
        certificates.Dispose();
    }

    [Theory]
    [MemberData(nameof(Sent))]
    public async Task The_same_request_arrives_as_from_kubectl(string row, string cluster, string user)
    {
        var comparison = cluster.Contains("SERVER", StringComparison.Ordinal) ? https : http;
        var (kubectl, ours) = await comparison.RunAsync(comparison.Write("config", Config(cluster, user)));

        Assert.False(kubectl.Request == Seen.Nothing, $"kubectl, {row}: {kubectl.Message}");
        Assert.True(kubectl.Request == ours.Request, $"{row}\n--- kubectl\n{kubectl.Request}\n--- ours\n{ours.Request} {ours.Message}");
        Assert.True(
            JsonNode.DeepEquals(kubectl.ExecInfo, ours.ExecInfo),
            $"{row}\n--- kubectl\n{kubectl.ExecInfo}\n--- ours\n{ours.ExecInfo}"
        );
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_file_that_kubectl_refuses_is_refused_with_file_context_and_remedy(
        string row,
        string cluster,
        string user,
        string named
    )
    {
        var path = https.Write("config", Config(cluster, user));
        var (kubectl, ours) = await https.RunAsync(path);

        Assert.StartsWith(Seen.Nothing, kubectl.Request, StringComparison.Ordinal);
        Assert.StartsWith(Seen.Nothing, ours.Request, StringComparison.Ordinal);
        Assert.True(ours.Message.Contains(named, StringComparison.Ordinal), $"{row}: {ours.Message}\nkubectl: {kubectl.Message}");
        Assert.True(
            ours.Message.Contains(path, StringComparison.Ordinal) && ours.Message.Contains("context 'c'", StringComparison.Ordinal),
            $"{row}: {ours.Message}"
        );
        Assert.DoesNotContain("secret", ours.Message.Replace("secrets", string.Empty, StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_files_are_merged_as_kubectl_merges_them()
    {
        var first = https.Write(
            "first/config",
            Fill(
                "{apiVersion: v1, kind: Config, contexts: [{name: shared, context: {cluster: k, user: u, namespace: of-the-first}}], "
                + "users: [{name: u, user: {as: op}}]}"
            )
        );
        https.Write("second/root.crt", certificates.Authority.ExportCertificatePem());
        https.Write("second/token.txt", "beside-the-second");
        var second = https.Write(
            "second/config",
            Fill(
                "{apiVersion: v1, kind: Config, current-context: shared, contexts: [{name: shared, context: {cluster: absent, user: v, "
                + "namespace: of-the-second}}], clusters: [{name: k, cluster: {server: SERVER/second, CA}}], users: [{name: u, user: "
                + "{as: other}}]}"
            )
        );
        var third = https.Write(
            "third/config",
            Fill(
                "{apiVersion: v1, kind: Config, current-context: other, contexts: [{name: other, context: {cluster: k, user: v, "
                + "namespace: of-the-third}}], users: [{name: v, user: {tokenFile: ../second/token.txt}}]}"
            )
        );

        https.Variables["KUBECONFIG"] = string.Join(Path.PathSeparator, third, first, Path.Combine(https.Folder, "absent"), "", second);
        var (kubectl, ours) = await https.RunAsync(null);

        Assert.Contains(
            "GET /second/api/v1/namespaces/of-the-third/secrets/probe\nAuthorization: Bearer beside-the-second",
            kubectl.Request,
            StringComparison.Ordinal
        );
        Assert.Equal(kubectl.Request, ours.Request);
    }

    [Fact]
    public async Task The_namespace_of_the_context_is_taken_and_else_default()
    {
        var named = await https.RunAsync(https.Write("named", Config("server: SERVER, CA", "token: t", ", namespace: team-a")));
        var none = await https.RunAsync(https.Write("none", Config("server: SERVER, CA", "token: t")));

        Assert.Contains("/namespaces/team-a/", named.Kubectl.Request, StringComparison.Ordinal);
        Assert.Equal(named.Kubectl.Request, named.Ours.Request);
        Assert.Contains("/namespaces/default/", none.Kubectl.Request, StringComparison.Ordinal);
        Assert.Equal(none.Kubectl.Request, none.Ours.Request);
    }

    [Fact]
    public async Task A_name_that_occurs_twice_in_a_list_is_refused()
    {
        var path = https.Write("config", Config("server: SERVER, CA", "token: t")
            .Replace("users: [", "users: [{name: u, user: {token: other}}, ", StringComparison.Ordinal));
        var (kubectl, ours) = await https.RunAsync(path);

        Assert.Equal((Seen.Nothing, Seen.Nothing), (kubectl.Request, ours.Request));
        Assert.Contains($"{path} names an entry twice (users: 'u')", ours.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_current_context_nothing_is_guessed()
    {
        var (kubectl, ours) = await https.RunAsync(https.Write("config", Config("server: SERVER, CA", "token: t")
            .Replace("current-context: c,", string.Empty, StringComparison.Ordinal)));

        Assert.Equal((Seen.Nothing, Seen.Nothing), (kubectl.Request, ours.Request));
        Assert.Contains("--context", ours.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_file_in_the_home_folder_is_the_last_choice()
    {
        https.Write(".kube/config", Config("server: SERVER/home, certificate-authority: ../root.crt", "token: t"));

        var (kubectl, ours) = await https.RunAsync(null);

        Assert.Contains("GET /home/", kubectl.Request, StringComparison.Ordinal);
        Assert.Equal(kubectl.Request, ours.Request);
    }

    private static string Answer(string version, string status) =>
        "cat <<'END'\n{\"apiVersion\":\"client.authentication.k8s.io/"
        + version
        + "\",\"kind\":\"ExecCredential\",\"status\":{"
        + status
        + "}}\nEND";

    private static string Json(string pem) => pem.ReplaceLineEndings("\\n");

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private string Config(string cluster, string user, string context = "") =>
        Fill(
            $"{{apiVersion: v1, kind: Config, current-context: c, contexts: [{{name: c, context: {{cluster: k, user: u{context}}}}}], "
            + $"clusters: [{{name: k, cluster: {{{cluster}}}}}], users: [{{name: u, user: {{{user}}}}}]}}"
        );

    private string Fill(string text) =>
        text.Replace("SERVERHOST", https.Server.Address.Authority, StringComparison.Ordinal)
            .Replace("SERVER", https.Server.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
            .Replace("PLAIN", http.Server.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal)
            .Replace("HOST", http.Server.Address.Authority, StringComparison.Ordinal)
            .Replace("FOLDER", https.Folder, StringComparison.Ordinal)
            .Replace("CADATA", Base64(certificates.Authority.ExportCertificatePem()), StringComparison.Ordinal)
            .Replace("CERTDATA", Base64(certificates.Client.ExportCertificatePem()), StringComparison.Ordinal)
            .Replace("KEYDATA", Base64(certificates.ClientKeyPem), StringComparison.Ordinal)
            .Replace(", CA", ", certificate-authority: root.crt", StringComparison.Ordinal)
            .Replace("{CA", "{certificate-authority: root.crt", StringComparison.Ordinal);
}
