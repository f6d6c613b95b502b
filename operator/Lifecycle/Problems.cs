namespace Lifecycle;

/// <summary>The problems that the conditions of an object report.</summary>
public static class Problems
{
    // If several conditions report one problem, the first of these has the shortest message; Ready repeats the causes of the others.
    private static readonly string[] byPlainness = [ConditionType.Stalled, ConditionType.Reconciling, ConditionType.TokenFresh];

    /// <summary>
    /// Every problem once, by its reason. Suspended and TokenPending are no problems.
    /// </summary>
    public static IReadOnlyList<Problem> In(IReadOnlyList<ConditionReport> conditions) => !conditions.Any(IsProblem) ? [] :
    [
        .. conditions
            .Where(IsProblem)
            .OrderBy(condition => condition.Type == ConditionType.Ready)
            .ThenByDescending(condition => byPlainness.Contains(condition.Type))
            .Select(condition => new Problem(condition.Reason, condition.Message))
            .DistinctBy(problem => problem.Reason),
    ];

    private static bool IsProblem(ConditionReport condition) => condition.Type switch
    {
        ConditionType.Ready => !condition.IsTrue && condition.Reason is not (Reason.Suspended or Reason.TokenPending),
        ConditionType.Reconciling => condition.IsTrue,
        _ => ReadyMessage.IsWrong(condition),
    };
}
