using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Grants;

/// <summary>What a grant was given for. One that differs from what is asked for now is never sent anywhere.</summary>
internal sealed record GrantBinding
{
    /// <summary>Issuer of the provider.</summary>
    public required string Issuer { get; init; }

    /// <summary>Where the refresh token may be sent.</summary>
    public required string TokenEndpoint { get; init; }

    /// <summary>The client that it was issued to.</summary>
    public required string ClientId { get; init; }

    /// <summary>The tenant; empty when none was asked for.</summary>
    public required string TenantId { get; init; }

    /// <summary>The scopes that were asked for, sorted, separated by spaces.</summary>
    public required string Scopes { get; init; }

    /// <summary>UID of the namespace <c>kube-system</c>, used as the id of the cluster; empty where it may not be read.</summary>
    public required string Cluster { get; init; }

    /// <summary>What a grant of this connection is for now.</summary>
    public static GrantBinding Of(VismaConnection connection, ResolvedClient client, Uri tokenEndpoint, string cluster) => new()
    {
        Issuer = client.Issuer.OriginalString,
        TokenEndpoint = tokenEndpoint.AbsoluteUri,
        ClientId = client.ClientId,
        TenantId = TenantOf(connection),
        Scopes = ScopesOf(connection),
        Cluster = cluster,
    };

    /// <summary>
    /// True when the grant is for what the connection asks for, as far as that is known: without a client that can be used, only the
    /// connection's part. The token endpoint is compared once more before anything is sent, when it is known for certain.
    /// </summary>
    public bool Fits(VismaConnection connection, ResolvedClient? client) =>
        TenantId == TenantOf(connection)
        && Scopes == ScopesOf(connection)
        && (client is null || (Issuer == client.Issuer.OriginalString && ClientId == client.ClientId))
        && (client?.TokenEndpoint is not { } declared || TokenEndpoint == declared.AbsoluteUri);

    /// <summary>True when both name a cluster, and not the same one.</summary>
    public bool IsOfAnotherCluster(string cluster) => Cluster.Length > 0 && cluster.Length > 0 && Cluster != cluster;

    /// <summary>True when a client with these rules serves such a grant to a namespace.</summary>
    /// <param name="rules">The client's; null when it serves every tenant.</param>
    /// <param name="namespaceName">The namespace.</param>
    public bool IsServedBy(IReadOnlyList<TenantRule>? rules, string namespaceName) =>
        rules is null || rules.Any(rule => rule.Serves(namespaceName, TenantId, Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    private static string TenantOf(VismaConnection connection) => (connection.Spec.TenantId ?? string.Empty).ToLowerInvariant();

    private static string ScopesOf(VismaConnection connection) =>
        string.Join(' ', connection.Spec.RequestedScopes().Order(StringComparer.Ordinal));
}

/// <summary>Which cluster this is, so that a grant that was copied to another one is not spent by both.</summary>
/// <param name="namespaces">The watched namespaces; null with Roles in listed namespaces only: then the cluster is unknown.</param>
internal sealed class ClusterIdentity(Store<Namespace>? namespaces)
{
    private static readonly NamespacedName kubeSystem = NamespacedName.ClusterScoped("kube-system");

    /// <summary>UID of <c>kube-system</c>, the usual stand-in for an id of the cluster; empty where it cannot be read.</summary>
    public string Id => namespaces?.Find(kubeSystem)?.Metadata.Uid ?? string.Empty;
}
