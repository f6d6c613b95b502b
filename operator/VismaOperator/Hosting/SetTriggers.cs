using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Queueing;
using VismaOperator.Api;
using VismaOperator.Sets;

namespace VismaOperator.Hosting;

/// <summary>
/// Maps changes to the sets that must be reconciled. Changes of the statuses of its connections bring a set at most once a second: a set
/// only counts them, and hundreds change at the same time.
/// </summary>
internal sealed class SetTriggers : IDisposable
{
    /// <summary>How long statuses of connections are gathered.</summary>
    public static readonly TimeSpan Gathering = TimeSpan.FromSeconds(1);

    private readonly List<IDisposable> subscriptions = [];
    private readonly Store<VismaConnectionSet> sets;
    private readonly WatchSet<ConfigMap> configMaps;
    private readonly WorkQueue queue;

    /// <summary>Listens from now on. Call before the caches run, so that nothing is missed.</summary>
    public SetTriggers(Store<VismaConnectionSet> sets, WatchSet<ConfigMap> configMaps, OperatorCaches caches, WorkQueue queue)
    {
        (this.sets, this.configMaps, this.queue) = (sets, configMaps, queue);
        subscriptions.Add(sets.Subscribe(OnSet));
        subscriptions.Add(configMaps.Subscribe(OnConfigMap));
        subscriptions.Add(caches.Connections.Store.Subscribe(OnConnection));
        subscriptions.Add(caches.Clients.Store.Subscribe(OnClient));
        if (caches.Namespaces is { } namespaces)
        {
            subscriptions.Add(namespaces.Store.Subscribe(OnNamespace));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => subscriptions.ForEach(subscription => subscription.Dispose());

    private void OnSet(StoreChange<VismaConnectionSet> change)
    {
        var (before, after) = (change.Before, change.After);
        if (before?.Spec != after?.Spec)
        {
            configMaps.Follow(sets.List().Select(TenantSource.ConfigMapOf).OfType<NamespacedName>().ToHashSet());
        }

        if (
            before is null
            || after is null
            || before.Metadata.Uid != after.Metadata.Uid
            || before.Metadata.Generation != after.Metadata.Generation
            || before.Metadata.DeletionTimestamp != after.Metadata.DeletionTimestamp
            || before.Metadata.Annotation(VismaNames.ConfirmRemovalsAnnotation)
                != after.Metadata.Annotation(VismaNames.ConfirmRemovalsAnnotation)
            || after.Status.ObservedGeneration < before.Status.ObservedGeneration
        )
        {
            queue.Add(change.Name);
        }
    }

    private void OnConfigMap(NamespacedName configMap) => AddAll(set => TenantSource.ConfigMapOf(set) == configMap);

    // The set that writes a connection continues with what it wrote.
    private void OnConnection(StoreChange<VismaConnection> change)
    {
        if (
            change is { Origin: ChangeOrigin.OwnWrite, After: { } written }
            && change.Before?.Metadata.Generation != written.Metadata.Generation
        )
        {
            return;
        }

        var isOnlyStatus = change is { Before: { } before, After: { } after } && IsOnlyStatus(before, after);
        foreach (var set in sets.List())
        {
            if (set.Metadata.Namespace != change.Name.Namespace || !SetConnections.MayBeOf(change.Name.Name, set.Metadata.Name))
            {
                continue;
            }

            if (isOnlyStatus)
            {
                queue.AddAfter(set.Metadata.NamespacedName, Gathering);
            }
            else
            {
                queue.Add(set.Metadata.NamespacedName);
            }
        }
    }

    // Its list of tenants decides which namespaces may name.
    private void OnClient(StoreChange<OAuthClient> change)
    {
        var (before, after) = (change.Before?.Metadata, change.After?.Metadata);
        if (before?.Uid != after?.Uid || before?.Generation != after?.Generation)
        {
            AddAll(set => set.Spec.TenantsFrom?.NamespaceSelector is not null);
        }
    }

    private void OnNamespace(StoreChange<Namespace> change) =>
        AddAll(set => set.Spec.TenantsFrom?.NamespaceSelector is not null || set.Metadata.Namespace == change.Name.Name);

    private void AddAll(Func<VismaConnectionSet, bool> isConcerned)
    {
        foreach (var set in sets.List().Where(isConcerned))
        {
            queue.Add(set.Metadata.NamespacedName);
        }
    }

    private static bool IsOnlyStatus(VismaConnection before, VismaConnection after)
    {
        var (was, now) = (before.Metadata, after.Metadata);
        return was.Uid == now.Uid
            && was.Generation == now.Generation
            && was.DeletionTimestamp == now.DeletionTimestamp
            && Same(was.Labels, now.Labels)
            && Same(was.Annotations, now.Annotations)
            && (was.OwnerReferences ?? []).SequenceEqual(now.OwnerReferences ?? []);
    }

    private static bool Same(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        (left?.Count ?? 0) == (right?.Count ?? 0)
        && (left is null || right is null || left.All(pair => right.GetValueOrDefault(pair.Key) == pair.Value));
}
