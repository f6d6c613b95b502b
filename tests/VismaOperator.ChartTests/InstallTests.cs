using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>
/// Installs, upgrades and removes the chart with Helm on a real API server of its own: the definitions come and go, which no other test could
/// bear. No kubelet runs, so what is seen is what Helm does to objects.
/// </summary>
public sealed class InstallTests(InstallServer fixture) : IClassFixture<InstallServer>, IAsyncLifetime
{
    private const string Connections = "/apis/visma-operator.io/v1/namespaces/default/vismaconnections";
    private const string Definition = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/vismaconnections.visma-operator.io";

    private readonly List<Release> releases = [];

    private ApiServer Server => fixture.Server;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Server.CanRestart, ApiServer.NoRestartReason);
        return ValueTask.CompletedTask;
    }

    /// <summary>Leaves the server as it was found: without releases and without definitions.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var release in releases)
        {
            await release.UninstallIfThereAsync();
        }

        await Server.Admin.DeleteAsync(Definition, Ct);
        await Server.Admin.DeleteAsync(Definition.Replace("vismaconnections.", "oauthclients.", StringComparison.Ordinal), Ct);
        await Eventually.BecomesTrueAsync("the definitions to be gone", async token => await Server.Admin.FindAsync(Definition, token) is null, Ct);
    }

    [Theory]
    [InlineData("helm4")]
    [InlineData("helm3")]
    public async Task An_upgrade_brings_new_definitions_and_leaves_live_objects_alone(string helm)
    {
        using var previous = PreviousChart.Create();
        var release = Of(helm, "visma-system");
        await release.InstallAsync(previous.Folder);
        Assert.Null(await SuspendAsync());
        var before = await CreateConnectionAsync();

        await release.UpgradeAsync(Chart.Folder);

        Assert.NotNull(await SuspendAsync());
        var after = await Server.Admin.GetAsync($"{Connections}/acme", Ct);
        Assert.Equal(before["metadata"]!["uid"]!.ToJsonString(), after["metadata"]!["uid"]!.ToJsonString());
        Assert.Equal(before["metadata"]!["resourceVersion"]!.ToJsonString(), after["metadata"]!["resourceVersion"]!.ToJsonString());
    }

    [Theory]
    [InlineData("helm4")]
    [InlineData("helm3")]
    public async Task An_uninstall_keeps_definitions_and_objects_and_a_new_install_takes_them_over(string helm)
    {
        var release = Of(helm, "visma-system");
        await release.InstallAsync(Chart.Folder);
        var before = await CreateConnectionAsync();

        await release.UninstallAsync();
        Assert.Null(await Server.Admin.FindAsync("/apis/apps/v1/namespaces/visma-system/deployments/visma-operator", Ct));
        var kept = await Server.Admin.GetAsync($"{Connections}/acme", Ct);
        await release.InstallAsync(Chart.Folder);

        Assert.Equal(before["metadata"]!["uid"]!.ToJsonString(), kept["metadata"]!["uid"]!.ToJsonString());
        Assert.NotNull(await Server.Admin.FindAsync("/apis/apps/v1/namespaces/visma-system/deployments/visma-operator", Ct));
    }

    [Fact]
    public async Task Without_keep_an_uninstall_takes_definitions_and_objects_along()
    {
        var release = Of("helm4", "visma-system");
        await release.InstallAsync(Chart.Folder, "--set", "crds.keep=false");
        await CreateConnectionAsync();

        await release.UninstallAsync();

        await Eventually.BecomesTrueAsync("the definition to be gone", async token => await Server.Admin.FindAsync(Definition, token) is null, Ct);
    }

    [Fact]
    public async Task A_second_release_leaves_the_definitions_to_the_first()
    {
        await Of("helm4", "visma-system").InstallAsync(Chart.Folder);
        var second = Of("helm4", "visma-other");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => second.InstallAsync(Chart.Folder));
        await second.InstallAsync(Chart.Folder, "--set", "crds.enabled=false,namespaces={default}");

        Assert.Contains("invalid ownership metadata", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(await Server.Admin.FindAsync("/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/visma-other-visma-operator", Ct));
    }

    [Theory]
    [InlineData("helm4")]
    [InlineData("helm3")]
    public async Task Definitions_that_kubectl_applied_are_taken_only_when_told_to(string helm)
    {
        await CustomResourceDefinitions.InstallAsync(Server.Admin, RepositoryFolder.PathOf("crds"), Ct);
        var release = Of(helm, "visma-system");

        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => release.InstallAsync(Chart.Folder));
        await release.InstallAsync(Chart.Folder, "--take-ownership");

        Assert.Contains("invalid ownership metadata", refused.Message, StringComparison.Ordinal);
    }

    private Release Of(string helm, string ns)
    {
        var release = new Release(helm, Server, ns);
        releases.Add(release);
        return release;
    }

    // The schema of spec.suspend, which the previous chart lacks.
    private async Task<JsonNode?> SuspendAsync() =>
        (await Server.Admin.GetAsync(Definition, Ct))["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!["suspend"];

    private Task<JsonNode> CreateConnectionAsync() => Eventually.GetAsync("the API server to take a connection", async token =>
    {
        var connection = JsonNode.Parse("""
            {"apiVersion": "visma-operator.io/v1", "kind": "VismaConnection", "metadata": {"name": "acme"},
             "spec": {"oauthClientRef": {"name": "acme"}, "tenantID": "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11", "scopes": ["vismanet_erp_service_api:read"]}}
            """)!;
        return await Server.Admin.FindAsync(Connections, token) is null ? null : await Server.Admin.CreateAsync(Connections, connection, token);
    }, Ct);
}

/// <summary>An API server without the definitions.</summary>
public sealed class InstallServer : IAsyncLifetime
{
    private ApiServer? server;

    /// <summary>The server, ready.</summary>
    public ApiServer Server => server ?? throw new InvalidOperationException("The fixture was not initialised.");

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => server = await ApiServer.StartAsync(new ApiServerOptions(), CancellationToken.None);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
