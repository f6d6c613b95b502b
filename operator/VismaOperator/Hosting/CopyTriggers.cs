using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Copies;

namespace VismaOperator.Hosting;

/// <summary>
/// Maps changes to the connections whose copies must be looked at, as <see cref="OperatorTriggers"/> does for the rest. Nothing is queued
/// while there are no copies.
/// </summary>
internal sealed class CopyTriggers : IDisposable
{
    private const string TargetIndex = "targets of copies";

    private readonly OperatorCaches caches;
    private readonly WorkQueue queue;
    private readonly List<IDisposable> subscriptions = [];
    private readonly TaskCompletionSource wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts to listen. Call before the caches run, so that nothing is missed.</summary>
    public CopyTriggers(OperatorCaches caches, WorkQueue queue)
    {
        (this.caches, this.queue) = (caches, queue);
        caches.OwnSecrets.Store.AddIndex(TokenCopy.Index, TokenCopy.IndexValues);
        caches.Connections.Store.AddIndex(TargetIndex, TargetsOf);
        subscriptions.Add(caches.Connections.Store.Subscribe(OnConnection));
        subscriptions.Add(caches.OwnSecrets.Store.Subscribe(OnSecret));
        if (caches.Namespaces is { } namespaces)
        {
            subscriptions.Add(namespaces.Store.Subscribe(change => AddTargeting(change.Name.Name)));
        }

        if (caches.FetchedNamespaces is { } fetched)
        {
            fetched.Changed += AddTargeting;
            fetched.FollowedClosely = () => caches.Connections.Store
                .FindBy(TargetIndex, string.Empty)
                .SelectMany(connection => connection.Spec.Secret.Copies)
                .Select(copy => copy.Namespace)
                .Distinct(StringComparer.Ordinal);
        }

        if (caches.Served is { } served)
        {
            subscriptions.Add(served.Subscribe(news => AddTargeting(news.Name)));
        }
    }

    /// <summary>Completes when there is the first copy to look at.</summary>
    public Task Wanted => wanted.Task;

    /// <inheritdoc/>
    public void Dispose() => subscriptions.ForEach(subscription => subscription.Dispose());

    // Namespaces and names that copies go to; a name has a slash, and a namespace none. Empty for every connection with copies.
    private static IEnumerable<string> TargetsOf(VismaConnection connection) =>
        connection.Spec.Secret.Copies is { Count: > 0 } copies
            ? copies.SelectMany(copy => new[] { copy.Namespace, $"{copy.Namespace}/{copy.Name}" }).Append(string.Empty).Distinct()
            : [];

    // Status as well: another token is another content.
    private void OnConnection(StoreChange<VismaConnection> change)
    {
        if (HasCopies(change.Before) || HasCopies(change.After))
        {
            Add(change.Name);
        }
    }

    private static bool HasCopies(VismaConnection? connection) =>
        connection is { Spec.Secret.Copies.Count: > 0 } or { Status.Copies.Count: > 0 }
        || Conditions.Find(connection?.Status.Conditions, ConditionType.CopiesWritten) is not null;

    // The reconcile that writes a copy continues with what it wrote. Both sides of a change: an edit may have taken the annotation away.
    private void OnSecret(StoreChange<SecretMetadata> change)
    {
        if (change.Origin is ChangeOrigin.OwnWrite)
        {
            return;
        }

        foreach (var copy in new[] { change.Before, change.After }.Where(secret => TokenCopy.IsCopy(secret?.Metadata)))
        {
            if (TokenCopy.ConnectionOf(copy!.Metadata) is { } connection)
            {
                Add(connection);
            }
        }

        // The name may be free now, and another connection may wait for it.
        if (change.After is null || TokenCopy.IsCopy(change.Before?.Metadata) || TokenCopy.IsCopy(change.After.Metadata))
        {
            AddTargeting(change.Name.ToString());
        }
    }

    private void AddTargeting(string target)
    {
        foreach (var connection in caches.Connections.Store.FindBy(TargetIndex, target))
        {
            Add(connection.Metadata.NamespacedName);
        }
    }

    private void Add(NamespacedName connection)
    {
        queue.Add(connection);
        wanted.TrySetResult();
    }
}
