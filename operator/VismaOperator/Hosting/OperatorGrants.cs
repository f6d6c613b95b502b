using Kubernetes.Controllers;
using VismaOperator.Consent.Flow;
using VismaOperator.Grants;

namespace VismaOperator.Hosting;

/// <summary>
/// Builds what handles the grants that people give. The leader's controllers and the consent pages of every replica share it.
/// </summary>
internal sealed class OperatorGrants
{
    private readonly OperatorContext context;
    private readonly OperatorCaches caches;
    private readonly OperatorClients clients;
    private readonly GrantRevoker revoker;
    private readonly GrantClients grantClients;
    private readonly ClusterIdentity cluster;
    private readonly ExchangeTracker tracker;
    private readonly GrantFactsReader facts;
    private readonly KnownGrants known = new();

    /// <summary>Builds everything; nothing is asked yet.</summary>
    public OperatorGrants(OperatorContext context, OperatorCaches caches, OperatorClients clients)
    {
        (this.context, this.caches, this.clients) = (context, caches, clients);
        Log = new GrantLog(context.Logs.CreateLogger("Grant"));
        revoker = new GrantRevoker(context.Revocation, clients.Endpoints, clients.Tracker, context.Time);
        cluster = new ClusterIdentity(caches.Namespaces?.Store);
        tracker = new ExchangeTracker(context.Time, context.TakeoverWait);
        facts = new GrantFactsReader(tracker, cluster);
        Store = new GrantStore(context.Client);
        grantClients = new GrantClients(caches.Clients.Store, clients.Resolver, known);
        PendingGrants = new PendingGrantWrites(Store, revoker, name => caches.Connections.Store.IsMissing(name), context.Time, Log)
        {
            ClientOf = grantClients.FindAsync,
        };
        Links = new ConsentLinks(context.PublicUrl, context.ConnectArguments, context.RandomBytes);
        Handoffs = new HandoffRedeemer(context.Client, caches.OwnSecrets.Store, context.Time);
        Redeemer = new CodeRedeemer(
            Store,
            PendingGrants,
            clients.Source,
            clients.Endpoints,
            revoker,
            cluster,
            context.Time,
            context.RandomBytes,
            Log
        );
        Observer = new GrantObserver(Store, facts, Handoffs, Links, known, tracker, PendingGrants);
    }

    public GrantLog Log { get; }

    /// <summary>Where grants are kept.</summary>
    public GrantStore Store { get; }

    /// <summary>Tokens that were issued and are not stored yet.</summary>
    public PendingGrantWrites PendingGrants { get; }

    /// <summary>The links at which people consent.</summary>
    public ConsentLinks Links { get; }

    /// <summary>Takes in codes that were handed over.</summary>
    public HandoffRedeemer Handoffs { get; }

    /// <summary>Redeems codes.</summary>
    public CodeRedeemer Redeemer { get; }

    /// <summary>Looks at grants.</summary>
    public GrantObserver Observer { get; }

    /// <summary>Spends refresh tokens; for the leader.</summary>
    public GrantRefresher Refresher() => new(
        Store,
        PendingGrants,
        tracker,
        clients.Source,
        clients.Endpoints,
        cluster,
        context.Leadership,
        context.Time,
        context.RandomBytes,
        Log);

    /// <summary>Leads people through a consent.</summary>
    public ConsentFlow Flow() => new(
        new ConsentInvitations(caches.Connections.Store, context.Client, context.Namespaces, Links, context.Time),
        new ConsentAdmission(clients.Resolver, clients.Endpoints, clients.Namespaces, context.AllowLists, Links, context.Time),
        new ConsentAttempts(Store, caches.OwnSecrets.Store, context.Time, context.RandomBytes),
        Redeemer,
        facts,
        new ConsentMetrics(context.Meters));

    /// <summary>Looks after grants whose connection is gone; for the leader.</summary>
    public IReconciler OrphanedGrants() => new OrphanedGrantReconciler(
        new OrphanedGrantCaches(
            caches.Connections.Store,
            caches.Clients.Store,
            caches.OwnSecrets.Store,
            clients.Namespaces,
            context.Client
        ),
        grantClients,
        known,
        Store,
        revoker,
        cluster,
        context.Leadership,
        context.Time,
        Log);
}
