using Kubernetes.Controllers;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Writing;
using VismaOperator.Hosting;
using VismaOperator.OAuthClients;
using VismaOperator.VismaConnections;

namespace VismaOperator.Wiring;

/// <summary>
/// Builds the caches and controllers of both kinds, in explicit constructor calls: the order of construction is the order
/// of dependence, and what a part can reach is what it was given.
/// </summary>
internal sealed class OperatorControllers : IControllerSet, IDisposable
{
    private readonly OperatorCaches caches;
    private readonly OperatorTriggers triggers;
    private readonly WorkQueue connectionQueue;
    private readonly WorkQueue clientQueue;

    /// <summary>Builds everything; nothing runs yet.</summary>
    public OperatorControllers(OperatorContext context)
    {
        caches = new OperatorCaches(context.Client, context.Namespaces, context.Time, context.Logs, context.Random);
        connectionQueue = new WorkQueue(context.Time, BackoffOptions.ForKeys, context.Random);
        clientQueue = new WorkQueue(context.Time, BackoffOptions.ForKeys, context.Random);
        var book = new CredentialBook(context.Time);
        var reader = new CredentialReader(caches.Credentials, caches.CredentialRevisions);
        INamespaces namespaces = caches.Namespaces is { } watched ? new WatchedNamespaces(watched.Store) : new FetchedNamespaces(context.Client, context.Time);
        var directory = new ClientDirectory(caches.Clients.Store, reader, book, namespaces, context.AllowLists, context.Time);
        var events = new EventRecorder(context.Client, $"{VismaNames.Group}/operator", context.Instance, context.Time, context.Logs.CreateLogger("Events"));
        var endpoints = new ProviderEndpoints(context.Metadata);
        var source = new ClientTokenSource(context.Tokens, endpoints, book);
        var clientObserver = new OAuthClientObserver(directory, reader, book, endpoints, caches.Connections.Store);
        triggers = new OperatorTriggers(caches, connectionQueue, clientQueue);
        triggers.Listen(book);
        Controllers =
        [
            Loop("vismaconnection", "VismaConnection", connectionQueue, Connections(context, directory, source, namespaces, events), context),
            Loop("oauthclient", "OAuthClient", clientQueue, Clients(context, clientObserver, book, events), context),
        ];
    }

    /// <inheritdoc/>
    public IReadOnlyList<BackgroundLoop> Caches => [.. caches.Loops.Select(loop => new BackgroundLoop(loop.Name, loop.RunAsync))];

    /// <inheritdoc/>
    public IReadOnlyList<BackgroundLoop> Controllers { get; }

    /// <inheritdoc/>
    public bool HasSynced => caches.WaitUntilSyncedAsync(CancellationToken.None).IsCompletedSuccessfully;

    /// <inheritdoc/>
    public Task WaitUntilSyncedAsync(CancellationToken cancellationToken) => caches.WaitUntilSyncedAsync(cancellationToken);

    /// <inheritdoc/>
    public Task CatchUpAsync(CancellationToken cancellationToken) => caches.CatchUpAsync(cancellationToken);

    /// <summary>Completes once neither controller has anything to do before something changes or falls due.</summary>
    public async Task WhenAtRestAsync()
    {
        do
        {
            await connectionQueue.WhenAtRestAsync();
            await clientQueue.WhenAtRestAsync();
        }
        while (!connectionQueue.WhenAtRestAsync().IsCompleted); // a client's reconcile may have added connections
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        triggers.Dispose();
        connectionQueue.Dispose();
        clientQueue.Dispose();
    }

    private ConnectionReconciler Connections(OperatorContext context, ClientDirectory directory, ClientTokenSource source, INamespaces namespaces, EventRecorder events)
    {
        var publisher = new SecretPublisher(context.Client, caches.TokenSecrets.Store);
        var tools = new ConnectionTools
        {
            Publisher = publisher,
            Refresher = new TokenRefresher(source, publisher, context.Leadership, context.Time),
            Leadership = context.Leadership,
            Time = context.Time,
            Roll = context.Random,
            Metrics = new ConnectionMetrics(context.Meters, caches.Connections.Store.List),
            Log = new ConnectionLog(context.Logs.CreateLogger("VismaConnection")),
        };
        var observer = new ConnectionObserver(caches.TokenSecrets.Store, directory, namespaces, context.AllowLists);
        var reporter = new ConnectionReporter(context.Client, caches.Connections.Store, events, context.Leadership, context.Time);
        return new ConnectionReconciler(caches.Connections.Store, observer, reporter, tools);
    }

    private OAuthClientReconciler Clients(OperatorContext context, OAuthClientObserver observer, CredentialBook book, EventRecorder events)
    {
        var reporter = new OAuthClientReporter(context.Client, caches.Clients.Store, events, context.Leadership, context.Time);
        return new OAuthClientReconciler(caches.Clients.Store, observer, book, reporter, context.Time);
    }

    private static BackgroundLoop Loop(string name, string kind, WorkQueue queue, IReconciler reconciler, OperatorContext context)
    {
        var logger = context.Logs.CreateLogger($"Controller.{kind}");
        var controller = new Controller(name, queue, reconciler, context.Workers, logger, context.Metrics, context.Time) { Kind = kind };
        return new BackgroundLoop($"controller {name}", controller.RunAsync);
    }
}
