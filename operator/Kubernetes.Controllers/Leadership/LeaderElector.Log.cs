using Kubernetes.Client;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers.Leadership;

/// <content>What the log says.</content>
public sealed partial class LeaderElector
{
    [LoggerMessage(LogLevel.Information, "{Identity} waits for the lease {Lease}", EventName = "LeaseAwaited")]
    private partial void LogWaiting(string identity, NamespacedName lease);

    [LoggerMessage(LogLevel.Information, "{Identity} leads: it holds the lease {Lease}", EventName = "LeaseTaken")]
    private partial void LogLeading(string identity, NamespacedName lease);

    [LoggerMessage(LogLevel.Information, "The lease {Lease} was given up", EventName = "LeaseReleased")]
    private partial void LogReleased(NamespacedName lease);

    [LoggerMessage(LogLevel.Debug, "The lease {Lease} is lost: {Why}", EventName = "LeaseLost")]
    private partial void LogLost(NamespacedName lease, string why);

    [LoggerMessage(LogLevel.Warning, "The lease {Lease} could not be read or written: {Failure}", EventName = "LeaseAttemptFailed")]
    private partial void LogAttemptFailed(NamespacedName lease, string failure);
}
