using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;

namespace VismaOperator.VismaConnections;

/// <summary>An event that a change of conditions deserves; routine renewals deserve none.</summary>
internal sealed record Announcement(EventKind Kind, string Reason, string Note)
{
    // What a person must act on comes first. Conditions that turn for the same reason tell the same.
    private static readonly string[] byUrgency = [ConditionType.Stalled, ConditionType.Ready, ConditionType.TokenFresh, ConditionType.ScopesGranted, ConditionType.Reconciling];

    /// <summary>
    /// The events for the step from one list of conditions to the next: the most urgent one, and a warning for every
    /// other reason, so that good news does not drown it. None when no status and no reason changed.
    /// </summary>
    public static IEnumerable<Announcement> Of(IReadOnlyList<Condition> before, IReadOnlyList<Condition> after) =>
        byUrgency
            .Select(type => (Before: Conditions.Find(before, type), After: Conditions.Find(after, type)))
            .Where(pair => pair.After is not null && (pair.Before?.Status, pair.Before?.Reason) != (pair.After.Status, pair.After.Reason))
            .Select(pair => Announce(pair.After!))
            .DistinctBy(announcement => announcement.Reason)
            .Where((announcement, place) => place == 0 || announcement.Kind == EventKind.Warning);

    private static Announcement Announce(Condition condition) =>
        new(IsGood(condition) ? EventKind.Normal : EventKind.Warning, condition.Reason, condition.Message);

    private static bool IsGood(Condition condition) => condition.Type switch
    {
        ConditionType.Stalled => false,
        ConditionType.TokenFresh when condition.Reason == Lifecycle.Reason.LifetimeTooShort => false,
        ConditionType.Reconciling => condition.Reason is Lifecycle.Reason.ClientNotAvailable or Lifecycle.Reason.SecretNotFound or Lifecycle.Reason.SecretKeyNotFound,
        _ => condition.Status == "True" || condition.Reason is Lifecycle.Reason.Suspended or Lifecycle.Reason.TokenPending || FailureKinds.Of(condition.Reason) == FailureKind.NotThereYet,
    };
}
