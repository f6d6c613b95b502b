using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Queueing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Publishing;
using VismaOperator.Reporting;

namespace VismaOperator.Restarting;

/// <summary>
/// Restarts workloads with each changed token, beside the work that keeps tokens fresh: it has a queue and workers of its own. Its keys are
/// workloads (the name is <c>Deployment/importer</c>), so that several connections that name one workload share its restarts. What was done
/// is in the template of the workload's Pods and then in status; <see cref="RestartLooks"/> has what is still to be reported. Safe for use
/// by many threads.
/// </summary>
/// <param name="client">Where workloads are read and patched.</param>
/// <param name="inNamespace">The connections of a namespace.</param>
/// <param name="leadership">Only the leader restarts.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of each restart.</param>
internal sealed class WorkloadRestarts(
    IKubernetesClient client,
    Func<string, IEnumerable<VismaConnection>> inNamespace,
    ILeadership leadership,
    TimeProvider time,
    ILogger logger
) : IReconciler
{
    /// <summary>How many workloads are worked on at the same time.</summary>
    public const int Workers = 2;

    /// <summary>The least time between two restarts of one workload, whichever connections ask for them.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromMinutes(1);

    /// <summary>When a workload that could not be restarted is looked at again. Nothing watches it.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The longest wait for a workload that is missing or may not be restarted. Anyone who may create connections can name any number of
    /// those, so the wait doubles after each look. A new token and a changed spec do not wait for it.
    /// </summary>
    public static readonly TimeSpan LongestRetry = TimeSpan.FromHours(1);

    /// <summary>For how long an outage, or another fault that may pass by itself, is not reported.</summary>
    public static readonly TimeSpan ToldAfter = TimeSpan.FromMinutes(1);

    private readonly RestartLooks looks = new();
    private readonly RolloutStarter rollouts = new(client, leadership, time, logger);

    // By workload: since when restarts of it have failed, for a cause that may pass by itself.
    private readonly ConcurrentDictionary<NamespacedName, long> failing = new();
    private readonly TaskCompletionSource wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first connection asks for restarts.</summary>
    public Task Wanted => wanted.Task;

    /// <summary>Workloads to look at; taken from by the controller that runs this.</summary>
    public required WorkQueue Queue { private get; init; }

    /// <summary>Told when there is something to report of a connection.</summary>
    public required Action<NamespacedName> Wake { private get; init; }

    /// <summary>True for a namespace of which every connection is known. Elsewhere no mark is taken away.</summary>
    public Func<string, bool> IsKnown { private get; init; } = _ => false;

    /// <summary>False where there are no workloads, as in local mode: then <c>spec.restart</c> means nothing.</summary>
    public bool IsPossible { get; init; } = true;

    /// <summary>What a report about restarts rests on; null when the connection restarts nothing.</summary>
    public RestartFacts? FactsOf(VismaConnection connection) =>
        IsPossible && connection.Spec.Restart is { Count: > 0 } workloads ? looks.FactsOf(connection, workloads) : null;

    /// <summary>
    /// A reconcile has reported: workloads that are behind are looked at. Not before, since status says which token is published.
    /// </summary>
    public void Arrange(VismaConnection connection, Facts facts)
    {
        var key = connection.Metadata.NamespacedName;
        if (facts.Restart is not { } restart)
        {
            Forget(key);
            return;
        }

        if (facts is not { Connection: { IsSuspended: false, IsTerminating: false }, Token: { } token })
        {
            Forget(key); // once it goes on, the workloads are looked at again
            return;
        }

        foreach (var workload in restart.DueFor(token).Select(one => one.Key))
        {
            // A look that is under way, or has ended since the facts were read, answers for this token as well.
            bool IsNeeded() => !looks.WasLookedAt(key, workload, token.Fingerprint);
            if (IsNeeded())
            {
                wanted.TrySetResult();
                Queue.AddIfNeeded(new NamespacedName(key.Namespace, workload), key, IsNeeded);
            }
        }
    }

    /// <summary>The connection is gone, or restarts nothing any more.</summary>
    public void Forget(NamespacedName connection) => looks.Forget(connection);

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var requests = inNamespace(key.Namespace).SelectMany(connection => RequestsOf(connection, key)).ToList();
        if (!requests.Exists(one => one.IsBehind))
        {
            rollouts.Forget(key);
            failing.TryRemove(key, out _);
            return Requeue.Never.Instance;
        }

        leadership.EnsureLeader();
        RestartOutcome outcome;
        try
        {
            outcome = await rollouts.RestartAsync(key, requests, () => MarksInUse(key), cancellationToken);
        }
        catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
        {
            if (time.GetElapsedTime(failing.GetOrAdd(key, _ => time.GetTimestamp())) >= ToldAfter)
            {
                var workload = requests[0].Workload;
                var refused = RolloutStarter.Refused(workload.Kind.ToString(), key with { Name = workload.Name }, failure);
                Note(key, requests, new RestartOutcome(refused));
            }

            throw;
        }

        failing.TryRemove(key, out _);
        if (outcome.Until is { } until)
        {
            return new Requeue.At(until);
        }

        var wait = Note(key, requests, outcome);
        return outcome.Problem is null ? Requeue.Never.Instance : new Requeue.At(time.GetUtcNow() + wait);
    }

    // The marks of the connections that name a workload; null where the connections are not all known.
    private HashSet<string>? MarksInUse(NamespacedName key) =>
        IsKnown(key.Namespace)
            ? inNamespace(key.Namespace)
                .Where(connection => (connection.Spec.Restart ?? []).Any(one => RestartRequest.NameOf(one) == key.Name))
                .Select(connection => RestartMarks.KeyOf(connection.Metadata.NamespacedName))
                .ToHashSet(StringComparer.Ordinal)
            : null;

    // How long to wait with the next look, where there is a problem.
    private TimeSpan Note(NamespacedName key, List<RestartRequest> requests, RestartOutcome outcome)
    {
        var shortest = LongestRetry;
        foreach (var one in requests.Where(one => one.IsBehind))
        {
            var (wait, isNew) = looks.Note(key.Name, one, outcome);
            shortest = wait < shortest ? wait : shortest;
            if (isNew)
            {
                Wake(one.Connection);
            }
        }

        return shortest;
    }

    // A connection that is suspended, is being deleted, or has no token on record asks for nothing.
    private IEnumerable<RestartRequest> RequestsOf(VismaConnection connection, NamespacedName key) =>
        connection is { Spec: { Suspend: false, Restart: { } workloads }, Metadata.DeletionTimestamp: null }
        && ConnectionFactsReader.Token(connection) is { } token
        && workloads.FirstOrDefault(one => RestartRequest.NameOf(one) == key.Name && RestartRules.ProblemOf(one) is null) is { } workload
            ?
            [
                new RestartRequest(
                    connection.Metadata.NamespacedName,
                    workload,
                    token.Fingerprint,
                    looks.IsBehind(connection, workload, token)
                )
                {
                    Generation = connection.Metadata.Generation,
                },
            ]
            : [];
}
