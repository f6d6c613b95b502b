using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Leadership;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Restarting;

/// <summary>Starts a rollout of a workload by a change of the template of its Pods, or says why not.</summary>
/// <param name="client">Where workloads are read and patched; none is listed or watched.</param>
/// <param name="leadership">Only the leader restarts.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of each restart.</param>
internal sealed partial class RolloutStarter(IKubernetesClient client, ILeadership leadership, TimeProvider time, ILogger logger)
{
    private readonly ForbiddenRequests<NamespacedName> forbidden = new(time);

    /// <summary>Restarts a workload for all tokens that it has not read yet.</summary>
    /// <param name="key">The workload as the queue names it.</param>
    /// <param name="requests">Whose tokens; one at least.</param>
    /// <param name="marksInUse">The marks of all connections that name the workload; null where not all connections are known.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<RestartOutcome> RestartAsync(
        NamespacedName key,
        IReadOnlyList<RestartRequest> requests,
        Func<IReadOnlySet<string>?> marksInUse,
        CancellationToken cancellationToken
    ) =>
        requests[0].Workload.Kind switch
        {
            WorkloadKind.Deployment => RestartAsync<Deployment>(key, requests, marksInUse, cancellationToken),
            WorkloadKind.StatefulSet => RestartAsync<StatefulSet>(key, requests, marksInUse, cancellationToken),
            _ => RestartAsync<DaemonSet>(key, requests, marksInUse, cancellationToken),
        };

    /// <summary>Nobody asks for restarts of the workload any more.</summary>
    public void Forget(NamespacedName key) => forbidden.Forget(key);

    /// <summary>The API server did not restart a workload.</summary>
    public static Problem Refused(string kind, NamespacedName name, Exception failure)
    {
        var remedy = failure is KubernetesException refusal ? ApiTrouble.Remedy(refusal, "Its own log may say why.") : string.Empty;
        return new(
            Reason.RestartRefused,
            $"{kind} {name} could not be restarted: the API server {ApiTrouble.Answer(failure)}. "
            + $"{remedy}{(remedy.Length > 0 ? " " : string.Empty)}It is tried again within five minutes."
        );
    }

    private async Task<RestartOutcome> RestartAsync<T>(
        NamespacedName key,
        IReadOnlyList<RestartRequest> requests,
        Func<IReadOnlySet<string>?> marksInUse,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T>, IWorkload
    {
        var name = key with { Name = requests[0].Workload.Name };
        try
        {
            var workload = await client.FindAsync<T>(name, cancellationToken);
            if (InsteadOfRestart(T.ResourceKind.Kind, name, workload, requests) is { } outcome)
            {
                forbidden.Forget(key);
                return outcome;
            }

            leadership.EnsureLeader();
            await client.PatchAsync<T>(name, Patch(workload!, requests, marksInUse()), cancellationToken);
            forbidden.Forget(key);
            LogRestarted(T.ResourceKind.Kind, name, string.Join(", ", requests.Select(one => one.Connection.Name)));
            return RestartOutcome.Done;
        }
        catch (KubernetesException refusal) when (OutcomeOf(T.ResourceKind, key, name, refusal) is { } outcome)
        {
            return outcome;
        }
    }

    // Null where the workload is to be restarted.
    private RestartOutcome? InsteadOfRestart(
        string kind,
        NamespacedName name,
        IWorkload? workload,
        IReadOnlyList<RestartRequest> requests
    )
    {
        if (workload is not { Metadata.DeletionTimestamp: null })
        {
            return new RestartOutcome(
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

        var marks = MarksOf(workload);
        if (requests.All(one => !one.IsBehind || marks.GetValueOrDefault(one.Mark) == one.Fingerprint))
        {
            return RestartOutcome.Done; // by a process that could not record it
        }

        if (workload.Spec.Paused == true)
        {
            return new RestartOutcome(
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
            && last <= now + WorkloadRestarts.Gap
            && last + WorkloadRestarts.Gap > now
            ? new RestartOutcome(Until: last + WorkloadRestarts.Gap)
            : null;
    }

    private JsonObject Patch(IWorkload workload, IReadOnlyList<RestartRequest> requests, IReadOnlySet<string>? marksInUse) =>
        new()
        {
            // What was decided holds for this version only: a later one may be paused, or be restarted already.
            ["metadata"] = new JsonObject { ["resourceVersion"] = workload.Metadata.ResourceVersion },
            ["spec"] = new JsonObject
            {
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["annotations"] = Annotations(workload, requests, marksInUse) },
                },
            },
        };

    // One rollout serves all connections: those whose token has changed meanwhile need none of their own. It also takes away the marks of
    // connections that are gone, or that no longer name the workload. At any other time their removal would start a rollout.
    private JsonObject Annotations(IWorkload workload, IReadOnlyList<RestartRequest> requests, IReadOnlySet<string>? marksInUse)
    {
        var annotations = new JsonObject();
        if (marksInUse is not null)
        {
            foreach (var mark in MarksOf(workload).Keys)
            {
                if (mark.StartsWith(VismaNames.RestartAnnotationPrefix, StringComparison.Ordinal) && !marksInUse.Contains(mark))
                {
                    annotations[mark] = null;
                }
            }
        }

        foreach (var one in requests)
        {
            annotations[one.Mark] = one.Fingerprint;
        }

        annotations[VismaNames.RestartedAtAnnotation] = SecretInstant.Text(time.GetUtcNow());
        return annotations;
    }

    private static IReadOnlyDictionary<string, string> MarksOf(IWorkload workload) =>
        workload.Spec.Template.Metadata.Annotations ?? new Dictionary<string, string>();

    private RestartOutcome? OutcomeOf(ResourceKind kind, NamespacedName key, NamespacedName name, KubernetesException refusal) =>
        refusal.IsInvalid ? new RestartOutcome(Refused(kind.Kind, name, refusal))
        : forbidden.Believed(key, refusal) is not { } believed ? null
        : believed is { IsForbidden: true, DeniedBy: null }
            ? new RestartOutcome(
                new Problem(
                    Reason.RestartForbidden,
                    $"The operator may not restart {kind.Kind} {name}: restarts are not permitted in namespace {name.Namespace}. Add it "
                    + $"to restart.namespaces in the values of the chart (get and patch on {kind.Plural}.apps), or remove spec.restart."
                )
            )
            {
                HasGrowingWait = true,
            }
        : new RestartOutcome(Refused(kind.Kind, name, believed));

    [LoggerMessage(
        LogLevel.Information,
        "{Kind} {Workload} is restarted: a token changed that its Pods read (VismaConnection {Connections})",
        EventName = "WorkloadRestarted"
    )]
    private partial void LogRestarted(string kind, NamespacedName workload, string connections);
}

/// <summary>What came of a look at a workload, for all that asked.</summary>
/// <param name="Problem">What kept it from being restarted.</param>
/// <param name="Until">When it may be restarted.</param>
internal sealed record RestartOutcome(Problem? Problem = null, DateTimeOffset? Until = null)
{
    /// <summary>It was restarted.</summary>
    public static RestartOutcome Done { get; } = new();

    /// <summary>True where anyone who names a workload can cause the problem, so that looks at fixed intervals would cost others.</summary>
    public bool HasGrowingWait { get; init; }
}
