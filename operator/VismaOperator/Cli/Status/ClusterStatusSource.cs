using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Hosting;

namespace VismaOperator.Cli.Status;

/// <summary>A cluster: lists once, and then watches.</summary>
/// <param name="client">The API server.</param>
/// <param name="server">Its address, for messages.</param>
/// <param name="selector">Which objects are asked for.</param>
/// <param name="time">Clock of the waits after failures.</param>
/// <param name="log">Told of failures while watching.</param>
/// <param name="failed">Told of the cause of each as well; null for nobody.</param>
internal sealed class ClusterStatusSource(
    IKubernetesClient client,
    string server,
    ResourceSelector selector,
    TimeProvider time,
    ILogger log,
    Action<string>? failed = null
) : IStatusSource
{
    // Shorter than a request may take elsewhere, since a person is waiting.
    private static readonly TimeSpan pingPatience = TimeSpan.FromSeconds(5);

    private readonly ClusterWords words = new(server);
    private readonly ClusterReader reader = new(client, server);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<T>> ListAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        (await reader.ListAsync<T>(selector, cancellationToken)).OrThrow(StatusException.Of)!;

    /// <inheritdoc/>
    public async Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T> => (await reader.FindAsync<T>(name, cancellationToken)).OrThrow(StatusException.Of);

    /// <inheritdoc/>
    public async Task PingAsync<T>(CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var asked = client.ListPageAsync<T>(selector, limit: 1, continueToken: null, limit.Token);
            try
            {
                await time.WaitAsync(asked, pingPatience, cancellationToken);
            }
            finally
            {
                await limit.CancelAsync();
            }
        }
        catch (Exception failure) when (ClusterWords.AreFor(failure))
        {
            throw new StatusException(words.Of(failure, "list", T.ResourceKind, selector.Namespace), failure);
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<IReadOnlyList<StatusChange>> FollowAsync(
        IReadOnlySet<ResourceKind> kinds,
        IReadOnlyCollection<(ResourceKind Kind, NamespacedName Name)> known,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var changes = Channel.CreateUnbounded<StatusChange>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<Task> watches = [];
        if (kinds.Contains(VismaConnection.ResourceKind))
        {
            watches.Add(WatchAsync<VismaConnection>(changes.Writer, known, end.Token));
        }

        if (kinds.Contains(OAuthClient.ResourceKind))
        {
            watches.Add(WatchAsync<OAuthClient>(changes.Writer, known, end.Token));
        }

        if (kinds.Contains(VismaConnectionSet.ResourceKind))
        {
            watches.Add(WatchAsync<VismaConnectionSet>(changes.Writer, known, end.Token));
        }

        try
        {
            while (await changes.Reader.WaitToReadAsync(cancellationToken))
            {
                List<StatusChange> batch = [];
                while (changes.Reader.TryRead(out var change))
                {
                    batch.Add(change);
                }

                yield return batch;
            }
        }
        finally
        {
            await end.CancelAsync();
            await Task.WhenAll(watches);
        }
    }

    // After a bug in it the table would never change again, so the reader gets the failure.
    private async Task WatchAsync<T>(
        ChannelWriter<StatusChange> changes,
        IReadOnlyCollection<(ResourceKind Kind, NamespacedName Name)> known,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        try
        {
            var informer = new Informer<T>(client, [selector], time, log, RandomSource.Next) { Failed = failed };
            using var subscription = informer.Store.Subscribe(change =>
                changes.TryWrite(new StatusChange(T.ResourceKind, change.Name, change.After))
            );
            var running = informer.RunAsync(cancellationToken);
            await Task.WhenAny(running, informer.WaitUntilSyncedAsync(cancellationToken));
            foreach (var (kind, name) in known.Where(one => one.Kind == T.ResourceKind && informer.Store.IsMissing(one.Name)))
            {
                changes.TryWrite(new StatusChange(kind, name, Resource: null));
            }

            await running;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // as asked
        }
        catch (Exception failure) when (changes.TryComplete(failure))
        {
            // the reader gets the failure
        }
    }
}
