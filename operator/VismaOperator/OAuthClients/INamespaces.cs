using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;

namespace VismaOperator.OAuthClients;

/// <summary>What the operator needs to know of namespaces.</summary>
internal interface INamespaces
{
    /// <summary>The labels of a namespace, as far as they can be known.</summary>
    ValueTask<NamespaceLabels> LabelsOfAsync(string name, CancellationToken cancellationToken);

    /// <summary>True when the namespace is known to be on its way out, so that nothing can be created in it.</summary>
    bool IsGoing(string name);
}

/// <summary>What is known of a namespace's labels. Not to know is no reason to take anything back, so it is told apart from there being none.</summary>
internal abstract record NamespaceLabels
{
    private NamespaceLabels()
    {
    }

    /// <summary>The namespace and its labels, if any.</summary>
    public static NamespaceLabels Of(Namespace? found) =>
        found is null ? new Absent() : new Known(found.Metadata.Labels ?? new Dictionary<string, string>());

    /// <summary>The labels.</summary>
    public sealed record Known(IReadOnlyDictionary<string, string> Labels) : NamespaceLabels;

    /// <summary>There is no such namespace.</summary>
    public sealed record Absent : NamespaceLabels;

    /// <summary>The operator may not read the namespace, and never could since it started.</summary>
    public sealed record Unreadable : NamespaceLabels;
}

/// <summary>Namespaces from a cluster-wide watch.</summary>
internal sealed class WatchedNamespaces(Store<Namespace> store) : INamespaces
{
    /// <inheritdoc/>
    public ValueTask<NamespaceLabels> LabelsOfAsync(string name, CancellationToken cancellationToken) =>
        ValueTask.FromResult(NamespaceLabels.Of(store.Find(NamespacedName.ClusterScoped(name))));

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
    public async ValueTask<NamespaceLabels> LabelsOfAsync(string name, CancellationToken cancellationToken)
    {
        if (kept.TryGetValue(name, out var entry) && time.GetUtcNow() - entry.At <= keptFor)
        {
            return NamespaceLabels.Of(entry.Found);
        }

        try
        {
            var found = await client.FindAsync<Namespace>(NamespacedName.ClusterScoped(name), cancellationToken);
            kept[name] = (time.GetUtcNow(), found);
            return NamespaceLabels.Of(found);
        }
        catch (KubernetesException failure) when (failure.IsForbidden)
        {
            // A Role that is being replaced must not withdraw what was allowed: the last labels known stand.
            return kept.TryGetValue(name, out var last) ? NamespaceLabels.Of(last.Found) : new NamespaceLabels.Unreadable();
        }
    }

    /// <inheritdoc/>
    public bool IsGoing(string name) => kept.TryGetValue(name, out var entry) && entry.Found?.Metadata.DeletionTimestamp is not null;
}
