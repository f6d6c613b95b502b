using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using VismaOperator.VismaConnections;

namespace VismaOperator.Grants;

/// <summary>Takes in codes that <c>connect</c> obtained in a terminal and left in a Secret. Taking is deleting: a code works once.</summary>
internal sealed class HandoffDesk(IKubernetesClient client, Store<SecretMetadata> secrets, TimeProvider time)
{
    /// <summary>Key of the code.</summary>
    public const string Code = "code";

    /// <summary>Key of the PKCE verifier.</summary>
    public const string CodeVerifier = "code_verifier";

    /// <summary>Key of the redirect URI that the code was asked for with.</summary>
    public const string RedirectUri = "redirect_uri";

    /// <summary>Key of the time from which on the code is too old (RFC 3339, UTC).</summary>
    public const string ExpiresAt = "expires_at";

    /// <summary>True when a code waits for the connection.</summary>
    public bool HasOne(VismaConnection connection) => secrets.Find(connection.HandoffSecretName()) is { } found && HandoffSecret.IsOf(found.Metadata, connection.Metadata.Name);

    /// <summary>Takes the code out of its Secret. Null when it is too old, incomplete, or was taken by somebody else.</summary>
    public async Task<ConsentCode?> TakeAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var name = connection.HandoffSecretName();
        var secret = await client.FindAsync<Secret>(name, cancellationToken);
        if (secret is null || !HandoffSecret.IsOf(secret.Metadata, connection.Metadata.Name))
        {
            return null;
        }

        await client.DeleteAsync<SecretMetadata>(name, new DeletePreconditions(secret.Metadata.Uid, secret.Metadata.ResourceVersion), cancellationToken);
        secrets.ObserveDeletion(name, secret.Metadata.Uid);
        return HandoffSecret.Read(secret) is { } handoff && !(handoff.ExpirationTime <= time.GetUtcNow()) ? handoff.Code : null;
    }
}
