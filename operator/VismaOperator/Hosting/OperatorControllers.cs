using System.Globalization;
using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Queueing;
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
    private readonly OperatorCaches caches;
    private readonly OperatorTriggers triggers;
    private readonly CopyTriggers copyTriggers;
    private readonly CopyReports copyReports = new();
    private readonly OperatorQueues queues;
    private readonly OperatorGrants grants;
    private readonly EventRecorder events;
    private readonly NamespaceReport? report;
    private readonly OperatorSets? sets;
    // The deadlines of a reconcile end it within two minutes: a set begins writes for 30 s (SetWriter.PassLength), and no request takes
    // longer than 30 s.
    private static readonly TimeSpan stuckAfter = TimeSpan.FromMinutes(10);

    // Nothing is renewed without the Lease.
    private static readonly TimeSpan electionStuckAfter = TimeSpan.FromMinutes(1);

    private readonly List<Controller> controllers = [];
    private readonly List<IDisposable> gates = [];
    private readonly List<BackgroundLoop> feeds = [];
    private readonly List<BackgroundLoop> servers = [];
    private volatile bool hasSynced; // once ready, a replica stays ready

    /// <summary>Builds everything; nothing runs yet.</summary>
    public OperatorControllers(OperatorContext context)
    {
        caches = new OperatorCaches(context.Client, context.Namespaces, context.Time, context.Logs, context.Random);
        queues = new OperatorQueues(context.Time, context.Random, caches.Connections.Store);
        var tracker = new ClientSecretTracker(context.Time);
        var reader = new CredentialReader(caches.Credentials, caches.CredentialRevisions);
        INamespaces namespaces = caches.Namespaces is { } watched ? new WatchedNamespaces(watched.Store) : caches.FetchedNamespaces!;
        var turns = new RequestTurns(caches.Connections.Store, context.Time);
        var resolver = new ClientResolver(
            caches.Clients.Store,
            reader,
            tracker,
            namespaces,
            context.AllowLists,
            turns,
            context.Time
        );
        events = new EventRecorder(
            context.Client,
            $"{VismaNames.Group}/operator",
            context.Instance,
            context.Time,
            context.Metrics,
            context.Logs.CreateLogger("Events")
        );
        var endpoints = new ProviderEndpoints(context.Metadata);
        var removals = new SecretRemovals(context.Time, queues.Clients.Add);
        var clocks = new ClockWatch(context.Logs.CreateLogger("Clock"));
        var provider = new ProviderMetrics(context.Meters, context.AllowLists.AllowedIssuers, context.Time)
        {
            ClosedFor = context.Tokens.ClosedFor,
        };
        var source = new ClientTokenSource(
            context.Tokens,
            tracker,
            clocks,
            provider,
            new TokenAudit(context.Logs.CreateLogger(TokenAudit.Category), caches.Connections.Store.Find)
        );
        var clientObserver = new OAuthClientObserver(resolver, reader, tracker, endpoints, caches.Connections.Store, clocks);
        grants = new OperatorGrants(context, caches, source, endpoints, tracker, resolver);
        ConsentFlow = grants.Links.CanInvite ? grants.Flow(resolver, namespaces) : null;
        triggers = new OperatorTriggers(caches, queues);
        triggers.Listen(tracker, clocks);
        copyTriggers = new CopyTriggers(caches, queues.Copies);
        var (probes, restarts) = (Probes(context), Restarts(context));
        report = caches.Served is { } served ? new NamespaceReport(served, events, context) : null;
        sets = context.Sets is { } scope ? new OperatorSets(context, caches, queues, scope) : null;
        Measure(context, probes);
        Controllers =
        [
            Loop(
                "vismaconnection",
                "VismaConnection",
                queues.Connections,
                Connections(context, resolver, source, endpoints, namespaces, removals, probes, restarts),
                context
            ),
            Loop("oauthclient", "OAuthClient", queues.Clients, Clients(context, clientObserver, tracker, removals, turns), context),
            Loop("grant", "VismaConnection", queues.Grants, grants.OrphanedGrants(namespaces), context),
            LoopOnceWanted("copy", "VismaConnection", queues.Copies, Copies(context, namespaces), copyTriggers.Wanted, context),
            ProbeLoop(probes, context),
            RestartLoop(restarts, context),
            .. sets is null ? Array.Empty<BackgroundLoop>() : [SetLoop(sets, namespaces, context)],
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
    /// What has not gone on for longer than all its deadlines together: a reconcile, a queue that hands nothing out, the election of a
    /// leader. Null while all goes on, and while a refresh token is in memory only, which an end of the process would lose.
    /// </summary>
    /// <param name="election">For how long the next attempt to take or keep the lease has been overdue.</param>
    public string? Stuck(TimeSpan election) => grants.PendingGrants.Connections.Count > 0 ? null : controllers
        .SelectMany(controller => new[]
        {
            (Since: controller.LongestReconcile, AtMost: stuckAfter, What: $"a reconcile of controller {controller.Name} has been running"),
            (Since: controller.LongestNeglect, AtMost: stuckAfter, What: $"controller {controller.Name} has taken nothing of what is due"),
        })
        .Append((Since: election, AtMost: electionStuckAfter, What: "the next attempt to take or keep the lease has been overdue"))
        .Where(part => part.Since > part.AtMost)
        .Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.What} for {part.Since.TotalSeconds:0} seconds"))
        .FirstOrDefault();

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
        gates.ForEach(gate => gate.Dispose());
        report?.Dispose();
        queues.Dispose();
    }

    private void Measure(OperatorContext context, ConnectionProbes probes)
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

    private ConnectionReconciler Connections(
        OperatorContext context,
        ClientResolver resolver,
        ClientTokenSource source,
        ProviderEndpoints endpoints,
        INamespaces namespaces,
        SecretRemovals removals,
        ConnectionProbes probes,
        WorkloadRestarts restarts
    )
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
            new TokenRefresher(source, endpoints, publisher, leadership, time, random, metrics, log),
            exchanges,
            new GrantSteps(exchanges, grants.Store, grants.Observer, publisher, leadership, time, random, metrics, log),
            new ConsentSteps(grants.Redeemer, grants.Handoffs, grants.Observer, grants.Links, leadership, time, grants.Log),
            publisher,
            removals,
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
            resolver,
            grants.Observer,
            namespaces,
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
            StatusWrites("vismaconnection", "VismaConnection", context),
            time,
            random,
            metrics,
            log
        );
    }

    private OAuthClientReconciler Clients(
        OperatorContext context,
        OAuthClientObserver observer,
        ClientSecretTracker tracker,
        SecretRemovals removals,
        RequestTurns turns
    )
    {
        var reporter = new OAuthClientReporter(context.Client, caches.Clients.Store, events, context.Leadership, context.Time);
        var problems = new ProblemLog(context.Logs.CreateLogger("OAuthClient"), OAuthClient.ResourceKind.Kind);
        return new OAuthClientReconciler(
            caches.Clients.Store,
            observer,
            tracker,
            reporter,
            removals,
            turns,
            problems,
            StatusWrites("oauthclient", "OAuthClient", context),
            context.Time
        );
    }

    private CopyReconciler Copies(OperatorContext context, INamespaces namespaces) => new(
        new CopySources(caches.Connections.Store, caches.OwnSecrets.Store, context.Client, caches.Names.ClaimOn),
        new CopyAcceptance(
            namespaces,
            caches.OwnSecrets.Store,
            name => context.Namespaces.Count == 0 || context.Namespaces.Contains(name)
        ),
        new SecretPublisher(context.Client, caches.OwnSecrets.Store, context.Time),
        copyReports,
        context.AllowLists,
        context.Leadership,
        context.Time,
        new CopyLog(context.Logs.CreateLogger("Copy")))
    {
        Wake = queues.Connections.Add,
    };

    private ConnectionProbes Probes(OperatorContext context) =>
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

    // Nothing runs before the first connection asks for probes.
    private BackgroundLoop ProbeLoop(ConnectionProbes probes, OperatorContext context)
    {
        const string Name = "probe";
        return new BackgroundLoop(
            $"controller {Name}",
            async stop =>
            {
                await probes.Wanted.WaitAsync(stop);
                var logger = context.Logs.CreateLogger("Controller.Probes");
                await new Controller(Name, queues.Probes, probes, ConnectionProbes.Workers, logger, context.Metrics, context.Time)
                {
                    Kind = "VismaConnection",
                }.RunAsync(stop);
            }
        );
    }

    private WorkloadRestarts Restarts(OperatorContext context) =>
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

    // Nothing runs before the first connection asks for restarts.
    private BackgroundLoop RestartLoop(WorkloadRestarts restarts, OperatorContext context)
    {
        const string Name = "restart";
        return new BackgroundLoop(
            $"controller {Name}",
            async stop =>
            {
                await restarts.Wanted.WaitAsync(stop);
                var logger = context.Logs.CreateLogger("Controller.Restarts");
                await new Controller(Name, queues.Restarts, restarts, WorkloadRestarts.Workers, logger, context.Metrics, context.Time)
                {
                    Kind = "Workload",
                }.RunAsync(stop);
            }
        );
    }

    // The sets are listed again first. No other controller waits for it, since they may be unreadable: their definition may be missing.
    private BackgroundLoop SetLoop(OperatorSets served, INamespaces namespaces, OperatorContext context)
    {
        var loop = Loop("connectionset", "VismaConnectionSet", queues.Sets, served.Reconciler(events, namespaces), context);
        return loop with
        {
            RunAsync = async stop =>
            {
                await served.CatchUpAsync(stop);
                await loop.RunAsync(stop);
            },
        };
    }

    private static StatusWrites StatusWrites(string controller, string kind, OperatorContext context) =>
        new(controller, context.Metrics, context.Logs.CreateLogger(kind), context.Time, context.Random);

    // Nothing runs before there is something to do.
    private BackgroundLoop LoopOnceWanted(
        string name,
        string kind,
        WorkQueue queue,
        IReconciler reconciler,
        Task wanted,
        OperatorContext context
    )
    {
        var loop = Loop(name, kind, queue, reconciler, context);
        return loop with
        {
            RunAsync = async stop =>
            {
                await wanted.WaitAsync(stop);
                await loop.RunAsync(stop);
            },
        };
    }

    private BackgroundLoop Loop(string name, string kind, WorkQueue queue, IReconciler reconciler, OperatorContext context)
    {
        var logger = context.Logs.CreateLogger($"Controller.{kind}");
        var gated = Gated(reconciler, queue);
        var controller = new Controller(name, queue, gated, context.Workers, logger, context.Metrics, context.Time) { Kind = kind };
        controllers.Add(controller);
        return new BackgroundLoop($"controller {name}", controller.RunAsync);
    }

    // Where only some namespaces are served, one of them may not have been read yet.
    private IReconciler Gated(IReconciler reconciler, WorkQueue queue)
    {
        if (caches.Served is not { } served)
        {
            return reconciler;
        }

        var gate = new NamespaceGate(reconciler, queue, served);
        gates.Add(gate);
        return gate;
    }
}
