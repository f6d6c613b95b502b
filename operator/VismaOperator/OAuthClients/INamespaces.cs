using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;

namespace VismaOperator.OAuthClients;

/// <summary>What the operator needs to know of namespaces.</summary>
internal interface INamespaces
{
    /// <summary>The labels of a namespace; null when it does not exist or may not be read.</summary>
    ValueTask<IReadOnlyDictionary<string, string>?> LabelsOfAsync(string name, CancellationToken cancellationToken);

    /// <summary>True when the namespace is known to be on its way out, so that nothing can be created in it.</summary>
    bool IsGoing(string name);
}

/// <summary>Namespaces from a cluster-wide watch.</summary>
internal sealed class WatchedNamespaces(Store<Namespace> store) : INamespaces
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<string, string>?> LabelsOfAsync(string name, CancellationToken cancellationToken)
    {
        var found = store.Find(NamespacedName.ClusterScoped(name));
        return ValueTask.FromResult(found is null ? null : found.Metadata.Labels ?? new Dictionary<string, string>());
    }

    /// <inheritdoc/>
    public bool IsGoing(string name) => store.Find(NamespacedName.ClusterScoped(name))?.Metadata.DeletionTimestamp is not null;
}

/// <summary>
/// Namespaces by <c>get</c> of one name, where only Roles in listed namespaces are given: a Role may grant <c>get</c> of
/// its own namespace, but never a list of them. A look-up is kept for half a minute, and nothing tells of a change: a label that changes counts
/// when a connection of that namespace is next looked at.
/// </summary>
internal sealed class FetchedNamespaces(IKubernetesClient client, TimeProvider time) : INamespaces
{
    private static readonly TimeSpan keptFor = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<string, (DateTimeOffset At, Namespace? Found)> kept = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<string, string>?> LabelsOfAsync(string name, CancellationToken cancellationToken)
    {
        if (!kept.TryGetValue(name, out var entry) || time.GetUtcNow() - entry.At > keptFor)
        {
            entry = (time.GetUtcNow(), await FetchAsync(name, cancellationToken));
            kept[name] = entry;
        }

        return entry.Found is null ? null : entry.Found.Metadata.Labels ?? new Dictionary<string, string>();
    }

    /// <inheritdoc/>
    public bool IsGoing(string name) => kept.TryGetValue(name, out var entry) && entry.Found?.Metadata.DeletionTimestamp is not null;

    private async Task<Namespace?> FetchAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await client.FindAsync<Namespace>(NamespacedName.ClusterScoped(name), cancellationToken);
        }
        catch (KubernetesException failure) when (failure.IsForbidden)
        {
            // Not to know is no reason to take anything back: a Role that is replaced must not withdraw what was allowed.
            return kept.TryGetValue(name, out var last) ? last.Found : null;
        }
    }
}
