using System.Text.Json;

namespace OAuth;

/// <summary>Reads the JSON of a server that is not trusted to send any.</summary>
internal static class AnswerJson
{
    private static readonly JsonDocumentOptions strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>The document when the bytes are one JSON object without repeated members; otherwise null.</summary>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> body)
    {
        var start = body.Span.StartsWith(ByteOrderMark) ? ByteOrderMark.Length : 0;
        try
        {
            var document = JsonDocument.Parse(body[start..], strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The text of a member; null when it is absent or not a string.</summary>
    /// <exception cref="InvalidOperationException">The string is not valid Unicode.</exception>
    public static string? Text(this JsonElement element, string member) =>
        element.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
