using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers.Telemetry;
using Lifecycle;
using VismaOperator.Clients;
using VismaOperator.Reporting;

namespace VismaOperator.Grants;

/// <summary>
/// Holds refresh tokens that the provider issued until the cluster has them. While the API server is away, each is tried again every second
/// by a loop that runs on every replica, leader or not: the right to store is not in the lease, but in what the Secret says
/// (<see cref="PendingGrant.Over"/>).
/// </summary>
/// <param name="store">Where they are stored.</param>
/// <param name="revoker">Revokes grants that are not wanted any more.</param>
/// <param name="isGone">True when a connection is not there any more, as far as the watches show.</param>
/// <param name="time">Durations.</param>
/// <param name="log">Log of grants.</param>
internal sealed class PendingGrantWrites(
    GrantStore store,
    GrantRevoker revoker,
    Func<NamespacedName, bool> isGone,
    TimeProvider time,
    GrantLog log
)
{
    private static readonly TimeSpan pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan tellAgain = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan writeDeadline = TimeSpan.FromSeconds(5);

    // What is left of the 30 s that Kubernetes gives, beside draining and releasing the lease.
    private static readonly TimeSpan leastFlush = TimeSpan.FromSeconds(3);

    // Each round follows a write by somebody else; more than a few in a row are better tried again in a second.
    private const int MaxRounds = 8;

    private readonly ConcurrentDictionary<string, Waiting> waiting = new();
    private ReplacedGrants Replaced => LazyInitializer.EnsureInitialized(ref field, () => new ReplacedGrants(revoker, ClientOf, log));

    // The waiter only starts a delay, so its continuation may run inline.
    private TaskCompletionSource arrival = new();

    /// <summary>The client that a grant of a connection was given through; null where it may not be used any more.</summary>
    public Func<NamespacedName, HeldGrant, CancellationToken, Task<ResolvedClient?>> ClientOf { private get; init; } =
        (_, _, _) => Task.FromResult<ResolvedClient?>(null);

    /// <summary>Connections of which a token waits.</summary>
    public IReadOnlyCollection<NamespacedName> Connections =>
        [.. waiting.Values.Select(entry => entry.PendingGrant.Connection).Distinct()];

    /// <summary>The one that waits for a connection; null where none does.</summary>
    public PendingGrant? Find(NamespacedName connection) =>
        waiting
            .Values.Select(entry => entry.PendingGrant)
            .FirstOrDefault(grant => grant.Connection == connection && grant.AttemptId is not null);

    /// <summary>Tries to store a grant until the deadline. After that it stays here and is retried in the background.</summary>
    public async Task<StoreResult> StoreAsync(PendingGrant grant, CancellationToken deadline)
    {
        var entry = waiting.GetOrAdd(grant.Id, _ => new Waiting(grant));
        Interlocked.Exchange(ref arrival, new TaskCompletionSource()).TrySetResult();
        while (true)
        {
            var result = await TryUntilAsync(entry, deadline);
            if (result is not StoreResult.Pending || !await PauseAsync(deadline))
            {
                return result;
            }
        }
    }

    // At least one try. A try that hangs continues until its own deadline, but the caller does not wait for it.
    private async Task<StoreResult> TryUntilAsync(Waiting entry, CancellationToken deadline)
    {
        var trying = TryAsync(entry, CancellationToken.None);
        if (deadline.IsCancellationRequested)
        {
            return await trying;
        }

        try
        {
            return await trying.WaitAsync(deadline);
        }
        catch (OperationCanceledException) when (!trying.IsCompleted)
        {
            return new StoreResult.Pending("the API server has not answered yet");
        }
    }

    /// <summary>Tries what waits, every second, until cancelled. While nothing waits it sleeps.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (await ArrivalAsync(cancellationToken) && await PauseAsync(cancellationToken))
        {
            await TryAllAsync(CancellationToken.None);
        }
    }

    /// <summary>
    /// Retries all pending grants until none is left or the deadline passes; then logs what is lost. If the deadline has passed already, it
    /// tries once more: a token that could be stored must not be lost because something else took the time.
    /// </summary>
    public async Task FlushAsync(CancellationToken deadline)
    {
        if (deadline.IsCancellationRequested)
        {
            using var least = Deadline.After(leastFlush, time);
            await PassAsync(TryAllAsync(least.Token).WaitAsync(least.Token));
        }

        // The loop may have the turn of an entry, for longer than is left.
        while (await PassAsync(TryAllAsync(deadline).WaitAsync(deadline)) && !waiting.IsEmpty && await PauseAsync(deadline))
        {
        }

        foreach (var entry in waiting.Values)
        {
            log.Lost(entry.PendingGrant.Connection);
        }
    }

    // Side by side: an API server that hangs would let the last one wait for the deadlines of all before it.
    private Task TryAllAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(waiting.Values.Select(entry => TryAsync(entry, cancellationToken)));

    // The loop and a caller that waits try one after the other: what the first one has stored, or dropped and revoked, the second must not
    // repeat.
    private async Task<StoreResult> TryAsync(Waiting entry, CancellationToken cancellationToken)
    {
        await entry.Turn.WaitAsync(CancellationToken.None); // its holder has a deadline of its own
        try
        {
            return entry.End ?? await TryInTurnAsync(entry, cancellationToken);
        }
        finally
        {
            entry.Turn.Release();
        }
    }

    private async Task<StoreResult> TryInTurnAsync(Waiting entry, CancellationToken cancellationToken)
    {
        var grant = entry.PendingGrant;
        using var deadline = Deadline.Linked(writeDeadline, time, cancellationToken);
        StoreResult result;
        try
        {
            result = await WriteAsync(entry, deadline.Token);
        }
        catch (Exception failure) when (ApiTrouble.Is(failure))
        {
            return IsNamespaceGone(entry, failure)
                ? await GiveUpAsync(entry)
                : Waits(entry, $"the API server {ApiTrouble.Answer(failure)}");
        }
#pragma warning disable CA1031 // Every type: an end of this process would lose the token, and with it those of other grants.
        catch (Exception bug)
#pragma warning restore CA1031
        {
            var cause = $"the operator failed with {bug.GetType().Name}, which is a bug";
            return Waits(entry, cause, $"{cause}: {FailureText.Of(bug)}");
        }

        if (result is not StoreResult.Pending)
        {
            entry.End = result;
            waiting.TryRemove(grant.Id, out _);
            // a deadline of its own: a slow write must not leave a refresh token that nobody watches
            await Replaced.RevokeAsync(grant, result, CancellationToken.None);
        }

        return result;
    }

    // After a lost race the Secret is read again at once: as long as the token is only in memory it can be lost.
    private async Task<StoreResult> WriteAsync(Waiting entry, CancellationToken cancellationToken)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return await WriteOnceAsync(entry, cancellationToken);
            }
            catch (KubernetesException failure) when (failure.IsLostRace && round < MaxRounds)
            {
                // Somebody else wrote between our look and our write.
            }
        }
    }

    private async Task<StoreResult> WriteOnceAsync(Waiting entry, CancellationToken cancellationToken)
    {
        var grant = entry.PendingGrant;
        if (await LookAsync(entry, cancellationToken) is not { } read)
        {
            return Waits(entry, "a foreign Secret has the name of the grant Secret");
        }

        if (grant.IsIn(read.Document))
        {
            return new StoreResult.Stored(read);
        }

        if (grant.Over(read.Document) is not { } document)
        {
            return grant.IsContestedIn(read.Document)
                ? Waits(entry, "another process has taken the exchange over, and what becomes of that is not known yet")
                : await DropAsync(grant, read.Document);
        }

        Replaced.Note(grant, read.Document.Held); // before the write, whose answer may be lost
        var stored = await store.WriteAsync(read, document, cancellationToken);
        if (grant.IsGivenUpIn(read.Document))
        {
            log.TakenBack(grant.Connection);
        }

        return new StoreResult.Stored(stored);
    }

    // The first time, what the attempt was written into is known, and a write over anything else is refused. After that the write may have
    // arrived without its answer.
    private async Task<GrantSnapshot?> LookAsync(Waiting entry, CancellationToken cancellationToken)
    {
        var known = entry.WasTried ? null : entry.PendingGrant.Open;
        entry.WasTried = true;
        return known ?? (await store.ReadAsync(entry.PendingGrant.Connection, cancellationToken) as GrantRead.Found)?.Snapshot;
    }

    // A foreign Secret may have the name for days, and is read every second.
    private StoreResult.Pending Waits(Waiting entry, string cause, string? detail = null)
    {
        if (entry.Told != cause || time.GetElapsedTime(entry.ToldAt) >= tellAgain)
        {
            (entry.Told, entry.ToldAt) = (cause, time.GetTimestamp());
            log.NotStoredYet(entry.PendingGrant.Connection, detail ?? cause);
        }

        return new StoreResult.Pending(cause);
    }

    // A token of the family that is in use is not revoked, since that would take the stored one with it. A consent that was stored and
    // then replaced is not revoked here either: the process that replaced it does.
    private async Task<StoreResult> DropAsync(PendingGrant grant, GrantDocument present)
    {
        log.Superseded(grant.Connection);
        var wasReplaced = grant.WasReplacedIn(present);
        var isRevokedByAnother = wasReplaced && grant.Next.IsOfSameClientAs(present.Held!);
        if ((present.Held?.Family != grant.Next.Family || present.RevocationTime is not null) && !isRevokedByAnother)
        {
            await Replaced.RevokeAsync(grant, grant.Next.RefreshToken, CancellationToken.None);
        }

        return new StoreResult.Dropped { WasStored = wasReplaced };
    }

    // With listed namespaces the Role is deleted with the namespace, so that 404 becomes 403. The grant is kept for a while, since a
    // namespace may be deleted by mistake and created again, as a connection may.
    private bool IsNamespaceGone(Waiting entry, Exception failure)
    {
        if (
            failure is not KubernetesException error
            || !(error.IsNotFound || error.IsForbidden)
            || !isGone(entry.PendingGrant.Connection)
        )
        {
            entry.NamespaceGoneSince = null;
            return false;
        }

        entry.NamespaceGoneSince ??= time.GetTimestamp();
        return time.GetElapsedTime(entry.NamespaceGoneSince.Value) >= OrphanPolicy.Keep;
    }

    private async Task<StoreResult> GiveUpAsync(Waiting entry)
    {
        entry.End = new StoreResult.Dropped();
        waiting.TryRemove(entry.PendingGrant.Id, out _);
        Replaced.Forget(entry.PendingGrant);
        log.Homeless(entry.PendingGrant.Connection);
        // bounded by its own deadline
        await Replaced.RevokeAsync(entry.PendingGrant, entry.PendingGrant.Next.RefreshToken, CancellationToken.None);
        return entry.End;
    }

    private Task<bool> ArrivalAsync(CancellationToken cancellationToken)
    {
        var next = Volatile.Read(ref arrival).Task; // before the look, so that none is missed
        return waiting.IsEmpty ? PassAsync(next.WaitAsync(cancellationToken)) : Task.FromResult(!cancellationToken.IsCancellationRequested);
    }

    private Task<bool> PauseAsync(CancellationToken cancellationToken) => PassAsync(time.DelayAsync(pause, cancellationToken));

    private static async Task<bool> PassAsync(Task wait)
    {
        try
        {
            await wait;
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>A grant that is not stored yet, and how the attempts to store it went.</summary>
    private sealed class Waiting(PendingGrant grant)
    {
        public PendingGrant PendingGrant => grant;

        // Never disposed: without a wait handle it holds nothing that the collector would not take.
        public SemaphoreSlim Turn { get; } = new(1, 1);

        /// <summary>True once it was tried to store it.</summary>
        public bool WasTried { get; set; }

        /// <summary>
        /// Since when the API server has said that there is nowhere to store it (a monotonic timestamp); null while there is.
        /// </summary>
        public long? NamespaceGoneSince { get; set; }

        /// <summary>The cause that was last logged; null when none was.</summary>
        public string? Told { get; set; }

        /// <summary>When it was logged (a monotonic timestamp).</summary>
        public long ToldAt { get; set; }

        /// <summary>How it ended; null while it waits.</summary>
        public StoreResult? End { get; set; }
    }
}

/// <summary>What became of the write of a pending grant.</summary>
internal abstract record StoreResult
{
    private StoreResult()
    {
    }

    /// <summary>It is stored.</summary>
    public sealed record Stored(GrantSnapshot Snapshot) : StoreResult;

    /// <summary>
    /// It is not wanted any more: another attempt or another consent has taken it, or its namespace is gone for good.
    /// </summary>
    public sealed record Dropped : StoreResult
    {
        /// <summary>True when it had been stored, by a write that got no answer, before another consent took its place.</summary>
        public bool WasStored { get; init; }
    }

    /// <summary>It waits in memory and is retried.</summary>
    public sealed record Pending(string Cause) : StoreResult;
}
