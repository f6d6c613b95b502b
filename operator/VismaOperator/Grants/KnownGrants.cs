using System.Collections.Concurrent;
using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Grants;

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
