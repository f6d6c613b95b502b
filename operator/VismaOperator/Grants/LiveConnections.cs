using Kubernetes.Client;
using VismaOperator.Api;

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
