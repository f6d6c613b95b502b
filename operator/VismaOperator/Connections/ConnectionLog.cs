using Kubernetes.Client;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Connections;

/// <summary>Log of this slice. Information: something changed; the object is in the scope of every line.</summary>
internal sealed partial class ConnectionLog(ILogger logger)
{
    /// <summary>When problems of connections begin and end.</summary>
    public ProblemLog Problems { get; } = new(logger, VismaConnection.ResourceKind.Kind);

    [LoggerMessage(
        LogLevel.Information,
        "Token refreshed ({Cause}); valid until {ExpirationTime:o}, next renewal at {RefreshTime:o}",
        EventName = "TokenRefreshed"
    )]
    public partial void Refreshed(RefreshCause cause, DateTimeOffset expirationTime, DateTimeOffset refreshTime);

    [LoggerMessage(
        LogLevel.Information,
        "Token of the grant published; valid until {ExpirationTime:o}, next renewal at {RefreshTime:o}",
        EventName = "TokenPublished"
    )]
    public partial void Published(DateTimeOffset expirationTime, DateTimeOffset refreshTime);

    [LoggerMessage(LogLevel.Debug, "Token not refreshed ({Cause}): {Reason}: {Detail}", EventName = "TokenNotRefreshed")]
    public partial void RefreshFailed(RefreshCause cause, string reason, string detail);

    [LoggerMessage(
        LogLevel.Warning,
        "Secret removed, because the OAuthClient no longer allows it: {Reason}",
        EventName = "SecretWithdrawn"
    )]
    public partial void Withdrawn(string reason);

    [LoggerMessage(
        LogLevel.Warning,
        "Secret not removed although the OAuthClient no longer allows it ({Reason}): the operator may not delete it",
        EventName = "SecretNotWithdrawn"
    )]
    public partial void NotWithdrawn(string reason);

    [LoggerMessage(
        LogLevel.Warning,
        "Secret {Secret}, which held the token under an earlier spec.secret.name, not removed: {Cause}. Delete it by hand, and grant "
        + "delete on Secrets",
        EventName = "FormerSecretNotRemoved"
    )]
    public partial void FormerSecretNotRemoved(NamespacedName secret, string cause);

    [LoggerMessage(LogLevel.Debug, "Step failed: {Reason}: {Detail}", EventName = "StepFailed")]
    public partial void StepFailed(string reason, string detail);

    [LoggerMessage(LogLevel.Debug, "Came to rest at {Decision}", EventName = "ReconcileRested")]
    public partial void Rested(string decision);
}
