using Kubernetes.Client;

namespace VismaOperator.Copies;

/// <summary>Log of what happens to copies. Never a token.</summary>
internal sealed partial class CopyLog(ILogger logger)
{
    [LoggerMessage(LogLevel.Debug, "Secret {Secret} holds the token of VismaConnection {Connection}", EventName = "CopyWritten")]
    public partial void Written(NamespacedName secret, NamespacedName connection);

    [LoggerMessage(LogLevel.Information, "Copy {Secret} of a token Secret was deleted: {Cause}", EventName = "CopyDeleted")]
    public partial void Deleted(NamespacedName secret, string cause);

    [LoggerMessage(LogLevel.Warning, "Copies of VismaConnection {Connection}: {Detail}", EventName = "CopiesIncomplete")]
    public partial void Incomplete(NamespacedName connection, string detail);

    [LoggerMessage(
        LogLevel.Warning,
        "Copy {Secret} of a token Secret is left, although VismaConnection {Connection} is gone: {Detail}",
        EventName = "CopyLeft"
    )]
    public partial void Left(NamespacedName secret, NamespacedName connection, string detail);
}
