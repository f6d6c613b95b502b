using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>
/// The chart carries a copy of the definitions, since Helm reads nothing outside of a chart. The copy must not lag behind.
/// </summary>
public sealed class CustomResourceDefinitionTests
{
    private const string Pattern = "visma-operator.io_*.yaml";

    [Fact]
    public void The_chart_carries_exactly_the_definitions_of_the_checkout()
    {
        var ours = Contents(RepositoryFolder.PathOf("crds"));
        var copies = Contents(Chart.PathOf("files/crds"));

        Assert.True(ours.Count > 0, "There are no definitions in crds/.");
        Assert.True(
            ours.SequenceEqual(copies),
            "charts/visma-operator/files/crds differs from crds/: run `make manifests`, which copies them."
        );
    }

    [Fact]
    public async Task The_chart_installs_the_definitions_of_the_checkout()
    {
        var rendered = (await Chart.RenderAsync("visma-system")).Where(IsDefinition).ToDictionary(Chart.Name);
        var ours = Directory.GetFiles(RepositoryFolder.PathOf("crds"), Pattern).SelectMany(YamlDocuments.Read).ToDictionary(Chart.Name);

        Assert.Equal(ours.Keys.Order(), rendered.Keys.Order());
        Assert.All(
            ours,
            pair =>
                Assert.True(
                    JsonNode.DeepEquals(pair.Value["spec"], rendered[pair.Key]["spec"]),
                    $"{pair.Key} is rendered with another spec."
                )
        );
    }

    [Theory]
    [InlineData("true", "keep", "Prune=false,Delete=false")]
    [InlineData("false", null, null)]
    public async Task Neither_an_uninstall_nor_a_prune_takes_the_definitions_when_they_are_to_be_kept(
        string keep,
        string? helm,
        string? argo
    )
    {
        var rendered = (await Chart.RenderAsync("visma-system", "--set", $"crds.keep={keep}")).Where(IsDefinition).ToList();

        Assert.NotEmpty(rendered);
        Assert.All(
            rendered,
            definition => Assert.Equal(helm, definition["metadata"]!["annotations"]?["helm.sh/resource-policy"]?.GetValue<string>())
        );
        Assert.All(
            rendered,
            definition => Assert.Equal(argo, definition["metadata"]!["annotations"]?["argocd.argoproj.io/sync-options"]?.GetValue<string>())
        );
    }

    [Fact]
    public async Task Kubectl_can_apply_the_folder()
    {
        var output = await Tool.Kubectl.RunAsync("kustomize", RepositoryFolder.PathOf("crds"));

        var ours = Directory.GetFiles(RepositoryFolder.PathOf("crds"), Pattern).SelectMany(YamlDocuments.Read).Select(Chart.Name);
        Assert.Equal(ours.Order(), YamlDocuments.Read(new StringReader(output)).Select(Chart.Name).Order());
    }

    private static bool IsDefinition(JsonNode resource) => resource.Kind() == "CustomResourceDefinition";

    private static List<(string? Name, string Text)> Contents(string folder) =>
        [
            .. Directory
                .GetFiles(folder, Pattern)
                .Order(StringComparer.Ordinal)
                .Select(file => (Path.GetFileName(file), File.ReadAllText(file))),
        ];
}
