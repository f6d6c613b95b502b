using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Reporting;

namespace VismaOperator.Sets;

/// <summary>Whether and how this process serves sets.</summary>
/// <param name="NamespacesRefusal">
/// Why namespaces cannot serve as a list of tenants, as a sentence with the remedy; null where they can.
/// </param>
internal sealed record SetScope(string? NamespacesRefusal);

/// <summary>The tenants of a set, as far as they can be known.</summary>
internal abstract record TenantList
{
    private TenantList()
    {
    }

    /// <summary>The list.</summary>
    /// <param name="Tenants">The tenants that can be served.</param>
    public sealed record Known(IReadOnlyList<SetTenant> Tenants) : TenantList
    {
        /// <summary>True for a list that is written in the set: it was emptied by whoever may write the set.</summary>
        public bool IsDeclared { get; init; }

        /// <summary>Tenants whose id cannot be known now, with the problem of each: their connections stay as they are.</summary>
        public IReadOnlyDictionary<string, Problem> Unclear { get; init; } = new Dictionary<string, Problem>();
    }

    /// <summary>The list cannot be known, so that nothing is made, changed or removed.</summary>
    public sealed record Unknown(Problem Problem) : TenantList;

    /// <summary>The list has not been read yet; it will be in a moment.</summary>
    public sealed record NotRead : TenantList
    {
        /// <summary>The one value there is.</summary>
        public static NotRead Instance { get; } = new();
    }
}

/// <summary>Finds the tenants of a set: written in it, in a key of a ConfigMap, or at namespaces.</summary>
internal sealed class TenantSource(
    IKubernetesClient client,
    WatchSet<ConfigMap> configMaps,
    Store<Namespace>? namespaces,
    Store<VismaConnection> connections,
    SetScope scope
)
{
    private const int PageSize = 500;

    private readonly ConcurrentDictionary<NamespacedName, ReadList> read = new();

    /// <summary>The tenants of a set that fulfils its rules.</summary>
    public TenantList Of(VismaConnectionSet set) =>
        set.Spec switch
        {
            { TenantsFrom.ConfigMapKeyRef: { } reference } => InConfigMap(set, reference),
            { TenantsFrom: { NamespaceSelector: { } selector, Annotation: { } annotation } } =>
                AtNamespaces(set, selector, annotation, namespaces?.List() ?? []),
            _ => new TenantList.Known(set.Spec.Tenants ?? []) { IsDeclared = true },
        };

    /// <summary>
    /// The tenants, asked for beside the watches: one that lags must not remove what an earlier leader made. Not read where the API server
    /// does not answer.
    /// </summary>
    public async Task<TenantList> ReadAsync(VismaConnectionSet set, CancellationToken cancellationToken)
    {
        try
        {
            switch (set.Spec)
            {
                case { TenantsFrom.ConfigMapKeyRef: { } reference }:
                    var name = new NamespacedName(set.Metadata.Namespace ?? string.Empty, reference.Name);
                    var maps = await ListAsync<ConfigMap>(ResourceSelectors.ByName(name), cancellationToken);
                    return Read(name, maps.FirstOrDefault(map => map.Metadata.NamespacedName == name), reference.Key);
                case { TenantsFrom: { NamespaceSelector: { } selector, Annotation: { } annotation } } when namespaces is not null:
                    return AtNamespaces(set, selector, annotation, await ListAsync<Namespace>(ResourceSelector.All, cancellationToken));
                default:
                    return Of(set);
            }
        }
        catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
        {
            return TenantList.NotRead.Instance;
        }
    }

    private async Task<IReadOnlyList<T>> ListAsync<T>(ResourceSelector selector, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var (items, next) = (new List<T>(), (string?)null);
        do
        {
            var page = await client.ListPageAsync<T>(selector, PageSize, next, cancellationToken);
            items.AddRange(page.Items);
            next = page.ContinueToken;
        }
        while (next is { Length: > 0 });
        return items;
    }

    /// <summary>The set is gone.</summary>
    public void Forget(NamespacedName set) => read.TryRemove(set, out _);

    /// <summary>The ConfigMap that a set reads; null where it reads none.</summary>
    public static NamespacedName? ConfigMapOf(VismaConnectionSet set) =>
        set.Spec.TenantsFrom?.ConfigMapKeyRef is { } reference ? new(set.Metadata.Namespace ?? string.Empty, reference.Name) : null;

    private TenantList InConfigMap(VismaConnectionSet set, ConfigMapKeyReference reference)
    {
        var name = new NamespacedName(set.Metadata.Namespace ?? string.Empty, reference.Name);
        return configMaps.Find(name) switch
        {
            Watched<ConfigMap>.Present found => ReadOnce(set.Metadata.NamespacedName, found.Resource, reference.Key),
            Watched<ConfigMap>.Missing => Read(name, map: null, reference.Key),
            Watched<ConfigMap>.Forbidden => new TenantList.Unknown(new Problem(
                Reason.TenantsForbidden,
                $"The operator may not read ConfigMap {name}: grant its service account list and watch on ConfigMaps in namespace "
                + $"{name.Namespace}. Until then no connection of the set is made, changed or removed."
            )),
            _ => TenantList.NotRead.Instance,
        };
    }

    // The same object is read once, however often the set is looked at.
    private TenantList ReadOnce(NamespacedName set, ConfigMap map, string key)
    {
        if (read.TryGetValue(set, out var earlier) && ReferenceEquals(earlier.Map, map) && earlier.Key == key)
        {
            return earlier.List;
        }

        var list = Read(map.Metadata.NamespacedName, map, key);
        read[set] = new ReadList(map, key, list);
        return list;
    }

    /// <summary>The tenants in a key of a ConfigMap, or why they cannot be known.</summary>
    /// <param name="name">Of the ConfigMap.</param>
    /// <param name="map">The ConfigMap; null where it does not exist.</param>
    /// <param name="key">The key.</param>
    public static TenantList Read(NamespacedName name, ConfigMap? map, string key)
    {
        if (map is null)
        {
            return NotFound($"ConfigMap {name} does not exist: create it");
        }

        if (map.Data?.GetValueOrDefault(key) is not { } text)
        {
            return NotFound($"ConfigMap {name} has no key {key}: add it");
        }

        var (tenants, fault) = TenantListText.Read(text);
        return fault is null
            ? new TenantList.Known(tenants)
            : new TenantList.Unknown(new Problem(
                Reason.TenantsInvalid,
                $"Key {key} of ConfigMap {name} {fault}. Until then no connection of the set is made, changed or removed."
            ));
    }

    private static TenantList.Unknown NotFound(string cause) =>
        new(new Problem(
            Reason.TenantsNotFound,
            $"{cause}. Until then no connection of the set is made, changed or removed.",
            FailureKind.NotThereYet
        ));

    private TenantList AtNamespaces(
        VismaConnectionSet set,
        LabelSelector selector,
        string annotation,
        IReadOnlyCollection<Namespace> all
    )
    {
        if (scope.NamespacesRefusal is not null || namespaces is null)
        {
            return new TenantList.Unknown(new Problem(
                Reason.TenantSourceNotAllowed,
                scope.NamespacesRefusal ?? "Namespaces cannot be read here: list the tenants in the set or in a ConfigMap."
            ));
        }

        var selected = all
            .Where(item => item.Metadata.DeletionTimestamp is null && selector.Matches(item.Metadata.Labels))
            .OrderBy(item => item.Metadata.CreationTimestamp)
            .ThenBy(item => item.Metadata.Name, StringComparer.Ordinal)
            .ToList();
        return selected.Count > VismaConnectionSetSpec.MostTenants
            ? new TenantList.Unknown(new Problem(
                Reason.TenantsInvalid,
                $"The selector matches {selected.Count} namespaces, and a set may have {VismaConnectionSetSpec.MostTenants} tenants: "
                + "narrow spec.tenantsFrom.namespaceSelector."
            ))
            : Claimed(set, selected, annotation);
    }

    // Whoever may annotate a namespace could otherwise take the tenant of another one from it: the first keeps it, and so does one that
    // has a connection for it.
    private TenantList.Known Claimed(VismaConnectionSet set, IReadOnlyList<Namespace> selected, string annotation)
    {
        var unclear = new Dictionary<string, Problem>(StringComparer.Ordinal);
        var claims = new List<SetTenant>();
        foreach (var item in selected)
        {
            if (item.Metadata.Annotation(annotation) is { } tenantId && Patterns.Guid.IsMatch(tenantId))
            {
                claims.Add(new SetTenant { Name = item.Metadata.Name, TenantId = tenantId });
            }
            else
            {
                unclear[item.Metadata.Name] = new Problem(
                    Reason.TenantsInvalid,
                    $"Namespace {item.Metadata.Name} has no annotation {annotation} with the tenant id, a GUID: set it, or change the "
                    + "labels of the namespace."
                );
            }
        }

        var tenants = new List<SetTenant>();
        foreach (var claim in claims.GroupBy(tenant => tenant.TenantId, StringComparer.OrdinalIgnoreCase))
        {
            var first = claim.FirstOrDefault(tenant => HasConnection(set, tenant)) ?? claim.First();
            tenants.Add(first);
            foreach (var other in claim.Where(tenant => tenant != first))
            {
                unclear[other.Name] = new Problem(
                    Reason.TenantsInvalid,
                    $"Namespace {other.Name} names the tenant id that namespace {first.Name} has already: correct annotation "
                    + $"{annotation} of one of them."
                );
            }
        }

        return new TenantList.Known(tenants) { Unclear = unclear };
    }

    private bool HasConnection(VismaConnectionSet set, SetTenant tenant) =>
        connections.Find(new(set.Metadata.Namespace ?? string.Empty, SetConnections.NameOf(set.Metadata.Name, tenant.Name))) is { } found
        && SetConnections.IsOf(found, set)
        && string.Equals(found.Spec.TenantId, tenant.TenantId, StringComparison.OrdinalIgnoreCase);

    private sealed record ReadList(ConfigMap Map, string Key, TenantList List);
}
