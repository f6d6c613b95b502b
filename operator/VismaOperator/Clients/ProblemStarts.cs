using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Clients;

/// <summary>
/// Since when each client has its present problem. The transition times of conditions do not say it: Ready turns False once, also when the
/// cause changes later. A reference that has just gone missing would stall the client at once because something else was wrong hours
/// before.
/// </summary>
internal sealed class ProblemStarts(TimeProvider time)
{
    private readonly ConcurrentDictionary<NamespacedName, Start> starts = new();

    /// <summary>
    /// When the problem began: when it was first seen, or, in a process that has just been started, when status first reported it.
    /// </summary>
    public DateTimeOffset Of(OAuthClient client, Problem problem) =>
        starts
            .AddOrUpdate(
                client.Metadata.NamespacedName,
                _ => StartOf(client, problem, Told(client, problem)),
                (_, start) =>
                    start.Uid == client.Metadata.Uid && problem.IsStill(start.Reason) ? start : StartOf(client, problem, reported: null)
            )
            .At.Instant;

    /// <summary>Nothing is wrong any more, or the client is gone.</summary>
    public void Forget(NamespacedName client) => starts.TryRemove(client, out _);

    // A time in the future was recorded by a clock that was set back since.
    private Start StartOf(OAuthClient client, Problem problem, DateTimeOffset? reported)
    {
        var now = time.GetUtcNow();
        return new Start(client.Metadata.Uid, problem.Reason, new Moment(reported < now ? reported.Value : now, time));
    }

    private static DateTimeOffset? Told(OAuthClient client, Problem problem) =>
        client.Status.Problem is { } recorded
            ? problem.IsStill(recorded.Reason) ? recorded.StartTime : null
            : ToldByEarlierVersion(client.Status.Conditions, problem);

    // A problem that has stalled the client needs no start: its wait is over.
    private static DateTimeOffset? ToldByEarlierVersion(IReadOnlyList<Condition> conditions, Problem problem) =>
        Conditions.Find(conditions, ConditionType.Reconciling) is { Status: "True" } waiting && problem.IsStill(waiting.Reason)
            ? waiting.LastTransitionTime
        : Conditions.Find(conditions, ConditionType.Stalled) is { Status: "True" } stalled && problem.IsStill(stalled.Reason)
            ? stalled.LastTransitionTime - Policy.DependencyGrace
        : null;

    private sealed record Start(string? Uid, string Reason, Moment At);
}
