using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kubernetes.Client.Resources;
using OAuth;
using VismaOperator.Api;

namespace VismaOperator.Grants;

/// <summary>Reads and writes the values of a Secret as texts, instants and numbers. What cannot be read reads as absent.</summary>
internal sealed class SecretText
{
    private const long MaxNumber = 1L << 53;

    private readonly Dictionary<string, SecretValue> values;

    /// <summary>Nothing yet.</summary>
    public SecretText()
    {
        values = new(StringComparer.Ordinal);
    }

    public SecretText(IReadOnlyDictionary<string, SecretValue>? data)
    {
        values = new(data ?? new Dictionary<string, SecretValue>(), StringComparer.Ordinal);
    }

    /// <summary>All values, for a Secret.</summary>
    public IReadOnlyDictionary<string, SecretValue> Data => values;

    /// <summary>All values but those of some keys.</summary>
    public IReadOnlyDictionary<string, SecretValue> Without(IReadOnlySet<string> keys) =>
        values.Where(pair => !keys.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal);

    /// <summary>A text; null when absent or empty.</summary>
    public string? Text(string key) => values.TryGetValue(key, out var value) && value.Length > 0 ? value.RevealText() : null;

    /// <summary>A secret text; null when absent or empty.</summary>
    public Sensitive? Sensitive(string key) => Text(key) is { } text ? OAuth.Sensitive.From(text) : null;

    /// <summary>An instant of this millennium (RFC 3339, UTC), so that it can be reckoned with; null when absent or unreadable.</summary>
    public DateTimeOffset? Instant(string key) => SecretInstant.Parse(Text(key));

    /// <summary>A whole number that JSON can hold exactly; null when absent or unreadable.</summary>
    public long? Number(string key) =>
        long.TryParse(Text(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < MaxNumber ? number : null;

    /// <summary>True or false; null when absent or unreadable.</summary>
    public bool? Truth(string key) => bool.TryParse(Text(key), out var truth) ? truth : null;

    /// <summary>Sets a text; null and empty leave the key out.</summary>
    public SecretText Set(string key, string? text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            values[key] = SecretValue.FromText(text);
        }

        return this;
    }

    public SecretText Set(string key, Sensitive text) => Set(key, text.Reveal());

    /// <summary>Sets an instant, to the second; null leaves the key out.</summary>
    public SecretText Set(string key, DateTimeOffset? instant) =>
        Set(key, instant is { } known ? SecretInstant.Text(known) : null);

    public SecretText Set(string key, long number) => Set(key, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>Sets true or false; null leaves the key out.</summary>
    public SecretText Set(string key, bool? truth) => Set(key, truth is { } known ? (known ? bool.TrueString : bool.FalseString) : null);
}

/// <summary>Texts that nobody can guess, and what is stored of such a text in its place.</summary>
internal static class Unguessable
{
    private const int Length = 32; // bytes, 43 characters; RFC 6749 section 10.10 asks for a chance of at most 2^-160

    /// <summary>A new one, in base64url.</summary>
    public static Sensitive New(Func<int, byte[]> randomBytes) => Sensitive.From(Base64Url.EncodeToString(randomBytes(Length)));

    /// <summary>Its hash (SHA-256, hexadecimal). Safe to store of what nobody can guess, and of nothing else.</summary>
    public static string HashOf(Sensitive text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.Reveal())));
}
