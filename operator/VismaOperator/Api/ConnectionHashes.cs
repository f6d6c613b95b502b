using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>Hashes that show which part of a spec changed: what a token is requested with, or only how it is presented.</summary>
internal static class ConnectionHashes
{
    private static readonly string nothing = ShortHash.Of();

    /// <summary>
    /// What a token is requested with, as far as the connection decides it. Scopes are a set, so their order does not count.
    /// </summary>
    public static string Inputs(VismaConnection connection) => ShortHash.Of(
        connection.ClientName().ToString(),
        connection.Spec.Grant.ToString(),
        connection.Spec.TenantId?.ToLowerInvariant(),
        connection.Spec.AllScopes ? "*" : string.Join(' ', connection.Spec.RequestedScopes().Order(StringComparer.Ordinal)));

    /// <summary>How the Secret is rendered around the token.</summary>
    /// <remarks>
    /// A new part that may be absent is appended only where it is there, as the last one. A part that is null changes the hash, too: each
    /// Secret that exists would be written once more. The same holds for <see cref="Inputs"/>, where it would cost a token request.
    /// </remarks>
    public static string Layout(VismaConnection connection)
    {
        var template = connection.Spec.Secret.Template;
        ReadOnlySpan<string?> parts =
        [
            connection.Spec.ErpApiVersionName(),
            connection.Spec.EffectiveBaseUrl(),
            connection.Spec.Secret.DeletionPolicy.ToString(),
            template?.Type,
            Flat(template?.Data),
            Flat(template?.Metadata?.Labels),
            Flat(template?.Metadata?.Annotations),
        ];
        return connection.Spec.Secret.Presets is { Count: > 0 } presets
            ? ShortHash.Of([.. parts, "presets", string.Join(' ', presets.Order())])
            : ShortHash.Of(parts);
    }

    private static string Flat(IReadOnlyDictionary<string, string>? pairs) => pairs is null or { Count: 0 }
        ? nothing
        : ShortHash.Of([
            .. pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal)
                .SelectMany(pair => (string[])[pair.Key, pair.Value]),
        ]);
}

/// <summary>Short fingerprints that show whether something changed.</summary>
internal static class ShortHash
{
    private const int UsualBytes = 1024;

    /// <summary>64 bits: enough to notice a change, short enough for a status.</summary>
    public static string Of(params ReadOnlySpan<string?> parts)
    {
        var length = 0;
        foreach (var part in parts)
        {
            length += sizeof(int) + Encoding.UTF8.GetByteCount(part ?? string.Empty);
        }

        Span<byte> text = length > UsualBytes ? new byte[length] : stackalloc byte[UsualBytes];
        var rest = text;
        foreach (var part in parts)
        {
            var size = Encoding.UTF8.GetBytes(part, rest[sizeof(int)..]);
            BinaryPrimitives.WriteInt32LittleEndian(rest, part is null ? -1 : size);
            rest = rest[(sizeof(int) + size)..];
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..length], digest);
        return Convert.ToHexStringLower(digest[..8]);
    }

    /// <summary>128 bits, for content that somebody else may try to forge.</summary>
    public static string OfContent(IReadOnlyDictionary<string, SecretValue> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (key, value) in content.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Append(hash, key);
            Append(hash, value.Reveal());
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return Convert.ToHexStringLower(digest[..16]);
    }

    private static void Append(IncrementalHash hash, string text)
    {
        var size = Encoding.UTF8.GetByteCount(text);
        Span<byte> bytes = size > UsualBytes ? new byte[size] : stackalloc byte[UsualBytes];
        Append(hash, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    // Each part is preceded by its length, so that ("ab", "c") and ("a", "bc") differ; null and empty differ, too.
    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> size = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(size, part.Length);
        hash.AppendData(size);
        hash.AppendData(part);
    }
}
