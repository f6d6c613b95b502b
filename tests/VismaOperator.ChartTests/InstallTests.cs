using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>
/// Installs, upgrades and removes the chart with Helm on a real API server. No kubelet runs, so what is seen is what Helm does to objects.
/// </summary>
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
        Assert.NotNull(
            await Server.Admin.FindAsync("/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles/visma-other-visma-operator", Ct)
        );
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

    [Fact]
    public async Task Helm_that_writes_on_the_server_takes_fields_of_kubectl_only_when_told_to()
    {
        var release = Of("helm4", "visma-system");
        var folder = Directory.CreateTempSubdirectory("visma-operator-taken-");
        try
        {
            var chart = await WithoutRulesAsync(folder.FullName);
            var older = Path.Combine(folder.FullName, "older.json");
            var definition = YamlDocuments.Read(Path.Combine(chart, "files/crds/visma-operator.io_vismaconnections.yaml")).Single();
            definition["spec"]!["names"]!["shortNames"] = new JsonArray("older");
            await File.WriteAllTextAsync(older, definition.ToJsonString(), Ct);
            await Tool.Kubectl.RunAsync("apply", "--server-side", "--kubeconfig", Server.KubeconfigPath, "-f", older);

            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
                release.InstallAsync(chart, "--server-side=true", "--take-ownership")
            );
            await release.UninstallAsync();
            await release.InstallAsync(chart, "--server-side=true", "--take-ownership", "--force-conflicts");

            Assert.Contains("conflict with \"kubectl\"", refused.Message, StringComparison.Ordinal);
            Assert.Equal("""["vc"]""", (await Server.Admin.GetAsync(Definition, Ct))["spec"]!["names"]!["shortNames"]!.ToJsonString());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Definitions_that_the_chart_no_longer_brings_stay_only_where_they_were_to_be_kept(string keep)
    {
        var release = Of("helm4", "visma-system");
        await release.InstallAsync(Chart.Folder, "--set", $"crds.keep={keep}");

        await release.UpgradeAsync(Chart.Folder, "--set", "crds.enabled=false");

        var definition = await Server.Admin.FindAsync(Definition, Ct);
        Assert.Equal(keep == "true", definition is not null && definition["metadata"]!["deletionTimestamp"] is null);
    }

    // Helm takes away only what the release before had set. An uninstall goes by the release, not by what the definition bears.
    [Theory]
    [InlineData("helm4")]
    [InlineData("helm3")]
    public async Task Definitions_that_were_given_up_and_taken_back_still_bear_that_they_are_kept_and_yet_go(string helm)
    {
        var release = Of(helm, "visma-system");
        await release.InstallAsync(Chart.Folder);
        await release.UpgradeAsync(Chart.Folder, "--set", "crds.enabled=false");
        await release.UpgradeAsync(Chart.Folder, "--set", "crds.keep=false");

        var definition = await Server.Admin.GetAsync(Definition, Ct);
        await release.UninstallAsync();

        Assert.Equal("keep", definition["metadata"]!["annotations"]?["helm.sh/resource-policy"]?.GetValue<string>());
        await Eventually.BecomesTrueAsync(
            "the definition to be gone",
            async token => await Server.Admin.FindAsync(Definition, token) is null,
            Ct
        );
    }

    // A copy of the chart whose definitions have no CEL rules and no selectable fields, for which a server of this age refuses server-side
    // apply.
    private static async Task<string> WithoutRulesAsync(string folder)
    {
        await Tool.Shell.RunAsync("-c", $"cp -r '{Chart.Folder}' '{folder}/chart'");
        foreach (var file in Directory.GetFiles(Path.Combine(folder, "chart/files/crds")))
        {
            var definition = YamlDocuments.Read(file).Single();
            RemoveRules(definition);
            await File.WriteAllTextAsync(file, definition.ToJsonString(), Ct);
        }

        return Path.Combine(folder, "chart");
    }

    private static void RemoveRules(JsonNode? node)
    {
        (node as JsonObject)?.Remove("x-kubernetes-validations");
        (node as JsonObject)?.Remove("selectableFields");
        foreach (
            var child in node switch
            {
                JsonObject members => members.Select(member => member.Value),
                JsonArray items => items,
                _ => Enumerable.Empty<JsonNode?>(),
            }
        )
        {
            RemoveRules(child);
        }
    }

    private Task<JsonNode> CreateConnectionAsync() =>
        Eventually.GetAsync(
            "the API server to take a connection",
            async token =>
            {
                var connection = JsonNode.Parse(
                    """
                    {"apiVersion": "visma-operator.io/v1", "kind": "VismaConnection", "metadata": {"name": "acme"},
                     "spec": {"oauthClientRef": {"name": "acme"}, "tenantID": "2f5c8a54-51ab-4c5e-9d3a-0d6a1c0d9f11", "scopes": ["vismanet_erp_service_api:read"]}}
                    """
                )!;
                return await Server.Admin.FindAsync(Connections, token) is null
                    ? null
                    : await Server.Admin.CreateAsync(Connections, connection, token);
            },
            Ct
        );
}
