using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Cluster;

namespace VismaOperator.ChartTests;

/// <summary>
/// An API server refuses a definition whose rules it estimates to be too dear: 10 million for one rule, 100 million for all. No server here
/// compiles rules, so this counts what dominates, <c>matches</c>, by the published weights: a tenth for each byte of the text, a quarter
/// for each character of the expression, times how often the value may occur.
/// </summary>
public sealed partial class RuleCostTests
{
    private const double LimitOfOneRule = 10_000_000;
    private const double LimitOfAll = 100_000_000;
    private const int LongestKey = 317;
    private const int BytesOfACharacter = 4;

    public static TheoryData<string> Files() =>
        [.. Directory.GetFiles(RepositoryFolder.PathOf("crds"), "visma-operator.io_*.yaml").Select(Path.GetFileName).OfType<string>()];

    [Theory]
    [MemberData(nameof(Files))]
    public void The_rules_stay_within_the_limits_of_the_API_server(string file)
    {
        var costs = Walk(SchemaOf(file), "self", 1).SelectMany(node => node.Costs()).ToList();

        Assert.NotEmpty(costs);
        Assert.All(costs, cost => Assert.True(cost.Value < LimitOfOneRule, $"{cost.Path} costs {cost.Value:N0}."));
        Assert.InRange(costs.Sum(cost => cost.Value), 1, LimitOfAll);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Everything_that_a_rule_may_look_at_has_a_bound(string file) =>
        Assert.Empty(
            Walk(SchemaOf(file)["properties"]!["spec"]!.AsObject(), "spec", 1).Where(node => !node.IsBounded).Select(node => node.Path)
        );

    private static JsonObject SchemaOf(string file) =>
        YamlDocuments.Read(RepositoryFolder.PathOf($"crds/{file}")).Single()["spec"]!["versions"]![0]!["schema"]![
            "openAPIV3Schema"
        ]!.AsObject();

    private static IEnumerable<Node> Walk(JsonObject schema, string path, double times)
    {
        IEnumerable<Node> below =
        [
            .. from property in schema["properties"] as JsonObject ?? []
            from node in Walk(property.Value!.AsObject(), $"{path}.{property.Key}", times)
            select node,
            .. schema["items"] is JsonObject items ? Walk(items, path + "[]", times * Number(schema, "maxItems")) : [],
            .. schema["additionalProperties"] is JsonObject values
                ? Walk(values, path + "{}", times * Number(schema, "maxProperties"))
                : [],
        ];
        return below.Prepend(new Node(schema, path, times));
    }

    private static double Number(JsonObject schema, string keyword) => schema[keyword]?.GetValue<long>() ?? 1;

    [GeneratedRegex(@"matches\('([^']*)'\)")]
    private static partial Regex Matches();

    private sealed record Node(JsonObject Schema, string Path, double Times)
    {
        public bool IsBounded =>
            Schema["type"]?.GetValue<string>() switch
            {
                "string" => Schema.ContainsKey("maxLength")
                    || Schema.ContainsKey("enum")
                    || Schema["format"]?.GetValue<string>() == "date-time",
                "array" => Schema.ContainsKey("maxItems"),
                "object" => !Schema.ContainsKey("additionalProperties") || Schema.ContainsKey("maxProperties"),
                _ => true,
            };

        // On a map the rules match its keys.
        public IEnumerable<(string Path, double Value)> Costs() =>
            from rule in Schema["x-kubernetes-validations"] as JsonArray ?? []
            let keys = Schema.ContainsKey("maxProperties") ? LongestKey * Number(Schema, "maxProperties") : Number(Schema, "maxLength")
            let dear = Matches()
                .Matches(rule!["rule"]!.GetValue<string>())
                .Sum(match => match.Groups[1].Length * 0.25 * (1 + keys * BytesOfACharacter) * 0.1)
            select (Path, dear * Times);
    }
}
