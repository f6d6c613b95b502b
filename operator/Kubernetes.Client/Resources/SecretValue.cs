using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kubernetes.Client.Resources;

/// <summary>
/// One value of a Secret. It prints as <c>***</c>, has no conversion to string, and only the JSON converter of the wire
/// and <see cref="Reveal"/> see the bytes, so that a log line or an exception cannot leak it by accident.
/// </summary>
public sealed class SecretValue : IEquatable<SecretValue>
{
    private readonly byte[] bytes;

    private SecretValue(byte[] bytes) => this.bytes = bytes;

    /// <summary>Length in bytes.</summary>
    public int Length => bytes.Length;

    /// <summary>Wraps a text as UTF-8.</summary>
    public static SecretValue FromText(string text) => new(Encoding.UTF8.GetBytes(text));

    /// <summary>Wraps the bytes themselves, which nobody else may hold.</summary>
    internal static SecretValue Own(byte[] bytes) => new(bytes);

    /// <summary>The bytes. Every call is a place where a secret leaves its wrapper; keep them few and greppable.</summary>
    public ReadOnlySpan<byte> Reveal() => bytes;

    /// <summary>The bytes as UTF-8 text. See <see cref="Reveal"/>.</summary>
    public string RevealText() => Encoding.UTF8.GetString(bytes);

    /// <inheritdoc/>
    public bool Equals(SecretValue? other) => other is not null && bytes.AsSpan().SequenceEqual(other.bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SecretValue);

    /// <inheritdoc/>
    public override int GetHashCode() => bytes.Length;

    /// <summary>Always <c>***</c>.</summary>
    public override string ToString() => "***";
}

/// <summary>Base64, as the API server writes <c>Secret.data</c>.</summary>
internal sealed class SecretValueConverter : JsonConverter<SecretValue>
{
    public override SecretValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SecretValue.Own(reader.GetBytesFromBase64());

    public override void Write(Utf8JsonWriter writer, SecretValue value, JsonSerializerOptions options) =>
        writer.WriteBase64StringValue(value.Reveal());
}

/// <summary>Text as it is, for a secret that is written openly.</summary>
internal sealed class SecretTextConverter : JsonConverter<SecretValue>
{
    public override SecretValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SecretValue.FromText(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, SecretValue value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Reveal());
}
