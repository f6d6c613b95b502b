using System.Collections.Concurrent;
using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Grants;

/// <summary>Looks for a connection where it is, for what must not rest on the word of a cache.</summary>
internal static class LiveConnections
{
    /// <summary>
    /// The present connection in the cluster, or null. A list of one name, which costs the API server no more than a get: the operator may
    /// list and watch its own kinds, and no role of its gives a get.
    /// </summary>
    public static async Task<VismaConnection?> FindConnectionAsync(
        this IKubernetesClient client,
        NamespacedName name,
        CancellationToken cancellationToken
    )
    {
        var selector = new ResourceSelector(name.Namespace, FieldSelector: $"metadata.name={name.Name}");
        var page = await client.ListPageAsync<VismaConnection>(selector, limit: 1, continueToken: null, cancellationToken);
        return page.Items.SingleOrDefault();
    }
}

/// <summary>
/// What was last seen of each grant, for one purpose: when a namespace is deleted, its Secrets may be gone before anybody can read them,
/// and so may the client. Nothing is ever spent from here.
/// </summary>
internal sealed class KnownGrants
{
    private readonly ConcurrentDictionary<NamespacedName, KnownGrant> known = new();

    /// <summary>A grant was seen, perhaps with the client that can revoke it.</summary>
    public void Note(VismaConnection connection, HeldGrant held, ResolvedClient? client) => known.AddOrUpdate(
        connection.Metadata.NamespacedName,
        _ => new KnownGrant(held, client, connection.Spec.Authorization.DeletionPolicy),
        (_, before) => new KnownGrant(held, client ?? before.Client, connection.Spec.Authorization.DeletionPolicy));

    /// <summary>What was last seen; null when nothing was.</summary>
    public KnownGrant? Find(NamespacedName connection) => known.GetValueOrDefault(connection);

    /// <summary>The grant is revoked, or left to itself.</summary>
    public void Forget(NamespacedName connection) => known.TryRemove(connection, out _);
}

/// <summary>A grant as it was last seen.</summary>
internal sealed record KnownGrant(HeldGrant Held, ResolvedClient? Client, GrantDeletionPolicy DeletionPolicy);
