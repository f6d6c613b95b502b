using System.Runtime.ExceptionServices;
using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Clients;

/// <summary>Keeps a client's status true. Connections do not wait for it; it informs people, and warns of secrets that expire.</summary>
internal sealed class OAuthClientReconciler(
    Store<OAuthClient> clients,
    OAuthClientObserver observer,
    ClientSecretTracker tracker,
    OAuthClientReporter reporter,
    SecretRemovals removals,
    RequestTurns turns,
    ProblemLog problems,
    StatusWrites statusWrites,
    TimeProvider time) : IReconciler
{
    // The provider's metadata is behind a breaker of its own; this is how soon a person sees that it works again.
    private static readonly TimeSpan metadataRetry = TimeSpan.FromSeconds(30);

    // No event reports that the provider's metadata was corrected.
    private static readonly TimeSpan metadataRecheck = TimeSpan.FromMinutes(5);

    private readonly ProblemStarts starts = new(time);

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (clients.Find(key) is not { } client)
        {
            tracker.Forget(key);
            reporter.Forget(key);
            removals.Forget(key);
            turns.Forget(key);
            problems.Forget(key);
            starts.Forget(key);
            statusWrites.Forget(key);
            return Requeue.Never.Instance;
        }

        if (client.Metadata.DeletionTimestamp is not null)
        {
            return Requeue.Never.Instance;
        }

        var untold = AnnounceRemovals(client);
        var (situation, fault) = await ObserveAsync(client, cancellationToken);
        if (situation is null)
        {
            return new Requeue.At(time.GetUtcNow() + Policy.LeastGap);
        }

        situation = situation with { ProblemSince = ProblemSince(situation) };
        problems.Note(key, OAuthClientReport.Conditions(situation, time.GetUtcNow()));
        var requeue = await statusWrites.TryAsync(
            key,
            () => ReportAsync(situation, untold, cancellationToken),
            NextLook(situation, untold),
            cancellationToken
        );
        fault?.Throw();
        return requeue;
    }

    // A bug is reported and then passed on to the controller, which logs it with its stack and retries with a backoff. There is no
    // situation while the caches are not filled.
    private async Task<(OAuthClientSituation? Situation, ExceptionDispatchInfo? Fault)> ObserveAsync(
        OAuthClient client,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return (await observer.ObserveAsync(client, cancellationToken), null);
        }
#pragma warning disable CA1031 // Every exception is reported.
        catch (Exception bug) when (bug is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (OAuthClientSituation.Unobserved(client, OperatorFault.ProblemOf(bug)), ExceptionDispatchInfo.Capture(bug));
        }
    }

    private async Task<Requeue> ReportAsync(OAuthClientSituation situation, DateTimeOffset? untold, CancellationToken cancellationToken)
    {
        var counterDue = await reporter.WriteAsync(situation, cancellationToken);
        return NextLook(situation, new[] { counterDue, untold }.Min()) is { } next ? new Requeue.At(next) : Requeue.Never.Instance;
    }

    // Returns when to look again for what is still being gathered.
    private DateTimeOffset? AnnounceRemovals(OAuthClient client) =>
        time.GetUtcNow() + removals.Tell(client.Metadata.NamespacedName, note => reporter.TellRemovals(client, note));

    private DateTimeOffset? ProblemSince(OAuthClientSituation situation)
    {
        if (situation.Problem is { } problem)
        {
            return starts.Of(situation.Client, problem);
        }

        starts.Forget(situation.Client.Metadata.NamespacedName);
        return null;
    }

    private DateTimeOffset? NextLook(OAuthClientSituation situation, DateTimeOffset? other)
    {
        var now = time.GetUtcNow();
        DateTimeOffset? retry = situation.LookupProblem switch
        {
            null => null,
            { Kind: FailureKind.Transient } => now + metadataRetry,
            _ => now + metadataRecheck,
        };
        return new[] { OAuthClientReport.NextChange(situation, now), situation.NextTrialLook, retry, other }.Min();
    }
}
