using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>Without Helm in the cluster: <c>make manifests</c>, and kubectl.</summary>
public sealed class ManifestTests(InstallServer fixture) : ReleaseTests(fixture)
{
    private static readonly string[] needed = ["Makefile", "crds", "charts", "tests/helm"];

    [Fact]
    public async Task The_rendered_manifests_install_an_operator_that_becomes_ready()
    {
        var copy = Directory.CreateTempSubdirectory("visma-operator-manifests-");
        try
        {
            var install = await MakeAsync(copy.FullName, "visma-plain", "images.example.com:5000/visma-operator:0.1.0-x64");
            var rendered = YamlDocuments.Read(install);
            Assert.Equal("visma-plain", rendered[0].Name());
            Assert.Equal("images.example.com:5000/visma-operator:0.1.0-x64", ImageIn(rendered));
            Assert.All(
                rendered,
                resource => Assert.DoesNotContain("managed-by", resource["metadata"]!["labels"]!.ToJsonString(), StringComparison.Ordinal)
            );
            Assert.Equal(["visma-plain"], rendered.Select(resource => resource.Namespace()).OfType<string>().Distinct());

            await ApplyAsync("-f", install);
            await using var replica = await Replica.StartAsync(Server, "visma-plain");

            Assert.DoesNotContain(replica.Proxy.Ledger.Requests, request => request.Status == 403);
        }
        finally
        {
            await Tool.Kubectl.TryAsync(
                "delete",
                "--kubeconfig",
                Server.KubeconfigPath,
                "--ignore-not-found",
                "--wait=false",
                "-f",
                Path.Combine(copy.FullName, "artifacts/install.yaml")
            );
            copy.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("visma-operator:2", "visma-operator:2")]
    [InlineData("localhost:5000/visma-operator", "localhost:5000/visma-operator:0.1.0")]
    [InlineData(
        "example.com/visma-operator@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "example.com/visma-operator@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    )]
    [InlineData("", "visma-operator:0.1.0")]
    public async Task The_image_is_named_in_one_word(string image, string rendered)
    {
        var copy = Directory.CreateTempSubdirectory("visma-operator-manifests-");
        try
        {
            Assert.Equal(rendered, ImageIn(YamlDocuments.Read(await MakeAsync(copy.FullName, "visma-plain", image))));
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_lines_of_the_docs_remove_the_operator_and_leave_the_definitions()
    {
        Server.EnsureControllerManager();
        var copy = Directory.CreateTempSubdirectory("visma-operator-manifests-");
        try
        {
            await ApplyAsync("-f", await MakeAsync(copy.FullName, "visma-system", "visma-operator:0.1.0"));
            var section = (await File.ReadAllTextAsync(RepositoryFolder.PathOf("docs/uninstall.md"), Ct))
                .Split("\n## With plain manifests\n")[1]
                .Split("\n## ")[0];

            foreach (var line in section.Split('\n').Where(line => line.StartsWith("    kubectl ", StringComparison.Ordinal)))
            {
                await Tool.Kubectl.RunAsync([.. line.Trim().Split(' ')[1..], "--kubeconfig", Server.KubeconfigPath]);
            }

            var left = await Tool.Kubectl.RunAsync(
                "get",
                "clusterroles,clusterrolebindings,customresourcedefinitions,namespaces",
                "-o",
                "name",
                "--kubeconfig",
                Server.KubeconfigPath
            );
            Assert.Equal(
                [
                    "customresourcedefinition.apiextensions.k8s.io/oauthclients.visma-operator.io",
                    "customresourcedefinition.apiextensions.k8s.io/vismaconnections.visma-operator.io",
                    "customresourcedefinition.apiextensions.k8s.io/vismaconnectionsets.visma-operator.io",
                ],
                left.Split('\n')
                    .Where(name =>
                        name.Contains("visma-system", StringComparison.Ordinal) || name.Contains("visma-operator", StringComparison.Ordinal)
                    )
                    .Order(StringComparer.Ordinal)
            );
        }
        finally
        {
            copy.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Kubectl_applies_the_definitions_and_brings_them_up_to_date()
    {
        await CustomResourceDefinitions.InstallAsync(Server.Admin, await PreviousDefinitionsAsync(), Ct);

        await ApplyAsync("-k", RepositoryFolder.PathOf("crds"));

        var served = (await Server.Admin.GetAsync(Definition, Ct))["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]![
            "spec"
        ]!["properties"]!;
        Assert.NotNull(served["authorization"]);
    }

    private static string ImageIn(IEnumerable<JsonNode> rendered) =>
        rendered.Single(resource => resource.Kind() == "Deployment")["spec"]!["template"]!["spec"]!["containers"]![0]![
            "image"
        ]!.GetValue<string>();

    // In a copy, since the target also copies the definitions into the chart: a drift must not be mended by the test that would show it.
    private static async Task<string> MakeAsync(string folder, string ns, string image)
    {
        var root = RepositoryFolder.Root;
        await Tool.Shell.RunAsync(
            "-c",
            $"cd '{root}' && tar -cf - {string.Join(' ', needed)} | tar -xf - -C '{folder}' && cd '{folder}' && make "
            + $"--no-print-directory manifests NAMESPACE={ns} IMAGE={image} HELM='{Tool.Helm.Program}'"
        );
        return Path.Combine(folder, "artifacts/install.yaml");
    }

    private static async Task<string> PreviousDefinitionsAsync()
    {
        var folder = Directory.CreateTempSubdirectory("visma-operator-previous-");
        await Tool.Shell.RunAsync("-c", $"tar -xzf '{UpgradeTests.Previous}' -C '{folder.FullName}'");
        return Path.Combine(folder.FullName, "visma-operator/files/crds");
    }

    // Kubernetes 1.20 refuses server-side apply of definitions with CEL rules, and has no PodDisruptionBudget of version v1; nothing else
    // may be refused.
    private async Task ApplyAsync(params string[] what)
    {
        var (_, output) = await Tool.Kubectl.TryAsync(["apply", "--kubeconfig", Server.KubeconfigPath, "--validate=false", .. what]);

        var complaints = output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line =>
                !line.EndsWith(" created", StringComparison.Ordinal)
                && !line.EndsWith(" configured", StringComparison.Ordinal)
                && !line.EndsWith(" unchanged", StringComparison.Ordinal)
            )
            .Where(line =>
                !line.StartsWith("Warning: ", StringComparison.Ordinal)
                && !line.Contains("PodDisruptionBudget", StringComparison.Ordinal)
                && line != "ensure CRDs are installed first"
            );
        Assert.Empty(complaints);
    }
}
