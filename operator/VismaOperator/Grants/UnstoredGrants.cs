using System.Collections.Concurrent;
using Kubernetes.Client;

namespace VismaOperator.Grants;

/// <summary>
/// Holds refresh tokens that the provider issued until the cluster has them. While the API server is away, each is tried again every second by a loop
/// that runs on every replica, leader or not: the right to store is in the attempt id, not in the lease.
/// </summary>
internal sealed class UnstoredGrants(GrantStore store, GrantRevoker revoker, TimeProvider time, GrantLog log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Successor> waiting = new();

    /// <summary>Those that wait for a connection.</summary>
    public Successor? Find(NamespacedName connection) => waiting.Values.FirstOrDefault(successor => successor.Connection == connection && successor.AttemptId is not null);

    /// <summary>Takes a successor in, and tries to store it until the deadline. After that it stays here, and is tried further.</summary>
    public async Task<Storage> StoreAsync(Successor successor, CancellationToken deadline)
    {
        waiting[successor.Id] = successor;
        while (true)
        {
            var storage = await TryAsync(successor);
            if (storage is not Storage.Pending || !await PauseAsync(deadline))
            {
                return storage;
            }
        }
    }

    /// <summary>Tries what waits, every second, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await PauseAsync(cancellationToken))
        {
            await TryAllAsync();
        }
    }

    /// <summary>Tries what waits until nothing does or the deadline comes; then says what is lost.</summary>
    public async Task FlushAsync(CancellationToken deadline)
    {
        await TryAllAsync();
        while (!waiting.IsEmpty && await PauseAsync(deadline))
        {
            await TryAllAsync();
        }

        foreach (var successor in waiting.Values)
        {
            log.Lost(successor.Connection);
        }
    }

    private async Task TryAllAsync()
    {
        foreach (var successor in waiting.Values)
        {
            await TryAsync(successor);
        }
    }

    private async Task<Storage> TryAsync(Successor successor)
    {
        using var deadline = new CancellationTokenSource(WriteDeadline, time);
        try
        {
            var storage = await WriteAsync(successor, deadline.Token);
            waiting.TryRemove(successor.Id, out _);
            return storage;
        }
        catch (Exception failure) when (failure is KubernetesException or HttpRequestException or IOException or OperationCanceledException)
        {
            var cause = CauseOf(failure);
            log.NotStoredYet(successor.Connection, cause);
            return new Storage.Pending(cause);
        }
    }

    private async Task<Storage> WriteAsync(Successor successor, CancellationToken cancellationToken)
    {
        if (await store.ReadAsync(successor.Connection, cancellationToken) is GrantRead.Found { Snapshot: var read })
        {
            if (successor.IsIn(read.Document))
            {
                return new Storage.Stored(read);
            }

            if (successor.Over(read.Document) is { } document)
            {
                return new Storage.Stored(await store.WriteAsync(read, document, cancellationToken));
            }
        }

        return await DropAsync(successor, cancellationToken);
    }

    // A token of the family that is stored is not revoked, since that would take the stored one with it.
    private async Task<Storage> DropAsync(Successor successor, CancellationToken cancellationToken)
    {
        log.Superseded(successor.Connection);
        var stored = (await store.ReadAsync(successor.Connection, cancellationToken) as GrantRead.Found)?.Snapshot;
        if (stored?.Document.Held?.Family != successor.Held.Family && await revoker.RevokeAsync(successor.Client, successor.Held.RefreshToken, cancellationToken) is { } cause)
        {
            log.NotRevoked(successor.Connection, cause);
        }

        return new Storage.Superseded();
    }

    // Not the server's own words: an admission policy may quote what it was shown.
    private static string CauseOf(Exception failure) => failure switch
    {
        KubernetesException refused => $"the API server answers {(int)refused.StatusCode} {refused.Reason}",
        OperationCanceledException => "the API server does not answer in time",
        _ => "the API server cannot be reached",
    };

    private async Task<bool> PauseAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Pause, time, cancellationToken);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}

/// <summary>What became of a successor.</summary>
internal abstract record Storage
{
    private Storage()
    {
    }

    /// <summary>It is stored.</summary>
    public sealed record Stored(GrantSnapshot Snapshot) : Storage;

    /// <summary>Another attempt or another consent has taken its place; it was dropped.</summary>
    public sealed record Superseded : Storage;

    /// <summary>It waits in memory and is tried further.</summary>
    public sealed record Pending(string Cause) : Storage;
}
