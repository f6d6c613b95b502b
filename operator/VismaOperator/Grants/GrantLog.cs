using Kubernetes.Client;

namespace VismaOperator.Grants;

/// <summary>Log of what happens to grants. Never a token, a code, a state or a link.</summary>
internal sealed partial class GrantLog(ILogger logger)
{
    [LoggerMessage(
        LogLevel.Information,
        "Grant of {Connection} exchanged; sequence {Sequence} of family {Family} is stored",
        EventName = "GrantExchanged"
    )]
    public partial void Exchanged(NamespacedName connection, long sequence, string family);

    [LoggerMessage(
        LogLevel.Information,
        "Another process began an exchange of the grant of {Connection} and did not finish it; this process takes over unless the "
        + "result is stored first",
        EventName = "GrantTakeoverAnnounced"
    )]
    public partial void TakeoverAnnounced(NamespacedName connection);

    [LoggerMessage(LogLevel.Warning, "Grant of {Connection} is no longer accepted by the provider", EventName = "GrantRefused")]
    public partial void Refused(NamespacedName connection);

    [LoggerMessage(
        LogLevel.Information,
        "A refresh token of {Connection} is stored in place of one that was refused when another process sent it once more: the provider "
        + "may still take it, so it is tried next",
        EventName = "GrantTakenBack"
    )]
    public partial void TakenBack(NamespacedName connection);

    [LoggerMessage(LogLevel.Information, "A person consented for {Connection}; family {Family} is stored", EventName = "ConsentStored")]
    public partial void ConsentStored(NamespacedName connection, string family);

    [LoggerMessage(LogLevel.Warning, "A consent for {Connection} gave no grant: {Reason}", EventName = "ConsentFailed")]
    public partial void ConsentFailed(NamespacedName connection, string reason);

    [LoggerMessage(
        LogLevel.Warning,
        "The code of a consent for {Connection} is not sent yet, and tried again: {Cause}",
        EventName = "CodeUnsent"
    )]
    public partial void CodeUnsent(NamespacedName connection, string cause);

    [LoggerMessage(
        LogLevel.Warning,
        "The new refresh token of {Connection} could not be stored yet and waits in memory: {Cause}",
        EventName = "GrantNotStored"
    )]
    public partial void NotStoredYet(NamespacedName connection, string cause);

    [LoggerMessage(
        LogLevel.Critical,
        "The new refresh token of {Connection} could not be stored before this process had to end: a person may have to consent again",
        EventName = "GrantLost"
    )]
    public partial void Lost(NamespacedName connection);

    [LoggerMessage(
        LogLevel.Warning,
        "A refresh token for {Connection} came too late and is dropped: another attempt has replaced it",
        EventName = "GrantSuperseded"
    )]
    public partial void Superseded(NamespacedName connection);

    [LoggerMessage(
        LogLevel.Warning,
        "The namespace of {Connection} has been gone for too long: the refresh token that was to be stored there is given up and revoked",
        EventName = "GrantHomeless"
    )]
    public partial void Homeless(NamespacedName connection);

    [LoggerMessage(
        LogLevel.Information,
        "VismaConnection {Connection} is gone: its grant is kept until {Until:o}, in case it comes back",
        EventName = "GrantKept"
    )]
    public partial void Kept(NamespacedName connection, DateTimeOffset until);

    [LoggerMessage(
        LogLevel.Information,
        "VismaConnection {Connection} is gone: its grant was revoked at the provider",
        EventName = "GrantRevoked"
    )]
    public partial void Revoked(NamespacedName connection);

    [LoggerMessage(
        LogLevel.Warning,
        "The grant of {Connection} could not be revoked ({Cause}); it ends at the provider by itself, or when the person withdraws it "
        + "there",
        EventName = "GrantNotRevoked"
    )]
    public partial void NotRevoked(NamespacedName connection, string cause);
}
