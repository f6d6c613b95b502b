using Lifecycle;

namespace VismaOperator.Reporting;

/// <summary>A bug of the operator, in words for people. The message of the exception is left out, since it may repeat a secret.</summary>
internal static class OperatorFault
{
    /// <summary>The problem to report.</summary>
    public static Problem ProblemOf(Exception bug) => new(
        Reason.OperatorFault,
        $"The operator failed with {bug.GetType().Name}, which is a bug. Its log says where; please report it. It is tried again.",
        FailureKind.Transient)
    {
        Stage = FailureStage.Looking, // nothing is known of an attempt
    };
}
