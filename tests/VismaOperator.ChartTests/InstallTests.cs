using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>Installs, upgrades and removes the chart with Helm on a real API server. No kubelet runs, so what is seen is what Helm does to objects.</summary>
public sealed class InstallTests(InstallServer fixture) : ReleaseTests(fixture)
{
    private const string Connections = "/apis/visma-operator.io/v1/namespaces/default/vismaconnections";

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

    private Task<JsonNode> CreateConnectionAsync() => Eventually.GetAsync("the API server to take a connection", async token =>
    {
        var connection = JsonNode.Parse("""
            {"apiVersion": "visma-operator.io/v1", "kind": "VismaConnection", "metadata": {"name": "acme"},
             "spec": {"oauthClientRef": {"name": "acme"}, "tenantID": "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11", "scopes": ["vismanet_erp_service_api:read"]}}
            """)!;
        return await Server.Admin.FindAsync(Connections, token) is null ? null : await Server.Admin.CreateAsync(Connections, connection, token);
    }, Ct);
}
