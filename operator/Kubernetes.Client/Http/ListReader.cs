using System.Text.Json;

namespace Kubernetes.Client.Http;

/// <summary>Reads a list of any kind. A generic wrapper type would need a contract for every kind; the reader needs none.</summary>
internal static class ListReader
{
    /// <exception cref="JsonException">The text is no list.</exception>
    public static ResourcePage<T> Read<T>(ReadOnlySpan<byte> json)
        where T : class, IResource<T>
    {
        var reader = new Utf8JsonReader(json);
        var items = new List<T>();
        ListMetadata? metadata = null;
        ReadToken(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("metadata"u8))
            {
                reader.Read();
                metadata = JsonSerializer.Deserialize(ref reader, ApiJsonContext.Default.ListMetadata);
            }
            else if (reader.ValueTextEquals("items"u8))
            {
                ReadItems(ref reader, items);
            }
            else
            {
                reader.Skip();
            }
        }

        return metadata?.ResourceVersion is { } version
            ? new ResourcePage<T>(items, version, string.IsNullOrEmpty(metadata.Continue) ? null : metadata.Continue)
            : throw new JsonException("The list has no metadata.resourceVersion.");
    }

    private static void ReadItems<T>(ref Utf8JsonReader reader, List<T> items)
        where T : class, IResource<T>
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(JsonSerializer.Deserialize(ref reader, T.JsonTypeInfo) ?? throw new JsonException("An item of the list is null."));
        }
    }

    private static void ReadToken(ref Utf8JsonReader reader, JsonTokenType expected)
    {
        if (!reader.Read() || reader.TokenType != expected)
        {
            throw new JsonException($"Expected {expected}.");
        }
    }
}
