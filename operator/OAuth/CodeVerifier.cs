using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace OAuth;

/// <summary>Makes the secrets of PKCE (RFC 7636), which bind an authorization code to the one who asked for it.</summary>
/// <param name="randomBytes">Gives so many bytes that nobody can guess, for example
/// <see cref="RandomNumberGenerator.GetBytes(int)"/>.</param>
public sealed class CodeVerifier(Func<int, byte[]> randomBytes)
{
    private const int Length = 32; // bytes, as RFC 7636 section 4.1 recommends: 43 characters

    /// <summary>A new verifier: 32 random bytes in base64url.</summary>
    public Sensitive New() => Sensitive.From(Base64Url.EncodeToString(randomBytes(Length)));

    /// <summary>The S256 challenge of a verifier: it may be seen by anybody, for the verifier cannot be computed from it.</summary>
    public static string ChallengeOf(Sensitive verifier) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier.Reveal())));
}
