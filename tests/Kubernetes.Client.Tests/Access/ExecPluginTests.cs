using System.Text.Json.Nodes;
using Kubernetes.Client.Access;
using Kubernetes.Client.Tests.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Kubernetes.Client.Tests.Access;

/// <summary>Plugins that hand out credentials, as shell scripts.</summary>
public sealed class ExecPluginTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_plugin_gets_its_arguments_and_variables_unchanged()
    {
        var credential = Load(
            "printf '%s|' \"$@\" >seen; printf '%s' \"$GREETING\" >>seen; printf '%s' \"$KUBERNETES_EXEC_INFO\" >info\n"
                + Answer("\"token\":\"t\""),
            "args: [SCRIPT, 'two words', '$HOME', '']\n      env: [{name: GREETING, value: hello you}]\n      provideClusterInfo: true"
        );

        Assert.Equal("Bearer t", await HeaderAsync(credential));
        Assert.Equal("two words|$HOME||hello you", await File.ReadAllTextAsync(Path.Combine(folder.Path, "seen"), Cancellation));
        var info = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder.Path, "info"), Cancellation))!;
        Assert.Equal("ExecCredential", info["kind"]!.GetValue<string>());
        Assert.False(info["spec"]!["interactive"]!.GetValue<bool>());
        Assert.Equal("https://k.test", info["spec"]!["cluster"]!["server"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_variable_without_a_value_is_empty()
    {
        var credential = Load(
            "printf '%s|%s' \"${FIRST-unset}\" \"${SECOND-unset}\" >seen\n" + Answer("\"token\":\"t\""),
            "args: [SCRIPT]\n      env: [{name: FIRST, value: null}, {name: SECOND}]"
        );

        await HeaderAsync(credential);

        Assert.Equal("|", await File.ReadAllTextAsync(Path.Combine(folder.Path, "seen"), Cancellation));
    }

    [Fact]
    public async Task A_plugin_that_fails_may_have_a_variable_without_a_value() =>
        Assert.Contains(
            "ended with exit code 1: no",
            await RefusedAsync(Load("echo no >&2; exit 1", "args: [SCRIPT]\n      env: [{name: FIRST, value: null}]")),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("{value: v}")]
    [InlineData("{name: '', value: v}")]
    [InlineData("{name: null, value: v}")]
    public void A_variable_without_a_name_is_refused(string variable)
    {
        var refusal = Assert.Throws<ClusterAccessException>(() => Load("true", $"args: [SCRIPT]\n      env: [{variable}]"));

        Assert.Contains("has an entry of env without a name", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plugin_runs_once_until_shortly_before_its_answer_expires()
    {
        var credential = Load("echo run >>runs\n" + Answer("\"token\":\"t\",\"expirationTimestamp\":\"2026-03-01T12:10:00Z\""));

        await HeaderAsync(credential);
        await HeaderAsync(credential);
        clock.Advance(TimeSpan.FromSeconds(9 * 60 + 29));
        await HeaderAsync(credential);
        var before = Runs();
        clock.Advance(TimeSpan.FromSeconds(1));
        await HeaderAsync(credential);

        Assert.Equal((1, 2), (before, Runs()));
    }

    [Fact]
    public async Task Requests_that_are_refused_together_run_the_plugin_once()
    {
        var credential = Load("echo run >>runs\n" + Answer("\"token\":\"t$(grep -c run runs)\""));
        var refused = await credential.GetHeaderAsync(Cancellation);

        var renewed = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => credential.RenewAsync(refused, null, Cancellation).AsTask()));

        Assert.All(renewed, Assert.True);
        Assert.Equal(2, Runs());
        Assert.Equal("Bearer t2", await HeaderAsync(credential));
    }

    [Fact]
    public async Task A_plugin_that_repeats_a_refused_token_is_not_tried_again()
    {
        var credential = Load(Answer("\"token\":\"same\""));
        var refused = await credential.GetHeaderAsync(Cancellation);

        Assert.False(await credential.RenewAsync(refused, null, Cancellation));
    }

    [Fact]
    public async Task A_plugin_may_hand_out_a_certificate()
    {
        using var certificates = new TestCertificates();
        var certificate = certificates.Client.ExportCertificatePem().ReplaceLineEndings("\\n");
        var key = certificates.ClientKeyPem.ReplaceLineEndings("\\n");
        folder.Write(
            "answer.json",
            $$$"""{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientCertificateData":"{{{certificate}}}","clientKeyData":"{{{key}}}"}}"""
        );
        var credential = Load("cat answer.json");

        Assert.Null(await HeaderAsync(credential));
        Assert.Equal(certificates.Client.Thumbprint, credential.ClientCertificate?.Thumbprint);
    }

    [Fact]
    public async Task A_long_answer_is_read_whole()
    {
        var credential = Load("head -c 200000 /dev/zero | tr '\\0' ' '\n" + Answer("\"token\":\"t\""));

        Assert.Equal("Bearer t", await HeaderAsync(credential));
    }

    [Fact]
    public async Task A_missing_plugin_is_reported_with_its_install_hint()
    {
        var message = await RefusedAsync(
            LoadUser(
                "command: no-such-plugin\n      installHint: Install it from example.com.\n      apiVersion: "
                + "client.authentication.k8s.io/v1"
            )
        );

        Assert.Contains("exec plugin 'no-such-plugin' of user 'u'", message, StringComparison.Ordinal);
        Assert.Contains("cannot be started", message, StringComparison.Ordinal);
        Assert.EndsWith("Install it from example.com.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("echo 'please log in' >&2; exit 3", "exit code 3: please log in. Run it by hand")]
    [InlineData("echo \"used $PASSWORD\" >&2; exit 1", "used ***")]
    [InlineData("exit 1", "it said nothing")]
    [InlineData("echo s3cret", "did not print an ExecCredential")]
    [InlineData(
        "echo '{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"status\":{\"token\":\"s3cret\"}}'",
        "answered in 'client.authentication.k8s.io/v1beta1'"
    )]
    [InlineData("echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{}}'", "neither a token nor a client certificate")]
    [InlineData("echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\"}'", "neither a token nor a client certificate")]
    public async Task A_failing_plugin_is_reported_with_cause_and_remedy_and_without_secrets(string script, string cause)
    {
        var message = await RefusedAsync(Load(script, "args: [SCRIPT]\n      env: [{name: PASSWORD, value: s3cret}]"));

        Assert.Contains("exec plugin '/bin/sh' of user 'u' in kubeconfig", message, StringComparison.Ordinal);
        Assert.Contains(cause, message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plugin_that_hangs_is_ended()
    {
        var header = Load("exec sleep 600").GetHeaderAsync(Cancellation).AsTask();

        clock.Advance(TimeSpan.FromMinutes(1));

        var refused = await Assert.ThrowsAsync<ClusterAccessException>(() => header);
        Assert.Contains("did not end within 60 s", refused.Message, StringComparison.Ordinal);
    }

    private static string Answer(string status) =>
        "cat <<END\n{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{" + status + "}}\nEND\n";

    private int Runs() => File.ReadAllLines(Path.Combine(folder.Path, "runs")).Length;

    private static async Task<string?> HeaderAsync(ICredential credential) => (await credential.GetHeaderAsync(Cancellation))?.ToString();

    private static async Task<string> RefusedAsync(ICredential credential) =>
        (await Assert.ThrowsAsync<ClusterAccessException>(() => credential.GetHeaderAsync(Cancellation).AsTask()))
            .ToString()
            .Split("\n   at ")[0]
            .Split(": ", 2)[1]
            .Split("\n ---> ")[0]
            .Trim();

    private ICredential Load(string script, string more = "args: [SCRIPT]")
    {
        var path = folder.Write("plugin.sh", $"cd '{folder.Path}'\n{script}\n");
        return LoadUser(
            "command: /bin/sh\n      apiVersion: client.authentication.k8s.io/v1\n      "
            + $"{more.Replace("SCRIPT", path, StringComparison.Ordinal)}"
        );
    }

    private ICredential LoadUser(string exec)
    {
        var path = folder.Write("config", $$$"""
            apiVersion: v1
            kind: Config
            current-context: c
            contexts:
            - {name: c, context: {cluster: k, user: u}}
            clusters:
            - {name: k, cluster: {server: "https://k.test"}}
            users:
            - name: u
              user:
                exec:
                  interactiveMode: Never
                  {{{exec}}}
            """);
        return ClusterAccess.Load(path).Credential(clock);
    }
}
