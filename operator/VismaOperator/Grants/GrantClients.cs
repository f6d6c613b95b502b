using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Grants;

/// <summary>Finds the client that a grant was given through, whose secrets alone can revoke it.</summary>
internal sealed class GrantClients(Store<OAuthClient> clients, ClientResolver resolver, KnownGrants known)
{
    /// <summary>
    /// The client; null when it is missing, was replaced by another one, or does not serve such a grant to the namespace. Somebody who may
    /// write Secrets may name any client in one, so the allowance is checked again. The noted client was allowed when the connection was
    /// last served.
    /// </summary>
    /// <param name="connection">Whose grant it is.</param>
    /// <param name="held">The grant.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ResolvedClient?> FindAsync(NamespacedName connection, HeldGrant held, CancellationToken cancellationToken) =>
        await ServingAsync(connection, held, cancellationToken) is { } usable
        && usable.ClientId == held.Binding.ClientId
        && usable.Issuer.OriginalString == held.Binding.Issuer
            ? usable
            : null;

    /// <summary>Why a grant cannot be revoked, when there is no such client.</summary>
    public static string NotAvailable(HeldGrant held) => $"OAuthClient {held.Client} is not available";

    private async Task<ResolvedClient?> ServingAsync(NamespacedName connection, HeldGrant held, CancellationToken cancellationToken)
    {
        var noted = known.Find(connection)?.Client;
        if (clients.Find(held.Client) is not { } client)
        {
            return noted;
        }

        return await resolver.AllowanceAsync(client, connection.Namespace, cancellationToken) switch
        {
            Allowance.Denied => null,
            _ when !held.Binding.IsServedBy(client.Spec.Tenants, connection.Namespace) => null,
            Allowance.Given => resolver.Describe(client).Usable ?? noted,
            _ => noted,
        };
    }
}
