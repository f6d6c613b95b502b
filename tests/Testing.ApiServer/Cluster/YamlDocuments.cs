using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace VismaOperator.Testing.ApiServer.Cluster;

/// <summary>Reads manifests as kubectl does: YAML documents become JSON, and plain scalars take the types of YAML's core schema.</summary>
public static class YamlDocuments
{
    /// <summary>The documents of a file; empty ones are left out.</summary>
    public static IReadOnlyList<JsonNode> Read(string path)
    {
        using var reader = new StreamReader(path);
        return Read(reader);
    }

    /// <summary>The documents of a text; empty ones are left out.</summary>
    public static IReadOnlyList<JsonNode> Read(TextReader reader)
    {
        var stream = new YamlStream();
        stream.Load(reader);
        return [.. stream.Documents.Select(document => ToJson(document.RootNode)).OfType<JsonNode>()];
    }

    private static JsonNode? ToJson(YamlNode node) =>
        node switch
        {
            YamlMappingNode mapping => new JsonObject(
                mapping.Children.Select(child => KeyValuePair.Create(((YamlScalarNode)child.Key).Value!, ToJson(child.Value)))
            ),
            YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(ToJson)]),
            YamlScalarNode scalar => ToJson(scalar),
            _ => throw new NotSupportedException($"{node.NodeType} at {node.Start} is not used in manifests."),
        };

    private static JsonValue? ToJson(YamlScalarNode scalar) =>
        (scalar.Style, scalar.Value) switch
        {
            (not ScalarStyle.Plain, _) => JsonValue.Create(scalar.Value),
            (_, null or "" or "~" or "null") => null,
            (_, "true") => JsonValue.Create(true),
            (_, "false") => JsonValue.Create(false),
            (_, var text) when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) =>
                JsonValue.Create(number),
            (_, var text) when TryReadFraction(text, out var fraction) => JsonValue.Create(fraction),
            (_, var text) => JsonValue.Create(text),
        };

    /// <summary>The framework also takes words (Infinity) and blanks for numbers; YAML does not.</summary>
    private static bool TryReadFraction(string text, out double fraction) =>
        double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out fraction)
        && text.Any(char.IsAsciiDigit);
}
