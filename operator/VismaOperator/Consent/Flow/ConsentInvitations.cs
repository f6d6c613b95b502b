using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Grants;

namespace VismaOperator.Consent.Flow;

/// <summary>
/// Finds the connection that somebody was invited for. Without the link in its status nothing is revealed: a connection that does not exist
/// and one that has another link get the same answer.
/// </summary>
/// <param name="connections">The watched connections.</param>
/// <param name="client">The cluster, for what a cache does not know yet.</param>
/// <param name="served">Namespaces that are served; empty for all.</param>
/// <param name="links">Our links.</param>
/// <param name="time">Wall clock.</param>
internal sealed class ConsentInvitations(
    Store<VismaConnection> connections,
    IKubernetesClient client,
    IReadOnlyList<string> served,
    ConsentLinks links,
    TimeProvider time
)
{
    /// <summary>The connection of a link.</summary>
    public async Task<Invited> FindAsync(NamespacedName name, Sensitive? start, CancellationToken cancellationToken)
    {
        var cached = connections.Find(name);
        var connection = IsInvited(cached, start) ? cached : await ReadAsync(name, cancellationToken);
        return (IsInvited(connection, start), connection?.Status.Authorization?.UrlExpirationTime > time.GetUtcNow()) switch
        {
            (true, true) => new Invited.By(connection!),
            (true, false) => new Invited.Not(ConsentFailureCause.ExpiredLink),
            _ => new Invited.Not(ConsentFailureCause.UnknownLink),
        };
    }

    /// <summary>True when the watched connections know the link. Asks the cluster nothing.</summary>
    public bool IsKnown(NamespacedName name, Sensitive? start) => IsInvited(connections.Find(name), start);

    /// <summary>True when a connection of that name would be one of ours.</summary>
    public bool Serves(NamespacedName connection) => served.Count == 0 || served.Contains(connection.Namespace, StringComparer.Ordinal);

    /// <summary>The present connection in the cluster; null when there is none that a person could consent to.</summary>
    public async Task<VismaConnection?> ReadAsync(NamespacedName name, CancellationToken cancellationToken) =>
        Serves(name) && await client.FindConnectionAsync(name, cancellationToken) is { } found && IsInteractive(found) ? found : null;

    private bool IsInvited(VismaConnection? connection, Sensitive? start) =>
        start is not null
        && connection is not null
        && IsInteractive(connection)
        && connection.Status.Authorization?.Url is { } url
        && links.IsOurs(url, connection.Metadata.NamespacedName)
        && ConsentLinks.StartOf(url) is { Length: > 0 } ours
        && start.FixedTimeEquals(Sensitive.From(ours));

    private static bool IsInteractive(VismaConnection connection) =>
        connection is { Metadata.DeletionTimestamp: null, Spec.Grant: Grant.AuthorizationCode };
}

/// <summary>Whether somebody was invited.</summary>
internal abstract record Invited
{
    private Invited()
    {
    }

    /// <summary>By this connection.</summary>
    public sealed record By(VismaConnection Connection) : Invited;

    /// <summary>By none.</summary>
    public sealed record Not(ConsentFailureCause Why) : Invited;
}
