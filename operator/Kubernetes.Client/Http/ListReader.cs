using System.Buffers;
using System.Text.Json;

namespace Kubernetes.Client.Http;

/// <summary>
/// Reads a list of any kind while it arrives: each item becomes an object as soon as its last byte is there, and its text is forgotten. A
/// page of some megabytes is therefore never in memory as text. A generic wrapper type would need a contract for every kind; the reader
/// needs none.
/// </summary>
internal static class ListReader
{
    private const int UsualSize = 32 * 1024; // some items, in bytes

    /// <exception cref="JsonException">The text is no list.</exception>
    /// <exception cref="InvalidOperationException">A string of it is not UTF-8, or has half a surrogate pair.</exception>
    /// <exception cref="HttpRequestException">The answer is larger than the limit (in bytes).</exception>
    public static async Task<ResourcePage<T>> ReadAsync<T>(HttpResponseMessage response, int limit, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var list = new ListInProgress<T>();
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);

        // In one piece: where the text lies in several, reading it takes more than twice as long.
        var buffer = ArrayPool<byte>.Shared.Rent(UsualSize);
        var (length, all) = (0, 0L);
        try
        {
            while (true)
            {
                var more = await body.ReadAsync(buffer.AsMemory(length), cancellationToken);
                (length, all) = (length + more, all + more);
                if (all > limit)
                {
                    throw AnswerBody.TooLarge(response, limit);
                }

                var taken = list.Take(buffer.AsSpan(0, length), isAll: more == 0);
                if (more == 0)
                {
                    return list.ToPage();
                }

                length -= taken;
                buffer.AsSpan(taken, length).CopyTo(buffer);
                buffer = length > buffer.Length / 2 ? AnswerBody.Larger(buffer) : buffer;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>A list of which a part has arrived.</summary>
    private sealed class ListInProgress<T>
        where T : class, IResource<T>
    {
        private readonly List<T> items = [];
        private JsonReaderState state;
        private bool isWithinItems;
        private bool hasItems; // else it is some other object, and no list of nothing
        private ListMetadata? metadata;

        /// <summary>Takes what is complete, and says how much that was.</summary>
        public int Take(ReadOnlySpan<byte> text, bool isAll)
        {
            var reader = new Utf8JsonReader(text, isAll, state);
            var taken = reader;
            while (TryTakeNext(ref reader, text))
            {
                taken = reader;
            }

            state = taken.CurrentState;
            return (int)taken.BytesConsumed;
        }

        public ResourcePage<T> ToPage() => metadata?.ResourceVersion is { } version && hasItems
            ? new ResourcePage<T>(items, version, string.IsNullOrEmpty(metadata.Continue) ? null : metadata.Continue)
            : throw new JsonException("The list has no items, or no metadata.resourceVersion.");

        // False where the next member, or item, is not there to its end: the reader then stands somewhere within it.
        private bool TryTakeNext(ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
        {
            if (!reader.Read())
            {
                return false;
            }

            if (isWithinItems)
            {
                return TryTakeItem(ref reader, text);
            }

            return reader.TokenType switch
            {
                JsonTokenType.StartObject when reader.CurrentDepth == 0 => true,
                JsonTokenType.EndObject => true,
                JsonTokenType.PropertyName => TryTakeMember(ref reader),
                _ => throw new JsonException($"Expected an object with members, not {reader.TokenType}."),
            };
        }

        private bool TryTakeItem(ref Utf8JsonReader reader, ReadOnlySpan<byte> text)
        {
            if (reader.TokenType == JsonTokenType.EndArray)
            {
                isWithinItems = false;
                return true;
            }

            var start = (int)reader.TokenStartIndex;
            var end = reader;
            if (!end.TrySkip())
            {
                return false;
            }

            // Its text rather than the reader, with which the serializer would look for the end once more.
            var item = text[start..(int)end.BytesConsumed];
            items.Add(JsonSerializer.Deserialize(item, T.JsonTypeInfo) ?? throw new JsonException("An item of the list is null."));
            reader = end;
            return true;
        }

        private bool TryTakeMember(ref Utf8JsonReader reader)
        {
            var isItems = reader.ValueTextEquals("items"u8);
            var isMetadata = reader.ValueTextEquals("metadata"u8);
            if (!reader.Read())
            {
                return false;
            }

            if (isItems)
            {
                hasItems = true;
                isWithinItems = reader.TokenType switch
                {
                    JsonTokenType.StartArray => true,
                    JsonTokenType.Null => false,
                    _ => throw new JsonException("The items are no list."),
                };
                return true;
            }

            if (!isMetadata)
            {
                return reader.TrySkip();
            }

            if (!IsWhole(reader))
            {
                return false;
            }

            metadata = JsonSerializer.Deserialize(ref reader, ApiJsonContext.Default.ListMetadata);
            return true;
        }

        // Of a copy: the value is still to be read.
        private static bool IsWhole(Utf8JsonReader reader) => reader.TrySkip();
    }
}
