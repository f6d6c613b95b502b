using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kubernetes.Client.Resources;

/// <summary>
/// Reads and writes an enum by the names that the schema lists. A name that this version does not know reads as
/// <paramref name="unrecognized"/> instead of failing: one object that a newer version stored must not make the list of
/// all objects unreadable. The rules report it.
/// </summary>
/// <param name="unrecognized">The value that stands for names of other versions.</param>
/// <param name="names">Every other value with its name.</param>
/// <typeparam name="TEnum">The enum.</typeparam>
public abstract class NamedEnumConverter<TEnum>(TEnum unrecognized, params (TEnum Value, string Name)[] names) : JsonConverter<TEnum>
    where TEnum : struct, Enum
{
    /// <inheritdoc/>
    public override TEnum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        foreach (var (value, name) in names)
        {
            if (name == text)
            {
                return value;
            }
        }

        return unrecognized;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TEnum value, JsonSerializerOptions options)
    {
        foreach (var (known, name) in names)
        {
            if (EqualityComparer<TEnum>.Default.Equals(known, value))
            {
                writer.WriteStringValue(name);
                return;
            }
        }

        writer.WriteNullValue();
    }
}
