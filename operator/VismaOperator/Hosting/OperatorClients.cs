using Kubernetes.Controllers;
using Kubernetes.Controllers.Writing;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Reporting;

namespace VismaOperator.Hosting;

/// <summary>Builds what knows the clients: who may use one, which of its secrets works, and how its tokens are requested.</summary>
internal sealed class OperatorClients
{
    private readonly OperatorContext context;
    private readonly OperatorCaches caches;
    private readonly CredentialReader reader;
    private readonly RequestTurns turns;

    /// <summary>Builds everything; nothing is asked yet.</summary>
    public OperatorClients(OperatorContext context, OperatorCaches caches, OperatorQueues queues)
    {
        (this.context, this.caches) = (context, caches);
        Namespaces = caches.Namespaces is { } watched ? new WatchedNamespaces(watched.Store) : caches.FetchedNamespaces!;
        Tracker = new ClientSecretTracker(context.Time);
        reader = new CredentialReader(caches.Credentials, caches.CredentialRevisions);
        turns = new RequestTurns(caches.Connections.Store, context.Time);
        Resolver = new ClientResolver(caches.Clients.Store, reader, Tracker, Namespaces, context.AllowLists, turns, context.Time);
        Endpoints = new ProviderEndpoints(context.Metadata);
        Removals = new SecretRemovals(context.Time, queues.Clients.Add);
        Clocks = new ClockWatch(context.Logs.CreateLogger("Clock"));
        var metrics = new ProviderMetrics(context.Meters, context.AllowLists.AllowedIssuers, context.Time)
        {
            ClosedFor = context.Tokens.ClosedFor,
        };
        var audit = new TokenAudit(context.Logs.CreateLogger(TokenAudit.Category), caches.Connections.Store.Find);
        Source = new ClientTokenSource(context.Tokens, Tracker, Clocks, metrics, audit);
    }

    /// <summary>The labels of namespaces, which decide who may use a client.</summary>
    public INamespaces Namespaces { get; }

    /// <summary>Which secrets of the clients work.</summary>
    public ClientSecretTracker Tracker { get; }

    /// <summary>Finds the client of a connection.</summary>
    public ClientResolver Resolver { get; }

    /// <summary>Finds the endpoints of the providers.</summary>
    public ProviderEndpoints Endpoints { get; }

    /// <summary>Secrets that connections lost by a change of their client.</summary>
    public SecretRemovals Removals { get; }

    /// <summary>Compares the clocks of the providers with ours.</summary>
    public ClockWatch Clocks { get; }

    /// <summary>Requests tokens.</summary>
    public ClientTokenSource Source { get; }

    /// <summary>Keeps the status of the clients true; for the leader.</summary>
    public IReconciler Reconciler(EventRecorder events) => new OAuthClientReconciler(
        caches.Clients.Store,
        new OAuthClientObserver(Resolver, reader, Tracker, Endpoints, caches.Connections.Store, Clocks),
        Tracker,
        new OAuthClientReporter(context.Client, caches.Clients.Store, events, context.Leadership, context.Time),
        Removals,
        turns,
        new ProblemLog(context.Logs.CreateLogger("OAuthClient"), OAuthClient.ResourceKind.Kind),
        new StatusWrites("oauthclient", context.Metrics, context.Logs.CreateLogger("OAuthClient"), context.Time, context.Random),
        context.Time
    );
}
