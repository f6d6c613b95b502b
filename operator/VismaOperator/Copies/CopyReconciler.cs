using System.Runtime.ExceptionServices;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Publishing;
using VismaOperator.Reporting;

namespace VismaOperator.Copies;

/// <summary>
/// Keeps the copies of one connection's token Secret as its spec and their namespaces want them. It asks for no token: it copies what the
/// token Secret holds, as far as status confirms it. A copy is deleted when its namespace no longer accepts it, when the spec no longer
/// lists it, when the token was withdrawn, and when the connection is gone. Each copy is handled by itself, so that one namespace holds up
/// no other.
/// </summary>
internal sealed class CopyReconciler(
    CopySources sources,
    CopyAcceptance acceptance,
    CopyWriter writer,
    CopyReports reports,
    TimeProvider time,
    CopyLog log
) : IReconciler
{
    /// <summary>A copy that a person has to make room for is tried again this often: what stands in its way is not watched.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromMinutes(1);

    private readonly CopyFailures failures = new(sources, acceptance, time);

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
            var remove = () => writer.RemoveAsync(connection, copy, why, cancellationToken);
            outcomes.Add(await failures.TryAsync(connection, copy, remove, cancellationToken));
        }

        var content = new TokenContent(connection, sources.Api);
        foreach (var copy in wanted)
        {
            var settle = () => writer.SettleAsync(connection, copy, content, cancellationToken);
            outcomes.Add(await failures.TryAsync(connection, copy, settle, cancellationToken));
        }

        Report(connection, wanted.Count, outcomes);
        if (outcomes.Select(outcome => outcome.Failure).OfType<Exception>().FirstOrDefault() is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }

        return outcomes.Any(outcome => outcome.IsToRetry) ? new Requeue.At(time.GetUtcNow() + RetryInterval) : Requeue.Never.Instance;
    }

    // Each by itself. There is no status any more that could say which copy cannot be deleted, so the log says it.
    private async Task<Requeue> RemoveOrphansAsync(NamespacedName key, IEnumerable<ObjectMeta> orphans, CancellationToken cancellationToken)
    {
        var (isRefused, thrown) = (false, new List<Exception>());
        foreach (var orphan in orphans)
        {
            var name = orphan.NamespacedName;
            try
            {
                await writer.DeleteAsync(orphan, $"VismaConnection {key} is gone", cancellationToken);
                failures.Recovered(name);
            }
            catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
            {
                if (failures.Believed(name, failure) is { } denial)
                {
                    isRefused = true;
                    log.Left(name, key, ApiTrouble.MayNotWrite(name, denial).Message);
                    continue;
                }

                thrown.Add(failure);
                if (failures.Lasts(name))
                {
                    log.Left(name, key, CopyProblems.NotDeleted(failure));
                }
            }
        }

        if (thrown.Count > 0)
        {
            ExceptionDispatchInfo.Throw(thrown[0]);
        }

        return isRefused ? new Requeue.At(time.GetUtcNow() + RetryInterval) : Requeue.Never.Instance;
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

    // While something is only to be tried again, status stays as it is.
    private void Report(VismaConnection connection, int wanted, List<CopyOutcome> outcomes)
    {
        var key = connection.Metadata.NamespacedName;
        if (outcomes.Any(outcome => outcome is { Problem: null, Failure: not null } or { IsPending: true }))
        {
            return;
        }

        var report = CopyReport.Of(connection, wanted, outcomes);
        if (report.IsIn(connection.Status))
        {
            reports.Forget(key);
            return;
        }

        reports.Keep(key, report);
        if (report.Condition is { IsTrue: false } incomplete)
        {
            log.Incomplete(key, incomplete.Message);
        }

        Wake(key);
    }
}

/// <summary>What the copies of a connection are decided by.</summary>
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
