using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Writing;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Connections;
using VismaOperator.Consent.Flow;
using VismaOperator.Publishing;
using VismaOperator.Reporting;

namespace VismaOperator.Hosting;

/// <summary>
/// Builds the caches and controllers of both kinds, in explicit constructor calls: the order of construction is the order
/// of dependence, and what a part can reach is what it was given.
/// </summary>
internal sealed class OperatorControllers : IControllerSet, IDisposable
{
    private readonly OperatorCaches caches;
    private readonly OperatorTriggers triggers;
    private readonly OperatorQueues queues;
    private readonly OperatorGrants grants;
    private readonly EventRecorder events;
    private readonly NamespaceReport? report;
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
        var source = new ClientTokenSource(context.Tokens, tracker, clocks);
        var clientObserver = new OAuthClientObserver(resolver, reader, tracker, endpoints, caches.Connections.Store, clocks);
        grants = new OperatorGrants(context, caches, source, endpoints, tracker, resolver);
        ConsentFlow = grants.Links.CanInvite ? grants.Flow(resolver, namespaces) : null;
        triggers = new OperatorTriggers(caches, queues);
        triggers.Listen(tracker, clocks);
        report = caches.Served is { } served ? new NamespaceReport(served, events, context) : null;
        Controllers =
        [
            Loop(
                "vismaconnection",
                "VismaConnection",
                queues.Connections,
                Connections(context, resolver, source, endpoints, namespaces, removals),
                context
            ),
            Loop("oauthclient", "OAuthClient", queues.Clients, Clients(context, clientObserver, tracker, removals, turns), context),
            Loop("grant", "VismaConnection", queues.Grants, grants.OrphanedGrants(namespaces), context),
        ];
    }

    /// <inheritdoc/>
    public IReadOnlyList<BackgroundLoop> Caches =>
    [
        .. caches.Loops.Select(loop => new BackgroundLoop(loop.Name, loop.RunAsync)),
        new BackgroundLoop("pending grants", grants.PendingGrants.RunAsync),
        new BackgroundLoop("events", events.RunAsync),
        .. report is null ? Array.Empty<BackgroundLoop>() : [new BackgroundLoop("namespace events", report.RunAsync)],
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
        gates.ForEach(gate => gate.Dispose());
        report?.Dispose();
        queues.Dispose();
    }

    private ConnectionReconciler Connections(
        OperatorContext context,
        ClientResolver resolver,
        ClientTokenSource source,
        ProviderEndpoints endpoints,
        INamespaces namespaces,
        SecretRemovals removals
    )
    {
        var publisher = new SecretPublisher(context.Client, caches.OwnSecrets.Store, context.Time);
        var metrics = new ConnectionMetrics(context.Meters, caches.Connections.Store.List);
        var log = new ConnectionLog(context.Logs.CreateLogger("VismaConnection"));
        var (leadership, time, random) = (context.Leadership, context.Time, context.Random);
        var steps = new ConnectionSteps(
            new TokenRefresher(source, endpoints, publisher, leadership, time, random, metrics, log),
            new GrantSteps(grants.Refresher(), grants.Store, grants.Observer, publisher, leadership, time, random, metrics, log),
            new ConsentSteps(grants.Redeemer, grants.Handoffs, grants.Observer, grants.Links, leadership, time, grants.Log),
            publisher,
            removals,
            leadership,
            time,
            random,
            log
        );
        var observer = new ConnectionObserver(
            caches.Names,
            caches.OwnSecrets.Store,
            resolver,
            grants.Observer,
            namespaces,
            context.AllowLists,
            new RecordedTimes(context.Time)
        );
        var reporter = new ConnectionReporter(context.Client, caches.Connections.Store, events, context.Leadership, context.Time);
        return new ConnectionReconciler(
            caches.Connections.Store,
            observer,
            steps,
            reporter,
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

    private static StatusWrites StatusWrites(string controller, string kind, OperatorContext context) =>
        new(controller, context.Metrics, context.Logs.CreateLogger(kind), context.Time, context.Random);

    private BackgroundLoop Loop(string name, string kind, WorkQueue queue, IReconciler reconciler, OperatorContext context)
    {
        var logger = context.Logs.CreateLogger($"Controller.{kind}");
        var gated = Gated(reconciler, queue);
        var controller = new Controller(name, queue, gated, context.Workers, logger, context.Metrics, context.Time) { Kind = kind };
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
