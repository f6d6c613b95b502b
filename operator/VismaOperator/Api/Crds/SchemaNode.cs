using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace VismaOperator.Api.Crds;

/// <summary>
/// One node of a structural schema
/// (<see href="https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema"/>).
/// </summary>
internal sealed class SchemaNode
{
    private static readonly Dictionary<string, SchemaNode> none = [];

    private readonly JsonObject json;

    internal SchemaNode(JsonObject json)
    {
        this.json = json;
        Properties = json["properties"] is JsonObject properties
            ? properties.ToDictionary(
                property => property.Key,
                property => new SchemaNode((JsonObject)property.Value!),
                StringComparer.Ordinal
            )
            : none;
        Items = json["items"] is JsonObject items ? new SchemaNode(items) : null;
        AdditionalProperties = json["additionalProperties"] is JsonObject values ? new SchemaNode(values) : null;
        Required = Texts("required");
        Enum = Texts("enum");
        Validations = json["x-kubernetes-validations"] is JsonArray rules
            ? [.. rules.Select(rule => new SchemaRule(rule!["rule"]!.GetValue<string>(), rule["message"]!.GetValue<string>()))]
            : [];
        Pattern = Text("pattern") is { } pattern
            ? new Regex(DotNetPattern(pattern), RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)
            : null;
    }

    internal string Type => Text("type") ?? string.Empty;

    internal string? Format => Text("format");

    internal string Description => Text("description") ?? string.Empty;

    internal IReadOnlyDictionary<string, SchemaNode> Properties { get; }

    internal SchemaNode? Items { get; }

    internal SchemaNode? AdditionalProperties { get; }

    internal IReadOnlyList<string> Required { get; }

    internal IReadOnlyList<string> Enum { get; }

    internal IReadOnlyList<SchemaRule> Validations { get; }

    internal Regex? Pattern { get; }

    internal long? MinLength => Number("minLength");

    internal long? MaxLength => Number("maxLength");

    internal long? MinItems => Number("minItems");

    internal long? MaxItems => Number("maxItems");

    internal long? MaxProperties => Number("maxProperties");

    internal long? Minimum => Number("minimum");

    /// <summary>True for an object whose members are described elsewhere.</summary>
    internal bool IsOpen => Properties.Count == 0 && AdditionalProperties is null;

    internal string? ListType => Text("x-kubernetes-list-type");

    /// <summary>The default; null when there is none.</summary>
    internal JsonNode? Default => json["default"];

    private string? Text(string name) => json[name]?.GetValue<string>();

    private long? Number(string name) => json[name]?.GetValue<long>();

    private IReadOnlyList<string> Texts(string name) =>
        json[name] is JsonArray array ? [.. array.Select(item => item!.GetValue<string>())] : [];

    // In .NET a dollar sign also matches before a line break at the end; in Go it does not.
    private static string DotNetPattern(string pattern) => pattern.EndsWith('$') ? pattern[..^1] + @"\z" : pattern;
}

/// <summary>One CEL rule and what it says when it is broken.</summary>
internal sealed record SchemaRule(string Rule, string Message);
