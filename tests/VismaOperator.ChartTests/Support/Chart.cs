using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests.Support;

/// <summary>The chart of the checkout, and what Helm makes of it.</summary>
internal static class Chart
{
    /// <summary>The release that tests render.</summary>
    public const string Release = "visma-operator";

    public static string Folder { get; } = RepositoryFolder.PathOf("charts/visma-operator");

    public static string PathOf(string file) => Path.Combine(Folder, file);

    public static JsonNode Values() => YamlDocuments.Read(PathOf("values.yaml")).Single();

    public static JsonObject Schema() => JsonNode.Parse(File.ReadAllText(PathOf("values.schema.json")))!.AsObject();

    /// <summary>The objects that <c>helm template</c> renders.</summary>
    public static async Task<IReadOnlyList<JsonNode>> RenderAsync(string ns, params IReadOnlyList<string> arguments)
    {
        var text = await Tool.Helm.RunAsync(["template", Release, Folder, "--namespace", ns, .. arguments]);
        return YamlDocuments.Read(new StringReader(text));
    }

    public static string Kind(this JsonNode resource) => resource["kind"]!.GetValue<string>();

    public static string Name(this JsonNode resource) => resource["metadata"]!["name"]!.GetValue<string>();

    public static string? Namespace(this JsonNode resource) => resource["metadata"]!["namespace"]?.GetValue<string>();
}
