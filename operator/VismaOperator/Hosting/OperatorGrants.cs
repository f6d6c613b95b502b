using Kubernetes.Client;
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
    private readonly OperatorCaches caches;
    private readonly IKubernetesClient api;

    /// <summary>Builds everything; nothing is asked yet.</summary>
    public OperatorGrants(
        OperatorContext context,
        OperatorCaches caches,
        ClientTokenSource source,
        ProviderEndpoints endpoints,
        ClientSecretTracker tracker
    )
    {
        this.caches = caches;
        api = context.Client;
        var log = new GrantLog(context.Logs.CreateLogger("Grant"));
        var store = new GrantStore(context.Client);
        var revoker = new GrantRevoker(context.Revocation, endpoints, tracker, context.Time);
        Tools = new GrantTools
        {
            Store = store,
            Unstored = new PendingGrantWrites(store, revoker, name => caches.Connections.Store.IsMissing(name), context.Time, log),
            Open = new ExchangeTracker(context.Time),
            Source = source,
            Endpoints = endpoints,
            Revoker = revoker,
            Cluster = new ClusterIdentity(caches.Namespaces?.Store),
            Leadership = context.Leadership,
            Time = context.Time,
            RandomBytes = context.RandomBytes,
            Log = log,
        };
        Links = new ConsentLinks(context.PublicUrl, context.ConnectArguments, context.RandomBytes);
        Facts = new GrantFactsReader(Tools.Open, Tools.Cluster);
        Handoffs = new HandoffRedeemer(context.Client, caches.OwnSecrets.Store, context.Time);
        Redeemer = new CodeRedeemer(Tools);
        Observer = new GrantObserver(store, Facts, Handoffs, Links, Known, Tools.Open);
    }

    /// <summary>What everything that handles grants shares.</summary>
    public GrantTools Tools { get; }

    /// <summary>The links at which people consent.</summary>
    public ConsentLinks Links { get; }

    /// <summary>Reads facts from grants.</summary>
    public GrantFactsReader Facts { get; }

    /// <summary>Takes in codes that were handed over.</summary>
    public HandoffRedeemer Handoffs { get; }

    /// <summary>Redeems codes.</summary>
    public CodeRedeemer Redeemer { get; }

    /// <summary>Looks at grants.</summary>
    public GrantObserver Observer { get; }

    /// <summary>What was last seen of grants.</summary>
    public KnownGrants Known { get; } = new();

    /// <summary>Leads people through a consent.</summary>
    public ConsentFlow Flow(ClientResolver resolver, INamespaces namespaces, OperatorContext context) => new(
        new ConsentInvitations(caches.Connections.Store, context.Client, context.Namespaces, Links, context.Time),
        new ConsentAdmission(resolver, Tools.Endpoints, namespaces, context.AllowLists, Links, context.Time),
        new ConsentAttempts(Tools.Store, caches.OwnSecrets.Store, context.Time, context.RandomBytes),
        Redeemer,
        Facts,
        new ConsentMetrics(context.Meters));

    /// <summary>Looks after grants whose connection is gone.</summary>
    public IReconciler OrphanedGrants(ClientResolver resolver, INamespaces namespaces) =>
        new OrphanedGrantReconciler(
            new OrphanedGrantCaches(caches.Connections.Store, caches.Clients.Store, caches.OwnSecrets.Store, namespaces, api),
            resolver,
            Known,
            Tools
        );
}
