using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;

namespace VismaOperator.VismaConnections;

/// <summary>The one event that a change of conditions deserves; routine renewals deserve none.</summary>
internal sealed record Announcement(EventKind Kind, string Reason, string Note)
{
    // What a person must act on comes first; a second change in the same write shows in the conditions.
    private static readonly string[] byUrgency = [ConditionType.Stalled, ConditionType.Ready, ConditionType.TokenFresh, ConditionType.ScopesGranted, ConditionType.Reconciling];

    /// <summary>The event for the step from one list of conditions to the next; null when no status and no reason changed.</summary>
    public static Announcement? Of(IReadOnlyList<Condition> before, IReadOnlyList<Condition> after) =>
        byUrgency
            .Select(type => (Before: Conditions.Find(before, type), After: Conditions.Find(after, type)))
            .Where(pair => pair.After is not null && (pair.Before?.Status, pair.Before?.Reason) != (pair.After.Status, pair.After.Reason))
            .Select(pair => Announce(pair.After!))
            .FirstOrDefault();

    private static Announcement Announce(Condition condition) =>
        new(IsGood(condition) ? EventKind.Normal : EventKind.Warning, condition.Reason, condition.Message);

    private static bool IsGood(Condition condition) => condition.Type switch
    {
        ConditionType.Stalled => false,
        ConditionType.Reconciling => condition.Reason is Lifecycle.Reason.ClientNotAvailable or Lifecycle.Reason.SecretNotFound or Lifecycle.Reason.SecretKeyNotFound,
        _ => condition.Status == "True" || condition.Reason is Lifecycle.Reason.Suspended or Lifecycle.Reason.TokenPending || FailureKinds.Of(condition.Reason) == FailureKind.NotThereYet,
    };
}
