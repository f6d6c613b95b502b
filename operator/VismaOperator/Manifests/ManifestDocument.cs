using System.Text.Json.Nodes;
using Kubernetes.Client;

namespace VismaOperator.Manifests;

/// <summary>One object of a manifest: its content as JSON, and where each field stands in the file.</summary>
public sealed class ManifestDocument
{
    /// <summary>Namespace of an object that names none, as kubectl has it without a context.</summary>
    public const string DefaultNamespace = "default";

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

    /// <summary>True when the document is of that kind and version.</summary>
    public bool Is<T>()
        where T : class, IResource<T> =>
        Kind == T.ResourceKind.Kind && ApiVersion == T.ResourceKind.ApiVersion;

    /// <summary>Where a field stands; for one that is absent, where what should contain it stands.</summary>
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
        Content["metadata"] is JsonObject metadata && metadata[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : string.Empty;
}
