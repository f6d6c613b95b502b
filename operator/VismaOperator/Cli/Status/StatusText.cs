using System.Text.Json;
using System.Text.Json.Nodes;
using SharpYaml;
using SharpYaml.Events;

namespace VismaOperator.Cli.Status;

/// <summary>Entries for programs: JSON and YAML with the same members.</summary>
internal static class StatusText
{
    private const int Indent = 2;
    private const int WidestLine = int.MaxValue;

    private static readonly StatusJsonContext indented = new(
        new JsonSerializerOptions(StatusJsonContext.Default.Options) { WriteIndented = true }
    );

    /// <summary>A list, on many lines.</summary>
    public static string Json(IReadOnlyList<StatusEntry> entries) =>
        JsonSerializer.Serialize(new StatusList { Items = entries }, indented.StatusList);

    /// <summary>One object, on many lines.</summary>
    public static string Json(StatusEntry entry) => JsonSerializer.Serialize(entry, indented.StatusEntry);

    /// <summary>One object, on one line.</summary>
    public static string JsonLine(StatusEntry entry) => JsonSerializer.Serialize(entry, StatusJsonContext.Default.StatusEntry);

    /// <summary>JSON as YAML in block style.</summary>
    public static string Yaml(string json)
    {
        using var text = new StringWriter();
        var emitter = new Emitter(text, Indent, WidestLine);
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(version: null, tags: null, isImplicit: true));
        Emit(emitter, JsonNode.Parse(json));
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString().TrimEnd('\n', '\r');
    }

    private static void Emit(Emitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                emitter.Emit(new MappingStart());
                foreach (var (name, value) in members)
                {
                    emitter.Emit(new Scalar(name));
                    Emit(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray items:
                emitter.Emit(new SequenceStart());
                foreach (var item in items)
                {
                    Emit(emitter, item);
                }

                emitter.Emit(new SequenceEnd());
                break;
            default:
                emitter.Emit(ScalarOf(node));
                break;
        }
    }

    // Quoted: a name such as "no" or "1e3" would come back as something else.
    private static Scalar ScalarOf(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String
            ? new Scalar(value.GetValue<string>(), ScalarStyle.DoubleQuoted)
            : new Scalar(node?.ToJsonString() ?? "null");
}
