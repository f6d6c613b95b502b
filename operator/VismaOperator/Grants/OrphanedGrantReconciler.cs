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
/// Looks after grants whose connection is gone. A mistaken prune must cost no consent, so a grant is kept for a while and adopted by a
/// connection that comes back; then it is revoked and deleted. There is no finalizer: whatever goes wrong here, no deletion waits for it.
/// </summary>
internal sealed class OrphanedGrantReconciler(
    OrphanedGrantCaches caches,
    ClientResolver resolver,
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
    private static readonly TimeSpan CacheLag = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AttemptPause = TimeSpan.FromMinutes(1);

    // By the monotonic clock: a clock that is set forward must cost no consent.
    private readonly ConcurrentDictionary<NamespacedName, long> goneSince = new();
    private readonly ConcurrentDictionary<NamespacedName, int> attempts = new();

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var isTerminating = caches.Namespaces.IsTerminating(key.Namespace);
        if (!isTerminating && caches.Connections.Find(key) is { Spec.Grant: Grant.AuthorizationCode, Metadata.DeletionTimestamp: null })
        {
            goneSince.TryRemove(key, out _);
            return Requeue.Never.Instance;
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
                ? new Requeue.At(time.GetUtcNow() + CacheLag)
                : await EndAsync(key, isTerminating, until, cancellationToken);
        }
        catch (KubernetesException failure) when (failure.IsForbidden && isSecretGone)
        {
            // The Roles of a namespace go with it: nobody may look there any more, and the watches have told that connection and Secret are
            // gone.
            return await RevokeKnownAsync(key, cancellationToken);
        }
    }

    // A watch that hangs must not cost a consent: before a grant is ended, the connection is looked for once where it would be.
    private async Task<bool> IsBackAsync(NamespacedName key, CancellationToken cancellationToken) =>
        await caches.Api.FindConnectionAsync(key, cancellationToken)
            is { Spec.Grant: Grant.AuthorizationCode, Metadata.DeletionTimestamp: null };

    // Its Secret went first, as when a namespace is deleted.
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
            // Whose client cannot be read now cannot be revoked now, and this is no attempt.
            if (!isTerminating && !caches.Clients.HasSyncedIn(held.Client.Namespace))
            {
                return new Requeue.At(time.GetUtcNow() + AttemptPause);
            }

            // Claimed first: a connection that comes back from here on finds no grant rather than one that is about to be revoked.
            read = read.Document.RevocationTime is null ? await ClaimAsync(read, isTerminating, cancellationToken) : read;
            var cause = await RevokeAsync(key, held, cancellationToken);
            if (cause is not null && !isTerminating && attempts.AddOrUpdate(key, 1, (_, count) => count + 1) < MaxAttempts)
            {
                return new Requeue.At(time.GetUtcNow() + AttemptPause);
            }

            Report(key, cause);
        }
        else if (read.Document.IsGrantUnreadable)
        {
            Report(key, "the Secret that held it could not be read whole");
        }

        await DeleteAsync(read, cancellationToken);
        Forget(key);
        return Requeue.Never.Instance;
    }

    // In a namespace that is on its way out there is nobody who could come back, and no time to lose.
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
        await ClientForAsync(key, held, cancellationToken) is { } usable
        && usable.ClientId == held.Binding.ClientId
        && usable.Issuer.OriginalString == held.Binding.Issuer
            ? await revoker.RevokeAsync(usable, held.RefreshToken, cancellationToken)
            : $"OAuthClient {held.Client} is not available";

    // Whoever may write Secrets may name any client in one. The client that was noted was allowed when the connection was last served.
    private async Task<ResolvedClient?> ClientForAsync(NamespacedName key, HeldGrant held, CancellationToken cancellationToken)
    {
        var noted = known.Find(key)?.Client;
        if (caches.Clients.Find(held.Client) is not { } client)
        {
            return noted;
        }

        return await resolver.AllowanceAsync(client, key.Namespace, cancellationToken) switch
        {
            Allowance.Refused => null,
            _ when !held.Binding.IsServedBy(client.Spec.Tenants, key.Namespace) => null,
            Allowance.Given => resolver.Describe(client).Usable ?? noted,
            _ => noted,
        };
    }

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
}

/// <summary>What the custodian looks at: caches, and the API server before it ends anything.</summary>
internal sealed record OrphanedGrantCaches(
    Store<VismaConnection> Connections,
    Store<OAuthClient> Clients,
    Store<SecretMetadata> Secrets,
    INamespaces Namespaces,
    IKubernetesClient Api
);
