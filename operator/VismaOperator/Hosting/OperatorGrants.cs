using Kubernetes.Controllers;
using VismaOperator.Clients;
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
    private readonly ClientTokenSource source;
    private readonly ProviderEndpoints endpoints;
    private readonly GrantRevoker revoker;
    private readonly GrantClients clients;
    private readonly ClusterIdentity cluster;
    private readonly ExchangeTracker attempts;
    private readonly GrantFactsReader facts;
    private readonly KnownGrants known = new();

    /// <summary>Builds everything; nothing is asked yet.</summary>
    public OperatorGrants(
        OperatorContext context,
        OperatorCaches caches,
        ClientTokenSource source,
        ProviderEndpoints endpoints,
        ClientSecretTracker tracker,
        ClientResolver resolver
    )
    {
        (this.context, this.caches, this.source, this.endpoints) = (context, caches, source, endpoints);
        Log = new GrantLog(context.Logs.CreateLogger("Grant"));
        revoker = new GrantRevoker(context.Revocation, endpoints, tracker, context.Time);
        cluster = new ClusterIdentity(caches.Namespaces?.Store);
        attempts = new ExchangeTracker(context.Time, context.TakeoverWait);
        facts = new GrantFactsReader(attempts, cluster);
        Store = new GrantStore(context.Client);
        clients = new GrantClients(caches.Clients.Store, resolver, known);
        PendingGrants = new PendingGrantWrites(Store, revoker, name => caches.Connections.Store.IsMissing(name), context.Time, Log)
        {
            ClientOf = clients.FindAsync,
        };
        Links = new ConsentLinks(context.PublicUrl, context.ConnectArguments, context.RandomBytes);
        Handoffs = new HandoffRedeemer(context.Client, caches.OwnSecrets.Store, context.Time);
        Redeemer = new CodeRedeemer(
            Store,
            PendingGrants,
            source,
            endpoints,
            revoker,
            cluster,
            context.Time,
            context.RandomBytes,
            Log
        );
        Observer = new GrantObserver(Store, facts, Handoffs, Links, known, attempts, PendingGrants);
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
        attempts,
        source,
        endpoints,
        cluster,
        context.Leadership,
        context.Time,
        context.RandomBytes,
        Log);

    /// <summary>Leads people through a consent.</summary>
    public ConsentFlow Flow(ClientResolver resolver, INamespaces namespaces) => new(
        new ConsentInvitations(caches.Connections.Store, context.Client, context.Namespaces, Links, context.Time),
        new ConsentAdmission(resolver, endpoints, namespaces, context.AllowLists, Links, context.Time),
        new ConsentAttempts(Store, caches.OwnSecrets.Store, context.Time, context.RandomBytes),
        Redeemer,
        facts,
        new ConsentMetrics(context.Meters));

    /// <summary>Looks after grants whose connection is gone; for the leader.</summary>
    public IReconciler OrphanedGrants(INamespaces namespaces) => new OrphanedGrantReconciler(
        new OrphanedGrantCaches(caches.Connections.Store, caches.Clients.Store, caches.OwnSecrets.Store, namespaces, context.Client),
        clients,
        known,
        Store,
        revoker,
        cluster,
        context.Leadership,
        context.Time,
        Log);
}
