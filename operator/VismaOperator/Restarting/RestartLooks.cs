using Kubernetes.Client;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Restarting;

/// <summary>
/// What came of looks at workloads, until status says it. Nothing is kept of a connection that restarts nothing. Safe for use by many
/// threads.
/// </summary>
internal sealed class RestartLooks
{
    private readonly Lock gate = new();

    // By connection, and by the name of the workload.
    private readonly Dictionary<NamespacedName, Dictionary<string, RestartLook>> looks = [];

    /// <summary>What a report about restarts rests on.</summary>
    public RestartFacts FactsOf(VismaConnection connection, IReadOnlyList<WorkloadReference> workloads)
    {
        lock (gate)
        {
            var known = looks.GetValueOrDefault(connection.Metadata.NamespacedName);
            List<RestartedWorkload> all = [];
            foreach (var (index, workload) in workloads.Index().DistinctBy(one => RestartRequest.NameOf(one.Item)))
            {
                var recorded = Recorded(connection, workload);
                var problem = RestartRules.ProblemOf(workload, index);
                var look = Current(known, RestartRequest.NameOf(workload), recorded, connection.Metadata.Generation);
                all.Add(
                    new RestartedWorkload(workload.Kind.ToString(), workload.Name)
                    {
                        Fingerprint = look is { Problem: null } ? look.Fingerprint : recorded,
                        LookedAtFor = problem is null ? look?.Fingerprint : connection.Status.Token?.Fingerprint,
                        Problem = problem is null ? look?.Problem : new Problem(problem.Reason, $"{problem.Path}: {problem.Message}"),
                    }
                );
            }

            KeepOnly(connection.Metadata.NamespacedName, all);
            return new RestartFacts { Workloads = all, Recorded = RecordedCondition(connection) };
        }
    }

    /// <summary>True where a workload was looked at for a token, whatever came of it.</summary>
    public bool WasLookedAt(NamespacedName connection, string workload, string fingerprint) =>
        Find(connection, workload)?.Fingerprint == fingerprint;

    /// <summary>True where a workload was not restarted for a token yet.</summary>
    public bool IsBehind(VismaConnection connection, WorkloadReference workload, TokenRecord token) =>
        Recorded(connection, workload) != token.Fingerprint
        && (
            Find(connection.Metadata.NamespacedName, RestartRequest.NameOf(workload)) is not { Problem: null } look
            || look.Fingerprint != token.Fingerprint
        );

    /// <summary>Keeps what came of a look.</summary>
    /// <param name="workload">The name of the workload.</param>
    /// <param name="request">Who asked.</param>
    /// <param name="outcome">What came of it.</param>
    /// <returns>How long to wait with the next look, and whether there is something new to report.</returns>
    public (TimeSpan Wait, bool IsNew) Note(string workload, RestartRequest request, RestartOutcome outcome)
    {
        lock (gate)
        {
            if (!looks.TryGetValue(request.Connection, out var known))
            {
                looks[request.Connection] = known = [];
            }

            var before = known.GetValueOrDefault(workload);
            var isAgain = outcome.HasGrowingWait && before is { HasGrowingWait: true } && before.Generation == request.Generation;
            var wait = isAgain
                ? TimeSpan.FromTicks(Math.Min(before!.Wait.Ticks * 2, WorkloadRestarts.LongestRetry.Ticks))
                : WorkloadRestarts.RetryAfter;
            known[workload] = new RestartLook(request.Fingerprint, outcome.Problem)
            {
                Generation = request.Generation,
                HasGrowingWait = outcome.HasGrowingWait,
                Wait = wait,
            };
            return (wait, before?.Fingerprint != request.Fingerprint || before.Problem != outcome.Problem);
        }
    }

    /// <summary>The connection is gone, or restarts nothing any more.</summary>
    public void Forget(NamespacedName connection)
    {
        lock (gate)
        {
            looks.Remove(connection);
        }
    }

    // Needs the lock. The look that still counts: not one that status tells by now. After a changed spec the problem stays, but it was
    // found for no token any more, so that the workload is looked at once more, without a wait.
    private static RestartLook? Current(Dictionary<string, RestartLook>? known, string workload, string? recorded, long? generation)
    {
        var look = known?.GetValueOrDefault(workload);
        if (look is { Problem: null } && look.Fingerprint == recorded)
        {
            known!.Remove(workload);
            return null;
        }

        if (look is { Problem: not null } && look.Generation != generation)
        {
            known![workload] = look = look with { Fingerprint = string.Empty };
        }

        return look;
    }

    // Needs the lock.
    private void KeepOnly(NamespacedName connection, List<RestartedWorkload> workloads)
    {
        if (looks.TryGetValue(connection, out var known))
        {
            foreach (var name in known.Keys.Except(workloads.Select(workload => workload.Key)).ToList())
            {
                known.Remove(name);
            }

            if (known.Count == 0)
            {
                looks.Remove(connection);
            }
        }
    }

    private RestartLook? Find(NamespacedName connection, string workload)
    {
        lock (gate)
        {
            return looks.GetValueOrDefault(connection)?.GetValueOrDefault(workload);
        }
    }

    private static string? Recorded(VismaConnection connection, WorkloadReference workload) =>
        connection
            .Status.Restarts?.FirstOrDefault(one => one.Name == workload.Name && one.Kind == workload.Kind.ToString())
            ?.Fingerprint;

    private static ConditionReport? RecordedCondition(VismaConnection connection) =>
        Conditions.Find(connection.Status.Conditions, ConditionType.WorkloadsRestarted) is { } condition
            ? new ConditionReport(condition.Type, condition.Status == "True", condition.Reason, condition.Message)
            : null;

    /// <summary>What came of a look at a workload.</summary>
    /// <param name="Fingerprint">The token that it was looked at for; empty where that does not count any more.</param>
    /// <param name="Problem">What kept it from being restarted; null when nothing did.</param>
    private sealed record RestartLook(string Fingerprint, Problem? Problem)
    {
        /// <summary>Generation of the connection that asked.</summary>
        public long? Generation { get; init; }

        /// <summary>See <see cref="RestartOutcome.HasGrowingWait"/>.</summary>
        public bool HasGrowingWait { get; init; }

        /// <summary>How long to wait with the next look.</summary>
        public TimeSpan Wait { get; init; }
    }
}
