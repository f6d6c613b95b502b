using Kubernetes.Client.Access;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Telemetry;

namespace VismaOperator.Reporting;

/// <summary>
/// The message for a failure that ends the process: the message of the exception where we wrote it for people, otherwise the text that a
/// log may hold.
/// </summary>
internal static class FailureWords
{
    /// <summary>The words.</summary>
    public static string Of(Exception failure) => AreOurs(failure) ? failure.Message : FailureText.Of(failure);

    /// <summary>The same in one line, for the message of the part that it ended.</summary>
    public static string InOneLine(Exception failure) => AreOurs(failure) ? failure.Message : FailureText.InOneLine(failure);

    /// <summary>True for failures whose message we wrote.</summary>
    public static bool AreOurs(Exception failure) =>
        failure is ExplainedException or ClusterAccessException or LeadershipLostException;
}
