using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using VismaOperator.Manifests;

namespace VismaOperator.Cli.Import;

/// <summary>One iClient or connection of an export.</summary>
/// <param name="document">Its content, with the position of each field.</param>
/// <param name="fields">What becomes of its fields.</param>
/// <param name="notes">Takes what there is to say of it.</param>
internal sealed class ExportedObject(ManifestDocument document, ExportFields fields, List<ImportNote> notes)
{
    private const StringSplitOptions Options = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    private const int LongestName = 100; // as Celigo allows it

    // A template of Celigo only names where the secret stands.
    private static readonly Regex template = new(@"^\s*(Bearer |Basic )?\{{2,3}[^{}]*\}{2,3}\s*\z", CeligoFields.Matched);
    private static readonly Regex secretName = new(
        "secret|password|token|authorization|cookie|key|assertion",
        CeligoFields.Matched | RegexOptions.IgnoreCase
    );
    private static readonly Regex secretInForm = new(
        "(secret|password|token|assertion)[\"']?\\s*[=:]\\s*[\"']?(?<value>[^&\"',\\s]+)",
        CeligoFields.Matched | RegexOptions.IgnoreCase
    );

    // Every text in them is a secret. Celigo answers with asterisks to who reads its API.
    private static readonly string[] secretFields =
    [
        "oauth2.clientSecret",
        "oauth2.password",
        "oauth2.encrypted",
        "http.encrypted",
        "http.clientCertificates",
        "http.auth.token.refreshToken",
    ];

    // A text in them is a secret where its name, or the name before it, says so.
    private static readonly string[] mixedFields =
    [
        "jwt",
        "settings",
        "oauth2.auth.queryParameters",
        "oauth2.unencrypted",
        "oauth2.token.body",
        "oauth2.token.headers",
        "oauth2.refresh.body",
        "oauth2.refresh.headers",
        "oauth2.revoke.body",
        "oauth2.revoke.headers",
        "http.headers",
        "http.ping.body",
        "http.unencrypted",
        "http.auth.oauth.accessTokenBody",
        "http.auth.oauth.accessTokenHeaders",
        "http.auth.token.refreshBody",
        "http.auth.token.refreshHeaders",
        "http.auth.token.revoke",
    ];

    private readonly List<string> secrets = [];

    /// <summary>Its id in Celigo; empty where the export has none.</summary>
    public string Id => TextOf(Find("_id")) ?? string.Empty;

    /// <summary>Its name in Celigo; empty where it has none.</summary>
    public string Name => TextOf(Find("name")) ?? string.Empty;

    /// <summary>For a comment: what it is, and where it stands.</summary>
    public string Origin(string kind) =>
        $"{kind} {Named()} ({Path.GetFileName(document.File)}:{document.PositionOf(string.Empty)})";

    /// <summary>Secrets that stand in it in clear, to see that no output repeats one.</summary>
    public IReadOnlyList<string> SecretsInClear => secrets;

    /// <summary>The text of a field; null where it is absent or empty. Anything but a text is told.</summary>
    public string? Text(string name)
    {
        var value = Find(name);
        if (TextOf(value) is { } text)
        {
            return text.Trim().Length > 0 ? text : null;
        }

        if (value is not null)
        {
            Note(NoteKind.FillIn, name, "This is no text, so it was not read.");
        }

        return null;
    }

    /// <summary>True where the field says so.</summary>
    public bool IsTrue(string name) => Find(name) is JsonValue value && value.TryGetValue<bool>(out var truth) && truth;

    /// <summary>The texts of a list, or of one text that is divided; empty where it is absent.</summary>
    /// <param name="name">The field.</param>
    /// <param name="delimiter">What divides a text.</param>
    public IReadOnlyList<string> Texts(string name, string delimiter)
    {
        if (Find(name) is not JsonArray list)
        {
            return [.. (Text(name) ?? string.Empty).Split([delimiter, " "], Options).Distinct(StringComparer.Ordinal)];
        }

        List<string> texts = [];
        foreach (var item in list)
        {
            if (TextOf(item) is { } text)
            {
                texts.AddRange(text.Split([delimiter, " "], Options));
            }
            else
            {
                Note(NoteKind.FillIn, name, "An item of the list is no text, so it was not read.");
            }
        }

        return [.. texts.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Says something of a field.</summary>
    public void Note(NoteKind kind, string name, string message) =>
        notes.Add(new ImportNote(document.File, document.PositionOf(PathOf(name)), kind, name, message));

    /// <summary>Says what nothing was made of, and where secrets stand in clear. No value is quoted.</summary>
    public void TellTheRest()
    {
        Walk(document.Content, string.Empty, string.Empty);
        foreach (var name in secretFields)
        {
            TellSecrets(name, Leaves(Find(name), string.Empty).Select(leaf => leaf.Text));
        }

        foreach (var name in mixedFields)
        {
            TellSecrets(name, SecretsIn(Leaves(Find(name), string.Empty)));
        }
    }

    // Where the name of a text, or the name before it, says so.
    private static IEnumerable<string> SecretsIn(IEnumerable<(string Name, string Text)> leaves) =>
        leaves.SelectMany(leaf =>
            secretName.IsMatch(leaf.Name)
                ? [leaf.Text]
                : secretInForm.Matches(leaf.Text).Select(match => match.Groups["value"].Value)
        );

    private static string PathOf(string name) =>
        name.Length == 0 ? string.Empty : name.Split('.').Aggregate(string.Empty, FieldPath.Member);

    private JsonNode? Find(string name) =>
        name.Split('.').Aggregate<string, JsonNode?>(document.Content, (node, part) => node is JsonObject below ? below[part] : null);

    private void Walk(JsonObject node, string path, string name)
    {
        foreach (var (key, value) in node)
        {
            var below = (Path: FieldPath.Member(path, key), Name: name.Length == 0 ? key : $"{name}.{key}");
            // A dot in a key would make it look like a field of an object.
            var field = key.Contains('.', StringComparison.Ordinal) ? null : fields.Find(below.Name);
            switch (field)
            {
                case ExportField.Parts when value is JsonObject parts:
                    Walk(parts, below.Path, below.Name);
                    break;
                case ExportField.Parts when value is not null:
                    Tell(below.Path, NoteKind.Unknown, below.Name, "This is no object, and nothing was made of it.");
                    break;
                case ExportField.Without without when !IsEmpty(value):
                    Tell(below.Path, NoteKind.NoCounterpart, below.Name, without.Why);
                    break;
                case null:
                    Tell(below.Path, NoteKind.Unknown, below.Name, "This field is not known, and nothing was made of it.");
                    var leaves = Leaves(value, key);
                    TellSecrets(below.Name, secretName.IsMatch(key) ? leaves.Select(leaf => leaf.Text) : SecretsIn(leaves));
                    break;
            }
        }
    }

    private void Tell(string path, NoteKind kind, string name, string message) =>
        notes.Add(new ImportNote(document.File, document.PositionOf(path), kind, name, message));

    private static bool IsEmpty(JsonNode? value) =>
        value switch
        {
            null => true,
            JsonArray list => list.Count == 0,
            JsonObject parts => parts.All(part => IsEmpty(part.Value)),
            JsonValue when TextOf(value) is { } text => text.Length == 0,
            _ => false,
        };

    private string Named()
    {
        var name = Name.Length > 0 ? Name : Id;
        return name.Length == 0 ? "without a name" : $"'{(name.Length > LongestName ? name[..LongestName] + "..." : name)}'";
    }

    private void TellSecrets(string name, IEnumerable<string> texts)
    {
        var found = texts.Where(text => text.Any(letter => letter is not '*') && !template.IsMatch(text)).ToList();
        secrets.AddRange(found);
        if (found.Count > 0)
        {
            Note(
                NoteKind.Secret,
                name,
                "A secret stands here in clear. It was left out. Keep this file as you keep secrets, or delete it."
            );
        }
    }

    // With the name of each; a header has it beside its value.
    private static IEnumerable<(string Name, string Text)> Leaves(JsonNode? value, string name) =>
        value switch
        {
            JsonObject { Count: 2 } header when header.ContainsKey("value") && TextOf(header["name"]) is { } own =>
                Leaves(header["value"], own),
            JsonObject parts => parts.SelectMany(part => Leaves(part.Value, part.Key)),
            JsonArray list => list.SelectMany(item => Leaves(item, name)),
            JsonValue text when text.GetValueKind() == JsonValueKind.String => [(name, text.GetValue<string>())],
            _ => [],
        };

    private static string? TextOf(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
