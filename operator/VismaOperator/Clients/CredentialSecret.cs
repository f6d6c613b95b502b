using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>
/// Which Secrets serve no client at all. A client may name every Secret of its namespace, and its author need not be allowed to read them.
/// So no token, grant or code of a connection is ever sent as a client secret or a client id.
/// </summary>
internal static class CredentialSecret
{
    /// <summary>Why nothing in the Secret is used as a credential; null when it may be.</summary>
    /// <param name="secret">The Secret.</param>
    /// <param name="client">The client that references it.</param>
    public static Problem? Objection(Secret secret, NamespacedName client) => IsOfAConnection(secret)
        ? new Problem(
            Reason.SecretHoldsToken,
            $"Secret {secret.Metadata.NamespacedName}, which OAuthClient {client} references, holds the token or the grant of a "
            + "VismaConnection, so nothing in it is used as a credential. Put the credential into a Secret of its own, and correct the "
            + "reference.")
        : null;

    /// <summary>A value as it is used. A trailing line break is what <c>echo secret | base64</c> leaves behind.</summary>
    public static string Trimmed(string value) => value.TrimEnd('\r', '\n');

    /// <summary>The value under a key, trimmed; empty when there is none.</summary>
    public static string ValueOf(Secret secret, string key) =>
        secret.Data is { } data && data.TryGetValue(key, out var found) ? Trimmed(found.RevealText()) : string.Empty;

    /// <summary>There is no value under the key.</summary>
    public static Problem NoValue(Secret secret, SecretKeyReference reference, NamespacedName client) =>
        new(
            Reason.SecretKeyNotFound,
            $"Secret {secret.Metadata.NamespacedName} has no value under the key {reference.Key}, which OAuthClient {client} references. "
            + "Add it, or correct the reference."
        );

    // One mark is enough here, since others may have been taken away. A Secret that is only lent holds nothing of ours yet.
    private static bool IsOfAConnection(Secret secret)
    {
        var meta = secret.Metadata;
        return secret.Type is VismaNames.GrantSecretType or VismaNames.HandoffSecretType
            || meta.Annotation(VismaNames.ConnectionAnnotation) is not null
            || (meta.OwnerReferences ?? []).Any(IsAConnection)
            || meta.Label(VismaNames.SecretLabel) switch
            {
                VismaNames.GrantSecretValue or VismaNames.HandoffSecretValue => true,
                VismaNames.TokenSecretValue => meta.Annotation(VismaNames.AdoptAnnotation) is null,
                _ => false,
            };
    }

    private static bool IsAConnection(OwnerReference owner) =>
        owner.Kind == VismaConnection.ResourceKind.Kind && owner.ApiVersion == VismaNames.ApiVersion;
}
