using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Publishing;
using VismaOperator.Reporting;

namespace VismaOperator.Restarting;

/// <summary>
/// Restarts workloads with each changed token, beside the work that keeps tokens fresh: it has a queue and workers of its own. Its keys are
/// workloads (the name is <c>Deployment/importer</c>), so that several connections that name one workload share its restarts. What was done
/// is in the template of the workload's Pods and then in status; here is only what is to be reported. Nothing is kept, and nothing asked,
/// of a connection that restarts nothing. Safe for use by many threads.
/// </summary>
/// <param name="client">Where workloads are read and patched; none is listed or watched.</param>
/// <param name="inNamespace">The connections of a namespace.</param>
/// <param name="leadership">Only the leader restarts.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of each restart.</param>
internal sealed partial class WorkloadRestarts(
    IKubernetesClient client,
    Func<string, IEnumerable<VismaConnection>> inNamespace,
    ILeadership leadership,
    TimeProvider time,
    ILogger logger
) : IReconciler
{
    /// <summary>How many workloads are looked at at the same time.</summary>
    public const int Workers = 2;

    /// <summary>The least time between two restarts of one workload, whichever connections ask for them.</summary>
    public static readonly TimeSpan Gap = TimeSpan.FromMinutes(1);

    /// <summary>When a workload that could not be restarted is looked at again. Nothing watches it.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The longest wait for one that is missing, or may not be restarted: whoever may create connections can name any number of these, so
    /// that the wait is twice as long after each look. A new token and a changed spec do not wait for it.
    /// </summary>
    public static readonly TimeSpan LongestRetry = TimeSpan.FromHours(1);

    /// <summary>How long an outage or another fault that may pass by itself is not told.</summary>
    public static readonly TimeSpan ToldAfter = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();

    // By connection and workload: what came of looks, until status says it.
    private readonly Dictionary<NamespacedName, Dictionary<string, Look>> looks = [];
    private readonly ForbiddenRequests<NamespacedName> forbidden = new(time);

    // By workload: since when restarts of it have failed, for a cause that may pass by itself.
    private readonly ConcurrentDictionary<NamespacedName, long> failing = new();
    private readonly TaskCompletionSource wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first connection asks for restarts.</summary>
    public Task Wanted => wanted.Task;

    /// <summary>Workloads to look at; taken from by the controller that runs this.</summary>
    public required WorkQueue Queue { private get; init; }

    /// <summary>Told when there is something to report of a connection.</summary>
    public required Action<NamespacedName> Wake { private get; init; }

    /// <summary>True for a namespace of which every connection is known: else marks of others are left.</summary>
    public Func<string, bool> IsKnown { private get; init; } = _ => false;

    /// <summary>False where there are no workloads, as in local mode: then <c>spec.restart</c> means nothing.</summary>
    public bool IsPossible { get; init; } = true;

    /// <summary>What a report about restarts rests on; null when the connection restarts nothing.</summary>
    public RestartFacts? FactsOf(VismaConnection connection)
    {
        if (!IsPossible || connection.Spec.Restart is not { Count: > 0 } workloads)
        {
            return null;
        }

        lock (gate)
        {
            var known = looks.GetValueOrDefault(connection.Metadata.NamespacedName);
            List<RestartedWorkload> all = [];
            foreach (var (index, workload) in workloads.Index().DistinctBy(one => NameOf(one.Item)))
            {
                var (name, recorded) = (NameOf(workload), Recorded(connection, workload));
                var problem = RestartRules.ProblemOf(workload, index);
                var look = known?.GetValueOrDefault(name);
                if (look is { Problem: null } && look.Fingerprint == recorded)
                {
                    known!.Remove(name); // status says it
                    look = null;
                }
                else if (look is { Problem: not null } && look.Generation != connection.Metadata.Generation)
                {
                    known![name] = look = look with { Fingerprint = string.Empty }; // the spec changed: once more, without a wait
                }

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
            Forget(key); // whoever goes on looks again
            return;
        }

        foreach (var workload in restart.DueFor(token).Select(one => one.Key))
        {
            // A look that is under way, or has ended since the facts were read, answers for this token as well.
            bool IsNeeded() => !WasLookedAt(key, workload, token.Fingerprint);
            if (IsNeeded())
            {
                wanted.TrySetResult();
                Queue.AddIfNeeded(new NamespacedName(key.Namespace, workload), key, IsNeeded);
            }
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

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        var asking = inNamespace(key.Namespace).SelectMany(connection => AskingFor(key, connection)).ToList();
        if (!asking.Exists(one => one.IsBehind))
        {
            forbidden.Forget(key);
            failing.TryRemove(key, out _);
            return Requeue.Never.Instance;
        }

        leadership.EnsureLeader();
        Outcome outcome;
        try
        {
            outcome = await LookAsync(key, asking, cancellationToken);
        }
        catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
        {
            if (time.GetElapsedTime(failing.GetOrAdd(key, _ => time.GetTimestamp())) >= ToldAfter)
            {
                var name = key with { Name = asking[0].Workload.Name };
                Note(key, asking, new Outcome(Refused(asking[0].Workload.Kind.ToString(), name, failure)));
            }

            throw;
        }

        failing.TryRemove(key, out _);
        if (outcome.Until is { } until)
        {
            return new Requeue.At(until);
        }

        var wait = Note(key, asking, outcome);
        return outcome.Problem is null ? Requeue.Never.Instance : new Requeue.At(time.GetUtcNow() + wait);
    }

    private Task<Outcome> LookAsync(NamespacedName key, List<Asking> asking, CancellationToken cancellationToken) =>
        asking[0].Workload.Kind switch
        {
            WorkloadKind.Deployment => LookAsync<Deployment>(key, asking, cancellationToken),
            WorkloadKind.StatefulSet => LookAsync<StatefulSet>(key, asking, cancellationToken),
            _ => LookAsync<DaemonSet>(key, asking, cancellationToken),
        };

    private async Task<Outcome> LookAsync<T>(NamespacedName key, List<Asking> asking, CancellationToken cancellationToken)
        where T : class, IResource<T>, IWorkload
    {
        var name = key with { Name = asking[0].Workload.Name };
        try
        {
            var workload = await client.FindAsync<T>(name, cancellationToken);
            if (Step(T.ResourceKind.Kind, name, workload, asking) is { } rest)
            {
                forbidden.Forget(key);
                return rest;
            }

            leadership.EnsureLeader();
            await client.PatchAsync<T>(name, Patch(workload!.Metadata, Marks(key, workload, asking)), cancellationToken);
            forbidden.Forget(key);
            LogRestarted(T.ResourceKind.Kind, name, string.Join(", ", asking.Select(one => one.Connection.Name)));
            return Outcome.Done;
        }
        catch (KubernetesException refusal) when (OutcomeOf(T.ResourceKind, key, name, refusal) is { } outcome)
        {
            return outcome;
        }
    }

    // What there is to do instead of a patch; null where the workload is to be restarted.
    private Outcome? Step(string kind, NamespacedName name, IWorkload? workload, List<Asking> asking)
    {
        if (workload is not { Metadata.DeletionTimestamp: null })
        {
            return new Outcome(
                new Problem(
                    Reason.WorkloadNotFound,
                    $"{kind} {name} {(workload is null ? "does not exist" : "is being deleted")}, so it is not restarted: create it, or "
                    + "take it out of spec.restart."
                )
            )
            {
                HasGrowingWait = true,
            };
        }

        var marks = workload.Spec.Template.Metadata.Annotations ?? new Dictionary<string, string>();
        if (asking.TrueForAll(one => !one.IsBehind || marks.GetValueOrDefault(one.Mark) == one.Fingerprint))
        {
            return Outcome.Done; // by a process that could not record it
        }

        if (workload.Spec.Paused == true)
        {
            return new Outcome(
                new Problem(
                    Reason.WorkloadPaused,
                    $"{kind} {name} is paused, so it is left alone, and its Pods may hold an earlier token. Resume it: kubectl -n "
                    + $"{name.Namespace} rollout resume deployment/{name.Name}. It is restarted within five minutes then."
                )
            );
        }

        // A time far ahead is that of a wrong clock, or somebody's own.
        var now = time.GetUtcNow();
        return
            SecretInstant.Parse(marks.GetValueOrDefault(VismaNames.RestartedAtAnnotation)) is { } last
            && last <= now + Gap
            && last + Gap > now
            ? new Outcome(Until: last + Gap)
            : null;
    }

    private static JsonObject Patch(ObjectMeta metadata, JsonObject marks) =>
        new()
        {
            // What was decided holds for this version only: a later one may be paused, or be restarted already.
            ["metadata"] = new JsonObject { ["resourceVersion"] = metadata.ResourceVersion },
            ["spec"] = new JsonObject
            {
                ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = marks } },
            },
        };

    // All connections at once: those whose token changed meanwhile cost no restart of their own. The marks of connections that are gone, or
    // name the workload no more, are taken away now, since that would be a rollout of its own at any other time.
    private JsonObject Marks(NamespacedName key, IWorkload workload, List<Asking> asking)
    {
        var marks = new JsonObject();
        if (IsKnown(key.Namespace))
        {
            var ofToday = inNamespace(key.Namespace)
                .Where(connection => (connection.Spec.Restart ?? []).Any(one => NameOf(one) == key.Name))
                .Select(connection => RestartMarks.KeyOf(connection.Metadata.NamespacedName))
                .ToHashSet(StringComparer.Ordinal);
            foreach (var mark in (workload.Spec.Template.Metadata.Annotations ?? new Dictionary<string, string>()).Keys)
            {
                if (mark.StartsWith(VismaNames.RestartAnnotationPrefix, StringComparison.Ordinal) && !ofToday.Contains(mark))
                {
                    marks[mark] = null;
                }
            }
        }

        foreach (var one in asking)
        {
            marks[one.Mark] = one.Fingerprint;
        }

        marks[VismaNames.RestartedAtAnnotation] = SecretInstant.Text(time.GetUtcNow());
        return marks;
    }

    private Outcome? OutcomeOf(ResourceKind kind, NamespacedName key, NamespacedName name, KubernetesException refusal) =>
        refusal.IsInvalid ? new Outcome(Refused(kind.Kind, name, refusal))
        : forbidden.Believed(key, refusal) is not { } believed ? null
        : believed is { IsForbidden: true, DeniedBy: null }
            ? new Outcome(
                new Problem(
                    Reason.RestartForbidden,
                    $"The operator may not restart {kind.Kind} {name}: restarts are not permitted in namespace {name.Namespace}. Add it "
                    + $"to restart.namespaces in the values of the chart (get and patch on {kind.Plural}.apps), or remove spec.restart."
                )
            )
            {
                HasGrowingWait = true,
            }
        : new Outcome(Refused(kind.Kind, name, believed));

    private static Problem Refused(string kind, NamespacedName name, Exception failure)
    {
        var remedy = failure is KubernetesException refusal ? ApiTrouble.Remedy(refusal, "Its own log may say why.") : string.Empty;
        return new(
            Reason.RestartRefused,
            $"{kind} {name} could not be restarted: the API server {ApiTrouble.Answer(failure)}. "
            + $"{remedy}{(remedy.Length > 0 ? " " : string.Empty)}It is tried again within five minutes."
        );
    }

    // How long to wait with the next look, where there is a problem.
    private TimeSpan Note(NamespacedName key, List<Asking> asking, Outcome outcome)
    {
        var wait = LongestRetry;
        foreach (var one in asking.Where(one => one.IsBehind))
        {
            Look? before;
            Look look;
            lock (gate)
            {
                if (!looks.TryGetValue(one.Connection, out var known))
                {
                    looks[one.Connection] = known = [];
                }

                before = known.GetValueOrDefault(key.Name);
                var isAgain = outcome.HasGrowingWait && before is { HasGrowingWait: true } && before.Generation == one.Generation;
                known[key.Name] = look = new Look(one.Fingerprint, outcome.Problem)
                {
                    Generation = one.Generation,
                    HasGrowingWait = outcome.HasGrowingWait,
                    Wait = isAgain ? TimeSpan.FromTicks(Math.Min(before!.Wait.Ticks * 2, LongestRetry.Ticks)) : RetryAfter,
                };
            }

            wait = look.Wait < wait ? look.Wait : wait;
            if (before?.Fingerprint != look.Fingerprint || before.Problem != look.Problem)
            {
                Wake(one.Connection); // else there is nothing to report
            }
        }

        return wait;
    }

    // Suspended or being deleted, it asks for nothing; nor does one whose token is not known to be published.
    private IEnumerable<Asking> AskingFor(NamespacedName key, VismaConnection connection) =>
        connection is { Spec: { Suspend: false, Restart: { } workloads }, Metadata.DeletionTimestamp: null }
        && ConnectionFactsReader.Token(connection) is { } token
        && workloads.FirstOrDefault(one => NameOf(one) == key.Name && RestartRules.ProblemOf(one) is null) is { } workload
            ?
            [
                new Asking(connection.Metadata.NamespacedName, workload, token.Fingerprint, IsBehind(connection, workload, token))
                {
                    Generation = connection.Metadata.Generation,
                },
            ]
            : [];

    private bool IsBehind(VismaConnection connection, WorkloadReference workload, TokenRecord token)
    {
        if (Recorded(connection, workload) == token.Fingerprint)
        {
            return false;
        }

        lock (gate)
        {
            var known = looks.GetValueOrDefault(connection.Metadata.NamespacedName)?.GetValueOrDefault(NameOf(workload));
            return known is not { Problem: null } || known.Fingerprint != token.Fingerprint;
        }
    }

    private bool WasLookedAt(NamespacedName connection, string workload, string fingerprint)
    {
        lock (gate)
        {
            return looks.GetValueOrDefault(connection)?.GetValueOrDefault(workload)?.Fingerprint == fingerprint;
        }
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

    private static string NameOf(WorkloadReference workload) => $"{workload.Kind}/{workload.Name}";

    private static string? Recorded(VismaConnection connection, WorkloadReference workload) =>
        connection
            .Status.Restarts?.FirstOrDefault(one => one.Name == workload.Name && one.Kind == workload.Kind.ToString())
            ?.Fingerprint;

    private static ConditionReport? RecordedCondition(VismaConnection connection) =>
        Conditions.Find(connection.Status.Conditions, ConditionType.WorkloadsRestarted) is { } condition
            ? new ConditionReport(condition.Type, condition.Status == "True", condition.Reason, condition.Message)
            : null;

    [LoggerMessage(
        LogLevel.Information,
        "{Kind} {Workload} is restarted: a token changed that its Pods read (VismaConnection {Connections})",
        EventName = "WorkloadRestarted"
    )]
    private partial void LogRestarted(string kind, NamespacedName workload, string connections);

    /// <summary>A connection that asks for restarts of a workload.</summary>
    /// <param name="Connection">Which.</param>
    /// <param name="Workload">What it names.</param>
    /// <param name="Fingerprint">The token that is published.</param>
    /// <param name="IsBehind">False where the workload was restarted for it.</param>
    private sealed record Asking(NamespacedName Connection, WorkloadReference Workload, string Fingerprint, bool IsBehind)
    {
        public string Mark { get; } = RestartMarks.KeyOf(Connection);

        /// <summary>Generation of the connection.</summary>
        public long? Generation { get; init; }
    }

    /// <summary>What came of a look at a workload.</summary>
    /// <param name="Fingerprint">The token that it was looked at for; empty where that does not count any more.</param>
    /// <param name="Problem">What kept it from being restarted; null when nothing did.</param>
    private sealed record Look(string Fingerprint, Problem? Problem)
    {
        /// <summary>Generation of the connection that asked.</summary>
        public long? Generation { get; init; }

        /// <summary>See <see cref="Outcome.HasGrowingWait"/>.</summary>
        public bool HasGrowingWait { get; init; }

        /// <summary>How long to wait with the next look.</summary>
        public TimeSpan Wait { get; init; }
    }

    /// <summary>What came of a look, for all that asked.</summary>
    /// <param name="Problem">What kept it from being restarted.</param>
    /// <param name="Until">When it may be restarted.</param>
    private sealed record Outcome(Problem? Problem = null, DateTimeOffset? Until = null)
    {
        public static Outcome Done { get; } = new();

        /// <summary>True where whoever names a workload causes it, and looks would cost others.</summary>
        public bool HasGrowingWait { get; init; }
    }
}
