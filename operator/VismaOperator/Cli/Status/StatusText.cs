using System.Text.Json;
using System.Text.Json.Nodes;
using VismaOperator.Cli.Connect;

namespace VismaOperator.Cli.Status;

/// <summary>Entries for programs: JSON and YAML with the same members.</summary>
internal static class StatusText
{
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
    public static string Yaml(string json) => string.Join('\n', YamlLines(JsonNode.Parse(json)));

    private static IEnumerable<string> YamlLines(JsonNode? node) =>
        node switch
        {
            JsonObject { Count: > 0 } members => members.SelectMany(member => Member(member.Key, member.Value)),
            JsonArray { Count: > 0 } items => items.SelectMany(item => Below(YamlLines(item), "- ")),
            JsonValue value when value.GetValueKind() == JsonValueKind.String => [Quoted(value.GetValue<string>())],
            _ => [node?.ToJsonString() ?? "null"],
        };

    private static IEnumerable<string> Member(string name, JsonNode? value) =>
        value switch
        {
            JsonObject { Count: > 0 } => YamlLines(value).Select(line => "  " + line).Prepend(name + ":"),
            JsonArray { Count: > 0 } => YamlLines(value).Prepend(name + ":"),
            _ => [$"{name}: {YamlLines(value).Single()}"],
        };

    private static IEnumerable<string> Below(IEnumerable<string> lines, string mark) =>
        lines.Select((line, index) => (index == 0 ? mark : "  ") + line);

    /// <summary>
    /// A text as YAML. Quoted, since a name such as "no" or "1e3" would come back as something else. What a terminal would obey, or would
    /// show in another order than it is written, and what YAML has no place for, is escaped (YAML 1.2, section 5.7).
    /// </summary>
    public static string Quoted(string text) =>
        $"\"{string.Concat(text.EnumerateRunes().Select(rune => rune.Value switch
        {
            '"' or '\\' => $"\\{rune}",
            '\n' => "\\n",
            not (0xFFFE or 0xFFFF) when !TerminalText.IsObeyed(rune) => rune.ToString(),
            _ when rune.IsBmp => $"\\u{rune.Value:X4}",
            _ => $"\\U{rune.Value:X8}",
        }))}\"";
}
