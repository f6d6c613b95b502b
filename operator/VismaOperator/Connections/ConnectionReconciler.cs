using System.Runtime.ExceptionServices;
using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Probing;
using VismaOperator.Reporting;
using VismaOperator.Restarting;

namespace VismaOperator.Connections;

/// <summary>
/// Brings one connection to where its spec wants it: observe, then decide and take a step until the decision is to rest, then report.
/// Everything that matters is in the facts, so that a process may end between any two lines and the next one continues from what is stored.
/// </summary>
internal sealed class ConnectionReconciler(
    Store<VismaConnection> connections,
    ConnectionObserver observer,
    ConnectionSteps steps,
    ConnectionReporter reporter,
    RecordedTimes times,
    ConnectionProbes probes,
    WorkloadRestarts restarts,
    StatusWrites statusWrites,
    TimeProvider time,
    Func<double> random,
    ConnectionMetrics metrics,
    ConnectionLog log
) : IReconciler
{
    // Note, inspect, record, redeem (twice), exchange, publish, acknowledge, invite, remove the former Secret: no correct sequence is
    // longer.
    private const int MaxSteps = 11;

    /// <summary>How long a report may still take once the process is asked to stop.</summary>
    public static readonly TimeSpan ReportGrace = TimeSpan.FromSeconds(2);

    private readonly StepFailures failures = new(time);
    private readonly HiddenFailures hidden = new(time);

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (connections.Find(key) is not { } stored)
        {
            steps.Forget(key);
            times.Forget(key);
            probes.Forget(key);
            restarts.Forget(key);
            reporter.Forget(key);
            statusWrites.Forget(key);
            failures.Forget(key);
            hidden.Forget(key);
            log.Problems.Forget(key);
            return Requeue.Never.Instance;
        }

        // A step whose status could not be written counts as done.
        var connection = reporter.AsReported(stored);
        if (await SettleAsync(connection, cancellationToken) is not { } rest)
        {
            return new Requeue.At(time.GetUtcNow() + Policy.LeastGap);
        }

        log.Rested(rest.Decision.GetType().Name);
        if (rest.Decision is Decision.Release)
        {
            probes.Forget(key);
            restarts.Forget(key);
            return Requeue.Never.Instance;
        }

        var requeue = await ReportAsync(stored, connection, rest, cancellationToken);
        rest.Fault?.Throw();
        return requeue;
    }

    // Observes, decides and takes steps until the decision is to rest. An exception becomes facts and a decision that can be reported,
    // unless the reconcile only has to be made again. Null while the caches are not filled.
    private async Task<Rest?> SettleAsync(VismaConnection connection, CancellationToken cancellationToken)
    {
        var key = connection.Metadata.NamespacedName;
        Facts? facts = null;
        Decision? decision = null;
        try
        {
            if (await observer.ObserveAsync(connection, cancellationToken) is not { } observation)
            {
                return failures.IsUnreadForLong(key) ? throw Unread(connection) : null;
            }

            var state = new ReconcileState(connection, observation);
            facts = hidden.Join(observation.Facts, key);
            for (var step = 0; step < MaxSteps; step++)
            {
                decision = Policy.Decide(facts, time.GetUtcNow());
                if (await steps.TakeAsync(decision, state, facts, cancellationToken) is not { } next)
                {
                    if (decision is not Decision.BackOff { Failure.IsOfLooking: true }) // the look is still to be made
                    {
                        failures.Forget(key);
                        hidden.Looked(facts, key);
                    }

                    return new Rest(facts, decision);
                }

                facts = next;
            }

            throw new InvalidOperationException($"VismaConnection {key} did not come to rest within {MaxSteps} steps.");
        }
#pragma warning disable CA1031 // Every exception is reported.
        catch (Exception failure) when (failures.IsToReport(key, failure, cancellationToken))
#pragma warning restore CA1031
        {
            if (decision is Decision.Refresh refresh)
            {
                metrics.Refreshed(refresh.Cause, RefreshResult.Failed);
            }

            var problem = failures.ProblemOf(connection, decision, failure);
            var known = facts?.FormerKept() ?? observer.Unobserved(connection, problem);
            return Failed(known, key, problem, failure) with { IsObserved = facts is not null };
        }
    }

    private static UnobservedException Unread(VismaConnection connection) => new(
        $"The token Secrets of namespace {connection.Metadata.Namespace}, or a Secret that OAuthClient {connection.ClientName()} "
        + "references, could not be read",
        new TimeoutException());

    // The failure is on record and retried like one of the provider. A bug is reported and then passed on to the controller, which logs it
    // with its stack.
    private Rest Failed(Facts facts, NamespacedName key, Problem problem, Exception failure)
    {
        log.StepFailed(problem.Reason, problem.Message);
        var (retryAfter, now) = (StepFailures.RetryAfter(failure), time.GetUtcNow());
        Facts failed;
        if (problem.Stage == FailureStage.Looking)
        {
            failed = hidden.LookFailed(facts, key, known => known.LookFailed(problem, retryAfter, now, random()));
        }
        else
        {
            failed = facts.Failed(problem, retryAfter, now, random(), steps.PendingAnswer(key));
            hidden.Looked(failed, key);
        }

        return new Rest(failed, new Decision.BackOff(failed.Failure!))
        {
            Fault = StepFailures.IsBug(failure) ? ExceptionDispatchInfo.Capture(failure) : null,
        };
    }

    private async Task<Requeue> ReportAsync(
        VismaConnection stored,
        VismaConnection connection,
        Rest rest,
        CancellationToken cancellationToken
    )
    {
        // A request that was served and not reported would be served again by the next process.
        using var graceful = Deadline.Unset(time);
        await using var stopping = cancellationToken.Register(() => graceful.Set(ReportGrace));
        var report = Report.Of(rest.Facts, rest.Decision, time.GetUtcNow()) with { KeepsAuthorization = !rest.IsObserved };
        log.Problems.Note(connection.Metadata.NamespacedName, report.Conditions);
        times.Note(connection.Metadata.NamespacedName, rest.Facts.Token, rest.Facts.Failure);
        var requeue = await statusWrites.TryAsync(
            connection.Metadata.NamespacedName,
            () => reporter.WriteAsync(stored, report, graceful.Token),
            report.NextLook,
            cancellationToken
        );
        probes.Arrange(connection, rest.Facts, report.NextProbe);
        restarts.Arrange(connection, rest.Facts);
        return requeue;
    }

    /// <summary>How a reconcile came to rest.</summary>
    private sealed record Rest(Facts Facts, Decision Decision)
    {
        /// <summary>False when the client or the grant could not be looked at.</summary>
        public bool IsObserved { get; init; } = true;

        /// <summary>The bug that ended it; null where none did.</summary>
        public ExceptionDispatchInfo? Fault { get; init; }
    }
}
