using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace VismaOperator.Manifests;

/// <summary>
/// What a scalar means to kubectl, which reads YAML 1.1 with the numbers of Go: <c>yes</c> is true, <c>0777</c> is octal, <c>1_000</c> is a
/// thousand. A manifest then means the same here as in a cluster. Dates stay texts.
/// </summary>
internal static class YamlScalars
{
    private const string TagPrefix = "tag:yaml.org,2002:";

    private static readonly Regex whole = new(
        @"^(?<sign>[-+]?)(0[xX](?<hexadecimal>[0-9a-fA-F]+)|0[bB](?<binary>[01]+)|0[oO]?(?<octal>[0-7]+)|(?<decimal>0|[1-9][0-9]*))\z",
        Linear
    );
    private static readonly Regex fraction = new(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\z", Linear);
    private static readonly Regex infinite = new(@"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\z", Linear);

    // Time proportional to the text, for any text.
    private const RegexOptions Linear = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant;

    private static readonly string[] instants =
    [
        "yyyy-M-d", "yyyy-M-d H:m:s.FFFFFFF",
        .. new[] { "T", "t" }.SelectMany(letter => new[] { "'Z'", "zzz" }.Select(zone => $"yyyy-M-d'{letter}'H:m:s.FFFFFFF{zone}")),
    ];

    /// <summary>The JSON value; null for YAML's null.</summary>
    /// <exception cref="FormatException">kubectl refuses it; the message says why, without the value.</exception>
    internal static JsonNode? ToJson(YamlNode.Scalar scalar)
    {
        var value = Resolve(scalar);
        return value is double.PositiveInfinity or double.NegativeInfinity or double.NaN
            ? throw new FormatException("infinity and not-a-number are no values of JSON: put it in quotes, or write a number")
            : value switch
            {
                null => null,
                bool truth => JsonValue.Create(truth),
                long number => JsonValue.Create(number),
                ulong number => JsonValue.Create(number),
                double number => JsonValue.Create(number),
                _ => JsonValue.Create((string)value),
            };
    }

    /// <summary>The key that kubectl makes of a scalar.</summary>
    /// <exception cref="FormatException">kubectl refuses it.</exception>
    internal static string ToKey(YamlNode.Scalar scalar) => Resolve(scalar) switch
    {
        string text => text,
        bool truth => truth ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => ShortText(number),
        null => throw new FormatException("an empty key is refused by kubectl: write a key, or put it in quotes"),
        _ => throw new FormatException("a number of this size is refused as a key by kubectl: put it in quotes"),
    };

    private static object? Resolve(YamlNode.Scalar scalar)
    {
        var tag = scalar.Tag.StartsWith(TagPrefix, StringComparison.Ordinal) ? scalar.Tag[TagPrefix.Length..] : scalar.Tag;
        switch (tag)
        {
            case "" when scalar.IsPlain:
                return Plain(scalar.Text);
            case "binary":
                return Encoding.UTF8.GetString(FromBase64(scalar.Text));
            case "int" or "float" or "bool" or "null":
                return Tagged(tag, Plain(scalar.Text));
            case "timestamp" when !IsInstant(scalar.Text):
                throw new FormatException("the value is not a time, as its tag !!timestamp says");
            default:
                return scalar.Text;
        }
    }

    private static bool IsInstant(string text) =>
        DateTimeOffset.TryParseExact(text, instants, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _);

    private static object? Tagged(string tag, object? value) => (tag, value) switch
    {
        ("int", long or ulong) or ("float", double) or ("bool", bool) or ("null", null) => value,
        ("float", long number) => (double)number,
        ("float", ulong number) => (double)number,
        _ => throw new FormatException($"the value is not what its tag !!{tag} says"),
    };

    private static object? Plain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => null,
        "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" or "y" or "Y" => true,
        "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF" or "n" or "N" => false,
        _ when char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' or '.' => Number(text) ?? text,
        _ => text,
    };

    private static object? Number(string text)
    {
        if (infinite.IsMatch(text))
        {
            return text.EndsWith("f", StringComparison.OrdinalIgnoreCase)
                ? text[0] == '-'
                    ? double.NegativeInfinity
                    : double.PositiveInfinity
                : double.NaN;
        }

        // Go takes underscores out before it reads a number, but not from one that begins with a dot.
        var plain = text[0] == '.' ? text : text.Replace("_", string.Empty, StringComparison.Ordinal);
        return Whole(plain) ?? Real(plain);
    }

    private static object? Whole(string text)
    {
        if (whole.Match(text) is not { Success: true } match)
        {
            return null;
        }

        var magnitude = match.Groups["hexadecimal"] is { Success: true } hexadecimal ? Digits(hexadecimal.Value, 16)
            : match.Groups["binary"] is { Success: true } binary ? Digits(binary.Value, 2)
            : match.Groups["octal"] is { Success: true } octal ? Digits(octal.Value, 8)
            : Digits(match.Groups["decimal"].Value, 10);
        var number = text[0] == '-' ? -magnitude : magnitude;
        if (number >= long.MinValue && number <= long.MaxValue)
        {
            return (long)number;
        }

        return number > 0 && number <= ulong.MaxValue && text[0] != '+' ? (ulong)number : null;
    }

    private static object? Real(string text) =>
        fraction.IsMatch(text)
        && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var real)
        && double.IsFinite(real)
            ? real
            : null;

    // More digits than 64 bits can hold need no exact value.
    private static BigInteger Digits(string digits, int radix) =>
        digits.TrimStart('0') is { Length: <= 64 } significant
            ? significant.Aggregate(BigInteger.Zero, (sum, digit) => (sum * radix) + Convert.ToInt32(digit.ToString(), 16))
            : new BigInteger(ulong.MaxValue) + 1;

    // As Go writes a float of 32 bits in its shortest form.
    private static string ShortText(double number)
    {
        var single = (float)number;
        return single switch
        {
            float.PositiveInfinity when double.IsInfinity(number) => ".inf",
            float.NegativeInfinity when double.IsInfinity(number) => "-.inf",
            float.NaN => ".nan",
            _ when single == 0 || Math.Abs(single) is >= 1e-4f and < 1e6f => single.ToString("R", CultureInfo.InvariantCulture),
            _ => single.ToString("0.######e+00", CultureInfo.InvariantCulture),
        };
    }

    private static byte[] FromBase64(string text)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException exception)
        {
            throw new FormatException("the value is not base64, as its tag !!binary says", exception);
        }
    }
}
