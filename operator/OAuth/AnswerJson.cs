using System.Text;
using System.Text.Json;

namespace OAuth;

/// <summary>
/// The JSON of a server that is not trusted to send any. A client ignores the members that it does not know (RFC 6749 section 5.1), so
/// nothing that is odd about one member, in its name or its value, spoils another. A member that is repeated, or whose text is not valid
/// Unicode, cannot be read.
/// </summary>
public sealed class AnswerJson
{
    // As deep as the largest body could be: the reader keeps one bit for each level.
    private static readonly JsonReaderOptions anyDepth = new() { MaxDepth = 1024 * 1024 };

    private static ReadOnlySpan<byte> WhiteSpace => " \t\r\n"u8;

    private readonly Dictionary<string, JsonElement> members = [];
    private readonly HashSet<string> repeated = [];

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Whether it is an object. Anything else has no members.</summary>
    public bool IsObject { get; private init; }

    /// <summary>The document; null when the bytes are no JSON as a whole.</summary>
    public static AnswerJson? TryParse(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(WithoutMark(body), anyDepth);
            var root = JsonElement.ParseValue(ref reader);
            while (reader.Read())
            {
                // To the end of the bytes: what follows a document is an error, too.
            }

            var json = new AnswerJson { IsObject = root.ValueKind == JsonValueKind.Object };
            json.TakeMembers(root);
            return json;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The text of a member; null when it is absent, not a string, or cannot be read.</summary>
    public string? Text(string member) => TextOf(Value(member));

    /// <summary>The value of a member: null when it is absent, of no kind when it is repeated.</summary>
    public JsonElement? Value(string member) =>
        !members.TryGetValue(member, out var value) ? null
        : repeated.Contains(member) ? default(JsonElement)
        : value;

    /// <summary>The text of a member, the last one where it is repeated: for a value that must not be lost.</summary>
    internal string? LastText(string member) => members.TryGetValue(member, out var value) ? TextOf(value) : null;

    /// <summary>Whether a member is there and says what nobody can read.</summary>
    internal bool IsUnreadable(string member) =>
        Value(member) is { ValueKind: JsonValueKind.Undefined or JsonValueKind.String } value && TextOf(value) is null;

    /// <summary>The text of a value; null when it is not a string, or not valid Unicode.</summary>
    internal static string? TextOf(JsonElement? value)
    {
        try
        {
            return value is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>
    /// As <see cref="LastText"/>, of a body that begins as an object and is no JSON as a whole. Members of nested objects do not count:
    /// theirs may be a masked copy of what was sent.
    /// </summary>
    internal static string? Salvage(ReadOnlySpan<byte> body, string member)
    {
        var text = WithoutMark(body).TrimStart(WhiteSpace);
        var name = Encoding.UTF8.GetBytes($"\"{member}\"");
        string? found = null;
        var depth = 0;
        for (var at = 0; at < text.Length && text[0] == '{'; at++)
        {
            switch (text[at])
            {
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case (byte)'}' or (byte)']':
                    depth--;
                    if (depth == 0)
                    {
                        return found;
                    }

                    break;
                case (byte)'"':
                    var end = EndOfString(text, at);
                    found = depth == 1 && text[at..end].SequenceEqual(name) ? ValueAfter(text[end..]) ?? found : found;
                    at = end - 1;
                    break;
            }
        }

        return found;
    }

    private static int EndOfString(ReadOnlySpan<byte> text, int start)
    {
        var at = start + 1;
        while (at < text.Length && text[at] != '"')
        {
            at += text[at] == '\\' ? 2 : 1;
        }

        return Math.Min(at + 1, text.Length);
    }

    private static string? ValueAfter(ReadOnlySpan<byte> text)
    {
        var rest = text.TrimStart(WhiteSpace);
        try
        {
            var reader = new Utf8JsonReader(rest.StartsWith(":"u8) ? rest[1..] : []);
            return reader.Read() && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> body) =>
        body.StartsWith(ByteOrderMark) ? body[ByteOrderMark.Length..] : body;

    private void TakeMembers(JsonElement root)
    {
        if (!IsObject)
        {
            return;
        }

        foreach (var member in root.EnumerateObject())
        {
            if (NameOf(member) is { } name && !members.TryAdd(name, member.Value))
            {
                members[name] = member.Value;
                repeated.Add(name);
            }
        }
    }

    private static string? NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            return null; // not valid Unicode
        }
    }
}
