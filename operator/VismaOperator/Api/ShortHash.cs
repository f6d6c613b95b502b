using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace VismaOperator.Api;

/// <summary>Short fingerprints that tell whether something changed.</summary>
internal static class ShortHash
{
    /// <summary>64 bits: enough to notice a change, short enough for a status.</summary>
    public static string Of(params ReadOnlySpan<string?> parts) => Digest(parts)[..16];

    /// <summary>128 bits, for content that somebody else may try to forge.</summary>
    public static string OfContent(params ReadOnlySpan<string?> parts) => Digest(parts)[..32];

    // Each part is preceded by its length, so that ("ab", "c") and ("a", "bc") differ; null and empty differ, too.
    private static string Digest(ReadOnlySpan<string?> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var part in parts)
        {
            var bytes = part is null ? [] : Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, part is null ? -1 : bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
