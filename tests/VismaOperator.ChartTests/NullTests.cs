using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.ChartTests.Support;

namespace VismaOperator.ChartTests;

/// <summary>Helm takes the default of a value that is null away; templates would then look into nothing, or write nonsense.</summary>
public sealed class NullTests
{
    // Handed on to Kubernetes, whose own defaults count where they are null.
    private static readonly string[] handedOn =
    [
        "replicaCount",
        "podSecurityContext",
        "securityContext",
        "resources",
        "topologySpreadConstraints",
        "nodeSelector",
        "grafanaDashboard.labels.grafana_dashboard",
    ];

    // Empty by default, and yet the templates look into them.
    private static readonly string[] lookedInto = ["namespaces", "publicURL", "podLabels", "podAnnotations"];

    [Fact]
    public void The_schema_requires_what_the_templates_cannot_do_without() =>
        Assert.Equal(
            Needed(Chart.Values().AsObject()).Order(StringComparer.Ordinal),
            Required(Chart.Schema()).Order(StringComparer.Ordinal)
        );

    // Several at once: Helm tells of each of them. A value cannot be null together with one inside of it.
    [Theory]
    [InlineData("helm4", "image networkPolicy metrics.service consent.ingress namespaces httpPort")]
    [InlineData("helm4", "image.repository networkPolicy.dnsPorts")]
    [InlineData("helm3", "image networkPolicy metrics.service consent.ingress namespaces httpPort")]
    [InlineData("helm3", "image.repository networkPolicy.dnsPorts")]
    public async Task A_null_there_is_refused_by_the_schema_and_not_by_a_template(string helm, string paths)
    {
        var (exitCode, output) = await Tool.HelmNamed(helm).TryAsync("template", Chart.Release, Chart.Folder, "--set", Nulls(paths));

        Assert.NotEqual(0, exitCode);
        Assert.Contains("values don't meet the specifications of the schema", output, StringComparison.Ordinal);
        Assert.All(
            paths.Split(' ').Select(path => path.Split('.')[^1]),
            name => Assert.Contains(helm == "helm3" ? $": {name} is required" : $"'{name}'", output, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_null_that_Kubernetes_knows_what_to_do_with_is_taken() =>
        Assert.NotEmpty(
            await Chart.RenderAsync(
                "visma-system",
                "--set",
                Nulls("podSecurityContext.runAsUser resources.limits nodeSelector affinity commonLabels replicaCount")
            )
        );

    private static string Nulls(string paths) => string.Join(',', paths.Split(' ').Select(path => $"{path}=null"));

    private static IEnumerable<string> Needed(JsonObject values, string prefix = "") =>
        from pair in values
        let path = prefix + pair.Key
        where !handedOn.Contains(path) && (lookedInto.Contains(path) || !IsEmpty(pair.Value))
        from needed in pair.Value is JsonObject nested ? Needed(nested, path + ".").Prepend(path) : [path]
        select needed;

    private static bool IsEmpty(JsonNode? value) => value switch
    {
        JsonObject map => map.Count == 0,
        JsonArray list => list.Count == 0,
        _ => value is null || value.GetValueKind() == JsonValueKind.False || value.ToString().Length == 0,
    };

    // Of the groups of values; what lists hold has requirements of its own.
    private static IEnumerable<string> Required(JsonObject schema, string prefix = "") =>
        (schema["required"]?.AsArray() ?? [])
            .Select(name => prefix + name!.GetValue<string>())
            .Concat(
                (schema["properties"] as JsonObject ?? []).SelectMany(pair => Required(pair.Value!.AsObject(), $"{prefix}{pair.Key}."))
            );
}
