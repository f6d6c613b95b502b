using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>What stays when the operator goes, and that all of it can be removed without it.</summary>
public sealed class UninstallTests(InstallServer fixture) : ReleaseTests(fixture)
{
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
        Assert.NotNull(await Server.Admin.FindAsync($"/apis/coordination.k8s.io/v1/namespaces/{OperatorNamespace}/leases/visma-operator", Ct));
        await Server.Admin.DeleteAsync(customer.ConnectionPath("deleted"), Ct);
        await Server.Admin.DeleteAsync(customer.ConnectionPath("retained"), Ct);
        await GoneAsync(customer.SecretPath("deleted"));
        await Server.Admin.DeleteAsync(Definition, Ct);
        await GoneAsync(Definition);
        Assert.NotNull(await Server.Admin.FindAsync(customer.SecretPath("retained"), Ct));
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

    private async Task InstallWithConnectionsAsync(Release release, Tenancy customer, string values = "crds.keep=true")
    {
        await release.InstallAsync(Chart.Folder, "--set", $"{ValuesFor(customer)},{values}");
        await customer.CreateClientAsync();
        await using var running = await Replica.StartAsync(Server, OperatorNamespace);
        await customer.CreateConnectionAsync("deleted");
        await customer.CreateConnectionAsync("retained", """, "secret": {"deletionPolicy": "Retain"}""");
        await customer.UntilAsync("deleted", "TokenValid");
        await customer.UntilAsync("retained", "TokenValid");
        await running.RestsAsync(TimeSpan.FromSeconds(1));
        await running.StopAsync();
    }

    // The garbage collector learns of kinds that came after it every 30 s.
    private Task GoneAsync(string path) =>
        Eventually.BecomesTrueAsync($"{path} to be gone", async token => await Server.Admin.FindAsync(path, token) is null, Ct, TimeSpan.FromSeconds(120));
}
