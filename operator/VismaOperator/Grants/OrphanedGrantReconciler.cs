using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Clients;

namespace VismaOperator.Grants;

/// <summary>
/// Looks after grants whose connection is gone. A mistaken prune must cost no consent, so a grant is kept for a while: it belongs to a
/// connection of the same name that comes back in time. After that it is revoked and deleted. There is no finalizer: no deletion waits for
/// a failure here.
/// </summary>
internal sealed class OrphanedGrantReconciler(
    OrphanedGrantCaches caches,
    GrantClients clients,
    KnownGrants known,
    GrantStore store,
    GrantRevoker revoker,
    ClusterIdentity cluster,
    ILeadership leadership,
    TimeProvider time,
    GrantLog log
) : IReconciler
{
    /// <summary>How long a grant outlives its connection: longer than the usual interval of a GitOps tool.</summary>
    public static readonly TimeSpan Keep = TimeSpan.FromMinutes(10);

    private const int MaxAttempts = 5;
    private static readonly TimeSpan cacheLag = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan attemptPause = TimeSpan.FromMinutes(1);

    // By the monotonic clock: a clock that is set forward must cost no consent.
    private readonly ConcurrentDictionary<NamespacedName, long> goneSince = new();
    private readonly ConcurrentDictionary<NamespacedName, RevocationAttempts> attempts = new();

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var isTerminating = caches.Namespaces.IsTerminating(key.Namespace);
        if (!isTerminating && caches.Connections.Find(key) is { Spec.Grant: Grant.AuthorizationCode, Metadata.DeletionTimestamp: null })
        {
            goneSince.TryRemove(key, out _);
            return await GoOnAsync(key, cancellationToken);
        }

        var now = time.GetUtcNow();
        var until = isTerminating ? now : now + Keep - time.GetElapsedTime(goneSince.GetOrAdd(key, _ => time.GetTimestamp()));
        var isSecretGone = caches.Secrets.Find(GrantStore.NameOf(key)) is null;
        if (isSecretGone && known.Find(key) is null)
        {
            Forget(key);
            return Requeue.Never.Instance;
        }

        if (!isSecretGone && now < until)
        {
            log.Kept(key, until);
            return new Requeue.At(until);
        }

        leadership.EnsureLeader();
        try
        {
            return !isTerminating && await IsBackAsync(key, cancellationToken)
                ? new Requeue.At(time.GetUtcNow() + cacheLag)
                : await EndAsync(key, isTerminating, until, cancellationToken);
        }
        catch (KubernetesException failure) when (failure.IsForbidden && isSecretGone)
        {
            // The Roles of a namespace are deleted with it: nothing can be read there any more, and the watches have reported that
            // connection and Secret are gone.
            return await RevokeKnownAsync(key, cancellationToken);
        }
    }

    // The connection is back. A grant whose revocation has begun is not its grant any more, and would be a key that nobody watches.
    private async Task<Requeue> GoOnAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (
            caches.Secrets.Find(GrantStore.NameOf(key)) is not { } seen
            || !GrantSecret.IsBeingRevoked(seen.Metadata)
            || await store.ReadAsync(key, cancellationToken)
                is not GrantRead.Found { Snapshot: { Document: { RevocationTime: not null, Held: { } held } } read }
            || held.IsOfElsewhere(key, cluster.Id)
        )
        {
            attempts.TryRemove(key, out _);
            return Requeue.Never.Instance;
        }

        leadership.EnsureLeader();
        if (await TryToRevokeAsync(key, held, isLast: false, cancellationToken) is { } again)
        {
            return again;
        }

        // Somebody may be about to consent again.
        await (
            read.Document.Attempts is []
                ? DeleteAsync(read, cancellationToken)
                : store.WriteAsync(read, read.Document with { Held = null, RevocationTime = null, Intent = null }, cancellationToken)
        );
        Forget(key);
        return Requeue.Never.Instance;
    }

    // A watch that hangs must not cost a consent: before a grant is ended, the connection is looked for once where it would be.
    private async Task<bool> IsBackAsync(NamespacedName key, CancellationToken cancellationToken) =>
        await caches.Api.FindConnectionAsync(key, cancellationToken)
            is { Spec.Grant: Grant.AuthorizationCode, Metadata.DeletionTimestamp: null };

    // Its Secret was deleted first, as when a namespace is deleted.
    private async Task<Requeue> RevokeKnownAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (known.Find(key) is { DeletionPolicy: GrantDeletionPolicy.Revoke } last)
        {
            leadership.EnsureLeader();
            Report(key, await RevokeAsync(key, last.Held, cancellationToken));
        }

        Forget(key);
        return Requeue.Never.Instance;
    }

    private async Task<Requeue> EndAsync(NamespacedName key, bool isTerminating, DateTimeOffset until, CancellationToken cancellationToken)
    {
        if (await store.ReadAsync(key, cancellationToken) is not GrantRead.Found { Snapshot: { Present: not null } read })
        {
            return await RevokeKnownAsync(key, cancellationToken);
        }

        if (time.GetUtcNow() < until)
        {
            return new Requeue.At(until); // The cache does not know the Secret yet, and it is there.
        }

        if ((known.Find(key)?.DeletionPolicy ?? read.Document.DeletionPolicy) != GrantDeletionPolicy.Revoke)
        {
            return Requeue.Never.Instance;
        }

        if (read.Document.Held is { } copy && copy.IsOfElsewhere(key, cluster.Id))
        {
            Report(key, "it was given in another cluster or namespace, where it may be in use");
        }
        else if (read.Document.Held is { } held)
        {
            // Claimed first: a connection that comes back from here on finds no grant rather than one that is about to be revoked.
            if (read.Document.RevocationTime is null && (isTerminating || IsClientKnown(held)))
            {
                read = await ClaimAsync(read, isTerminating, cancellationToken);
            }

            if (await TryToRevokeAsync(key, held, isTerminating, cancellationToken) is { } again)
            {
                return again;
            }
        }
        else if (read.Document.IsGrantUnreadable)
        {
            Report(key, "the Secret that held it could not be read whole");
        }

        await DeleteAsync(read, cancellationToken);
        Forget(key);
        return Requeue.Never.Instance;
    }

    // Null when it is over: revoked, or given up.
    private async Task<Requeue?> TryToRevokeAsync(NamespacedName key, HeldGrant held, bool isLast, CancellationToken cancellationToken)
    {
        // Without its client a grant cannot be revoked yet. This does not count as an attempt.
        if (!isLast && !IsClientKnown(held))
        {
            return new Requeue.At(time.GetUtcNow() + attemptPause);
        }

        // A wake-up between two attempts, such as the watch event of our own claim, does not make an attempt earlier.
        var before = attempts.GetValueOrDefault(key);
        if (!isLast && before is not null && attemptPause - time.GetElapsedTime(before.LastAt) is { Ticks: > 0 } left)
        {
            return new Requeue.At(time.GetUtcNow() + left);
        }

        var cause = await RevokeAsync(key, held, cancellationToken);
        var tried = attempts[key] = new RevocationAttempts((before?.Count ?? 0) + 1, time.GetTimestamp());
        if (cause is not null && !isLast && tried.Count < MaxAttempts)
        {
            return new Requeue.At(time.GetUtcNow() + attemptPause);
        }

        Report(key, cause);
        return null;
    }

    private bool IsClientKnown(HeldGrant held) => caches.Clients.HasSyncedIn(held.Client.Namespace);

    // In a terminating namespace there is nobody who could come back, and no time to lose.
    private async Task<GrantSnapshot> ClaimAsync(GrantSnapshot read, bool isTerminating, CancellationToken cancellationToken) =>
        isTerminating
            ? read
            : await store.WriteAsync(
                read,
                read.Document with
                {
                    RevocationTime = WholeSeconds.Floor(time.GetUtcNow()),
                    Intent = null,
                },
                cancellationToken
            );

    private async Task<string?> RevokeAsync(NamespacedName key, HeldGrant held, CancellationToken cancellationToken) =>
        await clients.FindAsync(key, held, cancellationToken) is { } usable
            ? await revoker.RevokeAsync(usable, held.RefreshToken, cancellationToken)
            : GrantClients.NotAvailable(held);

    private async Task DeleteAsync(GrantSnapshot read, CancellationToken cancellationToken)
    {
        try
        {
            await store.DeleteAsync(read, cancellationToken);
        }
        catch (KubernetesException failure) when (failure.IsNotFound)
        {
            // Gone is what was wanted.
        }
    }

    private void Report(NamespacedName key, string? cause)
    {
        if (cause is null)
        {
            log.Revoked(key);
        }
        else
        {
            log.NotRevoked(key, cause);
        }
    }

    private void Forget(NamespacedName key)
    {
        known.Forget(key);
        goneSince.TryRemove(key, out _);
        attempts.TryRemove(key, out _);
    }

    /// <summary>Attempts to revoke one grant that failed, and when the last one was made (a monotonic timestamp).</summary>
    private sealed record RevocationAttempts(int Count, long LastAt);
}

/// <summary>What <see cref="OrphanedGrantReconciler"/> looks at: caches, and the API server before it ends anything.</summary>
internal sealed record OrphanedGrantCaches(
    Store<VismaConnection> Connections,
    Store<OAuthClient> Clients,
    Store<SecretMetadata> Secrets,
    INamespaces Namespaces,
    IKubernetesClient Api
);
