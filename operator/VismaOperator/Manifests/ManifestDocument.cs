using System.Text.Json.Nodes;
using Kubernetes.Client;

namespace VismaOperator.Manifests;

/// <summary>One object of a manifest: its content as JSON, and the position of each field in the file.</summary>
public sealed class ManifestDocument
{
    /// <summary>Namespace of an object that names none, as kubectl has it without a context.</summary>
    public const string DefaultNamespace = "default";

    private static readonly string[] secretParts = ["data", "stringData"];

    private readonly IReadOnlyDictionary<string, Position> positions;

    internal ManifestDocument(string file, JsonObject content, IReadOnlyDictionary<string, Position> positions)
    {
        File = file;
        Content = content;
        this.positions = positions;
    }

    /// <summary>The file as it was named.</summary>
    public string File { get; }

    /// <summary>The content as JSON, values as kubectl reads them. Treat it as immutable.</summary>
    public JsonObject Content { get; }

    /// <summary><c>group/version</c>; empty when the field is missing or not a text.</summary>
    public string ApiVersion => Text("apiVersion");

    /// <summary>The kind; empty when the field is missing or not a text.</summary>
    public string Kind => Text("kind");

    /// <summary>The name; empty when the field is missing or not a text.</summary>
    public string Name => MetadataText("name");

    /// <summary>The namespace; null when none is named.</summary>
    public string? Namespace => MetadataText("namespace") is { Length: > 0 } name ? name : null;

    /// <summary>Namespace (<see cref="DefaultNamespace"/> when none is named) and name, for a namespaced kind.</summary>
    public NamespacedName NamespacedName => new(Namespace ?? DefaultNamespace, Name);

    /// <summary>Keys that kubectl reads as another text than is written, such as <c>no</c> as <c>false</c>.</summary>
    internal IReadOnlyList<TurnedKey> TurnedKeys { get; init; } = [];

    /// <summary>True when kubectl refuses the document, even if parts of it can be read.</summary>
    internal bool IsRejected { get; set; }

    /// <summary>True when its name or namespace is still to be rendered.</summary>
    internal bool IsTemplate => (Name + Namespace).Contains("{{", StringComparison.Ordinal);

    /// <summary>
    /// What shows that SOPS has encrypted the document: its own key, or the first value of a Secret; null when nothing does.
    /// </summary>
    internal string? EncryptedPath
    {
        get
        {
            if (Content["sops"] is JsonObject)
            {
                return "sops";
            }

            var values = secretParts.SelectMany(part => (Content[part] as JsonObject ?? []).Select(entry => (Part: part, Entry: entry)));
            return values
                .Where(value =>
                    value.Entry.Value is JsonValue scalar
                    && scalar.TryGetValue<string>(out var text)
                    && text.StartsWith("ENC[", StringComparison.Ordinal)
                    && text.EndsWith(']')
                )
                .Select(value => FieldPath.Member(value.Part, value.Entry.Key))
                .FirstOrDefault();
        }
    }

    /// <summary>True when the document is of that kind and version.</summary>
    public bool Is<T>()
        where T : class, IResource<T> =>
        Kind == T.ResourceKind.Kind && ApiVersion == T.ResourceKind.ApiVersion;

    /// <summary>The position of a field; for one that is absent, the position of its parent.</summary>
    /// <param name="path">Path as <see cref="FieldPath"/> writes it.</param>
    public Position PositionOf(string path)
    {
        while (path.Length > 0 && !positions.ContainsKey(path))
        {
            path = FieldPath.Parent(path);
        }

        return positions[path];
    }

    private string Text(string name) => Content[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : string.Empty;

    private string MetadataText(string name) =>
        Content["metadata"] is JsonObject metadata && metadata[name] is JsonValue value && value.TryGetValue<string>(out var text)
            ? text
            : string.Empty;
}

/// <summary>A key that kubectl reads as another text than is written.</summary>
/// <param name="Path">The field, by the key that kubectl reads.</param>
/// <param name="Written">The key as it is written.</param>
/// <param name="Read">The key that kubectl reads.</param>
internal sealed record TurnedKey(string Path, string Written, string Read);
