using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>What stays when the operator goes, and that all of it can be removed without it.</summary>
public sealed class UninstallTests(InstallServer fixture) : ReleaseTests(fixture)
{
    private static readonly string[] connections = ["deleted", "retained", "interactive"];

    [Fact]
    public async Task With_the_defaults_only_the_operator_goes_and_what_stays_can_be_removed_without_it()
    {
        Server.EnsureControllerManager();
        var customer = await TenancyAsync("kept");
        var release = Of("helm4", OperatorNamespace);
        await InstallWithConnectionsAsync(release, customer);
        var before = await customer.VersionsAsync();

        await release.UninstallAsync();

        Assert.Equal(before, await customer.VersionsAsync());
        Assert.Null(await Server.Admin.FindAsync("/apis/rbac.authorization.k8s.io/v1/clusterroles/visma-system-visma-operator", Ct));
        Assert.Null(await Server.Admin.FindAsync($"/api/v1/namespaces/{OperatorNamespace}/serviceaccounts/visma-operator", Ct));
        Assert.NotNull(
            await Server.Admin.FindAsync($"/apis/coordination.k8s.io/v1/namespaces/{OperatorNamespace}/leases/visma-operator", Ct)
        );
        foreach (var connection in connections)
        {
            await Server.Admin.DeleteAsync(customer.ConnectionPath(connection), Ct);
        }

        await GoneAsync(customer.SecretPath("deleted"));
        await GoneAsync(customer.SecretPath("interactive"));
        await Server.Admin.DeleteAsync(Definition, Ct);
        await GoneAsync(Definition);
        Assert.NotNull(await Server.Admin.FindAsync(customer.SecretPath("retained"), Ct));
        Assert.NotNull(await Server.Admin.FindAsync(customer.GrantPath("interactive"), Ct));
        Assert.False(customer.Provider.Grants.Families.Single().IsRevoked); // nobody was there to revoke it
        await Server.Admin.DeleteAsync($"/api/v1/namespaces/{customer.Name}", Ct);
        await GoneAsync($"/api/v1/namespaces/{customer.Name}");
    }

    [Fact]
    public async Task Without_keep_definitions_and_objects_go_and_only_Secrets_to_be_retained_stay()
    {
        Server.EnsureControllerManager();
        var customer = await TenancyAsync("not-kept");
        var release = Of("helm4", OperatorNamespace);
        await InstallWithConnectionsAsync(release, customer, "crds.keep=false");

        await release.UninstallAsync();

        await GoneAsync(Definition);
        await GoneAsync(customer.SecretPath("deleted"));
        Assert.NotNull(await Server.Admin.FindAsync(customer.SecretPath("retained"), Ct));
    }

    [Fact]
    public async Task The_wait_of_the_docs_lasts_as_long_as_there_is_a_grant()
    {
        var customer = await TenancyAsync("waited-for");
        await Server.Admin.CreateAsync(
            $"/api/v1/namespaces/{customer.Name}/secrets",
            JsonNode.Parse("""{"metadata": {"name": "acme-visma-grant", "labels": {"visma-operator.io/secret": "grant"} } }""")!,
            Ct
        );
        var line = (await File.ReadAllLinesAsync(RepositoryFolder.PathOf("docs/uninstall.md"), Ct)).Single(line =>
            line.Contains("kubectl wait", StringComparison.Ordinal)
        );
        var command = line.Split('#')[0].Replace("--timeout=15m", "--timeout=1s", StringComparison.Ordinal);

        // Namespaces of former tests may be on their way out still.
        var arguments = command
            .Replace("--all-namespaces", $"--namespace={customer.Name}", StringComparison.Ordinal)
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..];

        var waited = await Tool.Kubectl.TryAsync(["--kubeconfig", Server.KubeconfigPath, .. arguments]);
        await Server.Admin.DeleteAsync(customer.GrantPath("acme"), Ct);
        var done = await Tool.Kubectl.TryAsync(["--kubeconfig", Server.KubeconfigPath, .. arguments]);

        Assert.NotEqual(0, waited.ExitCode);
        Assert.Contains("timed out", waited.Output, StringComparison.Ordinal);
        Assert.Equal(0, done.ExitCode);
    }

    private async Task InstallWithConnectionsAsync(Release release, Tenancy customer, string values = "crds.keep=true")
    {
        await release.InstallAsync(Chart.Folder, "--set", $"{ValuesFor(customer)},{values}");
        await Server.StartControllerManagerAgainAsync(Ct); // in a real cluster the definitions were there for longer than 30 s
        await customer.CreateClientAsync();
        await using var running = await Replica.StartAsync(Server, OperatorNamespace);
        await customer.CreateConnectionAsync("deleted");
        await customer.CreateConnectionAsync("retained", """, "secret": {"deletionPolicy": "Retain"}""");
        await customer.CreateConsentedAsync("interactive");
        await customer.UntilAsync("deleted", "TokenValid");
        await customer.UntilAsync("retained", "TokenValid");
        await running.RestsAsync(TimeSpan.FromSeconds(1));
        await running.StopAsync();
    }

    // The garbage collector learns of kinds that came after it every 30 s, and pauses as long each time that one is removed.
    private Task GoneAsync(string path) =>
        Eventually.BecomesTrueAsync(
            $"{path} to be gone",
            async token => await Server.Admin.FindAsync(path, token) is null,
            Ct,
            TimeSpan.FromMinutes(4)
        );
}
