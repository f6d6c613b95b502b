using VismaOperator.Api.Crds;
using VismaOperator.Manifests;

namespace VismaOperator.Tests.Crds;

/// <summary>What every field of the definitions must have.</summary>
public sealed class SchemaQualityTests
{
    // Functions of Kubernetes' CEL libraries, which an evaluator of plain CEL, and a server of another version, may not have.
    private static readonly string[] extensions =
    [
        ".isSorted(",
        ".sum(",
        ".indexOf(",
        ".lastIndexOf(",
        ".lowerAscii(",
        ".upperAscii(",
        ".replace(",
        ".split(",
        ".join(",
        ".find(",
        ".findAll(",
        "isURL(",
        "url(",
        "isIP(",
        "ip(",
        "cidr(",
        "quantity(",
        "format.",
        ".?",
        "optional",
        "oldSelf",
    ];

    [Fact]
    public void Every_field_is_described() =>
        Assert.Equal([], Fields().Where(field => field.Schema.Description.Length == 0 && !IsItem(field.Path)).Select(field => field.Path));

    [Fact]
    public void Every_field_of_a_spec_says_its_default() =>
        Assert.Equal([], Fields()
            .Where(field => field.Path.Contains(".spec.", StringComparison.Ordinal) && !IsItem(field.Path))
            .Where(field => !field.Schema.Description.Contains("efault", StringComparison.Ordinal))
            .Select(field => field.Path));

    [Fact]
    public void Every_default_is_in_its_description() =>
        Assert.Equal(
            [],
            Fields()
                .Where(field => field.Schema.Default is System.Text.Json.Nodes.JsonValue)
                .Where(field =>
                    !field.Schema.Description.Contains(
                        $"Default: {field.Schema.Default!.ToString().ToLowerInvariant()}",
                        StringComparison.OrdinalIgnoreCase
                    )
                )
                .Select(field => field.Path)
        );

    [Fact]
    public void Every_text_list_and_map_has_a_limit() =>
        Assert.Equal([], Fields().Where(field => !IsLimited(field.Schema)).Select(field => field.Path));

    [Fact]
    public void Every_list_says_how_it_is_merged() =>
        Assert.Equal([], Fields().Where(field => field.Schema is { Type: "array", ListType: null }).Select(field => field.Path));

    [Fact]
    public void Rules_use_plain_cel_and_say_what_to_do()
    {
        var rules = Fields().SelectMany(field => field.Schema.Validations).ToList();

        Assert.NotEmpty(rules);
        Assert.All(rules, rule =>
        {
            Assert.DoesNotContain(extensions, extension => rule.Rule.Contains(extension, StringComparison.Ordinal));
            Assert.DoesNotContain('\n', rule.Message);
            Assert.True(rule.Message.Length is > 30 and < 300, rule.Message);
        });
    }

    [Fact]
    public void Rules_stay_below_half_of_the_cost_that_API_servers_accept()
    {
        // As k8s.io/apiserver estimates it: a tenth a byte (four a character) times a quarter a letter of the pattern, times how
        // often the field can be there; ten million are accepted for a rule. Other functions cost little beside matches.
        var costs = Fields()
            .SelectMany(field =>
                field.Schema.Validations.Select(rule => (field.Path, Cost: Occurrences(field.Path) * MatchCost(rule.Rule, field.Schema)))
            )
            .ToList();

        Assert.Contains(costs, item => item.Cost > 100_000);
        Assert.All(costs, item => Assert.True(item.Cost < 5_000_000, $"{item.Path}: {item.Cost}"));
    }

    [Fact]
    public void The_same_rule_says_the_same_everywhere() =>
        Assert.All(
            Fields().SelectMany(field => field.Schema.Validations).GroupBy(rule => rule.Rule),
            rules => Assert.Single(rules.Select(rule => rule.Message).Distinct()));

    [Theory]
    [InlineData("visma-operator.io_oauthclients.yaml")]
    [InlineData("visma-operator.io_vismaconnections.yaml")]
    [InlineData("visma-operator.io_vismaconnectionsets.yaml")]
    public void Moments_in_the_future_are_columns_of_texts(string file)
    {
        // kubectl prints <invalid> for a date column whose moment is still to come.
        var columns = ManifestReader.ReadText(file, File.ReadAllText(Support.Repository.Path("crds", file)))
            .Documents.Single().Content["spec"]!["versions"]![0]!["additionalPrinterColumns"]!.AsArray();

        Assert.Equal(["Age"], columns.Where(column => (string)column!["type"]! == "date").Select(column => (string)column!["name"]!));
    }

    // https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#crd-selectable-fields
    [Fact]
    public void Connections_can_be_selected_by_their_client()
    {
        const string file = "visma-operator.io_vismaconnections.yaml";
        var selectable = ManifestReader.ReadText(file, File.ReadAllText(Support.Repository.Path("crds", file))).Documents.Single().Content[
            "spec"
        ]!["versions"]![0]!["selectableFields"]!
            .AsArray()
            .Select(field => (string)field!["jsonPath"]!)
            .ToList();

        Assert.Equal([".spec.oauthClientRef.name", ".spec.oauthClientRef.namespace", ".status.client"], selectable);
        Assert.All(
            selectable,
            path => Assert.Equal("string", Fields().Single(field => field.Path == "VismaConnection" + path).Schema.Type)
        );
    }

    internal static IEnumerable<(string Path, SchemaNode Schema)> Fields() =>
        [
            .. Below("OAuthClient", Schemas.OAuthClient),
            .. Below("VismaConnection", Schemas.VismaConnection),
            .. Below("VismaConnectionSet", Schemas.VismaConnectionSet),
        ];

    private static IEnumerable<(string Path, SchemaNode Schema)> Below(string path, SchemaNode schema)
    {
        if (path.EndsWith(".metadata", StringComparison.Ordinal) && schema.Properties.Count == 0)
        {
            return [];
        }

        return
        [
            (path, schema),
            .. schema.Properties.SelectMany(property => Below($"{path}.{property.Key}", property.Value)),
            .. schema.Items is { } items ? Below(path + "[]", items) : [],
            .. schema.AdditionalProperties is { } values ? Below(path + "{}", values) : [],
        ];
    }

    private static double MatchCost(string rule, SchemaNode schema) =>
        System
            .Text.RegularExpressions.Regex.Matches(
                rule,
                @"matches\('(?<pattern>[^']*)'\)",
                System.Text.RegularExpressions.RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(1)
            )
            .Sum(match => match.Groups["pattern"].Length * 0.25 * ((schema.MaxLength ?? 0) * 4 + 1) * 0.1);

    private static double Occurrences(string path)
    {
        var byPath = Fields().ToDictionary(field => field.Path, field => field.Schema, StringComparer.Ordinal);
        return byPath
            .Where(field =>
                path.StartsWith(field.Key + "[]", StringComparison.Ordinal) || path.StartsWith(field.Key + "{}", StringComparison.Ordinal)
            )
            .Aggregate(1.0, (product, field) => product * (field.Value.MaxItems ?? field.Value.MaxProperties ?? 1));
    }

    private static bool IsItem(string path) =>
        path.EndsWith("[]", StringComparison.Ordinal) || path.EndsWith("{}", StringComparison.Ordinal);

    private static bool IsLimited(SchemaNode schema) =>
        schema.Type switch
        {
            "string" => schema.MaxLength is not null || schema.Enum.Count > 0,
            "array" => schema.MaxItems is not null,
            "object" => schema.AdditionalProperties is null || schema.MaxProperties is not null,
            _ => true,
        };
}
