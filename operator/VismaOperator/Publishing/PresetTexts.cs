using System.Buffers;
using System.Text;
using System.Text.Json;
using VismaOperator.Api;

namespace VismaOperator.Publishing;

/// <summary>
/// The keys that presets write, from the values of the standard keys. Each escapes values as its format needs it; a template does not.
/// </summary>
internal static class PresetTexts
{
    // What the Service Binding Specification calls the abstract classification of a binding, and who provides it.
    private const string BindingType = "visma";
    private const string BindingProvider = "visma-operator";

    private static readonly JsonWriterOptions indented = new() { Indented = true, NewLine = "\n" };

    // A shell, and each of the libraries that read such files, takes these as they are. A tilde after the equals sign is a home directory.
    private static readonly SearchValues<char> plain = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:@%+,="
    );

    private static readonly SearchValues<char> specialInQuotes = SearchValues.Create("\\\"$`");

    /// <summary>The keys of a preset with their texts.</summary>
    /// <param name="preset">Which one.</param>
    /// <param name="valueOf">The value of a standard key.</param>
    public static IEnumerable<(string Key, string Text)> Of(SecretPreset preset, Func<string, string> valueOf) => preset switch
    {
        SecretPreset.DotEnv => [(PresetKeys.DotEnv, DotEnv(valueOf))],
        SecretPreset.AppSettings => [(PresetKeys.AppSettings, AppSettings(valueOf))],
        SecretPreset.Curl => [(PresetKeys.Curl, Curl(valueOf))],
        SecretPreset.ServiceBinding =>
        [
            (PresetKeys.Type, BindingType),
            (PresetKeys.Provider, BindingProvider),
            (PresetKeys.Uri, valueOf(StandardKeys.BaseUrl)),
        ],
        _ => [],
    };

    private static string DotEnv(Func<string, string> valueOf) =>
        string.Concat(StandardKeys.All.Select(key => $"VISMA_{key.ToUpperInvariant()}={Quoted(valueOf(key))}\n"));

    // In single quotes every other character is literal. In double quotes a shell interprets four characters.
    private static string Quoted(string value)
    {
        if (!value.AsSpan().ContainsAnyExcept(plain))
        {
            return value;
        }

        return value.Contains('\'', StringComparison.Ordinal) ? $"\"{Escaped(value, specialInQuotes)}\"" : $"'{value}'";
    }

    private static string Escaped(string value, SearchValues<char> special)
    {
        var text = new StringBuilder(value.Length);
        foreach (var character in value)
        {
            if (special.Contains(character))
            {
                text.Append('\\');
            }

            text.Append(character);
        }

        return text.ToString();
    }

    private static string AppSettings(Func<string, string> valueOf)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, indented))
        {
            json.WriteStartObject();
            json.WriteStartObject("Visma");
            foreach (var key in StandardKeys.All)
            {
                json.WriteString(InPascalCase(key), valueOf(key));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static string InPascalCase(string key) =>
        string.Concat(key.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    // In quotes curl takes a backslash for the beginning of an escape (curl(1), --config).
    private static string Curl(Func<string, string> valueOf) =>
        $"header = \"Authorization: {valueOf(StandardKeys.Authorization)
            .Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)}\"\n";
}
