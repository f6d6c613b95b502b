using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kubernetes.Client.Resources;

/// <summary>
/// Reads short texts that were read lately as the same string. A cache of thousands of objects holds the same words again and again: keys
/// of labels and annotations, types and reasons of conditions, names of namespaces and clients.
/// </summary>
/// <remarks>
/// Each text has one place, which the next text of that place takes. So the memory is bounded, and threads need no lock: at worst a text is
/// not shared.
/// </remarks>
public sealed class SharedStringConverter : JsonConverter<string>
{
    private const int LongestShared = 80; // characters

    private static readonly string?[] lately = new string?[1024];

    /// <inheritdoc/>
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.HasValueSequence || reader.ValueSpan.Length > LongestShared)
        {
            return reader.GetString();
        }

        Span<char> characters = stackalloc char[LongestShared];
        ReadOnlySpan<char> text = characters[..reader.CopyString(characters)];
        var place = (uint)string.GetHashCode(text, StringComparison.Ordinal) % lately.Length;
        return lately[place] is { } known && text.SequenceEqual(known) ? known : lately[place] = text.ToString();
    }

    /// <inheritdoc/>
    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Read(ref reader, typeToConvert, options)!;

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    /// <inheritdoc/>
    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value);
}
