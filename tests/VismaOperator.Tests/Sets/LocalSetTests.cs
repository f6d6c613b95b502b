using Microsoft.Extensions.Logging;
using VismaConnect.StandIn;
using VismaOperator.Api.Validation;
using VismaOperator.Hosting;
using VismaOperator.Local;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Sets;

/// <summary>Sets in local mode, over the stand-in, on the real clock: a list in, one token file for each tenant out.</summary>
public sealed class LocalSetTests : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private readonly StringWriter output = new();
    private VismaConnectStandIn provider = null!;

    public async ValueTask InitializeAsync()
    {
        provider = await VismaConnectStandIn.StartAsync(
            new StandInOptions
            {
                Clients = [new StandInClient("isv_acme") { Secrets = [new StandInSecret("local-mode-test-secret")] }],
                Tenants = [.. Enumerable.Range(0, 3).Select(number => new StandInTenant(SomeSets.IdOf(number)))],
            },
            TestContext.Current.CancellationToken
        );
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
        WriteSet("configMapKeyRef: {name: list, key: tenants.yaml}");
        WriteList(2);
    }

    public async ValueTask DisposeAsync()
    {
        await provider.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Once_publishes_a_token_for_each_tenant_and_asks_for_none_again()
    {
        Assert.True(await OnceAsync(), output.ToString());
        Assert.Equal([SomeSets.IdOf(0), SomeSets.IdOf(1)], Published());

        Assert.True(await OnceAsync(), output.ToString());
        Assert.Equal(2, provider.Ledger.TokenRequests.Count);
    }

    [Fact]
    public async Task A_list_that_changed_while_nothing_ran_counts_and_a_set_that_is_gone_takes_its_tokens_along()
    {
        Assert.True(await OnceAsync(), output.ToString());
        WriteList(2, first: 1);
        Assert.True(await OnceAsync(), output.ToString());
        Assert.Equal([SomeSets.IdOf(1), SomeSets.IdOf(2)], Published());

        File.Delete(folder["manifests", "set.yaml"]);
        Assert.False(await OnceAsync());
        Assert.Empty(Published());
    }

    [Fact]
    public async Task Tenants_from_namespaces_are_refused_in_plain_words()
    {
        WriteSet("namespaceSelector: {}, annotation: example.com/tenant");

        Assert.False(await OnceAsync());

        var said = output.ToString();
        Assert.Contains("VismaConnectionSet here/customers is not Ready: TenantSourceNotAllowed", said, StringComparison.Ordinal);
        Assert.Contains("local mode has none", said, StringComparison.Ordinal);
    }

    private IEnumerable<string> Published() =>
        Directory.Exists(folder["out", "here"])
            ? Directory
                .EnumerateDirectories(folder["out", "here"])
                .Select(published => Path.Combine(published, "tenant_id"))
                .Select(File.ReadAllText)
                .Order(StringComparer.Ordinal)
            : [];

    private void WriteSet(string source) => Write("set.yaml", $$"""
        apiVersion: visma-operator.io/v1
        kind: VismaConnectionSet
        metadata: {name: customers, namespace: here}
        spec:
          tenantsFrom: { {{source}} }
          template:
            spec:
              oauthClientRef: {name: acme}
              scopes: [vismanet_erp_service_api:read]
        """);

    private void WriteList(int count, int first = 0) => Write("list.yaml", $$"""
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: list, namespace: here}
        data:
          tenants.yaml: '[{{string.Join(", ", SomeSets.Tenants(count, first).Select(tenant => $"{{name: {tenant.Name}, tenantID: {tenant.TenantId}}}"))}}]'
        """);

    private void Write(string name, string content) => File.WriteAllText(folder["manifests", name], content);

    private Task<bool> OnceAsync()
    {
        output.GetStringBuilder().Clear();
        var options = new LocalOptions
        {
            Manifests = [folder["manifests"]],
            Output = folder["out"],
            State = folder["state"],
            Until = LocalRun.Settled,
            AllowLists = new AllowLists { AllowedIssuers = [provider.Issuer.OriginalString], AllowInsecureIssuers = true },
            Logs = new LogOptions { Format = LogFormat.Text, Level = LogLevel.Critical },
        };
        return new LocalMode(options, output, TimeProvider.System)
            .RunAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
    }
}
