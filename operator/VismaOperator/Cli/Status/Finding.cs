using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;

namespace VismaOperator.Cli.Status;

/// <summary>What was found out of an object: its state, why, and since when.</summary>
internal sealed record Finding(StatusState State, string Reason, string Message, DateTimeOffset? Since)
{
    /// <summary>Clocks differ, and a busy operator may be late; nothing is done later than this without a word in status.</summary>
    public static readonly TimeSpan OverdueAfter = TimeSpan.FromMinutes(5);

    /// <summary>What holds for both kinds, or null: it is being deleted, nobody has seen this spec, or a person must act.</summary>
    public static Finding? OfAny(ObjectMeta metadata, long observedGeneration, IReadOnlyList<Condition> conditions) =>
        metadata.DeletionTimestamp is { } deletion
                ? new(StatusState.Warning, StatusReason.Terminating, "It is being deleted: nothing is renewed any more.", deletion)
            : observedGeneration != (metadata.Generation ?? observedGeneration) || conditions.Count == 0
                ? NotObserved(metadata, observedGeneration)
            : Conditions.Find(conditions, ConditionType.Stalled) is { Status: "True" } stalled ? Of(StatusState.Stalled, stalled)
            : null;

    /// <summary>The first condition that complains although the object works; null where none does.</summary>
    public static Finding? OfWarning(IReadOnlyList<Condition> conditions) =>
        conditions.FirstOrDefault(Complains) is { } warning ? Of(StatusState.Warning, warning) : null;

    /// <summary>A condition as the cause.</summary>
    public static Finding Of(StatusState state, Condition? cause) =>
        cause is null
            ? new(state, StatusReason.NotObserved, "The operator has not said anything of it.", Since: null)
            : new(state, cause.Reason, cause.Message, cause.LastTransitionTime == default ? null : cause.LastTransitionTime);

    /// <summary>The same, unless its next attempt is overdue: then that is the news, and what was found is what came before.</summary>
    /// <param name="attempt">When the next attempt is to be.</param>
    /// <param name="now">The time.</param>
    public Finding WithAttempt(DateTimeOffset attempt, DateTimeOffset now) =>
        attempt + OverdueAfter > now || State == StatusState.Expired || Reason is StatusReason.NotObserved or StatusReason.Terminating
            ? this
            : new(
                State < StatusState.Failing ? State : StatusState.Failing,
                StatusReason.AttemptOverdue,
                $"The next attempt was due at {InstantText.Of(attempt)}, and status says nothing of it: the operator does not run, does "
                    + "not serve this namespace, or has more to do than it can; or the clock here is wrong. "
                    + $"Before that: {Reason}: {Message}",
                attempt
            );

    private static bool Complains(Condition condition) =>
        condition.Type switch
        {
            ConditionType.Ready or ConditionType.Reconciling or ConditionType.Stalled => false,
            ConditionType.TokenFresh => condition is { Status: "True", Reason: Lifecycle.Reason.LifetimeTooShort },
            ConditionType.ConsentExpiring or ConditionType.SecretExpiring => condition.Status == "True",
            _ => condition.Status == "False",
        };

    private static Finding NotObserved(ObjectMeta metadata, long observedGeneration) =>
        new(
            StatusState.NotReady,
            StatusReason.NotObserved,
            observedGeneration > 0
                ? "The operator has not looked at the present spec yet; what status says is of an earlier one."
                : "The operator has not looked at it yet: see that it runs and serves this namespace.",
            observedGeneration > 0 ? null : metadata.CreationTimestamp
        );
}
