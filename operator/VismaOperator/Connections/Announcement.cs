using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;

namespace VismaOperator.Connections;

/// <summary>
/// An event that a change of conditions deserves. A first token and a routine renewal deserve none: the condition says it, and an event for
/// each object would be a third request to the API server.
/// </summary>
internal sealed record Announcement(EventKind Kind, string Type, string Reason, string Note)
{
    // Conditions that a person must act on come first. Conditions that change for the same reason report the same.
    private static readonly string[] byUrgency =
    [
        ConditionType.Stalled,
        ConditionType.Ready,
        ConditionType.TokenFresh,
        ConditionType.ScopesGranted,
        ConditionType.Authorized,
        ConditionType.ConsentExpiring,
        ConditionType.Reconciling,
    ];

    /// <summary>
    /// The events for the step from one list of conditions to the next: the most urgent one, and a warning for every other reason, so that
    /// an improvement does not hide it. None when no status and no reason changed.
    /// </summary>
    public static IEnumerable<Announcement> Of(IReadOnlyList<Condition> before, IReadOnlyList<Condition> after) =>
        byUrgency
            .Select(type => (Before: Conditions.Find(before, type), After: Conditions.Find(after, type)))
            .Where(pair => pair.After is not null && IsNews(pair.After.Type, pair.Before, pair.After))
            .Select(pair => Announce(pair.After!))
            .DistinctBy(announcement => announcement.Reason)
            .Where((announcement, index) => index == 0 || announcement.Kind == EventKind.Warning);

    // The message of ConsentExpiring changes at each threshold (30, 14, 7 and 1 day), and each has an event. An improvement has an event if
    // it ends a problem, or if a person did something or must do something.
    private static bool IsNews(string type, Condition? before, Condition after) => type switch
    {
        ConditionType.ConsentExpiring => after.Status == "True" && (before?.Status, before?.Message) != (after.Status, after.Message),
        _ when (before?.Status, before?.Reason) == (after.Status, after.Reason) => false,
        _ when !IsGood(after) => true,
        ConditionType.Authorized => true,
        _ => (before is not null && !IsGood(before))
            || after.Reason is Lifecycle.Reason.AwaitingConsent or Lifecycle.Reason.Suspended,
    };

    private static Announcement Announce(Condition condition) =>
        new(IsGood(condition) ? EventKind.Normal : EventKind.Warning, condition.Type, condition.Reason, condition.Message);

    private static bool IsGood(Condition condition) =>
        condition.Type switch
        {
            ConditionType.Stalled or ConditionType.ConsentExpiring => false,
            ConditionType.TokenFresh when condition.Reason == Lifecycle.Reason.LifetimeTooShort => false,
            ConditionType.Reconciling => condition.Reason
                is Lifecycle.Reason.ClientNotAvailable
                    or Lifecycle.Reason.SecretNotFound
                    or Lifecycle.Reason.SecretKeyNotFound
                    or Lifecycle.Reason.AwaitingConsent,
            _ => condition.Status == "True"
                || condition.Reason is Lifecycle.Reason.Suspended or Lifecycle.Reason.TokenPending or Lifecycle.Reason.AwaitingConsent
                || FailureKinds.Of(condition.Reason) == FailureKind.NotThereYet,
        };
}
