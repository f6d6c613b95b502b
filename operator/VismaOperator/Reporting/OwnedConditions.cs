using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;

namespace VismaOperator.Reporting;

/// <summary>The condition types of a kind that the operator writes; those of others on the same object are left as they are.</summary>
internal sealed class OwnedConditions(params IReadOnlyList<string> types)
{
    /// <summary>The same without these, which stay as they are.</summary>
    public OwnedConditions Except(params string[] left) => new([.. types.Except(left)]);

    /// <summary>The conditions of an object with each of ours as reported, and absent where it is not.</summary>
    /// <param name="conditions">The present conditions, with those of other owners.</param>
    /// <param name="reports">The conditions that we report.</param>
    /// <param name="generation">The generation of the spec that the reports are about.</param>
    /// <param name="now">The time of a transition.</param>
    public IReadOnlyList<Condition> Apply(
        IReadOnlyList<Condition> conditions,
        IEnumerable<ConditionReport> reports,
        long? generation,
        DateTimeOffset now
    )
    {
        var wanted = reports.ToDictionary(report => report.Type);
        foreach (var type in types)
        {
            conditions = wanted.TryGetValue(type, out var report)
                ? Conditions.Set(conditions, ConditionOf(report, generation), now)
                : Conditions.Remove(conditions, type);
        }

        return conditions;
    }

    private static Condition ConditionOf(ConditionReport report, long? generation) => new()
    {
        Type = report.Type,
        Status = report.IsUnknown ? "Unknown" : report.IsTrue ? "True" : "False",
        Reason = report.Reason,
        Message = report.Message,
        ObservedGeneration = report.Generation ?? generation,
    };
}

/// <summary>
/// The events that a change of conditions deserves. A first success and a routine renewal deserve none: the condition says it, and an event
/// for each object would be a third request to the API server. By their reasons it chooses words for people, and nothing else.
/// </summary>
/// <param name="recordsEveryImprovement">False where an improvement has an event only if nothing is more urgent.</param>
/// <param name="byUrgency">
/// The types that have events. Those that a person must act on come first, since conditions that change for one reason report the same.
/// </param>
internal sealed class ConditionEvents(bool recordsEveryImprovement, params IReadOnlyList<string> byUrgency)
{
    /// <summary>Those of a connection.</summary>
    public static ConditionEvents OfConnections { get; } = new(
        recordsEveryImprovement: false,
        ConditionType.Stalled,
        ConditionType.Ready,
        ConditionType.TokenFresh,
        ConditionType.ScopesGranted,
        ConditionType.TokenAccepted,
        ConditionType.WorkloadsRestarted,
        ConditionType.Authorized,
        ConditionType.ConsentExpiring,
        ConditionType.CopiesWritten,
        ConditionType.Reconciling
    );

    /// <summary>Those of a client.</summary>
    public static ConditionEvents OfClients { get; } = new(
        recordsEveryImprovement: true,
        ConditionType.Stalled,
        ConditionType.Ready,
        ConditionType.SecretExpiring,
        ConditionType.SecretVerified
    );

    /// <summary>Those of a set: what its connections have to say, they say themselves.</summary>
    public static ConditionEvents OfSets { get; } = new(recordsEveryImprovement: false, ConditionType.Stalled);

    /// <summary>
    /// Records the events for the step from one list of conditions to the next: the most urgent one, and a warning for every other reason,
    /// so that an improvement does not hide it. None when no status and no reason changed.
    /// </summary>
    public void Record<T>(EventRecorder events, T about, IReadOnlyList<Condition> before, IReadOnlyList<Condition> after)
        where T : class, IResource<T>
    {
        var news = byUrgency
            .Select(type => (Before: Conditions.Find(before, type), After: Conditions.Find(after, type)))
            .Where(pair => pair.After is not null && IsNews(pair.Before, pair.After))
            .Select(pair => pair.After!)
            .DistinctBy(condition => condition.Reason)
            .Where((condition, index) => index == 0 || recordsEveryImprovement || !IsGood(condition));
        foreach (var condition in news)
        {
            // Where the message about a client secret changed, it is about another secret.
            var subject = condition.Type is ConditionType.SecretExpiring or ConditionType.SecretVerified
                ? $"{condition.Type} {condition.Message}"
                : condition.Type;
            var kind = IsGood(condition) ? EventKind.Normal : EventKind.Warning;
            events.Record(about, kind, condition.Reason, "Reconcile", condition.Message, subject);
        }
    }

    // The message of an expiry changes at each threshold (30, 14, 7 and 1 day), and each has an event. An improvement has an event if it
    // ends a problem, or if a person did something or must do something.
    private static bool IsNews(Condition? before, Condition after) => after.Type switch
    {
        ConditionType.ConsentExpiring or ConditionType.SecretExpiring => after.Status == "True" && IsSaidAnew(before, after),
        ConditionType.SecretVerified => after.Status == "False" ? IsSaidAnew(before, after)
            : after.Status == "True" && before?.Status == "False",
        _ when (before?.Status, before?.Reason) == (after.Status, after.Reason) => false,
        _ when !IsGood(after) => true,
        ConditionType.Authorized => true,
        _ => (before is not null && !IsGood(before)) || after.Reason is Reason.AwaitingConsent or Reason.Suspended,
    };

    private static bool IsSaidAnew(Condition? before, Condition after) =>
        (before?.Status, before?.Message) != (after.Status, after.Message);

    private static bool IsGood(Condition condition) => condition.Type switch
    {
        ConditionType.Stalled or ConditionType.ConsentExpiring or ConditionType.SecretExpiring => false,
        ConditionType.TokenFresh when condition.Reason == Reason.LifetimeTooShort => false,
        ConditionType.Reconciling => condition.Reason
            is Reason.ClientNotAvailable
                or Reason.SecretNotFound
                or Reason.SecretKeyNotFound
                or Reason.AwaitingConsent,
        _ => condition.Status == "True"
            || condition.Reason is Reason.Suspended or Reason.TokenPending or Reason.AwaitingConsent
            || RecordedProblem.KindOf(condition.Reason) == FailureKind.NotThereYet,
    };
}
