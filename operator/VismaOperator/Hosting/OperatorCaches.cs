using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Connections;

namespace VismaOperator.Hosting;

/// <summary>
/// Every cache of the operator. Memory follows what these hold: our objects, our Secrets' metadata, and the few Secrets that clients
/// reference.
/// </summary>
internal sealed class OperatorCaches
{
    /// <summary>Name of the index that finds connections by their namespace.</summary>
    public const string NamespaceIndex = "namespace";

    private const string OwnSecretSelector =
        $"{VismaNames.SecretLabel} in ({VismaNames.TokenSecretValue},{VismaNames.GrantSecretValue},{VismaNames.HandoffSecretValue},"
        + $"{VismaNames.CopySecretValue})";

    /// <summary>Makes the caches; nothing is asked before the loops run.</summary>
    /// <param name="client">The cluster.</param>
    /// <param name="namespaces">Namespaces to work in; empty for all.</param>
    /// <param name="time">Wall clock and durations.</param>
    /// <param name="logs">Where each cache logs.</param>
    /// <param name="random">A random number in [0, 1) that spreads reconnects.</param>
    public OperatorCaches(
        IKubernetesClient client,
        IReadOnlyList<string> namespaces,
        TimeProvider time,
        ILoggerFactory logs,
        Func<double> random
    )
    {
        var selectors = namespaces.Count == 0 ? [ResourceSelector.All] : namespaces.Select(name => new ResourceSelector(name)).ToList();
        var ours = selectors.Select(selector => selector with { LabelSelector = OwnSecretSelector }).ToList();
        Served = namespaces.Count == 0 ? null : new NamespaceSync(time);
        Connections = new(client, selectors, time, logs.CreateLogger("Cache.VismaConnection"), random) { Namespaces = Served };
        Clients = new(client, selectors, time, logs.CreateLogger("Cache.OAuthClient"), random) { Namespaces = Served };
        OwnSecrets = new(client, ours, time, logs.CreateLogger("Cache.OwnSecret"), random) { Namespaces = Served };
        Credentials = new(client, time, logs.CreateLogger("Cache.Credential"), random);
        Obstacles = new(client, time, logs.CreateLogger("Cache.Obstacle"), random);
        Names = new(Connections.Store, Clients.Store, OwnSecrets.Store, Obstacles);
        Namespaces = namespaces.Count == 0 ? new(client, [ResourceSelector.All], time, logs.CreateLogger("Cache.Namespace"), random) : null;
        FetchedNamespaces = Namespaces is null ? new(client, time) : null;
        Connections.Store.AddIndex(NamespaceIndex, connection => [connection.Metadata.Namespace ?? string.Empty]);
    }

    /// <summary>Which of the listed namespaces can be served; null where all are watched at once.</summary>
    public NamespaceSync? Served { get; }

    public Informer<VismaConnection> Connections { get; }

    public Informer<OAuthClient> Clients { get; }

    /// <summary>
    /// Metadata of the Secrets that bear our label (tokens, grants, codes that were handed over, copies); never their content.
    /// </summary>
    public Informer<SecretMetadata> OwnSecrets { get; }

    /// <summary>The Secrets that clients reference, each watched by its name.</summary>
    public WatchSet<Secret> Credentials { get; }

    /// <summary>Metadata of foreign Secrets that block connections, each watched by its name.</summary>
    public WatchSet<SecretMetadata> Obstacles { get; }

    /// <summary>Who asks for which Secret name.</summary>
    public SecretNames Names { get; }

    /// <summary>Since when each credential has its present value.</summary>
    public CredentialRevisions CredentialRevisions { get; } = new();

    /// <summary>The namespaces; null where only Roles in listed namespaces are given.</summary>
    public Informer<Namespace>? Namespaces { get; }

    /// <summary>Replaces <see cref="Namespaces"/> where they cannot be watched.</summary>
    public FetchedNamespaces? FetchedNamespaces { get; }

    /// <summary>Watches exactly the Secrets that clients reference now.</summary>
    public void FollowCredentials()
    {
        var names = Clients.Store.List().SelectMany(CredentialReader.ReferencesOf).ToHashSet();
        Credentials.Follow(names);
        CredentialRevisions.KeepOnly(names);
    }

    /// <summary>The caches' loops; each runs until it is asked to stop.</summary>
    public IReadOnlyList<BackgroundLoop> Loops =>
    [
        new("connections", Connections.RunAsync),
        new("clients", Clients.RunAsync),
        new("own secrets", OwnSecrets.RunAsync),
        new("credentials", Credentials.RunAsync),
        new("obstacles", Obstacles.RunAsync),
        new("namespaces", Namespaces is null ? FetchedNamespaces!.RunAsync : Namespaces.RunAsync),
        .. FetchedNamespaces is { } fetched ? [new("accepting namespaces", fetched.RunCloselyAsync)] : Array.Empty<BackgroundLoop>(),
    ];

    public bool HasSynced => Served?.IsSettled ?? WaitUntilSyncedAsync(CancellationToken.None).IsCompletedSuccessfully;

    /// <summary>
    /// Waits until every list was taken once, or a listed namespace is known to be broken. Credentials are waited for one by one, where
    /// they are needed.
    /// </summary>
    public Task WaitUntilSyncedAsync(CancellationToken cancellationToken) =>
        Served?.WaitUntilSettledAsync(cancellationToken) ?? Task.WhenAll(
        Connections.WaitUntilSyncedAsync(cancellationToken),
        Clients.WaitUntilSyncedAsync(cancellationToken),
        OwnSecrets.WaitUntilSyncedAsync(cancellationToken),
        Namespaces?.WaitUntilSyncedAsync(cancellationToken) ?? Task.CompletedTask);

    /// <summary>The stores whose first list is not complete.</summary>
    public IEnumerable<string> MissingLists =>
    [
        .. Connections.Store.HasSynced ? (string[])[] : ["connections"],
        .. Clients.Store.HasSynced ? (string[])[] : ["clients"],
        .. OwnSecrets.Store.HasSynced ? (string[])[] : ["secrets"],
        .. Namespaces?.Store.HasSynced != false ? (string[])[] : ["namespaces"],
    ];

    /// <summary>Lists again what a leader writes and what its decisions read.</summary>
    public Task CatchUpAsync(CancellationToken cancellationToken) => Task.WhenAll(
        Connections.CatchUpAsync(cancellationToken),
        OwnSecrets.CatchUpAsync(cancellationToken));
}
