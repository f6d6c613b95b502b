using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Sets;

/// <summary>The only writer of a set's status.</summary>
internal sealed class SetReporter(
    IKubernetesClient client,
    Store<VismaConnectionSet> sets,
    EventRecorder events,
    ILeadership leadership,
    TimeProvider time
)
{
    private static readonly OwnedConditions ownedConditions = new(ConditionType.Ready, ConditionType.Reconciling, ConditionType.Stalled);

    /// <summary>Writes what changed, or nothing.</summary>
    public async Task WriteAsync(SetSituation situation, CancellationToken cancellationToken)
    {
        var (before, now) = (situation.Set, time.GetUtcNow());
        var conditions = ownedConditions.Apply(
            before.Status.Conditions,
            SetReport.ConditionsOf(situation, now),
            before.Metadata.Generation,
            now
        );
        var after = before with { Status = SetReport.StatusOf(situation, conditions) };
        if (StatusPatch.Between(before, after) is { } patch)
        {
            leadership.EnsureLeader();
            var written = await client.PatchStatusAsync(after, patch, cancellationToken);
            sets.Observe(written);
            ConditionEvents.OfSets.Record(events, written, before.Status.Conditions, after.Status.Conditions);
        }
    }
}
