using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Probing;

/// <summary>
/// Reads from status whether the last probe had no usable answer. Status has only the reason. It is used for nothing but a count for an
/// alert.
/// </summary>
internal static class LostProbe
{
    /// <summary>True when the last probe that status tells of was lost; see <see cref="ProbeOutcome.IsLost"/>.</summary>
    public static bool IsLastIn(VismaConnection connection) =>
        Conditions.Find(connection.Status.Conditions, ConditionType.TokenAccepted) is
        { Status: "False", Reason: Reason.ApiUnavailable or Reason.ApiRateLimited };
}
