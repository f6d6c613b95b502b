using Kubernetes.Client.Access;
using Kubernetes.Client.Tests.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kubernetes.Client.Tests.Access;

/// <summary>Which file or account is taken, and what of it.</summary>
public sealed class ClusterAccessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider clock = new();
    private readonly Dictionary<string, string> variables = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private AccessEnvironment Environment =>
        new(variables.GetValueOrDefault, Path.Combine(folder.Path, "home"), Path.Combine(folder.Path, "serviceaccount"));

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_named_file_wins_over_everything_else()
    {
        variables["KUBECONFIG"] = folder.Write("other", Config("other"));
        folder.Write("home/.kube/config", Config("home"));

        var access = ClusterAccess.Load(folder.Write("named", Config("named")), null, Environment);

        Assert.Equal(new Uri("https://named.test:6443"), access.Server);
        Assert.Equal("ns-named", access.Namespace);
        Assert.Equal("Bearer token-named", await HeaderAsync(access));
    }

    [Fact]
    public async Task The_first_of_several_files_wins()
    {
        using var certificates = new TestCertificates();
        folder.Write("second/authority.pem", certificates.Authority.ExportCertificatePem());
        folder.Write("second/token.txt", "token-of-the-second-file");
        var first = folder.Write("first/config", """
            apiVersion: v1
            kind: Config
            clusters:
            - {name: shared, cluster: {server: "https://first.test"}}
            """);
        var second = folder.Write("second/config", """
            apiVersion: v1
            kind: Config
            current-context: both
            contexts:
            - {name: both, context: {cluster: shared, user: second}}
            - {name: second, context: {cluster: own, user: second}}
            clusters:
            - {name: shared, cluster: {server: "https://loses.test"}}
            - {name: own, cluster: {server: "https://second.test", certificate-authority: authority.pem}}
            users:
            - {name: second, user: {tokenFile: token.txt}}
            """);
        variables["KUBECONFIG"] = string.Join(Path.PathSeparator, first, Path.Combine(folder.Path, "absent"), second);

        var both = ClusterAccess.Load(null, null, Environment);
        var own = ClusterAccess.Load(null, "second", Environment);

        Assert.Equal(new Uri("https://first.test"), both.Server);
        Assert.Equal(new Uri("https://second.test"), own.Server);
        Assert.Equal(certificates.Authority.Thumbprint, Assert.Single(own.Authorities!).Thumbprint);
        Assert.Equal("Bearer token-of-the-second-file", await HeaderAsync(both));
    }

    [Fact]
    public void The_file_in_the_home_folder_is_taken_where_no_other_is_named()
    {
        folder.Write("home/.kube/config", Config("home"));

        Assert.Equal(new Uri("https://home.test:6443"), ClusterAccess.Load(null, null, Environment).Server);
    }

    [Fact]
    public async Task A_pod_uses_its_service_account()
    {
        using var certificates = new TestCertificates();
        MountServiceAccount(certificates);
        variables["KUBERNETES_SERVICE_HOST"] = "fd00::1";
        variables["KUBERNETES_SERVICE_PORT"] = "443";

        var access = ClusterAccess.Load(null, null, Environment);

        Assert.Equal(new Uri("https://[fd00::1]"), access.Server);
        Assert.Equal("operators", access.Namespace);
        Assert.Equal("in-cluster", access.Source);
        Assert.Equal(certificates.Authority.Thumbprint, Assert.Single(access.Authorities!).Thumbprint);
        Assert.Equal("Bearer pod-token", await HeaderAsync(access));
    }

    [Fact]
    public void A_pod_without_a_token_is_told_to_mount_one()
    {
        variables["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
        variables["KUBERNETES_SERVICE_PORT"] = "443";

        Assert.Contains("automountServiceAccountToken", Refused(null, null), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_kubeconfig_is_reported_with_every_path_that_was_tried()
    {
        var message = Refused(null, null);

        Assert.All(
            ["--kubeconfig", "KUBECONFIG", "~/.kube/config", "KUBERNETES_SERVICE_HOST"],
            place => Assert.Contains(place, message, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_missing_object_is_named()
    {
        var config = folder.Write("config", Config("one"));
        variables["KUBECONFIG"] = "/absent/one:/absent/two";

        Assert.Contains("/absent/three", Refused("/absent/three", null), StringComparison.Ordinal);
        Assert.Contains("/absent/one:/absent/two", Refused(null, null), StringComparison.Ordinal);
        Assert.Contains("choose one of 'one'", Refused(config, "other"), StringComparison.Ordinal);
        Assert.Contains("choose one of 'one'", Refused(config, "ONE"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "contexts: [{name: c, context: {cluster: absent, user: u}}]\nusers: [{name: u, user: {token: s3cret}}]",
        "cluster 'absent' does not exist"
    )]
    [InlineData(
        "contexts: [{name: c, context: {cluster: k, user: absent}}]\nclusters: [{name: k, cluster: {server: 'https://k.test'}}]",
        "user 'absent' does not exist"
    )]
    [InlineData(
        "contexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {server: 'https://k.test'}}]\nusers: "
        + "[{name: u, user: {}}]",
        "has no credentials"
    )]
    [InlineData("contexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'not a url'}}]", "'not...'")]
    [InlineData(
        "contexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'https://k.test', certificate-authority: "
        + "absent.pem}}]",
        "absent.pem cannot be read"
    )]
    [InlineData(
        "contexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'https://k.test', "
        + "certificate-authority-data: '%%%'}}]",
        "is not base64"
    )]
    [InlineData(
        "contexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'https://k.test', "
        + "certificate-authority-data: 'czNjcmV0'}}]",
        "holds no PEM certificate"
    )]
    [InlineData("users: [{name: u, user: {token: s3cret: 'x'}}]", "line 4")]
    [InlineData("contexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'tcp://k.test'}}]", "'tcp://k.test'")]
    [InlineData(
        "contexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'tcp://jane:s3cret@k.test'}}]",
        "'k.test' of cluster 'k'"
    )]
    [InlineData("contexts: [null]\nclusters: [null]\nusers: [null]", "context 'c' does not exist")]
    [InlineData(
        "contexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {server: 'https://k.test'}}]\nusers: "
        + "[{name: u, user: {token: \"s3cret\\0\"}}]",
        "control character in its token"
    )]
    [InlineData(
        "contexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: \"https://k.test:x\n    token: s3cret\"}}]",
        "'https://k.test:x...'"
    )]
    public void A_problem_of_a_file_is_reported_with_file_and_cause_and_without_secrets(string content, string cause)
    {
        var path = folder.Write("config", $"apiVersion: v1\nkind: Config\ncurrent-context: c\n{content}\n");

        var message = Refused(path, null);

        Assert.Contains(cause, message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", message, StringComparison.Ordinal);
        Assert.DoesNotContain("czNjcmV0", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_and_a_password_become_basic_authentication()
    {
        var access = Load("user: {username: jane, password: pass}");

        Assert.Equal("Basic amFuZTpwYXNz", await HeaderAsync(access));
    }

    [Theory]
    [InlineData("https://jane:pass@k.test", "token: t", "Basic amFuZTpwYXNz")]
    [InlineData("https://jane:p%61ss@k.test", "username: other, password: other", "Basic amFuZTpwYXNz")]
    [InlineData("https://jane@k.test", "tokenFile: absent", "Basic amFuZTo=")]
    [InlineData("http://jane:pass@k.test", "token: t", "Basic amFuZTpwYXNz")]
    public async Task A_name_and_a_password_in_the_address_of_the_server_are_sent_and_not_shown(string server, string user, string header)
    {
        var access = ClusterAccess.Load(
            folder.Write(
                "config",
                "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n"
                    + $"clusters: [{{name: k, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
            ),
            null,
            Environment
        );

        Assert.Equal(header, await HeaderAsync(access));
        Assert.Empty(access.Server.UserInfo);
        Assert.DoesNotContain("pass", access.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_file_wins_over_a_token()
    {
        var path = folder.Write("token", "from-file");

        Assert.Equal("Bearer from-file", await HeaderAsync(Load($"user: {{token: from-config, tokenFile: {path}}}")));
    }

    [Fact]
    public void Certificates_are_read_from_files_beside_the_kubeconfig_and_from_the_kubeconfig()
    {
        using var certificates = new TestCertificates();
        folder.Write("client.pem", certificates.Client.ExportCertificatePem());
        folder.Write("client.key", certificates.ClientKeyPem);
        var data = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(certificates.Client.ExportCertificatePem()));
        var key = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(certificates.ClientKeyPem));

        var files = Load("user: {client-certificate: client.pem, client-key: client.key}");
        var inside = Load($"user: {{client-certificate-data: {data}, client-key-data: {key}}}");

        Assert.All(
            [files, inside],
            access => Assert.Equal(certificates.Client.Thumbprint, access.Credential(clock).ClientCertificate?.Thumbprint)
        );
        Assert.True(files.Credential(clock).ClientCertificate!.HasPrivateKey);
    }

    [Fact]
    public void A_key_of_another_certificate_is_refused()
    {
        using var certificates = new TestCertificates();
        using var others = new TestCertificates();
        folder.Write("client.pem", certificates.Client.ExportCertificatePem());
        folder.Write("client.key", others.ClientKeyPem);

        var refused = Assert.Throws<ClusterAccessException>(() => Load("user: {client-certificate: client.pem, client-key: client.key}"));

        Assert.Contains("of another certificate", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bundle_of_authorities_is_read_whole()
    {
        using var old = new TestCertificates();
        using var current = new TestCertificates();
        folder.Write("authorities.pem", old.Authority.ExportCertificatePem() + "\n" + current.Authority.ExportCertificatePem());

        var access = Load("user: {token: t}", "certificate-authority: authorities.pem");

        Assert.Equal(
            [old.Authority.Thumbprint, current.Authority.Thumbprint],
            access.Authorities!.Select(authority => authority.Thumbprint)
        );
    }

    [Fact]
    public void The_other_settings_of_cluster_and_user_are_obeyed()
    {
        var access = Load(
            "user: {token: t, as: jane, as-uid: u-1, as-groups: [a, b], as-user-extra: {scopes: [x, z]}}",
            "tls-server-name: kubernetes.test, insecure-skip-tls-verify: true, disable-compression: true, proxy-url: "
            + "'http://proxy.test:3128'"
        );

        Assert.Equal("kubernetes.test", access.TlsServerName);
        Assert.True(access.SkipsTlsVerification);
        Assert.Equal(new Uri("http://proxy.test:3128"), access.Proxy!.GetProxy(access.Server));
        Assert.Equal("jane", access.Impersonation?.User);
        Assert.Equal(["a", "b"], access.Impersonation?.Groups);
        Assert.Equal("u-1", access.Impersonation?.Uid);
        Assert.Equal(["x", "z"], Assert.Single(access.Impersonation!.Extra).Value);
        Assert.True(access.DisablesCompression);
    }

    [Fact]
    public void An_access_that_is_printed_shows_no_secret()
    {
        Assert.DoesNotContain("s3cret", Load("user: {token: s3cret}").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_file_is_read_again_each_minute_and_missed_without_harm()
    {
        var path = folder.Write("token", "first");
        using var credential = new TokenFileCredential(path, "test", clock);
        var seen = new List<string?> { await TokenAsync(credential) };
        folder.Write("token", "second");
        seen.Add(await TokenAsync(credential));
        clock.Advance(TimeSpan.FromMinutes(1));
        seen.Add(await TokenAsync(credential));
        File.Delete(path);
        clock.Advance(TimeSpan.FromMinutes(1));
        seen.Add(await TokenAsync(credential));
        folder.Write("token", "third");
        seen.Add(await TokenAsync(credential));

        Assert.Equal(["first", "first", "second", "second", "third"], seen);
    }

    [Theory]
    [InlineData("", "has no current context")]
    [InlineData("# nothing yet\n", "has no current context")]
    [InlineData("---\n", "has no current context")]
    [InlineData("s3cret", "no valid kubeconfig")]
    [InlineData("[s3cret]", "no valid kubeconfig")]
    [InlineData("deep", "no valid kubeconfig at line 1")]
    public void A_file_of_another_form_is_reported(string content, string cause)
    {
        var path = folder.Write("config", content == "deep" ? new string('[', 100_000) : content);

        var message = Refused(path, null);

        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.Contains(cause, message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_without_a_name_is_no_group()
    {
        var path = folder.Write("config", """
            current-context: c
            contexts: [{name: c, context: {cluster: k, user: u}}]
            clusters: [{name: k, cluster: {server: "https://k.test"}}]
            users: [{name: u, user: {as: op, as-groups: [null, a], token: t}}]
            """);

        Assert.Equal(["a"], ClusterAccess.Load(path, null, Environment).Impersonation!.Groups);
    }

    [Theory]
    [InlineData(null, "cannot be read")]
    [InlineData(" \n", "is empty")]
    public async Task A_token_file_that_never_held_a_token_is_reported(string? content, string cause)
    {
        var path = content is null ? Path.Combine(folder.Path, "absent") : folder.Write("token", content);
        using var credential = new TokenFileCredential(path, "test", clock);

        var refused = await Assert.ThrowsAsync<ClusterAccessException>(() => TokenAsync(credential));

        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
        Assert.Contains(cause, refused.Message, StringComparison.Ordinal);
    }

    private static string Config(string name) =>
        $$$"""
            apiVersion: v1
            kind: Config
            current-context: {{{name}}}
            contexts:
            - {name: {{{name}}}, context: {cluster: {{{name}}}, user: {{{name}}}, namespace: ns-{{{name}}}}}
            clusters:
            - {name: {{{name}}}, cluster: {server: "https://{{{name}}}.test:6443"}}
            users:
            - {name: {{{name}}}, user: {token: token-{{{name}}}}}
            """;

    private static async Task<string?> TokenAsync(TokenFileCredential credential) =>
        (await credential.GetHeaderAsync(Cancellation))?.Parameter;

    private ClusterAccess Load(string user, string cluster = "extensions: []") =>
        ClusterAccess.Load(
            folder.Write(
                "config",
                $$$"""
                apiVersion: v1
                kind: Config
                current-context: c
                contexts:
                - {name: c, context: {cluster: k, user: u}}
                clusters:
                - {name: k, cluster: {server: "https://k.test", {{{cluster}}}}}
                users:
                - {name: u, {{{user}}}}
                """
            ),
            null,
            Environment
        );

    private async Task<string?> HeaderAsync(ClusterAccess access) =>
        (await access.Credential(clock).GetHeaderAsync(Cancellation))?.ToString();

    // With its causes: a log shows them, too.
    private string Refused(string? path, string? context) =>
        Assert.Throws<ClusterAccessException>(() => ClusterAccess.Load(path, context, Environment)).ToString();

    private void MountServiceAccount(TestCertificates certificates)
    {
        folder.Write("serviceaccount/token", "pod-token\n");
        folder.Write("serviceaccount/namespace", "operators\n");
        folder.Write("serviceaccount/ca.crt", certificates.Authority.ExportCertificatePem());
    }
}
