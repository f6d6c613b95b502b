using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;

namespace VismaOperator.Cli.Status;

/// <summary>What was found out of an object: its state, why, and since when.</summary>
internal sealed record Finding(StatusState State, string Reason, string Message, DateTimeOffset? Since)
{
    /// <summary>What holds for both kinds, or null: it is being deleted, a person must act, or nobody has seen this spec.</summary>
    public static Finding? OfAny(ObjectMeta metadata, long observedGeneration, IReadOnlyList<Condition> conditions) =>
        metadata.DeletionTimestamp is { } deletion
                ? new(StatusState.Warning, StatusReason.Terminating, "It is being deleted: nothing is renewed any more.", deletion)
            : Conditions.Find(conditions, ConditionType.Stalled) is { Status: "True" } stalled ? Of(StatusState.Stalled, stalled)
            : observedGeneration == (metadata.Generation ?? observedGeneration) && conditions.Count > 0 ? null
            : NotObserved(metadata, observedGeneration);

    /// <summary>The first condition that complains although the object works; null where none does.</summary>
    public static Finding? OfWarning(IReadOnlyList<Condition> conditions) =>
        conditions.FirstOrDefault(Complains) is { } warning ? Of(StatusState.Warning, warning) : null;

    /// <summary>A condition as the cause.</summary>
    public static Finding Of(StatusState state, Condition? cause) =>
        cause is null
            ? new(state, StatusReason.NotObserved, "The operator has not said anything of it.", Since: null)
            : new(state, cause.Reason, cause.Message, cause.LastTransitionTime == default ? null : cause.LastTransitionTime);

    private static bool Complains(Condition condition) =>
        condition.Type switch
        {
            ConditionType.Ready or ConditionType.Reconciling or ConditionType.Stalled or ConditionType.TokenFresh => false,
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
