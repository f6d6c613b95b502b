using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OAuth;

namespace VismaOperator.Grants;

/// <summary>Texts that nobody can guess, and what is stored of such a text in its place.</summary>
internal static class Unguessable
{
    private const int Length = 32; // bytes, 43 characters; RFC 6749 section 10.10 asks for a chance of at most 2^-160

    /// <summary>A new one, in base64url.</summary>
    public static Sensitive New(Func<int, byte[]> randomBytes) => Sensitive.From(Base64Url.EncodeToString(randomBytes(Length)));

    /// <summary>Its hash (SHA-256, hexadecimal). Safe to store of what nobody can guess, and of nothing else.</summary>
    public static string HashOf(Sensitive text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.Reveal())));
}
