using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace VismaOperator.Manifests;

/// <summary>
/// What an unquoted scalar means: the core schema of YAML 1.2 (<see href="https://yaml.org/spec/1.2.2/#103-core-schema"/>),
/// and where kubectl still reads YAML 1.1 (<c>yes</c>, <c>on</c>, <c>0777</c>), what kubectl reads, so that a manifest means
/// the same here as in a cluster. Dates stay texts.
/// </summary>
internal static class YamlScalars
{
    private static readonly Regex wholeNumber = new(@"^[-+]?(0|[1-9][0-9]*)\z", Linear);
    private static readonly Regex hexadecimal = new(@"^0x[0-9a-fA-F]+\z", Linear);
    private static readonly Regex octal = new(@"^0o?[0-7]+\z", Linear);
    private static readonly Regex fraction = new(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", Linear);

    // Time proportional to the text, whatever the text is.
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    /// <summary>The JSON value; null for YAML's null.</summary>
    internal static JsonNode? ToJson(YamlNode.Scalar scalar)
    {
        if (!scalar.IsPlain)
        {
            return JsonValue.Create(scalar.Text);
        }

        return scalar.Text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "y" or "Y" => JsonValue.Create(true),
            "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" or "n" or "N" => JsonValue.Create(false),
            var text => Number(text) ?? JsonValue.Create(text),
        };
    }

    private static JsonValue? Number(string text)
    {
        if (wholeNumber.IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return JsonValue.Create(whole);
        }

        if (Based(text) is { } based)
        {
            return JsonValue.Create(based);
        }

        return fraction.IsMatch(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real) && double.IsFinite(real)
            ? JsonValue.Create(real)
            : null;
    }

    private static long? Based(string text)
    {
        try
        {
            return text switch
            {
                _ when hexadecimal.IsMatch(text) => Convert.ToInt64(text[2..], 16),
                _ when octal.IsMatch(text) => Convert.ToInt64(text.TrimStart('0').TrimStart('o') is { Length: > 0 } digits ? digits : "0", 8),
                _ => null,
            };
        }
        catch (OverflowException)
        {
            return null;
        }
    }
}
