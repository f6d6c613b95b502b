using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kubernetes.Client.Resources;

/// <summary>
/// <c>metav1.Time</c>: RFC 3339 in UTC with whole seconds. Custom resources keep the string as sent, so a fraction
/// would come back and make every comparison of a status differ.
/// </summary>
public sealed class TimeConverter : JsonConverter<DateTimeOffset>
{
    /// <summary>The format that the API server itself writes.</summary>
    public const string Format = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <inheritdoc/>
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToUniversalTime();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        TimeText.Write(writer, value, Format);
}

/// <summary><c>metav1.MicroTime</c>: RFC 3339 in UTC with exactly six digits of fraction; the API server parses no other form.</summary>
internal sealed class MicroTimeConverter : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset().ToUniversalTime();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        TimeText.Write(writer, value, Format);
}

/// <summary>Writes times without a string for each: a status has up to a dozen.</summary>
internal static class TimeText
{
    private const int Enough = 32; // the longer of the formats has 27 characters

    public static void Write(Utf8JsonWriter writer, DateTimeOffset value, string format)
    {
        Span<byte> text = stackalloc byte[Enough];
        value.UtcDateTime.TryFormat(text, out var length, format, CultureInfo.InvariantCulture);
        writer.WriteStringValue(text[..length]);
    }
}
