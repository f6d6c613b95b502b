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
/// Looks after grants whose connection is gone: observe, then take the steps of <see cref="OrphanPolicy"/> until it decides to rest. There
/// is no finalizer: no deletion waits for a failure here.
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
    // Monotonic timestamps.
    private readonly ConcurrentDictionary<NamespacedName, long> goneSince = new();
    private readonly ConcurrentDictionary<NamespacedName, RevocationAttempts> attempts = new();

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var (facts, read) = (Observe(key), default(GrantSnapshot));
        while (true)
        {
            switch (OrphanPolicy.Decide(facts))
            {
                case OrphanDecision.Forget:
                    Forget(key);
                    return Requeue.Never.Instance;
                case OrphanDecision.Leave:
                    attempts.TryRemove(key, out _);
                    return Requeue.Never.Instance;
                case OrphanDecision.Keep(var left):
                    var until = time.GetUtcNow() + left;
                    log.Kept(key, until);
                    return new Requeue.At(until);
                case OrphanDecision.Wait(var left):
                    return new Requeue.At(time.GetUtcNow() + left);
                case var step:
                    leadership.EnsureLeader();
                    (facts, read) = await TakeAsync(step, key, facts, read, cancellationToken);
                    break;
            }
        }
    }

    private OrphanFacts Observe(NamespacedName key)
    {
        var isTerminating = caches.Namespaces.IsTerminating(key.Namespace);
        var isThere = IsForAPerson(caches.Connections.Find(key));
        if (isThere && !isTerminating)
        {
            goneSince.TryRemove(key, out _);
        }

        var (secret, tried) = (caches.Secrets.Find(GrantStore.NameOf(key)), attempts.GetValueOrDefault(key));
        return new OrphanFacts
        {
            IsConnectionThere = isThere,
            IsNamespaceTerminating = isTerminating,
            GoneFor = isThere || isTerminating
                ? TimeSpan.Zero
                : time.GetElapsedTime(goneSince.GetOrAdd(key, _ => time.GetTimestamp())),
            IsSecretSeen = secret is not null,
            IsRevocationMarked = secret is not null && GrantSecret.IsBeingRevoked(secret.Metadata),
            IsToRevoke = known.Find(key) is { } last ? last.DeletionPolicy == GrantDeletionPolicy.Revoke : null,
            Attempts = tried?.Count ?? 0,
            SinceLastAttempt = tried is null ? TimeSpan.Zero : time.GetElapsedTime(tried.LastAt),
        };
    }

    private static bool IsForAPerson(VismaConnection? connection) =>
        connection is { Spec.Grant: Grant.AuthorizationCode, Metadata.DeletionTimestamp: null };

    // The facts after a step, and what is stored then.
    private async Task<(OrphanFacts Facts, GrantSnapshot? Read)> TakeAsync(
        OrphanDecision step,
        NamespacedName key,
        OrphanFacts facts,
        GrantSnapshot? read,
        CancellationToken cancellationToken
    )
    {
        try
        {
            switch (step)
            {
                case OrphanDecision.Look:
                    var present = await caches.Api.FindConnectionAsync(key, cancellationToken);
                    return (facts with { IsBack = IsForAPerson(present) }, read);
                case OrphanDecision.Read:
                    read = (await store.ReadAsync(key, cancellationToken) as GrantRead.Found)?.Snapshot;
                    return (facts with { Stored = ContentOf(read, key) }, read);
                case OrphanDecision.Claim:
                    read = await store.WriteAsync(
                        read!,
                        read!.Document with { RevocationTime = WholeSeconds.Floor(time.GetUtcNow()), Intent = null },
                        cancellationToken
                    );
                    return (facts with { Stored = ContentOf(read, key) }, read);
                case OrphanDecision.Revoke:
                    var cause = await RevokeAsync(key, read!.Document.Held!, cancellationToken);
                    attempts[key] = new RevocationAttempts(facts.Attempts + 1, time.GetTimestamp());
                    return (facts with { Attempts = facts.Attempts + 1, Revocation = new OrphanRevocation(cause) }, read);
                case OrphanDecision.RevokeRemembered:
                    Report(key, await RevokeAsync(key, known.Find(key)!.Held, cancellationToken));
                    return (facts with { IsOver = true }, read);
                default:
                    await EndAsync(step, read!, facts, cancellationToken);
                    return (facts with { IsOver = true }, read);
            }
        }
        catch (KubernetesException failure)
            when (failure.IsForbidden && !facts.IsSecretSeen && step is not OrphanDecision.RevokeRemembered)
        {
            // The Roles of a namespace are deleted with it: nothing can be read there any more, and the watches have reported that
            // connection and Secret are gone.
            var isTried = facts.Revocation is not null;
            return (facts with { IsBack = false, IsOver = isTried, Stored = new OrphanedSecret(OrphanContent.Missing) }, read);
        }
    }

    private OrphanedSecret ContentOf(GrantSnapshot? read, NamespacedName key) =>
        read is not { Present: not null, Document: var document }
            ? new OrphanedSecret(OrphanContent.Missing)
            : new OrphanedSecret(
                document.Held is { } held ? held.IsOfElsewhere(key, cluster.Id) ? OrphanContent.OfElsewhere : OrphanContent.Held
                : document.IsGrantUnreadable ? OrphanContent.Unreadable
                : OrphanContent.NoGrant
            )
            {
                IsToRevoke = document.DeletionPolicy == GrantDeletionPolicy.Revoke,
                IsClaimed = document.RevocationTime is not null,
                HasConsents = document.Attempts is not [],
                IsClientKnown = document.Held is { Client.Namespace: var itsClients } && caches.Clients.HasSyncedIn(itsClients),
            };

    private async Task EndAsync(OrphanDecision step, GrantSnapshot read, OrphanFacts facts, CancellationToken cancellationToken)
    {
        if (facts.Stored!.Content != OrphanContent.NoGrant)
        {
            Report(
                read.Connection,
                facts.Stored.Content switch
                {
                    OrphanContent.OfElsewhere => "it was given in another cluster or namespace, where it may be in use",
                    OrphanContent.Unreadable => "the Secret that held it could not be read whole",
                    _ => facts.Revocation!.Cause,
                }
            );
        }

        if (step is OrphanDecision.TakeOut)
        {
            await store.WriteAsync(read, read.Document with { Held = null, RevocationTime = null, Intent = null }, cancellationToken);
            return;
        }

        try
        {
            await store.DeleteAsync(read, cancellationToken);
        }
        catch (KubernetesException failure) when (failure.IsNotFound)
        {
            // Gone is what was wanted.
        }
    }

    private async Task<string?> RevokeAsync(NamespacedName key, HeldGrant held, CancellationToken cancellationToken) =>
        await clients.FindAsync(key, held, cancellationToken) is { } usable
            ? await revoker.RevokeAsync(usable, held.RefreshToken, cancellationToken)
            : GrantClients.NotAvailable(held);

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
