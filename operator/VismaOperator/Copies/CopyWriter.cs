using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Publishing;

namespace VismaOperator.Copies;

/// <summary>Brings one copy to where it should be. What the API server does instead is thrown.</summary>
internal sealed class CopyWriter(
    CopySources sources,
    CopyAcceptance acceptance,
    SecretPublisher publisher,
    AllowLists allowLists,
    ILeadership leadership,
    CopyLog log
)
{
    // Each round follows a change by somebody else.
    private const int MaxRounds = 4;

    // The version of each copy whose content was last verified: written or read by this process.
    private readonly ConcurrentDictionary<NamespacedName, string> verified = new();

    /// <summary>Writes a copy, deletes it, or leaves it, as the spec and its namespace want it.</summary>
    /// <param name="connection">Whose token.</param>
    /// <param name="copy">Which copy.</param>
    /// <param name="content">The content of the token Secret.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<CopyOutcome> SettleAsync(
        VismaConnection connection,
        SecretCopy copy,
        TokenContent content,
        CancellationToken cancellationToken
    )
    {
        var (name, present) = (TokenCopy.NameOf(copy), sources.Secrets.Find(TokenCopy.NameOf(copy))?.Metadata);
        var isHeld = present is not null && TokenCopy.IsOurs(present, connection);
        switch (await acceptance.OfAsync(connection, copy, isNew: present is null, cancellationToken))
        {
            case CopyAnswer.No(var problem):
                var removed = await RemoveAsync(connection, copy, problem.Message, cancellationToken);
                return removed with { Problem = removed.Problem ?? problem };
            case CopyAnswer.Unknown(var problem):
                return new CopyOutcome(copy, isHeld) { Problem = problem, IsToRetry = true };
        }

        if (present is not null && !isHeld)
        {
            return new CopyOutcome(copy, IsHeld: false) { Problem = CopyProblems.NotOurs(present, connection), IsToRetry = true };
        }

        if (
            present is { DeletionTimestamp: null }
            && connection.Status.Token is not null
            && await IsAsWantedAsync(present, connection, copy, cancellationToken)
        )
        {
            return new CopyOutcome(copy, IsHeld: true);
        }

        if (connection.Spec.Suspend || connection.Status.Token is null || present?.DeletionTimestamp is not null)
        {
            return Waiting(connection, copy, isHeld);
        }

        if (present is null && sources.ClaimOn(name) is { } claim)
        {
            return new CopyOutcome(copy, IsHeld: false)
            {
                Problem = CopyProblems.Claimed(name, claim),
                IsToRetry = true,
            };
        }

        if (VismaConnectionRules.Check(connection, allowLists).FirstOrDefault(problem => !ProbeRules.IsOfProbe(problem)) is { } broken)
        {
            return new CopyOutcome(copy, isHeld) { Problem = CopyProblems.Broken(name, broken) };
        }

        return await content.ReadAsync(cancellationToken) is { } data
            ? await WriteAsync(connection, copy, data, present, cancellationToken)
            : new CopyOutcome(copy, isHeld) { IsPending = true, IsToRetry = true }; // the token Secret is being put in order first
    }

    /// <summary>
    /// Deletes a copy. A copy that lost its label is not watched any more, but it still holds a token. It is found by the record in status.
    /// </summary>
    /// <param name="connection">Whose token.</param>
    /// <param name="copy">Which copy.</param>
    /// <param name="cause">Why, for the log.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<CopyOutcome> RemoveAsync(
        VismaConnection connection,
        SecretCopy copy,
        string cause,
        CancellationToken cancellationToken
    )
    {
        var name = TokenCopy.NameOf(copy);
        var present = sources.Secrets.Find(name)?.Metadata;
        if (present is null && (connection.Status.Copies ?? []).Contains(copy))
        {
            present = (await sources.Api.FindAsync<SecretMetadata>(name, cancellationToken))?.Metadata;
        }

        if (present is null || !TokenCopy.IsOurs(present, connection))
        {
            verified.TryRemove(name, out _);
            return new CopyOutcome(copy, IsHeld: false);
        }

        if (present.DeletionTimestamp is null)
        {
            await DeleteAsync(present, cause, cancellationToken);
            if (present.Finalizers is null or { Count: 0 })
            {
                return new CopyOutcome(copy, IsHeld: false);
            }
        }

        // With a finalizer of somebody it can still be read.
        return new CopyOutcome(copy, IsHeld: true) { Problem = CopyProblems.Kept(name), IsToRetry = true };
    }

    /// <summary>Deletes a Secret that is known to be a copy.</summary>
    public async Task DeleteAsync(ObjectMeta present, string cause, CancellationToken cancellationToken)
    {
        leadership.EnsureLeader();
        await publisher.DeleteAsync(present, cancellationToken);
        verified.TryRemove(present.NamespacedName, out _);
        log.Deleted(present.NamespacedName, cause);
    }

    // By metadata alone, unless this process has not yet seen the content of that version.
    private async Task<bool> IsAsWantedAsync(
        ObjectMeta present,
        VismaConnection connection,
        SecretCopy copy,
        CancellationToken cancellationToken
    )
    {
        var name = TokenCopy.NameOf(copy);
        if (!TokenCopy.HasMarks(present, connection, copy))
        {
            return false;
        }

        if (verified.TryGetValue(name, out var version) && version == present.ResourceVersion)
        {
            return true;
        }

        if (
            await sources.Api.FindAsync<Secret>(name, cancellationToken) is not { } secret
            || !TokenCopy.HasMarks(secret.Metadata, connection, copy)
            || !TokenCopy.HasContent(secret, connection)
        )
        {
            return false;
        }

        verified[name] = secret.Metadata.ResourceVersion ?? string.Empty;
        return true;
    }

    private async Task<CopyOutcome> WriteAsync(
        VismaConnection connection,
        SecretCopy copy,
        IReadOnlyDictionary<string, SecretValue> data,
        ObjectMeta? present,
        CancellationToken cancellationToken
    )
    {
        var name = TokenCopy.NameOf(copy);
        for (var round = 1; ; round++)
        {
            leadership.EnsureLeader(); // before each: a request that failed may have outlasted the lease
            try
            {
                var written = await publisher.WriteAsync(TokenCopy.Render(connection, copy, data, present), present, cancellationToken);
                sources.Secrets.Observe(new SecretMetadata { Metadata = written.Metadata });
                verified[name] = written.Metadata.ResourceVersion ?? string.Empty;
                log.Written(name, connection.Metadata.NamespacedName);
                return new CopyOutcome(copy, IsHeld: true);
            }
            catch (KubernetesException failure) when (failure.IsLostRace && round < MaxRounds)
            {
                var found = (await sources.Api.FindAsync<SecretMetadata>(name, cancellationToken))?.Metadata;
                if (found is null && present is null && failure.IsNotFound)
                {
                    throw; // the namespace is gone, and the next look finds that out
                }

                if (found is not null && !TokenCopy.IsOurs(found, connection))
                {
                    return new CopyOutcome(copy, IsHeld: false) { Problem = CopyProblems.NotOurs(found, connection), IsToRetry = true };
                }

                if (found?.DeletionTimestamp is not null)
                {
                    // We deleted it, and it does not go away.
                    return new CopyOutcome(copy, IsHeld: true) { Problem = CopyProblems.Terminating(name), IsToRetry = true };
                }

                if (found is not null && SecretInspector.IssuedAt(found) > connection.Status.Token?.IssueTime)
                {
                    // Another replica leads by now and has written a newer token.
                    sources.Secrets.Observe(new SecretMetadata { Metadata = found });
                    return new CopyOutcome(copy, IsHeld: true);
                }

                present = found;
            }
        }
    }

    // A suspended connection writes nothing, and the token of a status that was wiped is recorded first.
    private static CopyOutcome Waiting(VismaConnection connection, SecretCopy copy, bool isHeld) => connection switch
    {
        { Spec.Suspend: true } => new CopyOutcome(copy, isHeld) { Problem = CopyProblems.Suspended(TokenCopy.NameOf(copy)) },
        { Status.Token: null } => new CopyOutcome(copy, isHeld) { IsPending = true, IsToRetry = true },
        _ => new CopyOutcome(copy, isHeld) { Problem = CopyProblems.Terminating(TokenCopy.NameOf(copy)) },
    };
}

/// <summary>What became of one copy.</summary>
/// <param name="Copy">Which one.</param>
/// <param name="IsHeld">True where it holds a token of the connection.</param>
internal sealed record CopyOutcome(SecretCopy Copy, bool IsHeld)
{
    /// <summary>What is wrong; null where nothing is to be told.</summary>
    public Problem? Problem { get; init; }

    /// <summary>What the API server did; it is tried again soon.</summary>
    public Exception? Failure { get; init; }

    /// <summary>True where something else happens first.</summary>
    public bool IsPending { get; init; }

    /// <summary>True where no change that is watched may end it.</summary>
    public bool IsToRetry { get; init; }
}
