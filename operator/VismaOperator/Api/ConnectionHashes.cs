using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace VismaOperator.Api;

/// <summary>Hashes that tell which part of a spec changed: what a token is asked with, or only how it is presented.</summary>
internal static class ConnectionHashes
{
    /// <summary>What a token is asked with, as far as the connection decides it. Scopes are a set, so their order does not count.</summary>
    public static string Inputs(VismaConnection connection) => ShortHash.Of(
        connection.ClientName().ToString(),
        connection.Spec.Grant.ToString(),
        connection.Spec.TenantId?.ToLowerInvariant(),
        connection.Spec.AllScopes ? "*" : string.Join(' ', connection.Spec.RequestedScopes().Order(StringComparer.Ordinal)));

    /// <summary>How the Secret is rendered around the token.</summary>
    public static string Layout(VismaConnection connection)
    {
        var template = connection.Spec.Secret.Template;
        return ShortHash.Of(
            connection.Spec.ErpApiVersionName(),
            connection.Spec.EffectiveBaseUrl(),
            connection.Spec.Secret.DeletionPolicy.ToString(),
            template?.Type,
            Flat(template?.Data),
            Flat(template?.Metadata?.Labels),
            Flat(template?.Metadata?.Annotations));
    }

    private static string Flat(IReadOnlyDictionary<string, string>? pairs) =>
        ShortHash.Of([
            .. (pairs ?? new Dictionary<string, string>())
                .OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .SelectMany(pair => (string[])[pair.Key, pair.Value]),
        ]);
}

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
