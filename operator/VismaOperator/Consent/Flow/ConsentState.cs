using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Kubernetes.Client;
using OAuth;
using VismaOperator.Api.Validation;
using VismaOperator.Grants;

namespace VismaOperator.Consent.Flow;

/// <summary>
/// The <c>state</c> parameter (RFC 6749 section 10.12): the connection's name, by which any replica finds the attempt, and what nobody can
/// guess. Only hashes of what a browser must show are stored, so that somebody who reads the cluster cannot finish another person's
/// consent.
/// </summary>
internal static class ConsentState
{
    private const int MaxNamespace = 63;
    private const int MaxName = 253;

    /// <summary>A new one.</summary>
    public static Sensitive New(NamespacedName connection, Func<int, byte[]> randomBytes) =>
        Sensitive.From(
            $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(connection.ToString()))}.{Unguessable.New(randomBytes).Reveal()}"
        );

    /// <summary>Whose it claims to be; null when it is none of ours. Proves nothing.</summary>
    public static NamespacedName? ConnectionOf(Sensitive state) =>
        state.Reveal().Split('.') is [var name, _]
        && Base64Url.IsValid(name)
        && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(name)).Split('/') is [var namespaceName, var connection]
            ? NameOf(namespaceName, connection)
            : null;

    /// <summary>The name of an object, from outside; null when it can be none.</summary>
    public static NamespacedName? NameOf(string namespaceName, string name) =>
        namespaceName.Length <= MaxNamespace
        && name.Length <= MaxName
        && Patterns.NamespaceName.IsMatch(namespaceName)
        && Patterns.Subdomain.IsMatch(name)
            ? new NamespacedName(namespaceName, name)
            : null;

    /// <summary>True when the hash is that of the text, in a time that says nothing of where they differ.</summary>
    public static bool Matches(string hash, Sensitive? text) =>
        text is not null
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(hash), Encoding.UTF8.GetBytes(Unguessable.HashOf(text)));
}
