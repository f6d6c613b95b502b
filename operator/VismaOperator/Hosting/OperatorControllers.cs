using Kubernetes.Client;
using Kubernetes.Controllers.Writing;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Connections;
using VismaOperator.Consent.Flow;
using VismaOperator.Copies;
using VismaOperator.Probing;
using VismaOperator.Publishing;
using VismaOperator.Reporting;
using VismaOperator.Restarting;

namespace VismaOperator.Hosting;

/// <summary>
/// Builds the caches and controllers of every kind, in explicit constructor calls: the order of construction is the order
/// of dependence, and what a part can reach is what it was given.
/// </summary>
internal sealed class OperatorControllers : IControllerSet, IDisposable
{
    private readonly OperatorContext context;
    private readonly OperatorCaches caches;
    private readonly OperatorQueues queues;
    private readonly OperatorClients clients;
    private readonly OperatorGrants grants;
    private readonly EventRecorder events;
    private readonly OperatorTriggers triggers;
    private readonly CopyTriggers copyTriggers;
    private readonly CopyReports copyReports = new();
    private readonly ConnectionProbes probes;
    private readonly WorkloadRestarts restarts;
    private readonly NamespaceReport? report;
    private readonly OperatorSets? sets;
    private readonly ControllerLoops loops;
    private readonly List<BackgroundLoop> feeds = [];
    private readonly List<BackgroundLoop> servers = [];
    private volatile bool hasSynced; // once ready, a replica stays ready

    /// <summary>Builds everything; nothing runs yet.</summary>
    public OperatorControllers(OperatorContext context)
    {
        this.context = context;
        caches = new OperatorCaches(context.Client, context.Namespaces, context.Time, context.Logs, context.Random);
        queues = new OperatorQueues(context.Time, context.Random, caches.Connections.Store);
        events = new EventRecorder(
            context.Client,
            $"{VismaNames.Group}/operator",
            context.Instance,
            context.Time,
            context.Metrics,
            context.Logs.CreateLogger("Events")
        );
        clients = new OperatorClients(context, caches, queues);
        grants = new OperatorGrants(context, caches, clients);
        ConsentFlow = grants.Links.CanInvite ? grants.Flow() : null;
        triggers = new OperatorTriggers(caches, queues);
        triggers.Listen(clients.Tracker, clients.Clocks);
        copyTriggers = new CopyTriggers(caches, queues.Copies);
        (probes, restarts) = (Probes(), Restarts());
        report = caches.Served is { } served ? new NamespaceReport(served, events, context) : null;
        sets = context.Sets is { } scope ? new OperatorSets(context, caches, queues, scope) : null;
        Measure();
        loops = new ControllerLoops(context, caches.Served);
        Controllers =
        [
            loops.Make("vismaconnection", "VismaConnection", queues.Connections, Connections()),
            loops.Make("oauthclient", "OAuthClient", queues.Clients, clients.Reconciler(events)),
            loops.Make("grant", "VismaConnection", queues.Grants, grants.OrphanedGrants()),
            // What few connections ask for begins with the first one that does.
            loops.Make("copy", "VismaConnection", queues.Copies, Copies()).After(copyTriggers.Wanted.WaitAsync),
            loops
                .MakeAside("probe", "VismaConnection", queues.Probes, probes, ConnectionProbes.Workers)
                .After(probes.Wanted.WaitAsync),
            loops
                .MakeAside("restart", "Workload", queues.Restarts, restarts, WorkloadRestarts.Workers)
                .After(restarts.Wanted.WaitAsync),
            .. sets is null ? Array.Empty<BackgroundLoop>() : [SetLoop(sets)],
        ];
    }

    /// <inheritdoc/>
    public IReadOnlyList<BackgroundLoop> Caches =>
    [
        .. caches.Loops,
        new BackgroundLoop("pending grants", grants.PendingGrants.RunAsync),
        new BackgroundLoop("events", events.RunAsync),
        .. report is null ? Array.Empty<BackgroundLoop>() : [new BackgroundLoop("namespace events", report.RunAsync)],
        .. sets?.Loops ?? [],
        .. feeds,
    ];

    /// <inheritdoc/>
    public IReadOnlyList<BackgroundLoop> Controllers { get; }

    /// <inheritdoc/>
    public IReadOnlyList<BackgroundLoop> Servers => servers;

    /// <summary>Runs these beside the caches: the sources that replace a cluster in local mode. Call it before the host runs.</summary>
    public void AddFeeds(IEnumerable<BackgroundLoop> loops) => feeds.AddRange(loops);

    /// <summary>Runs this beside the controllers, leader or not. To be called before the host runs.</summary>
    public void AddServer(BackgroundLoop loop) => servers.Add(loop);

    /// <summary>
    /// What has made no progress for longer than all its deadlines together: a reconcile, a queue that hands nothing out, the election of a
    /// leader. Null while everything makes progress. Null as well while a refresh token is only in memory, since a restart would lose it.
    /// </summary>
    /// <param name="election">For how long the next attempt to take or keep the lease has been overdue.</param>
    public string? Stuck(TimeSpan election) => grants.PendingGrants.Connections.Count > 0 ? null : loops.Stuck(election);

    /// <summary>The caches that have not listed yet.</summary>
    public IEnumerable<string> MissingLists => caches.MissingLists;

    /// <summary>Where people consent; null without a public URL.</summary>
    public ConsentFlow? ConsentFlow { get; }

    /// <inheritdoc/>
    public bool HasSynced => hasSynced = hasSynced || caches.HasSynced;

    /// <inheritdoc/>
    public Task WaitUntilSyncedAsync(CancellationToken cancellationToken) => caches.WaitUntilSyncedAsync(cancellationToken);

    /// <inheritdoc/>
    public Task CatchUpAsync(CancellationToken cancellationToken) => caches.CatchUpAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task FlushAsync(CancellationToken deadline)
    {
        await grants.PendingGrants.FlushAsync(deadline);
        await events.FlushAsync(deadline);
    }

    /// <summary>Connections of which a refresh token was received that is not stored yet, or never could be.</summary>
    public IReadOnlyCollection<NamespacedName> ConnectionsWithPendingGrants => grants.PendingGrants.Connections;

    /// <summary>
    /// Completes once no controller has anything to do before something changes or falls due, and every event is written.
    /// </summary>
    public async Task WhenAtRestAsync()
    {
        await queues.WhenAtRestAsync();
        await events.WhenAtRestAsync();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        triggers.Dispose();
        copyTriggers.Dispose();
        sets?.Dispose();
        loops.Dispose();
        report?.Dispose();
        queues.Dispose();
    }

    private void Measure()
    {
        var metrics = context.Metrics;
        metrics.CacheStarted("connections", () => caches.Connections.LastContact);
        metrics.CacheStarted("clients", () => caches.Clients.LastContact);
        metrics.CacheStarted("secrets", () => caches.OwnSecrets.LastContact);
        metrics.CacheStarted("client secrets", () => caches.Credentials.LastContact);
        metrics.CacheStarted("foreign secrets", () => caches.Obstacles.LastContact);
        if (caches.Namespaces is { } watched)
        {
            metrics.CacheStarted("namespaces", () => watched.LastContact);
        }

        OperatorMetrics.Create(context.Meters, caches.Clients.Store.List, () => grants.PendingGrants.Connections.Count);
        context.ObjectGauges?.Add(
            [
                .. ConnectionSeries.Over(caches.Connections.Store.List, probes.LostAnswers),
                .. ClientSeries.Over(caches.Clients.Store.List),
                .. sets?.Series ?? [],
            ]
        );
    }

    private ConnectionReconciler Connections()
    {
        var publisher = new SecretPublisher(context.Client, caches.OwnSecrets.Store, context.Time);
        var metrics = new ConnectionMetrics(context.Meters, caches.Connections.Store.List);
        var log = new ConnectionLog(context.Logs.CreateLogger("VismaConnection"));
        var (leadership, time, random) = (context.Leadership, context.Time, context.Random);
        var reporter = new ConnectionReporter(context.Client, caches.Connections.Store, events, leadership, time)
        {
            Copies = copyReports,
        };
        var exchanges = grants.Refresher();
        var steps = new ConnectionSteps(
            new TokenRefresher(clients.Source, clients.Endpoints, publisher, leadership, time, random, metrics, log),
            exchanges,
            new GrantSteps(exchanges, grants.Store, grants.Observer, publisher, leadership, time, random, metrics, log),
            new ConsentSteps(grants.Redeemer, grants.Handoffs, grants.Observer, grants.Links, leadership, time, grants.Log),
            publisher,
            clients.Removals,
            reporter,
            leadership,
            time,
            random,
            log
        );
        var times = new RecordedTimes(time);
        var observer = new ConnectionObserver(
            caches.Names,
            caches.OwnSecrets.Store,
            clients.Resolver,
            grants.Observer,
            clients.Namespaces,
            context.AllowLists,
            times,
            probes,
            restarts
        );
        return new ConnectionReconciler(
            caches.Connections.Store,
            observer,
            steps,
            reporter,
            times,
            probes,
            restarts,
            new StatusWrites("vismaconnection", context.Metrics, context.Logs.CreateLogger("VismaConnection"), time, random),
            time,
            random,
            metrics,
            log
        );
    }

    private CopyReconciler Copies()
    {
        var secrets = caches.OwnSecrets.Store;
        var log = new CopyLog(context.Logs.CreateLogger("Copy"));
        var sources = new CopySources(caches.Connections.Store, secrets, context.Client, caches.Names.ClaimOn);
        var acceptance = new CopyAcceptance(
            clients.Namespaces,
            secrets,
            name => context.Namespaces.Count == 0 || context.Namespaces.Contains(name)
        );
        var publisher = new SecretPublisher(context.Client, secrets, context.Time);
        var writer = new CopyWriter(sources, acceptance, publisher, context.AllowLists, context.Leadership, log);
        return new CopyReconciler(sources, acceptance, writer, copyReports, context.Time, log) { Wake = queues.Connections.Add };
    }

    private ConnectionProbes Probes() =>
        new(
            context.Client,
            caches.Connections.Store,
            context.Probe,
            context.Leadership,
            context.Time,
            new ProbeMetrics(context.Meters),
            context.Logs.CreateLogger("Probes")
        )
        {
            Queue = queues.Probes,
            Wake = queues.Connections.Add,
        };

    private WorkloadRestarts Restarts() =>
        new(
            context.Client,
            name => caches.Connections.Store.FindBy(OperatorCaches.NamespaceIndex, name),
            context.Leadership,
            context.Time,
            context.Logs.CreateLogger("Restarts")
        )
        {
            Queue = queues.Restarts,
            Wake = queues.Connections.Add,
            IsKnown = caches.Connections.Store.HasSyncedIn,
            IsPossible = context.HasWorkloads,
        };

    // The sets are listed again first. No other controller waits for it, since they may be unreadable: their definition may be missing.
    private BackgroundLoop SetLoop(OperatorSets served) => loops
        .Make("connectionset", "VismaConnectionSet", queues.Sets, served.Reconciler(events, clients.Namespaces))
        .After(served.CatchUpAsync);
}
