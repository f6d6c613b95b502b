using Kubernetes.Client;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// Keeps a store equal to the objects of a kind in a cluster, by list and watch. Several selectors, each with a list and a watch of its
/// own, feed one store, for an operator that is confined to some namespaces.
/// </summary>
public sealed class Informer<T>
    where T : class, IResource<T>
{
    private readonly List<(string? Namespace, Reflector<T> Loop)> reflectors;
    private readonly List<(string? Namespace, FreshList<T> List)> freshLists;
    private readonly LoopGroup loops = new();

    /// <summary>Prepares; nothing is asked before <see cref="RunAsync"/>.</summary>
    /// <param name="client">The cluster.</param>
    /// <param name="selectors">What to list and watch; at least one, of different namespaces.</param>
    /// <param name="time">Clock of the waits after failures.</param>
    /// <param name="logger">Log.</param>
    /// <param name="random">A random number in [0, 1).</param>
    public Informer(
        IKubernetesClient client,
        IReadOnlyList<ResourceSelector> selectors,
        TimeProvider time,
        ILogger logger,
        Func<double> random
    )
    {
        ArgumentNullException.ThrowIfNull(selectors);
        ThrowIfOverlapping(selectors);
        freshLists = [.. selectors.Select(selector => (selector.Namespace, Fresh(selector)))];
        reflectors =
        [
            .. selectors.Select(selector =>
                (selector.Namespace, new Reflector<T>(client, selector, Sink(selector), time, random, logger))
            ),
        ];

        FreshList<T> Fresh(ResourceSelector selector) => new(client, selector, Store, time, random, logger)
        {
            OnFailure = (cause, failure) => Namespaces?.Failed(selector.Namespace!, FreshName, cause, failure),
        };

        IReflectorSink<T> Sink(ResourceSelector selector) => new NamespaceSink(this, selector.Namespace, Store.AddFeed(selector));
    }

    /// <summary>Gets the state of the namespaces of the selectors; null where a selector covers all of them.</summary>
    public NamespaceSync? Namespaces
    {
        get;
        init
        {
            field = value;
            freshLists.ForEach(fresh => value?.Expect(fresh.Namespace!, ListName));
        }
    }

    /// <summary>Called for each failed list or watch, with its cause; null to call nothing. It must be quick and not throw.</summary>
    public Action<string>? Failed { get; init; }

    private static string ListName => T.ResourceKind.Plural;

    private static string FreshName => $"{ListName} anew";

    /// <summary>
    /// When the server last sent something on each of the lists and watches, and of these the earliest; the Unix epoch before the first
    /// time. Watches have a bookmark about every minute, and end after some minutes. Namespaces that cannot be read are reported as such
    /// and left out, unless none is left. Null where the server refuses every one: it answers, and there is nothing to hear.
    /// </summary>
    public DateTimeOffset? LastContact
    {
        get
        {
            var namespaces = Namespaces?.Current ?? [];
            if (namespaces.Count > 0 && namespaces.All(one => one is { Problem: not null, IsForbidden: true }))
            {
                return null;
            }

            var broken = namespaces.Where(one => one.Problem is not null).Select(one => one.Name).ToHashSet();
            return reflectors
                .Where(reflector => reflector.Namespace is not { } name || !broken.Contains(name))
                .DefaultIfEmpty(reflectors[0])
                .Min(reflector => reflector.Loop.LastContact ?? DateTimeOffset.UnixEpoch);
        }
    }

    /// <summary>What is known.</summary>
    public Store<T> Store { get; } = new();

    /// <summary>
    /// Lists and watches until cancelled, then returns. Outages are waited out; an exception from here is a bug, or a cluster that went
    /// back in time.
    /// </summary>
    public Task RunAsync(CancellationToken cancellationToken)
    {
        reflectors.ForEach(reflector => loops.Start(reflector.Loop.RunAsync));
        return loops.RunAsync(cancellationToken);
    }

    /// <summary>Waits for the first complete list of every selector. Reconciling before that would take every object for missing.</summary>
    public Task WaitUntilSyncedAsync(CancellationToken cancellationToken) => Store.Synced.WaitAsync(cancellationToken);

    /// <summary>
    /// Brings the store up to date by listing, however far the watch lags. A process that takes over from another writer needs this once,
    /// since the watch may not have delivered the last writes yet.
    /// </summary>
    public Task CatchUpAsync(CancellationToken cancellationToken)
    {
        if (Namespaces is null)
        {
            return Task.WhenAll(freshLists.Select(fresh => fresh.List.TakeAsync(cancellationToken)));
        }

        // Each namespace stays closed until its own list was read, and none waits for another.
        freshLists.ForEach(fresh => Namespaces.Expect(fresh.Namespace!, FreshName));
        freshLists.ForEach(fresh => loops.Start(token => CatchUpAsync(fresh.Namespace!, fresh.List, token)));
        return Namespaces.WaitUntilSettledAsync(cancellationToken);
    }

    private async Task CatchUpAsync(string name, FreshList<T> list, CancellationToken cancellationToken)
    {
        await list.TakeAsync(cancellationToken).ConfigureAwait(false);
        Namespaces!.Listed(name, FreshName);
    }

    /// <summary>Passes everything on to the store, and reports the state of the namespace afterwards.</summary>
    private sealed class NamespaceSink(Informer<T> informer, string? name, StoreFeed<T> feed) : IReflectorSink<T>
    {
        public bool Knows(NamespacedName name, string version) => feed.Knows(name, version);

        public void Found(CacheEvent<T> cacheEvent)
        {
            feed.Found(cacheEvent);
            if (cacheEvent is CacheEvent<T>.Complete)
            {
                informer.Namespaces?.Listed(name!, ListName);
            }
        }

        public void Forbidden(string cause)
        {
            feed.Forbidden(cause);
            informer.Failed?.Invoke(cause);
            informer.Namespaces?.Failed(name!, ListName, cause, ListFailure.Forbidden);
        }

        public void Failed(string cause, ListFailure failure)
        {
            feed.Failed(cause, failure);
            informer.Failed?.Invoke(cause);
            informer.Namespaces?.Failed(name!, ListName, cause, failure);
        }
    }

    /// <summary>Each list would count the objects of the other selectors as deleted.</summary>
    private static void ThrowIfOverlapping(IReadOnlyList<ResourceSelector> selectors)
    {
        ArgumentOutOfRangeException.ThrowIfZero(selectors.Count, nameof(selectors));
        var namespaces = selectors.Select(selector => selector.Namespace).ToList();
        if (namespaces.Distinct(StringComparer.Ordinal).Count() < namespaces.Count || (namespaces.Contains(null) && namespaces.Count > 1))
        {
            throw new ArgumentException("Each selector needs a namespace of its own.", nameof(selectors));
        }
    }
}

/// <summary>Reads and makes selectors for one object.</summary>
public static class ResourceSelectors
{
    private const string NameField = "metadata.name=";

    /// <summary>
    /// Selects one object by name. A Role that grants list and watch with <c>resourceNames</c> admits this selector
    /// (<see href="https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources"/>).
    /// </summary>
    public static ResourceSelector ByName(NamespacedName name) =>
        new(name.Namespace.Length == 0 ? null : name.Namespace, LabelSelector: null, NameField + name.Name);

    /// <summary>The one object that a selector names, or null when it covers many.</summary>
    public static NamespacedName? NameIn(ResourceSelector selector) =>
        selector.FieldSelector is { } field
        && field.StartsWith(NameField, StringComparison.Ordinal)
        && !field.Contains(',', StringComparison.Ordinal)
            ? new(selector.Namespace ?? string.Empty, field[NameField.Length..])
            : null;
}
