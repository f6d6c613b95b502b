using System.Security.Cryptography;
using System.Text;

namespace OAuth;

/// <summary>
/// A token, code or client secret. It prints as <c>***</c> and has neither conversions nor a JSON converter, so that a
/// log line, an exception or a record's own <c>ToString</c> cannot leak it by accident.
/// </summary>
public sealed class Sensitive : IEquatable<Sensitive>
{
    private readonly string value;

    private Sensitive(string value) => this.value = value;

    /// <summary>Wraps a text that is not empty.</summary>
    /// <exception cref="ArgumentException">The text is empty; the message does not quote it.</exception>
    public static Sensitive From(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return new Sensitive(text);
    }

    /// <summary>The text. Every call is a place where a secret leaves its wrapper; keep them few and greppable.</summary>
    public string Reveal() => value;

    /// <summary>
    /// Recognises the text without saying it: the first 16 hexadecimal digits of its SHA-256. Only for what nobody can guess, as a token.
    /// </summary>
    public string Fingerprint() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)).AsSpan(0, 8));

    /// <summary>Compares in a time that depends on the lengths only.</summary>
    public bool FixedTimeEquals(Sensitive? other) =>
        other is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(value), Encoding.UTF8.GetBytes(other.value));

    /// <inheritdoc/>
    public bool Equals(Sensitive? other) => FixedTimeEquals(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => FixedTimeEquals(obj as Sensitive);

    /// <summary>Tells only lengths apart, so that a hash in a dump says nothing about the text.</summary>
    public override int GetHashCode() => value.Length;

    /// <summary>Always <c>***</c>.</summary>
    public override string ToString() => "***";
}
