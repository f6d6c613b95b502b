using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Telemetry;
using Kubernetes.Controllers.Writing;
using Kubernetes.InMemory;
using Lifecycle;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Connections;
using VismaOperator.Grants;
using VismaOperator.Probing;
using VismaOperator.Publishing;
using VismaOperator.Reporting;
using VismaOperator.Restarting;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Crashes;

/// <summary>
/// What one operator process consists of as far as grants go, put together as <c>OperatorControllers</c> and <c>OperatorGrants</c> do.
/// Informers, queues and workers are left out: the world plays their part, so that a schedule runs on one thread and the same way each
/// time.
/// </summary>
internal sealed class OperatorParts
{
    private static readonly AllowLists allowLists = new() { AllowedIssuers = [SimulatedProvider.Issuer.OriginalString] };
    private static readonly Lazy<WatchSet<Secret>> credentials = new(FollowCredentials);
    private static readonly ConnectionMetrics metrics = new(new UnreadMeters(), () => []);
    private static readonly ProviderMetrics providerMetrics = new(new UnreadMeters(), [], TimeProvider.System);
    private static readonly ProbeMetrics probeMetrics = new(new UnreadMeters());
    private static readonly ControllerMetrics controllerMetrics = new(new UnreadMeters());

    private readonly ClientResolver resolver;
    private readonly GrantFactsReader facts;
    private readonly CodeRedeemer redeemer;

    public OperatorParts(
        IKubernetesClient client,
        ReplicaEndpoints provider,
        ReplicaLeadership leadership,
        TimeProvider time,
        Func<int, byte[]> randomBytes,
        ILoggerFactory logs
    )
    {
        var tracker = new ClientSecretTracker(time);
        var namespaces = new WatchedNamespaces(Namespaces);
        var endpoints = new ProviderEndpoints(provider);
        resolver = new ClientResolver(
            Clients,
            new CredentialReader(credentials.Value, new CredentialRevisions()),
            tracker,
            namespaces,
            allowLists,
            new RequestTurns(Connections, time),
            time
        );
        Connections.AddIndex(OAuthClientObserver.ClientIndex, connection => [connection.ClientName().ToString()]);
        var log = new GrantLog(logs.CreateLogger("Grant"));
        var revoker = new GrantRevoker(provider, endpoints, tracker, time);
        var source = new ClientTokenSource(
            provider,
            tracker,
            new ClockWatch(NullLogger.Instance),
            providerMetrics,
            new TokenAudit(NullLogger.Instance)
        );
        var cluster = new ClusterIdentity(Namespaces);
        var exchanges = new ExchangeTracker(time, Policy.ExchangeDeadline);
        var publisher = new SecretPublisher(client, Secrets, time);
        var links = new ConsentLinks(null, null, randomBytes);
        var known = new KnownGrants();
        var handoffs = new HandoffRedeemer(client, Secrets, time);
        facts = new GrantFactsReader(exchanges, cluster);
        Store = new GrantStore(client);
        PendingGrants = new PendingGrantWrites(Store, revoker, name => Connections.Find(name) is null, time, log);
        redeemer = new CodeRedeemer(Store, PendingGrants, source, endpoints, revoker, cluster, time, randomBytes, log);
        var grants = new GrantObserver(Store, facts, handoffs, links, known, exchanges, PendingGrants);
        var refresher = new GrantRefresher(Store, PendingGrants, exchanges, source, endpoints, cluster, leadership, time, randomBytes, log);
        var connectionLog = new ConnectionLog(logs.CreateLogger("VismaConnection"));
        var eventLog = logs.CreateLogger("Events");
        var events = new EventRecorder(client, "visma-operator.io/operator", "simulation", time, controllerMetrics, eventLog);
        var reporter = new ConnectionReporter(client, Connections, events, leadership, time);
        var steps = new ConnectionSteps(
            new TokenRefresher(source, endpoints, publisher, leadership, time, NoJitter, metrics, connectionLog),
            refresher,
            new GrantSteps(refresher, Store, grants, publisher, leadership, time, NoJitter, metrics, connectionLog),
            new ConsentSteps(redeemer, handoffs, grants, links, leadership, time, log),
            publisher,
            new SecretRemovals(time, _ => { }),
            reporter,
            leadership,
            time,
            NoJitter,
            connectionLog
        );
        var obstacles = new WatchSet<SecretMetadata>(client, time, logs.CreateLogger("Cache.Obstacle"), () => 0);
        var (times, probes) = (new RecordedTimes(time), Unprobed(client, leadership, time));
        var restarts = WithoutRestarts(client, leadership, time);
        var observer = new ConnectionObserver(
            new SecretNames(Connections, Clients, Secrets, obstacles),
            Secrets,
            resolver,
            grants,
            namespaces,
            allowLists,
            times,
            probes,
            restarts
        );
        var statusWrites = new StatusWrites("vismaconnection", controllerMetrics, logs.CreateLogger("VismaConnection"), time, NoJitter);
        Reconciler = new ConnectionReconciler(
            Connections,
            observer,
            steps,
            reporter,
            times,
            probes,
            restarts,
            statusWrites,
            time,
            NoJitter,
            metrics,
            connectionLog
        );
        Custodian = new OrphanedGrantReconciler(
            new OrphanedGrantCaches(Connections, Clients, Secrets, namespaces, client),
            new GrantClients(Clients, resolver, known),
            known,
            Store,
            revoker,
            cluster,
            leadership,
            time,
            log
        );
    }

    // No connection of a schedule is probed.
    private ConnectionProbes Unprobed(IKubernetesClient client, ReplicaLeadership leadership, TimeProvider time) =>
        new(
            client,
            Connections,
            new Lazy<ApiProbe>(() => throw new InvalidOperationException("nothing is probed here")),
            leadership,
            time,
            probeMetrics,
            NullLogger.Instance
        )
        {
            Queue = new WorkQueue(time, BackoffOptions.ForKeys, NoJitter),
            Wake = _ => { },
        };

    // No connection of a schedule restarts anything.
    private static WorkloadRestarts WithoutRestarts(IKubernetesClient client, ReplicaLeadership leadership, TimeProvider time) =>
        new(client, _ => [], leadership, time, NullLogger.Instance)
        {
            Queue = new WorkQueue(time, BackoffOptions.ForKeys, NoJitter),
            Wake = _ => { },
            IsKnown = _ => false,
        };

    /// <summary>
    /// Looks the client's secret up, which takes a thread of the pool. To be done before schedules take them all, and would wait for each
    /// other.
    /// </summary>
    public static void Prepare() => _ = credentials.Value;

    public Store<VismaConnection> Connections { get; } = new();

    public Store<OAuthClient> Clients { get; } = new();

    public Store<SecretMetadata> Secrets { get; } = new();

    public Store<Namespace> Namespaces { get; } = new();

    public GrantStore Store { get; }

    public PendingGrantWrites PendingGrants { get; }

    public IReconciler Reconciler { get; }

    public IReconciler Custodian { get; }

    /// <summary>Takes the place of the watches: the stores know what the cluster holds now.</summary>
    /// <returns>True when there was news that the triggers would wake a controller for.</returns>
    public bool CatchUp(InMemoryCluster cluster)
    {
        CatchUp(cluster, Clients, new NamespacedName(Some.Namespace, Some.Client));
        CatchUp(cluster, Namespaces, NamespacedName.ClusterScoped("kube-system"));
        var before = Connections.Find(World.Key)?.Metadata;
        var isNews = CatchUp(cluster, Connections, World.Key) && !IsOnlyStatus(before, Connections.Find(World.Key)?.Metadata);
        foreach (var suffix in (string[])["-token", AuthorizationSpec.GrantSecretSuffix, AuthorizationSpec.HandoffSecretSuffix])
        {
            isNews |= CatchUp(cluster, Secrets, new NamespacedName(Some.Namespace, Some.Connection + suffix));
        }

        return isNews;
    }

    /// <summary>Redeems a code that a browser brought to this process, leader or not.</summary>
    public async Task RedeemAsync(ConsentCode code)
    {
        if (
            Connections.Find(World.Key) is { } connection
            && await resolver.FindAsync(connection, CancellationToken.None) is { Client: { } client }
        )
        {
            // As the desk of the consent pages does, whose attempt is taken by a write to the grant Secret.
            var present = (await Store.ReadAsync(World.Key, CancellationToken.None) as GrantRead.Found)?.Snapshot.Document;
            var former = facts.FormerIn(present, connection);
            await redeemer.RedeemAsync(connection, client, code with { Replaces = former }, CancellationToken.None);
        }
    }

    private static bool IsOnlyStatus(ObjectMeta? before, ObjectMeta? after) =>
        before?.Uid == after?.Uid
        && before?.Generation == after?.Generation
        && before?.Annotation(VismaNames.RequestedAtAnnotation) == after?.Annotation(VismaNames.RequestedAtAnnotation);

    private static bool CatchUp<T>(InMemoryCluster cluster, Store<T> store, NamespacedName name)
        where T : class, IResource<T>
    {
        var known = store.Find(name)?.Metadata;
        if (cluster.FindAsync<T>(name, CancellationToken.None).Result is { } found)
        {
            if (known is not null && known.Uid != found.Metadata.Uid)
            {
                store.ObserveDeletion(name, known.Uid);
            }

            store.Observe(found);
            return known?.ResourceVersion != found.Metadata.ResourceVersion;
        }

        if (known is not null)
        {
            store.ObserveDeletion(name, known.Uid);
        }

        return known is not null;
    }

    private static double NoJitter() => 0.5;

    // The one thing that is watched for real, once for all schedules, since it never changes: the client's secret.
    private static WatchSet<Secret> FollowCredentials()
    {
        var cluster = new InMemoryCluster(TimeProvider.System);
        var secret = cluster.CreateAsync(Some.Credentials(), CancellationToken.None).Result;
        var watched = new WatchSet<Secret>(cluster, TimeProvider.System, NullLogger.Instance, () => 0.5);
        using var seen = new ManualResetEventSlim();
        using var subscription = watched.Subscribe(_ => seen.Set());
        watched.Follow(new HashSet<NamespacedName> { secret.Metadata.NamespacedName });
        _ = Task.Run(() => watched.RunAsync(CancellationToken.None));
        Assert.True(seen.Wait(TestOperator.Patience, CancellationToken.None), "the credentials were not seen");
        return watched;
    }
}
