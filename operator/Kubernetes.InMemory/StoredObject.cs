using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.InMemory;

/// <summary>
/// One version of an object. The JSON is kept as bytes, since <see cref="JsonNode"/> is not safe for concurrent readers
/// and an object handed out must never change what is stored.
/// </summary>
internal sealed record StoredObject(ResourceKind Kind, ObjectMeta Metadata, long Version, byte[] Json)
{
    public NamespacedName Name => Metadata.NamespacedName;

    public string Uid => Metadata.Uid ?? string.Empty;

    public bool IsBeingDeleted => Metadata.DeletionTimestamp is not null;

    public static StoredObject From(ResourceKind kind, JsonObject json, long version)
    {
        json.Metadata()["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture);
        var metadata = json.Metadata().Deserialize(KubernetesJsonContext.Default.ObjectMeta)!;
        return new StoredObject(kind, metadata, version, JsonTrees.ToUtf8(json));
    }

    /// <summary>A fresh tree that the caller may change.</summary>
    public JsonObject Parse() => JsonNode.Parse(Json)!.AsObject();

    /// <summary>This state under another version: what a watcher sees of an object that was deleted or left its selector.</summary>
    public StoredObject At(long version) => From(Kind, Parse(), version);

    public T As<T>()
        where T : class, IResource<T> => JsonSerializer.Deserialize(Json, T.JsonTypeInfo)!;
}
