using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Publishing;

/// <summary>
/// Writes the token Secret: one request in the usual case, since everything it needs is known from watched metadata.
/// Never writes over a Secret that is not ours.
/// </summary>
internal sealed class SecretPublisher(IKubernetesClient client, Store<SecretMetadata> secrets, TimeProvider time)
{
    /// <summary>
    /// How long a reconcile waits until what the provider issued is stored. Starts after the request, and is never cut by a stop.
    /// </summary>
    public static readonly TimeSpan StoreDeadline = TimeSpan.FromSeconds(7);

    // Each round follows a change by somebody else; more than a few in a row are better left to the queue's backoff.
    private const int MaxRounds = 4;

    private readonly ForbiddenRequests<NamespacedName> writes = new(time);
    private readonly ForbiddenRequests<NamespacedName> removals = new(time);

    /// <summary>Puts the token into the connection's Secret.</summary>
    /// <exception cref="KubernetesException">The API server temporarily does not accept the write; a 403 that has not lasted yet is one of
    /// these failures.</exception>
    /// <param name="connection">Whose token it is.</param>
    /// <param name="token">The token.</param>
    /// <param name="seen">The Secret as it was just read; null when only its watched metadata is known.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Publication> PublishAsync(
        VismaConnection connection,
        IssuedToken token,
        Secret? seen,
        CancellationToken cancellationToken
    )
    {
        var key = connection.Metadata.NamespacedName;
        try
        {
            var publication = await TryPublishAsync(connection, token, seen, cancellationToken);
            writes.Forget(key);
            return publication;
        }
        catch (Exception failure) when (writes.Believed(key, failure) is { } denial)
        {
            return new Publication.Blocked(ApiTrouble.MayNotWrite(connection.SecretName(), denial));
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Forget(NamespacedName connection)
    {
        writes.Forget(connection);
        removals.Forget(connection);
    }

    /// <summary>The Secret with its content, straight from the API server; null when there is none.</summary>
    /// <exception cref="KubernetesException">The API server does not answer, or forbids it (403).</exception>
    public Task<Secret?> ReadAsync(VismaConnection connection, CancellationToken cancellationToken) =>
        client.FindAsync<Secret>(connection.SecretName(), cancellationToken);

    /// <summary>
    /// Deletes the Secrets of these names that are ours, and exactly those that were seen; from one that its owner lent, only what is ours
    /// is taken out. Each name is tried, also where another one fails.
    /// </summary>
    public async Task<RemovalResult> RemoveAsync(
        IReadOnlyList<NamespacedName> names,
        VismaConnection connection,
        ILeadership leadership,
        CancellationToken cancellationToken
    )
    {
        List<UnremovedSecret> left = [];
        foreach (var name in names)
        {
            leadership.EnsureLeader(); // before each: a request that failed may have outlasted the lease
            try
            {
                await RemoveOursAsync(name, connection, cancellationToken);
            }
            catch (Exception failure) when (ApiTrouble.Is(failure))
            {
                left.Add(new UnremovedSecret(name, failure));
            }
        }

        return new RemovalResult(left, MayNotRemove(connection.Metadata.NamespacedName, left));
    }

    // Only where every failure is a refusal that has lasted: another one passes by itself.
    private bool MayNotRemove(NamespacedName connection, List<UnremovedSecret> left)
    {
        if (left.Count == 0)
        {
            removals.Forget(connection);
            return false;
        }

        return left.Count(secret => removals.Believed(connection, secret.Failure) is not null) == left.Count;
    }

    private async Task RemoveOursAsync(NamespacedName name, VismaConnection connection, CancellationToken cancellationToken)
    {
        // A Secret whose label was removed is not watched any more, but it still holds the token.
        var present = secrets.Find(name)?.Metadata;
        if (present is null && IsRecorded(name, connection))
        {
            present = (await client.FindAsync<SecretMetadata>(name, cancellationToken))?.Metadata;
        }

        if (present is null || present.DeletionTimestamp is not null || !SecretOwnership.IsOurs(present, connection))
        {
            return;
        }

        if (!SecretOwnership.MayHoldForeignKeys(present, connection))
        {
            await DeleteAsync(present, cancellationToken);
        }
        else if (await client.FindAsync<Secret>(name, cancellationToken) is { } lent)
        {
            secrets.Observe(
                new SecretMetadata { Metadata = (await client.ReplaceAsync(TokenSecret.WithoutOurs(lent), cancellationToken)).Metadata }
            );
        }
    }

    private static bool IsRecorded(NamespacedName name, VismaConnection connection) =>
        connection.Status.SecretName == name.Name || (connection.Status.OtherSecretNames ?? []).Contains(name.Name);

    private async Task<Publication> TryPublishAsync(
        VismaConnection connection,
        IssuedToken token,
        Secret? seen,
        CancellationToken cancellationToken
    )
    {
        var name = connection.SecretName();
        var present = seen ?? WithoutContent(secrets.Find(name)?.Metadata);
        for (var round = 1; ; round++)
        {
            if (present is { Data: null } && SecretOwnership.IsLent(present.Metadata, connection))
            {
                present = await client.FindAsync<Secret>(name, cancellationToken);
            }

            if (SecretInspector.Whose(present?.Metadata, connection) is SecretFacts.Foreign foreign)
            {
                return new Publication.Blocked(foreign.Problem);
            }

            if (
                present is not null
                && SecretOwnership.IsLent(present.Metadata, connection)
                && SecretOwnership.Unsuitable(present, connection) is { } unsuitable
            )
            {
                return new Publication.Blocked(unsuitable);
            }

            try
            {
                return Published(
                    connection,
                    token,
                    await WriteAsync(TokenSecret.Render(connection, token, present), present?.Metadata, cancellationToken)
                );
            }
            catch (KubernetesException failure) when (failure.IsLostRace && round < MaxRounds)
            {
                present = WithoutContent((await client.FindAsync<SecretMetadata>(name, cancellationToken))?.Metadata);
                if (IsOvertaken(token, present?.Metadata, connection))
                {
                    secrets.Observe(new SecretMetadata { Metadata = present!.Metadata });
                    return new Publication.Overtaken(SecretInspector.Whose(present.Metadata, connection));
                }
            }
            catch (KubernetesException failure) when (failure.IsInvalid || failure.StatusCode == HttpStatusCode.RequestEntityTooLarge)
            {
                return new Publication.Blocked(Invalid(name, failure));
            }
        }
    }

    private static Secret? WithoutContent(ObjectMeta? metadata) => metadata is null ? null : new Secret { Metadata = metadata };

    /// <summary>Deletes exactly the Secret that was seen.</summary>
    public async Task DeleteAsync(ObjectMeta present, CancellationToken cancellationToken)
    {
        try
        {
            await client.DeleteAsync<SecretMetadata>(present.NamespacedName, new DeletePreconditions(Uid: present.Uid), cancellationToken);
        }
        catch (KubernetesException failure) when (failure.IsNotFound)
        {
            // It is gone, as wanted.
        }

        secrets.ObserveDeletion(present.NamespacedName, present.Uid);
    }

    private Publication.Done Published(VismaConnection connection, IssuedToken token, Secret written)
    {
        secrets.Observe(new SecretMetadata { Metadata = written.Metadata });
        return new Publication.Done(token.ToRecord(connection, written));
    }

    /// <summary>
    /// Creates the Secret, or writes it over the one that was seen; where Kubernetes lets nobody do that (another type, an immutable
    /// Secret), a new object takes its place.
    /// </summary>
    /// <exception cref="KubernetesException">The API server does not take it, or somebody else wrote first.</exception>
    public async Task<Secret> WriteAsync(Secret secret, ObjectMeta? present, CancellationToken cancellationToken)
    {
        if (present is null)
        {
            return await client.CreateAsync(secret, cancellationToken);
        }

        try
        {
            return await client.ReplaceAsync(secret, cancellationToken);
        }
        catch (KubernetesException failure) when (failure.IsInvalid)
        {
            if (!await NeedsAnotherObjectAsync(secret, cancellationToken))
            {
                throw;
            }

            return await CreateAnewAsync(secret, present, cancellationToken);
        }
    }

    // Any other rule would make the new object invalid, too, and readers would have lost the old one for nothing.
    private async Task<bool> NeedsAnotherObjectAsync(Secret wanted, CancellationToken cancellationToken) =>
        await client.FindAsync<Secret>(wanted.Metadata.NamespacedName, cancellationToken) is { } present
        && (present.Immutable == true || (present.Type ?? SecretTemplate.DefaultType) != wanted.Type);

    // The type of a Secret never changes, and neither does an immutable one: the only way is a new object.
    private async Task<Secret> CreateAnewAsync(Secret secret, ObjectMeta present, CancellationToken cancellationToken)
    {
        await client.DeleteAsync<SecretMetadata>(present.NamespacedName, new DeletePreconditions(Uid: present.Uid), cancellationToken);
        secrets.ObserveDeletion(present.NamespacedName, present.Uid);
        return await client.CreateAsync(secret.WithMetadata(secret.Metadata with { ResourceVersion = null }), cancellationToken);
    }

    // A replica that lost its lease while it waited for the provider must not put an older token over the one of its successor.
    private static bool IsOvertaken(IssuedToken token, ObjectMeta? present, VismaConnection connection) =>
        SecretInspector.Whose(present, connection) is SecretFacts.Owned && SecretInspector.IssuedAt(present!) > token.IssueTime;

    private static Problem Invalid(NamespacedName name, KubernetesException denial) =>
        new(
            Reason.SecretInvalid,
            $"The API server {ApiTrouble.Answer(denial)} to Secret {name} as it would be written. "
                + (
                    denial.DeniedBy is null
                        ? "Make spec.secret.template smaller (a Secret holds at most 1 MiB), and see whether an admission policy "
                            + "denies it."
                        : ApiTrouble.Remedy(denial, string.Empty)
                )
        )
        {
            Stage = FailureStage.Writing,
        };
}

/// <summary>What a removal of Secrets left.</summary>
/// <param name="Left">The Secrets that could not be removed; empty when all are gone.</param>
/// <param name="IsForbidden">True when the operator may not remove them, and that has lasted.</param>
internal sealed record RemovalResult(IReadOnlyList<UnremovedSecret> Left, bool IsForbidden)
{
    /// <summary>The Secrets that are left, as the beginning of a sentence.</summary>
    public string Names => (Left.Count == 1 ? "Secret " : "Secrets ") + string.Join(", ", Left.Select(secret => secret.Name.ToString()));
}

/// <summary>A Secret that could not be removed.</summary>
/// <param name="Name">Which one.</param>
/// <param name="Failure">What the API server or the network did.</param>
internal sealed record UnremovedSecret(NamespacedName Name, Exception Failure);

/// <summary>What became of a publication.</summary>
internal abstract record Publication
{
    private Publication()
    {
    }

    /// <summary>The token is in the Secret.</summary>
    public sealed record Done(TokenRecord Token) : Publication;

    /// <summary>Another replica has published a newer token: nothing was written.</summary>
    /// <param name="Secret">The present Secret.</param>
    public sealed record Overtaken(SecretFacts Secret) : Publication;

    /// <summary>The Secret could not be written before a person acts.</summary>
    public sealed record Blocked(Problem Problem) : Publication;
}
