using Microsoft.Extensions.Logging;
using VismaConnect.StandIn;
using VismaOperator.Api.Validation;
using VismaOperator.Hosting;
using VismaOperator.Local;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Local;

/// <summary>Local mode as a whole, over the stand-in, on the real clock: manifests in, files out.</summary>
public sealed class LocalModeTests : IAsyncLifetime
{
    private const string Tenant = "5f2c1a3e-7b64-4d0a-9c55-0f6a8f0f1a01";
    private static readonly TimeSpan patience = TestOperator.Patience;
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();
    private VismaConnectStandIn provider = null!;

    public async ValueTask InitializeAsync()
    {
        provider = await VismaConnectStandIn.StartAsync(
            new StandInOptions
            {
                Clients = [new StandInClient("isv_acme") { Secrets = [new StandInSecret("local-mode-test-secret")] }],
                Tenants = [new StandInTenant(Tenant)],
            },
            TestContext.Current.CancellationToken);
        folder.CreateFolder("manifests");
        Write("client.yaml", $$"""
            apiVersion: v1
            kind: Secret
            metadata: {name: acme, namespace: here}
            stringData: {clientSecret: local-mode-test-secret}
            ---
            apiVersion: visma-operator.io/v1
            kind: OAuthClient
            metadata: {name: acme, namespace: here}
            spec:
              issuer: {{provider.Issuer.OriginalString}}
              clientID: isv_acme
              clientSecrets:
              - secretKeyRef: {name: acme, key: clientSecret}
            """);
        Write("connection.yaml", Connection("acme", Tenant));
    }

    public async ValueTask DisposeAsync()
    {
        await provider.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Once_publishes_every_token_and_says_so()
    {
        Assert.True(await OnceAsync());

        Assert.Equal("Bearer " + Token, File.ReadAllText(folder["out", "here", "acme-token", "authorization"]));
        Assert.Equal(Tenant, File.ReadAllText(folder["out", "here", "acme-token", "tenant_id"]));
        Assert.Matches("here +acme +True +TokenValid +20", output.ToString());
        Assert.DoesNotContain(Token, output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_is_laid_out_where_the_manifests_declare_its_namespace_with_the_label_and_goes_with_it()
    {
        const string Spec = "\n  secret: {presets: [curl], copies: [{namespace: there, name: token}, {namespace: elsewhere, name: token}]}";
        Write("connection.yaml", Connection("acme", Tenant) + Spec);
        Write(
            "namespace.yaml",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: there, labels: {visma-operator.io/accept-tokens-from: here}}"
        );

        Assert.True(await OnceAsync());

        Assert.Equal(Token, File.ReadAllText(folder["out", "there", "token", "access_token"]));
        Assert.Equal($"header = \"Authorization: Bearer {Token}\"\n", File.ReadAllText(folder["out", "there", "token", "curl"]));
        Assert.False(Directory.Exists(folder["out", "elsewhere"]));
        Assert.Contains("Of here/acme: NamespaceNotAccepting: 1 of 2 copies", output.ToString(), StringComparison.Ordinal);

        File.Delete(folder["manifests", "namespace.yaml"]);
        Assert.True(await OnceAsync());

        Assert.False(Directory.Exists(folder["out", "there"]));
        Assert.Single(provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task Once_fails_with_the_cause_when_a_connection_cannot_work()
    {
        Write("wrong.yaml", Connection("wrong", "5f2c1a3e-7b64-4d0a-9c55-0f6a8f0f1a99"));

        Assert.False(await OnceAsync());

        Assert.Matches("here +wrong +False +TenantRefused +.*approve", output.ToString());
        Assert.True(File.Exists(folder["out", "here", "acme-token", "access_token"]));
    }

    [Fact]
    public async Task A_wait_for_the_next_attempt_continues_after_a_restart()
    {
        Write("connection.yaml", Connection("wrong", "5f2c1a3e-7b64-4d0a-9c55-0f6a8f0f1a99"));
        await OnceAsync();

        Assert.False(await OnceAsync());

        Assert.Single(provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_credential_corrected_while_nothing_ran_is_tried_at_once()
    {
        var right = File.ReadAllText(folder["manifests", "client.yaml"]);
        Write("client.yaml", right.Replace("local-mode-test-secret", "a typing error", StringComparison.Ordinal));
        Assert.False(await OnceAsync());

        Write("client.yaml", right);

        Assert.True(await OnceAsync());
    }

    [Fact]
    public async Task Once_gives_up_in_time_while_the_provider_is_away_and_says_why()
    {
        provider.Faults.Always(Fault.ServerError(503));

        Assert.False(await OnceAsync(timeout: TimeSpan.FromSeconds(3)));

        Assert.Matches("here +acme +False +ProviderUnavailable", output.ToString());
        Assert.Contains("Not every connection has settled after 3s (--timeout)", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restart_asks_for_no_token_even_when_the_files_are_gone()
    {
        await OnceAsync();
        var token = Token;
        Directory.Delete(folder["out"], recursive: true);

        Assert.True(await OnceAsync());

        Assert.Single(provider.Ledger.TokenRequests);
        Assert.Equal(token, Token);
    }

    [Fact]
    public async Task A_manifest_removed_while_nothing_ran_takes_its_token_away()
    {
        await OnceAsync();
        File.Delete(folder["manifests", "connection.yaml"]);

        Assert.False(await OnceAsync());

        Assert.Contains("The manifests hold no VismaConnection.", output.ToString(), StringComparison.Ordinal);
        Assert.False(Path.Exists(folder["out", "here"]));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(folder["state"], "*", SearchOption.AllDirectories),
            file => File.ReadAllText(file).Contains("access_token", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_change_takes_effect_where_everything_lies_in_one_folder()
    {
        const string Other = "5f2c1a3e-7b64-4d0a-9c55-0f6a8f0f1a02";
        provider.Portal.Set(new StandInTenant(Other));
        Assert.True(await OnceAsync(manifests: folder.Path));
        Write("connection.yaml", Connection("acme", Other));

        Assert.True(await OnceAsync(manifests: folder.Path));

        Assert.Equal(Other, File.ReadAllText(folder["out", "here", "acme-token", "tenant_id"]));
    }

    [Theory]
    [InlineData("a: b", false)]
    [InlineData("visma-operator.io/client-credentials: 'false'", false)]
    [InlineData("visma-operator.io/client-credentials: 'true'", true)]
    public async Task A_client_id_is_read_only_from_a_Secret_with_the_label(string label, bool isRead)
    {
        Write("id.yaml", $"""
            apiVersion: v1
            kind: Secret
            metadata:
              name: acme-id
              namespace: here
              labels:
                {label}
            stringData:
              clientID: isv_acme
            """);
        Write("client.yaml", File.ReadAllText(folder["manifests", "client.yaml"])
            .Replace("clientID: isv_acme", "clientIDFrom: {secretKeyRef: {name: acme-id, key: clientID}}", StringComparison.Ordinal));

        Assert.Equal(isRead, await OnceAsync());

        Assert.Equal(isRead ? 1 : 0, provider.Ledger.TokenRequests.Count);
        Assert.Equal(!isRead, output.ToString().Contains("SecretNotLabelled", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Once_tells_the_statuses_when_the_output_directory_cannot_be_written()
    {
        await OnceAsync();
        Directory.Delete(folder["out", "here"], recursive: true);
        File.WriteAllText(folder["out", "here"], "in the way");

        var refusal = await Assert.ThrowsAsync<LocalException>(() => OnceAsync());

        Assert.Contains($"--out {folder["out"]} cannot be written", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(2, output.ToString().Split("TokenValid").Length - 1);
    }

    [Fact]
    public async Task A_second_process_on_one_output_directory_is_refused()
    {
        await OnceAsync();
        using (FolderLock.Take("--out", folder["out"], ".visma-operator.lock"))
        {
            var refusal = await Assert.ThrowsAsync<LocalException>(() => OnceAsync());
            Assert.Contains($"--out {folder["out"]} is in use by another visma-operator", refusal.Message, StringComparison.Ordinal);
        }

        Assert.True(await OnceAsync()); // the file that is left is no lock
    }

    private string Token => File.ReadAllText(folder["out", "here", "acme-token", "access_token"]);

    private static string Connection(string name, string tenant) => $$"""
        apiVersion: visma-operator.io/v1
        kind: VismaConnection
        metadata: {name: {{name}}, namespace: here}
        spec:
          oauthClientRef: {name: acme}
          tenantID: {{tenant}}
          scopes: [vismanet_erp_service_api:read]
        """;

    private void Write(string name, string content) => File.WriteAllText(folder["manifests", name], content);

    private Task<bool> OnceAsync(TimeSpan? timeout = null, string? manifests = null)
    {
        var options = new LocalOptions
        {
            Manifests = [manifests ?? folder["manifests"]],
            Output = folder["out"],
            State = folder["state"],
            Until = LocalRun.Settled,
            Timeout = timeout ?? LocalOptions.DefaultTimeout,
            AllowLists = new AllowLists { AllowedIssuers = [provider.Issuer.OriginalString], AllowInsecureIssuers = true },
            Logs = new LogOptions { Format = LogFormat.Text, Level = LogLevel.Critical },
        };
        return new LocalMode(options, output, TimeProvider.System)
            .RunAsync(TestContext.Current.CancellationToken)
            .WaitAsync(patience, TestContext.Current.CancellationToken);
    }
}
