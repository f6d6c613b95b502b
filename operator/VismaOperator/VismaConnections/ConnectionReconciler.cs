using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Lifecycle;

namespace VismaOperator.VismaConnections;

/// <summary>
/// Brings one connection to where its spec wants it: observe, then decide and take a step until the decision is to rest,
/// then report. Everything that matters is in the facts, so that a process may end between any two lines and the next one
/// goes on from what is stored.
/// </summary>
internal sealed class ConnectionReconciler(Store<VismaConnection> connections, ConnectionObserver observer, ConnectionReporter reporter, ConnectionTools tools) : IReconciler
{
    // Note, inspect, adopt, redeem, exchange, publish, acknowledge, invite: no sound sequence is longer.
    private const int MaxSteps = 9;

    /// <summary>How long a report may still take once the process is asked to stop.</summary>
    public static readonly TimeSpan ReportGrace = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (connections.Find(key) is not { } connection)
        {
            tools.Refresher.Forget(key);
            tools.Publisher.Forget(key);
            reporter.Forget(key);
            return Requeue.Never.Instance;
        }

        if (await observer.ObserveAsync(reporter.AsReported(connection), cancellationToken) is not { } observation)
        {
            return new Requeue.At(tools.Time.GetUtcNow() + Policy.LeastGap);
        }

        var (decision, facts) = await SettleAsync(connection, observation, cancellationToken);
        tools.Log.Rested(decision.GetType().Name);
        return decision is Decision.Release ? Requeue.Never.Instance : await ReportAsync(connection, facts, decision, cancellationToken);
    }

    private async Task<(Decision Decision, Facts Facts)> SettleAsync(VismaConnection connection, Observation observation, CancellationToken cancellationToken)
    {
        var steps = new ConnectionSteps(connection, observation, tools);
        var facts = observation.Facts;
        for (var step = 0; step < MaxSteps; step++)
        {
            var decision = Policy.Decide(facts, tools.Time.GetUtcNow());
            if (await steps.TakeAsync(decision, facts, cancellationToken) is not { } next)
            {
                return (decision, facts);
            }

            facts = next;
        }

        throw new InvalidOperationException($"VismaConnection {connection.Metadata.NamespacedName} did not come to rest within {MaxSteps} steps.");
    }

    private async Task<Requeue> ReportAsync(VismaConnection connection, Facts facts, Decision decision, CancellationToken cancellationToken)
    {
        // A request that was served and not reported would be served again by the next process.
        using var graceful = Deadline.Unset(tools.Time);
        await using var stopping = cancellationToken.Register(() => graceful.Set(ReportGrace));
        await RemoveRenamedSecretAsync(connection, facts, graceful.Token);
        var report = Report.Of(facts, decision, tools.Time.GetUtcNow());
        try
        {
            return await reporter.WriteAsync(connection, report, graceful.Token);
        }
        catch (KubernetesException failure) when (failure.IsNotFound)
        {
            return Requeue.Never.Instance;
        }
    }

    // Before status forgets the old name: if this fails, status still has it and the next reconcile tries again. A delete that nobody allows would
    // fail for ever and keep every later report back: then a person is told which Secret to delete.
    private async Task RemoveRenamedSecretAsync(VismaConnection connection, Facts facts, CancellationToken cancellationToken)
    {
        if (connection.Status.SecretName is { } recorded && facts.Token is { } token && token.SecretName != recorded)
        {
            tools.Leadership.EnsureLeader();
            var former = new NamespacedName(connection.Metadata.Namespace ?? string.Empty, recorded);
            if (!await tools.Publisher.RemoveAsync(former, connection, cancellationToken))
            {
                tools.Log.FormerSecretNotRemoved(former);
                await reporter.TellFormerSecretStaysAsync(connection, former, cancellationToken);
            }
        }
    }
}
