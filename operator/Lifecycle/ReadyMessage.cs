namespace Lifecycle;

/// <summary>
/// A column of <c>kubectl get</c> shows one condition only, which is Ready. A token can be valid while its renewal fails, so the message of
/// Ready also gives the problems of the other conditions.
/// </summary>
public static class ReadyMessage
{
    /// <summary>The same conditions, with every cause in the message of Ready, each once.</summary>
    /// <param name="conditions">The conditions of the report, with Ready.</param>
    /// <param name="problem">The problem, in the shortest message; null where the conditions themselves say it.</param>
    public static IReadOnlyList<ConditionReport> WithCauses(IReadOnlyList<ConditionReport> conditions, Problem? problem = null)
    {
        if (problem is null && !conditions.Any(IsWrong))
        {
            return conditions;
        }

        var ready = conditions.First(condition => condition.Type == ConditionType.Ready);
        var causes = new[] { problem }
            .Concat(conditions.Where(IsWrong).Select(condition => new Problem(condition.Reason, condition.Message)))
            .OfType<Problem>()
            .Where(cause => cause.Reason != ready.Reason)
            .DistinctBy(cause => cause.Reason);
        var message = causes.Aggregate(ready.Message, With);
        return
        [
            .. conditions.Select(condition => condition.Type == ConditionType.Ready ? condition with { Message = message } : condition),
        ];
    }

    internal static bool IsWrong(ConditionReport condition) => condition.Type switch
    {
        _ when condition.IsUnknown => false,
        ConditionType.Ready or ConditionType.Reconciling => false,
        ConditionType.Stalled or ConditionType.ConsentExpiring or ConditionType.SecretExpiring => condition.IsTrue,
        ConditionType.TokenFresh => !condition.IsTrue || condition.Reason == Reason.LifetimeTooShort,
        _ => !condition.IsTrue,
    };

    // A cause may repeat what is said already, or say it in more words.
    private static string With(string message, Problem cause) =>
        message.Contains(cause.Message, StringComparison.Ordinal) ? message
        : cause.Message.Contains(message, StringComparison.Ordinal) ? cause.Message
        : $"{message} {cause.Reason}: {cause.Message}";
}
