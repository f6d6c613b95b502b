using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using VismaOperator.OAuthClients;
using VismaOperator.VismaConnections;

namespace VismaOperator.Grants;

/// <summary>Takes in codes that <c>connect</c> obtained in a terminal and left in a Secret. Taking is deleting: a code works once.</summary>
internal sealed class HandoffDesk(IKubernetesClient api, Store<SecretMetadata> secrets, TimeProvider time)
{
    /// <summary>Key of the code.</summary>
    public const string Code = "code";

    /// <summary>Key of the PKCE verifier.</summary>
    public const string CodeVerifier = "code_verifier";

    /// <summary>Key of the redirect URI that the code was asked for with.</summary>
    public const string RedirectUri = "redirect_uri";

    /// <summary>Key of the time from which on the code is too old (RFC 3339, UTC).</summary>
    public const string ExpiresAt = "expires_at";

    /// <summary>Key of what the person was asked for; see <see cref="Handoff.AskedFor"/>.</summary>
    public const string Asked = "asked";

    /// <summary>True when a code waits for the connection.</summary>
    public bool HasOne(VismaConnection connection) => secrets.Find(connection.HandoffSecretName()) is { } found && HandoffSecret.IsOf(found.Metadata, connection.Metadata.Name);

    /// <summary>
    /// Takes the code out of its Secret. Null when it is too old, incomplete, was given for something else than is asked for now, or was taken by somebody else. From the
    /// deletion on there is no way back, so that runs under a deadline of its own.
    /// </summary>
    public async Task<ConsentCode?> TakeAsync(VismaConnection connection, UsableClient client, CancellationToken cancellationToken)
    {
        var name = connection.HandoffSecretName();
        var secret = await api.FindAsync<Secret>(name, cancellationToken);
        if (secret is null || !HandoffSecret.IsOf(secret.Metadata, connection.Metadata.Name))
        {
            return null;
        }

        using var deadline = new CancellationTokenSource(GrantRefresher.StoreDeadline, time);
        await api.DeleteAsync<SecretMetadata>(name, new DeletePreconditions(secret.Metadata.Uid, secret.Metadata.ResourceVersion), deadline.Token);
        secrets.ObserveDeletion(name, secret.Metadata.Uid);
        return HandoffSecret.Read(secret) is { } handoff && !(handoff.ExpirationTime <= time.GetUtcNow()) && IsAsked(handoff, connection, client) ? handoff.Code : null;
    }

    private static bool IsAsked(Handoff handoff, VismaConnection connection, UsableClient client) =>
        handoff.Asked is null || handoff.Asked == Handoff.AskedFor(connection, client.Issuer, client.ClientId);
}
