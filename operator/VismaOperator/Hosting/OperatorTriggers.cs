using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Queueing;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Copies;

namespace VismaOperator.Hosting;

/// <summary>
/// Maps changes to the keys that must be reconciled. A trigger carries no data, since the reconcile reads the present state: a needless
/// trigger costs one look, and only a missing one would be a fault.
/// </summary>
internal sealed class OperatorTriggers(OperatorCaches caches, OperatorQueues queues) : IDisposable
{
    private readonly List<IDisposable> subscriptions = [];

    /// <summary>Starts to listen. Call before the caches run, so that nothing is missed.</summary>
    public void Listen(ClientSecretTracker tracker, ClockWatch clocks)
    {
        caches.Connections.Store.AddIndex(OAuthClientObserver.ClientIndex, connection => [connection.ClientName().ToString()]);
        subscriptions.Add(caches.Connections.Store.Subscribe(OnConnection));
        subscriptions.Add(caches.Clients.Store.Subscribe(OnClient));
        subscriptions.Add(caches.OwnSecrets.Store.Subscribe(OnOwnSecret));
        subscriptions.Add(caches.Credentials.Subscribe(OnCredential));
        subscriptions.Add(caches.Obstacles.Subscribe(AddConnectionsAskingFor));
        if (caches.Namespaces is { } namespaces)
        {
            subscriptions.Add(namespaces.Store.Subscribe(change => OnNamespace(change.Name.Name)));
        }

        if (caches.FetchedNamespaces is { } fetched)
        {
            fetched.Changed += OnNamespace;
        }

        if (caches.Served is { } served)
        {
            subscriptions.Add(served.Subscribe(OnServed));
        }

        tracker.Changed += AddWithConnections;
        tracker.Tried += queues.Clients.Add;
        tracker.Appointed += queues.Connections.Add;
        clocks.Changed += OnClock;
    }

    /// <inheritdoc/>
    public void Dispose() => subscriptions.ForEach(subscription => subscription.Dispose());

    // A change of status alone is our own write, so a look would find nothing to do, unless somebody wiped the status.
    private void OnConnection(StoreChange<VismaConnection> change)
    {
        var (before, after) = (change.Before, change.After);
        caches.Names.Follow(change);
        if (before?.SecretName() != after?.SecretName())
        {
            AddConnectionsAskingFor(before?.SecretName());
            AddConnectionsAskingFor(after?.SecretName());
        }

        if (
            before is null
            || after is null
            || !ReferenceEquals(before, after) && (IsWiped(before, after) || !IsOnlyStatus(before.Metadata, after.Metadata))
        )
        {
            queues.Connections.Add(change.Name);
        }

        // A connection is gone, is being deleted, or is back: each begins or ends the time for which a grant outlives its connection.
        if (before?.Metadata.Uid != after?.Metadata.Uid || before?.Spec.Grant != after?.Spec.Grant)
        {
            queues.Grants.Add(change.Name);
        }

        if (before?.ClientName() != after?.ClientName() || before?.Spec.Grant != after?.Spec.Grant)
        {
            Add(queues.Clients, before?.ClientName());
            Add(queues.Clients, after?.ClientName());
        }
    }

    private void OnClient(StoreChange<OAuthClient> change)
    {
        caches.FollowCredentials();
        if (change.Before is null || change.After is null || !IsOnlyStatus(change.Before.Metadata, change.After.Metadata))
        {
            AddWithConnections(change.Name);
            foreach (
                var secret in new[] { change.Before, change.After }
                    .OfType<OAuthClient>()
                    .SelectMany(CredentialReader.ReferencesOf)
                    .Distinct()
            )
            {
                AddConnectionsAskingFor(secret); // a Secret that holds credentials is none for tokens
                AddClientsNaming(secret, change.Name);
            }
        }
    }

    // The reconcile that writes a Secret continues with what it wrote; another one after it would find nothing to do.
    private void OnOwnSecret(StoreChange<SecretMetadata> change)
    {
        if (change.Origin is ChangeOrigin.OwnWrite)
        {
            return;
        }

        // What a copy names is a connection of another namespace (CopyTriggers).
        var metadata = (change.After ?? change.Before)!.Metadata;
        foreach (var name in Names(change).Distinct(StringComparer.Ordinal))
        {
            var connection = new NamespacedName(metadata.Namespace ?? string.Empty, name);
            AddUnlessRecorded(connection, change.Name);
            if (!IsToken(change.Before) || !IsToken(change.After))
            {
                queues.Grants.Add(connection);
            }
        }

        foreach (var connection in caches.Names.AskingFor(change.Name))
        {
            AddUnlessRecorded(connection, change.Name);
        }
    }

    // Most changes of a token Secret are the writes of a reconcile that is still under way, reported by the watch before they are answered.
    // Once it has recorded the version that it wrote, which is the version that is known, there is nothing to look at.
    private void AddUnlessRecorded(NamespacedName connection, NamespacedName secret) => queues.Connections.AddIfNeeded(
        connection,
        secret,
        () => caches.Connections.Store.Find(connection) is not { Status.Token.SecretResourceVersion: { } recorded } known
            || known.SecretName() != secret
            || caches.OwnSecrets.Store.Find(secret)?.Metadata.ResourceVersion != recorded);

    private static bool IsToken(SecretMetadata? secret) =>
        secret is null || secret.Metadata.Label(VismaNames.SecretLabel) == VismaNames.TokenSecretValue;

    private void AddConnectionsAskingFor(NamespacedName? secret)
    {
        if (secret is { } name)
        {
            AddConnectionsAskingFor(name);
        }
    }

    private void AddConnectionsAskingFor(NamespacedName secret)
    {
        foreach (var connection in caches.Names.AskingFor(secret))
        {
            queues.Connections.Add(connection);
        }
    }

    // Both sides of the change: an edit may have taken the annotation away.
    private static IEnumerable<string> Names(StoreChange<SecretMetadata> change) =>
        new[] { change.Before, change.After }
            .Where(secret => !TokenCopy.IsCopy(secret?.Metadata))
            .Select(secret => secret?.Metadata.Annotation(VismaNames.ConnectionAnnotation))
            .OfType<string>();

    private void OnCredential(NamespacedName secret)
    {
        foreach (var client in caches.Names.ClientsReading(secret))
        {
            AddWithConnections(client.Metadata.NamespacedName);
        }
    }

    // This is rare, and a needless look costs little.
    private void OnClock()
    {
        foreach (var client in caches.Clients.Store.List())
        {
            queues.Clients.Add(client.Metadata.NamespacedName);
        }
    }

    // A key that one client uses as its secret is no client id for another one.
    private void AddClientsNaming(NamespacedName secret, NamespacedName changed)
    {
        foreach (
            var other in caches
                .Names.ClientsReading(secret)
                .Where(other => other.Spec.ClientIdFrom is not null && other.Metadata.NamespacedName != changed)
        )
        {
            AddWithConnections(other.Metadata.NamespacedName);
        }
    }

    private void AddWithConnections(NamespacedName client)
    {
        queues.Clients.Add(client);
        AddConnectionsOf(client);
    }

    // Labels decide which clients a namespace may use; a deletion decides whether anything may still be written in it.
    private void OnNamespace(string name)
    {
        foreach (var connection in caches.Connections.Store.FindBy(OperatorCaches.NamespaceIndex, name))
        {
            queues.Connections.Add(connection.Metadata.NamespacedName);
            queues.Grants.Add(connection.Metadata.NamespacedName);
        }
    }

    // Connections whose client is in that namespace learn only now whether it exists.
    private void OnServed(NamespaceNews news)
    {
        foreach (var connection in news.IsOpen ? caches.Connections.Store.List() : [])
        {
            if (connection.ClientName().Namespace == news.Name)
            {
                queues.Connections.Add(connection.Metadata.NamespacedName);
            }
        }
    }

    private void AddConnectionsOf(NamespacedName client)
    {
        foreach (var connection in caches.Connections.Store.FindBy(OAuthClientObserver.ClientIndex, client.ToString()))
        {
            queues.Connections.Add(connection.Metadata.NamespacedName);
        }
    }

    private static void Add(WorkQueue queue, NamespacedName? key)
    {
        if (key is { } name)
        {
            queue.Add(name);
        }
    }

    private static bool IsWiped(VismaConnection before, VismaConnection after) =>
        after.Status.ObservedGeneration < before.Status.ObservedGeneration;

    private static bool IsOnlyStatus(ObjectMeta before, ObjectMeta after) =>
        before.Uid == after.Uid
        && before.Generation == after.Generation
        && before.DeletionTimestamp == after.DeletionTimestamp
        && SameRequests(before, after);

    private static bool SameRequests(ObjectMeta before, ObjectMeta after) =>
        before.Annotation(VismaNames.RequestedAtAnnotation) == after.Annotation(VismaNames.RequestedAtAnnotation)
        && before.Annotation(VismaNames.FluxRequestedAtAnnotation) == after.Annotation(VismaNames.FluxRequestedAtAnnotation)
        && before.Annotation(VismaNames.ProbeRequestedAtAnnotation) == after.Annotation(VismaNames.ProbeRequestedAtAnnotation)
        && before.Annotation(VismaNames.AdoptGrantAnnotation) == after.Annotation(VismaNames.AdoptGrantAnnotation);
}
