using System.Collections.Concurrent;
using System.Net;
using System.Runtime.ExceptionServices;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Publishing;
using VismaOperator.Reporting;

namespace VismaOperator.Copies;

/// <summary>
/// Brings the copies of one connection's token Secret to where its spec and their namespaces want them. It asks for no token: what is
/// copied is what the token Secret holds, as far as status confirms it. Whatever there is no reason for any more is deleted: a namespace
/// that no longer accepts, a copy that the spec no longer lists, a token that was withdrawn, a connection that is gone. Each copy is looked
/// at by itself, so that one namespace holds up no other.
/// </summary>
internal sealed class CopyReconciler(
    CopySources sources,
    CopyAcceptance acceptance,
    SecretPublisher publisher,
    CopyReports reports,
    AllowLists allowLists,
    ILeadership leadership,
    TimeProvider time,
    CopyLog log
) : IReconciler
{
    /// <summary>A copy that a person has to make room for is tried again this often: what stands in its way is not watched.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(1);

    // A failure of the API server that lasts so long is told.
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(10);

    // Each round follows a change by somebody else.
    private const int MaxRounds = 4;

    // As many as the schema takes.
    private const int MaxHeld = 32;

    private readonly ForbiddenRequests<NamespacedName> refusals = new(time);
    private readonly ConcurrentDictionary<NamespacedName, long> failingSince = new();

    // The version of each copy whose content was last verified: written or read by this process.
    private readonly ConcurrentDictionary<NamespacedName, string> verified = new();

    /// <summary>Told when status has to say something else of a connection's copies.</summary>
    public required Action<NamespacedName> Wake { private get; init; }

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (!acceptance.Serves(key.Namespace))
        {
            return Requeue.Never.Instance; // whether that connection still exists is not known here
        }

        var labelled = sources.Secrets.FindBy(TokenCopy.Index, key.ToString());
        if (sources.Connections.Find(key) is not { } connection)
        {
            reports.Forget(key);
            var orphans = labelled.Select(secret => secret.Metadata).Where(secret => TokenCopy.IsOrphan(secret, key));
            return await RemoveOrphansAsync(key, orphans, cancellationToken);
        }

        var wanted = IsServing(connection) ? connection.Spec.Secret.Copies.Distinct().ToList() : [];
        var former = labelled
            .Select(secret => new SecretCopy { Namespace = secret.Metadata.Namespace ?? string.Empty, Name = secret.Metadata.Name })
            .Concat(connection.Status.Copies ?? [])
            .Distinct()
            .Except(wanted)
            .ToList();
        List<CopyOutcome> outcomes = [];
        var why = wanted.Count > 0 ? "spec.secret.copies does not list it any more" : "nothing is to be copied any more";
        foreach (var copy in former)
        {
            var remove = () => RemoveAsync(connection, copy, why, cancellationToken);
            outcomes.Add(await TryAsync(connection, copy, remove, cancellationToken));
        }

        var content = new TokenContent(connection, sources.Api);
        foreach (var copy in wanted)
        {
            var settle = () => SettleAsync(connection, copy, content, cancellationToken);
            outcomes.Add(await TryAsync(connection, copy, settle, cancellationToken));
        }

        Report(connection, wanted.Count, outcomes);
        if (outcomes.Select(outcome => outcome.Failure).OfType<Exception>().FirstOrDefault() is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return outcomes.Any(outcome => outcome.IsToRetry) ? new Requeue.At(time.GetUtcNow() + RetryInterval) : Requeue.Never.Instance;
    }

    // Each by itself, as ever. No status is left to tell of one that cannot be deleted, so the log does.
    private async Task<Requeue> RemoveOrphansAsync(NamespacedName key, IEnumerable<ObjectMeta> orphans, CancellationToken cancellationToken)
    {
        var (isRefused, failures) = (false, new List<Exception>());
        foreach (var orphan in orphans)
        {
            var name = orphan.NamespacedName;
            try
            {
                await DeleteAsync(orphan, $"VismaConnection {key} is gone", cancellationToken);
                Recovered(name);
            }
            catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
            {
                if (refusals.Believed(name, failure) is { } denial)
                {
                    isRefused = true;
                    log.Left(name, key, ApiTrouble.MayNotWrite(name, denial).Message);
                    continue;
                }

                failures.Add(failure);
                if (Lasts(name))
                {
                    log.Left(name, key, CopyProblems.NotDeleted(failure));
                }
            }
        }

        if (failures.Count > 0)
        {
            ExceptionDispatchInfo.Throw(failures[0]);
        }

        return isRefused ? new Requeue.At(time.GetUtcNow() + RetryInterval) : Requeue.Never.Instance;
    }

    private bool Lasts(NamespacedName name) =>
        time.GetElapsedTime(failingSince.GetOrAdd(name, _ => time.GetTimestamp())) >= patience;

    private void Recovered(NamespacedName name)
    {
        refusals.Forget(name);
        failingSince.TryRemove(name, out _);
    }

    // A token is served from its first publication until it is withdrawn. A Secret that is missing for a moment takes no copy away, nor
    // does a status that was wiped. A withdrawal that fails at the token Secret keeps no copy.
    private bool IsServing(VismaConnection connection) =>
        connection.Metadata.DeletionTimestamp is null
        && ConnectionFactsReader.Failure(connection)?.Stage != FailureStage.Withdrawing
        && (
            connection.Status.Token is not null
            || (
                sources.Secrets.Find(connection.SecretName()) is { } secret
                && SecretOwnership.IsOurs(secret.Metadata, connection)
            )
        );

    // Not every exception is one of the API server: others are bugs, and end the reconcile.
    private async Task<CopyOutcome> TryAsync(
        VismaConnection connection,
        SecretCopy copy,
        Func<Task<CopyOutcome>> attempt,
        CancellationToken cancellationToken
    )
    {
        var name = NameOf(copy);
        try
        {
            var outcome = await attempt();
            if (!outcome.IsPending)
            {
                Recovered(name);
                return outcome;
            }

            refusals.Forget(name);
            return Lasts(name) ? outcome with { IsPending = false, Problem = CopyProblems.Waits(name, connection.SecretName()) } : outcome;
        }
        catch (Exception thrown) when (ApiTrouble.Is(CauseOf(thrown)) && !cancellationToken.IsCancellationRequested)
        {
            var (failure, unread) = (CauseOf(thrown), (thrown as UnreadTokenException)?.Secret);
            var isHeld = acceptance.CanSee(copy.Namespace)
                ? sources.Secrets.Find(name) is { } present && TokenCopy.IsOurs(present.Metadata, connection)
                : (connection.Status.Copies ?? []).Contains(copy);
            if (refusals.Believed(name, failure) is { } denial)
            {
                return new CopyOutcome(copy, isHeld)
                {
                    Problem = unread is { } token ? CopyProblems.MayNotRead(name, token, denial) : ApiTrouble.MayNotWrite(name, denial),
                    IsToRetry = true,
                };
            }

            if (
                unread is null
                && failure is KubernetesException
                {
                    StatusCode: HttpStatusCode.UnprocessableEntity or HttpStatusCode.RequestEntityTooLarge,
                }
            )
            {
                return new CopyOutcome(copy, isHeld) { Problem = CopyProblems.Invalid(name, failure), IsToRetry = true };
            }

            return new CopyOutcome(copy, isHeld)
            {
                Problem = Lasts(name) ? CopyProblems.NotWritten(name, unread, failure) : null,
                Failure = failure,
            };
        }
    }

    private static Exception CauseOf(Exception thrown) => thrown is UnreadTokenException unread ? unread.Cause : thrown;

    private async Task<CopyOutcome> SettleAsync(
        VismaConnection connection,
        SecretCopy copy,
        TokenContent content,
        CancellationToken cancellationToken
    )
    {
        var (name, present) = (NameOf(copy), sources.Secrets.Find(NameOf(copy))?.Metadata);
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

    // By metadata alone, unless this process has not yet seen the content of that version.
    private async Task<bool> IsAsWantedAsync(
        ObjectMeta present,
        VismaConnection connection,
        SecretCopy copy,
        CancellationToken cancellationToken
    )
    {
        var name = NameOf(copy);
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
        var name = NameOf(copy);
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

    // A copy that lost its label is not watched any more, but it still holds a token: status has it on record.
    private async Task<CopyOutcome> RemoveAsync(
        VismaConnection connection,
        SecretCopy copy,
        string cause,
        CancellationToken cancellationToken
    )
    {
        var name = NameOf(copy);
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

    private async Task DeleteAsync(ObjectMeta present, string cause, CancellationToken cancellationToken)
    {
        leadership.EnsureLeader();
        await publisher.DeleteAsync(present, cancellationToken);
        verified.TryRemove(present.NamespacedName, out _);
        log.Deleted(present.NamespacedName, cause);
    }

    // While something is only to be tried again, status goes on saying what it says.
    private void Report(VismaConnection connection, int wanted, List<CopyOutcome> outcomes)
    {
        var key = connection.Metadata.NamespacedName;
        if (outcomes.Any(outcome => outcome is { Problem: null, Failure: not null } or { IsPending: true }))
        {
            return;
        }

        var problems = outcomes.Select(outcome => outcome.Problem).OfType<Problem>().ToList();
        var held = outcomes.Where(outcome => outcome.IsHeld).Select(outcome => outcome.Copy).Take(MaxHeld).ToList();
        var filled = outcomes.TakeLast(wanted).Count(outcome => outcome.Problem is null);
        var report = new CopyReport(connection.Metadata.Uid, held, wanted == 0 && problems.Count == 0 ? null : ConditionOf());
        if (report.IsIn(connection.Status))
        {
            reports.Forget(key);
            return;
        }

        reports.Keep(key, report);
        if (problems.Count > 0)
        {
            log.Incomplete(key, report.Condition!.Message);
        }

        Wake(key);

        ConditionReport ConditionOf() => new(
            ConditionType.CopiesWritten,
            problems.Count == 0,
            problems.Count == 0 ? Reason.AllCopied : problems[0].Reason,
            Lifecycle.Report.Fitting(
                problems.Count == 0
                    ? $"Copies of the token Secret: {wanted}; each holds the token."
                    : $"{filled} of {wanted} copies of the token Secret hold the token. "
                        + string.Join(' ', problems.Select(problem => problem.Message))
            )
        )
        {
            Generation = connection.Metadata.Generation,
        };
    }

    private static NamespacedName NameOf(SecretCopy copy) => new(copy.Namespace, copy.Name);

    // A suspended connection writes nothing, and the token of a status that was wiped is recorded first.
    private static CopyOutcome Waiting(VismaConnection connection, SecretCopy copy, bool isHeld) => connection switch
    {
        { Spec.Suspend: true } => new CopyOutcome(copy, isHeld) { Problem = CopyProblems.Suspended(NameOf(copy)) },
        { Status.Token: null } => new CopyOutcome(copy, isHeld) { IsPending = true, IsToRetry = true },
        _ => new CopyOutcome(copy, isHeld) { Problem = CopyProblems.Terminating(NameOf(copy)) },
    };
}

/// <summary>What <see cref="CopyReconciler"/> looks at.</summary>
/// <param name="Connections">The connections.</param>
/// <param name="Secrets">The labelled Secrets, copies among them.</param>
/// <param name="Api">Where content is read.</param>
/// <param name="ClaimOn">Who in its own namespace asks for a Secret of a name, in words; null when nobody does.</param>
internal sealed record CopySources(
    Store<VismaConnection> Connections,
    Store<SecretMetadata> Secrets,
    IKubernetesClient Api,
    Func<NamespacedName, string?> ClaimOn
);

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
