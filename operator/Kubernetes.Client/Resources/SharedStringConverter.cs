using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kubernetes.Client.Resources;

/// <summary>
/// Short texts that were seen lately, each as the same string. A cache of thousands of objects holds the same words again and again: keys
/// of labels and annotations, types and reasons of conditions, names of namespaces and clients.
/// </summary>
/// <remarks>
/// Each text has one slot, which the next text of that slot takes. So the memory is bounded, and threads need no lock: at worst a text is
/// not shared.
/// </remarks>
public static class SharedStrings
{
    /// <summary>Longer texts are not shared (characters).</summary>
    internal const int Longest = 80;

    private static readonly string?[] lately = new string?[1024];

    /// <summary>The same text, as the string that others have, too. For what gets into a cache and was not read from JSON.</summary>
    public static string Of(string text) => text.Length > Longest ? text : Of(text, text);

    internal static string Of(ReadOnlySpan<char> text) => Of(text, made: null);

    private static string Of(ReadOnlySpan<char> text, string? made)
    {
        var slot = (uint)string.GetHashCode(text, StringComparison.Ordinal) % lately.Length;
        return lately[slot] is { } known && text.SequenceEqual(known) ? known : lately[slot] = made ?? text.ToString();
    }
}

/// <summary>Reads short texts as <see cref="SharedStrings"/>.</summary>
public sealed class SharedStringConverter : JsonConverter<string>
{
    /// <inheritdoc/>
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.HasValueSequence || reader.ValueSpan.Length > SharedStrings.Longest)
        {
            return reader.GetString();
        }

        Span<char> characters = stackalloc char[SharedStrings.Longest];
        return SharedStrings.Of(characters[..reader.CopyString(characters)]);
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
