using System.Collections.Concurrent;
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

    // The chart does not change while it is tested, so the same values are rendered once.
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> rendered = new(StringComparer.Ordinal);

    /// <summary>The objects that <c>helm template</c> renders.</summary>
    public static async Task<IReadOnlyList<JsonNode>> RenderAsync(string ns, params IReadOnlyList<string> arguments)
    {
        string[] all = ["template", Release, Folder, "--namespace", ns, .. arguments];
        var text = await rendered.GetOrAdd(string.Join('\n', all), new Lazy<Task<string>>(() => Tool.Helm.RunAsync(all))).Value;
        return YamlDocuments.Read(new StringReader(text));
    }

    public static string Kind(this JsonNode resource) => resource["kind"]!.GetValue<string>();

    public static string Name(this JsonNode resource) => resource["metadata"]!["name"]!.GetValue<string>();

    public static string? Namespace(this JsonNode resource) => resource["metadata"]!["namespace"]?.GetValue<string>();
}
