using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace VismaOperator.Manifests;

/// <summary>Turns the documents of a manifest into the records that the operator works with.</summary>
public static class ManifestConversion
{
    /// <summary>
    /// The objects of one kind. One that names no namespace is in <see cref="ManifestDocument.DefaultNamespace"/>; one that cannot be
    /// read becomes a problem with its position.
    /// </summary>
    /// <param name="documents">Documents of any kinds; others are left out.</param>
    /// <param name="problems">Takes what could not be read.</param>
    public static IReadOnlyList<T> ReadAll<T>(IEnumerable<ManifestDocument> documents, ICollection<ManifestProblem> problems)
        where T : class, IResource<T> =>
        [.. documents.Where(document => document.Is<T>()).Select(document => ToResource<T>(document, problems)).OfType<T>()];

    /// <summary>The object, or null with a problem when the document does not fit the record.</summary>
    public static T? ToResource<T>(ManifestDocument document, ICollection<ManifestProblem> problems)
        where T : class, IResource<T> => ToResource<T>(document, document.Content, problems);

    /// <summary>The same with another content than the document's own.</summary>
    internal static T? ToResource<T>(ManifestDocument document, JsonObject written, ICollection<ManifestProblem> problems)
        where T : class, IResource<T>
    {
        var content = (JsonObject)WithoutNulls(written)!;
        if (typeof(T) == typeof(Secret) && !MergeStringData(document, content, problems))
        {
            return null;
        }

        try
        {
            return content.Deserialize(T.JsonTypeInfo) is { } resource ? WithNamespace(resource) : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            var path = (exception as JsonException)?.Path?.TrimStart('$', '.') ?? string.Empty;
            problems.Add(
                new(
                    document.File,
                    document.PositionOf(path),
                    $"{(path.Length == 0 ? document.Kind : path)} cannot be read: a value is missing or has another type than expected"
                )
            );
            return null;
        }
    }

    private static T WithNamespace<T>(T resource)
        where T : class, IResource<T> =>
        T.ResourceKind.IsNamespaced && string.IsNullOrEmpty(resource.Metadata.Namespace)
            ? resource.WithMetadata(resource.Metadata with { Namespace = ManifestDocument.DefaultNamespace })
            : resource;

    // The API server drops nulls from fields that are not nullable, which is all of them here.
    private static JsonNode? WithoutNulls(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.Where(member => member.Value is not null)
            .Select(member => KeyValuePair.Create(member.Key, WithoutNulls(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(WithoutNulls)]),
        _ => node?.DeepClone(),
    };

    // As the API server does it: values of stringData replace those of data.
    private static bool MergeStringData(ManifestDocument document, JsonObject content, ICollection<ManifestProblem> problems)
    {
        var data = content["data"] as JsonObject ?? [];
        foreach (var (key, value) in content["stringData"] as JsonObject ?? [])
        {
            if (!IsText(value, out var text))
            {
                problems.Add(NotText(document, FieldPath.Member("stringData", key), "quote the value"));
                return false;
            }

            data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        }

        foreach (var (key, value) in data)
        {
            if (!IsText(value, out var text) || !Base64.IsValid(text))
            {
                problems.Add(NotText(document, FieldPath.Member("data", key), "encode the value with base64, or use stringData"));
                return false;
            }
        }

        content.Remove("stringData");
        content["data"] = data.Parent is null ? data : data.DeepClone();
        return true;
    }

    private static bool IsText(JsonNode? node, out string text)
    {
        text = string.Empty;
        return node is JsonValue value && value.TryGetValue(out text!);
    }

    // Never with the value: it is a secret, or was meant to be one.
    private static ManifestProblem NotText(ManifestDocument document, string path, string remedy) =>
        new(document.File, document.PositionOf(path), $"{path} cannot be read: {remedy}");
}
