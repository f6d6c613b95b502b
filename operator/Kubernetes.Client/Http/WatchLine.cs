using System.Buffers;
using System.Text.Json;

namespace Kubernetes.Client.Http;

/// <summary>
/// Reads one line of a watch: <c>{"type": ..., "object": ...}</c>. The object is parsed once, as what the type says it is, and not at all
/// where the caller knows it.
/// </summary>
internal static class WatchLine
{
    /// <summary>The event; null for a type that this client does not know.</summary>
    /// <exception cref="JsonException">The line is no watch event.</exception>
    /// <exception cref="InvalidOperationException">A string of it is not UTF-8, or has half a surrogate pair.</exception>
    /// <exception cref="KubernetesException">The line is an ERROR event.</exception>
    public static WatchEvent<T>? Read<T>(
        in ReadOnlySequence<byte> line,
        ResourceRequest request,
        Func<NamespacedName, string, bool>? isKnown
    )
        where T : class, IResource<T>
    {
        var reader = new Utf8JsonReader(line);
        string? type = null;
        var sawObject = false;
        Utf8JsonReader early = default; // where the object begins, should it ever come before its type
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("The line is no JSON object.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isObject = reader.ValueTextEquals("object"u8);
            reader.Read();
            if (isType)
            {
                type = reader.GetString();
            }
            else if (isObject && type is not null)
            {
                return Event<T>(type, ref reader, request, isKnown);
            }
            else if (isObject)
            {
                sawObject = true;
                early = reader;
            }

            reader.Skip();
        }

        if (type is null || !sawObject)
        {
            throw new JsonException("The line has no type or no object.");
        }

        return Event<T>(type, ref early, request, isKnown);
    }

    private static WatchEvent<T>? Event<T>(
        string type,
        ref Utf8JsonReader reader,
        ResourceRequest request,
        Func<NamespacedName, string, bool>? isKnown
    )
        where T : class, IResource<T>
    {
        switch (type)
        {
            case "ADDED" or "MODIFIED" when isKnown is not null && VersionIfKnown(reader, isKnown) is { } version:
                return new WatchEvent<T>.Bookmark(version);
            case "ADDED" or "MODIFIED":
                return new WatchEvent<T>.Applied(Resource<T>(ref reader));
            case "DELETED":
                return new WatchEvent<T>.Deleted(Resource<T>(ref reader));
            case "BOOKMARK":
                var bookmark = JsonSerializer.Deserialize(ref reader, ApiJsonContext.Default.VersionedObject);
                return new WatchEvent<T>.Bookmark(
                    bookmark?.Metadata?.ResourceVersion ?? throw new JsonException("The bookmark has no version.")
                )
                {
                    EndsInitialEvents = bookmark.Metadata.Annotations?.GetValueOrDefault("k8s.io/initial-events-end") == "true",
                };
            case "ERROR":
                throw ApiFailure.FromEvent(JsonSerializer.Deserialize(ref reader, ApiJsonContext.Default.ApiStatus), request);
            default:
                return null;
        }
    }

    // From a copy of the reader: whoever needs the object reads it from its beginning.
    private static string? VersionIfKnown(Utf8JsonReader reader, Func<NamespacedName, string, bool> isKnown)
    {
        if (!MoveTo(ref reader, "metadata"u8) || reader.TokenType != JsonTokenType.StartObject)
        {
            return null;
        }

        string? namespaceName = null, name = null, version = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isNamespace = reader.ValueTextEquals("namespace"u8);
            var isName = reader.ValueTextEquals("name"u8);
            var isVersion = reader.ValueTextEquals("resourceVersion"u8);
            reader.Read();
            if ((isNamespace || isName || isVersion) && reader.TokenType == JsonTokenType.String)
            {
                var text = reader.GetString();
                (namespaceName, name, version) = (
                    isNamespace ? text : namespaceName,
                    isName ? text : name,
                    isVersion ? text : version
                );
            }

            reader.Skip();
        }

        return name is not null && version is not null && isKnown(new NamespacedName(namespaceName ?? string.Empty, name), version)
            ? version
            : null;
    }

    // Moves the reader to the value of a member of the current object.
    private static bool MoveTo(ref Utf8JsonReader reader, ReadOnlySpan<byte> member)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isIt = reader.ValueTextEquals(member);
            reader.Read();
            if (isIt)
            {
                return true;
            }

            reader.Skip();
        }

        return false;
    }

    private static T Resource<T>(ref Utf8JsonReader reader)
        where T : class, IResource<T> =>
        JsonSerializer.Deserialize(ref reader, T.JsonTypeInfo) ?? throw new JsonException("The object of the event is null.");
}
