using Kubernetes.Client;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// Keeps a store equal to the objects of a kind in a cluster, by list and watch. Several selectors, each with a list and a watch of its own, feed one
/// store, for an operator that is confined to some namespaces.
/// </summary>
public sealed class Informer<T>
    where T : class, IResource<T>
{
    private readonly List<Reflector<T>> reflectors;
    private readonly List<FreshList<T>> freshLists;

    /// <summary>Prepares; nothing is asked before <see cref="RunAsync"/>.</summary>
    /// <param name="client">The cluster.</param>
    /// <param name="selectors">What to list and watch; at least one, of different namespaces.</param>
    /// <param name="time">Clock of the waits after failures.</param>
    /// <param name="logger">Log.</param>
    /// <param name="jitter">Chance in [0, 1).</param>
    public Informer(IKubernetesClient client, IReadOnlyList<ResourceSelector> selectors, TimeProvider time, ILogger logger, Func<double> jitter)
    {
        ArgumentNullException.ThrowIfNull(selectors);
        ThrowIfOverlapping(selectors);
        freshLists = [.. selectors.Select(selector => new FreshList<T>(client, selector, Store, time, jitter, logger))];
        reflectors = [.. selectors.Select(selector => new Reflector<T>(client, selector, Store.AddFeed(selector), time, jitter, logger))];
    }

    /// <summary>What is known.</summary>
    public Store<T> Store { get; } = new();

    /// <summary>Lists and watches until cancelled, then returns. Outages are waited out; an exception from here is a bug, or a cluster that went back in time.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await BackgroundLoops.RunAsync(reflectors.Select<Reflector<T>, Func<CancellationToken, Task>>(reflector => reflector.RunAsync), stop).ConfigureAwait(false);
    }

    /// <summary>Waits for the first complete list of every selector. Reconciling before that would take every object for missing.</summary>
    public Task WaitUntilSyncedAsync(CancellationToken cancellationToken) => Store.Synced.WaitAsync(cancellationToken);

    /// <summary>
    /// Brings the store up to date with lists of now, however far the watch lags behind. Whoever takes over from another writer needs this once: the watch
    /// may have yet to tell what that one wrote last.
    /// </summary>
    public Task CatchUpAsync(CancellationToken cancellationToken) => Task.WhenAll(freshLists.Select(list => list.TakeAsync(cancellationToken)));

    /// <summary>What one selector covers and another does not would be taken for deleted by each list in turn.</summary>
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
