using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Writing;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Reporting;
using VismaOperator.Sets;

namespace VismaOperator.Hosting;

/// <summary>
/// Builds what serves sets of connections, only where they are served. Nothing waits for their list: without their definition the rest of
/// the operator works as ever.
/// </summary>
internal sealed partial class OperatorSets : IDisposable
{
    private readonly OperatorContext context;
    private readonly OperatorCaches caches;
    private readonly Informer<VismaConnectionSet> sets;
    private readonly OperatorQueues queues;
    private readonly WatchSet<ConfigMap> configMaps;
    private readonly TenantSource tenants;
    private readonly SetTriggers triggers;
    private readonly ILogger log;
    private NamespaceGate? gate;
    private bool isToldOf;

    /// <summary>Builds everything; nothing is asked before the loops run.</summary>
    public OperatorSets(OperatorContext context, OperatorCaches caches, OperatorQueues queues, SetScope scope)
    {
        (this.context, this.caches, this.queues) = (context, caches, queues);
        log = context.Logs.CreateLogger("VismaConnectionSet");
        sets = new(
            context.Client,
            context.Namespaces.Count == 0 ? [ResourceSelector.All] : [.. context.Namespaces.Select(name => new ResourceSelector(name))],
            context.Time,
            context.Logs.CreateLogger("Cache.VismaConnectionSet"),
            context.Random
        )
        {
            Failed = OnFailed,
            Namespaces = context.Namespaces.Count == 0 ? null : new NamespaceSync(context.Time),
        };
        configMaps = new(context.Client, context.Time, context.Logs.CreateLogger("Cache.ConfigMap"), context.Random);
        tenants = new TenantSource(context.Client, configMaps, caches.Namespaces?.Store, caches.Connections.Store, scope);
        triggers = new SetTriggers(sets.Store, configMaps, caches, queues.Sets);
        context.Metrics.CacheStarted("connection sets", () => HasRead ? sets.LastContact : null);
        context.Metrics.CacheStarted("tenant lists", () => configMaps.LastContact);
        OperatorMetrics.CreateOfSets(context.Meters, sets.Store.List);
    }

    /// <summary>The caches' loops.</summary>
    public IReadOnlyList<BackgroundLoop> Loops => [new("connection sets", sets.RunAsync), new("tenant lists", configMaps.RunAsync)];

    /// <summary>The metrics that name sets.</summary>
    public IReadOnlyList<ObjectGauge> Series => SetSeries.Over(sets.Store.List);

    // Before that, their definition may be missing: the log says so, and no watch is stuck.
    private bool HasRead =>
        context.Namespaces.Count == 0 ? sets.Store.HasSynced : context.Namespaces.Any(sets.Store.HasSyncedIn);

    /// <summary>Lists the sets again: a leader must not put back what an earlier one made of a newer set.</summary>
    public Task CatchUpAsync(CancellationToken cancellationToken) => sets.CatchUpAsync(cancellationToken);

    /// <summary>The reconciler; for the leader. Sets of a namespace wait until those of this namespace were listed.</summary>
    public IReconciler Reconciler(EventRecorder events, INamespaces namespaces) =>
        sets.Namespaces is { } listed ? gate = new NamespaceGate(Ungated(events, namespaces), queues.Sets, listed)
            : Ungated(events, namespaces);

    private ConnectionSetReconciler Ungated(EventRecorder events, INamespaces namespaces) => new(
        new SetCaches(
            sets.Store,
            name => caches.Connections.Store.FindBy(OperatorCaches.NamespaceIndex, name),
            caches.Clients.Store,
            namespaces
        ),
        tenants,
        new SetWriter(context.Client, caches.Connections.Store, context.Leadership, context.Time),
        new SetReporter(context.Client, sets.Store, events, context.Leadership, context.Time),
        context.AllowLists,
        new ProblemLog(log, VismaConnectionSet.ResourceKind.Kind),
        new StatusWrites("connectionset", context.Metrics, log, context.Time, context.Random),
        context.Time,
        context.Random
    );

    /// <inheritdoc/>
    public void Dispose()
    {
        triggers.Dispose();
        gate?.Dispose();
    }

    // Once, until the sets can be read: the cache logs each further failure.
    private void OnFailed(string cause)
    {
        if (!sets.Store.HasSynced && !Interlocked.Exchange(ref isToldOf, true))
        {
            LogUnreadable(cause);
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        EventName = "ConnectionSetsUnreadable",
        Message = "VismaConnectionSets cannot be read, so those that were not read wait; everything else is served. If the definition "
            + "is missing, install it: visma-operator crds | kubectl apply --server-side -f -. If the permission is missing, set "
            + "connectionSets.enabled in the chart. {Cause}"
    )]
    private partial void LogUnreadable(string cause);
}
