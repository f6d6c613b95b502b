namespace Lifecycle;

/// <summary>
/// A problem as status records it. A status of an earlier version, or of a later one, says less: this is the only place that reads the
/// kind or the stage of a problem from its reason.
/// </summary>
public static class RecordedProblem
{
    /// <summary>The problem of a status.</summary>
    /// <param name="reason">Its reason.</param>
    /// <param name="message">Its message.</param>
    /// <param name="kind">The name of its kind; null in a status of an earlier version.</param>
    /// <param name="stage">The name of its stage; null in a status of an earlier version.</param>
    public static Problem Of(string reason, string? message, string? kind = null, string? stage = null) =>
        new(reason, message ?? string.Empty, KindOf(kind, reason))
        {
            Stage = IsRefusalWithoutKind(reason, kind, stage) ? StageOf(reason) : StageOf(stage, reason),
        };

    /// <summary>
    /// The recorded kind. Unknown reasons (a status written by a later version) need a person: that is retried, slowly.
    /// </summary>
    public static FailureKind KindOf(string? recorded, string reason) =>
        Named<FailureKind>(recorded) ?? KindOf(reason);

    /// <summary>The kind of a reason in a condition, for words about it.</summary>
    public static FailureKind KindOf(string reason) =>
        reason switch
        {
            Reason.ProviderUnavailable or Reason.AnswerNotUnderstood or Reason.MetadataUnusable or Reason.GrantNotStored =>
                FailureKind.Transient,
            Reason.ApiRateLimited or Reason.ApiUnavailable => FailureKind.Transient, // of a probe: asked again at its next time
            Reason.SecretNotWritten or Reason.WithdrawalFailed or Reason.ApiRequestFailed or Reason.OperatorFault =>
                FailureKind.Transient,
            Reason.ConnectionNotWritten => FailureKind.Transient,
            Reason.ClientNotAvailable or Reason.SecretNotFound or Reason.SecretKeyNotFound or Reason.SecretTerminating =>
                FailureKind.NotThereYet,
            Reason.NamespaceTerminating => FailureKind.NotThereYet,
            Reason.TenantsNotFound => FailureKind.NotThereYet,
            Reason.AwaitingConsent
            or Reason.ConsentRequired
            or Reason.SpecChanged
            or Reason.GrantUsedElsewhere
            or Reason.ConsentDenied
            or Reason.ConsentFailed => FailureKind.NeedsConsent,
            _ => FailureKind.NeedsPerson,
        };

    /// <summary>The recorded stage. Unknown reasons count as those of a token request.</summary>
    public static FailureStage StageOf(string? recorded, string reason) =>
        Named<FailureStage>(recorded) ?? StageOf(reason);

    // Builds that recorded no kind called a refused client Requesting.
    private static bool IsRefusalWithoutKind(string reason, string? kind, string? stage) =>
        kind is null && reason == Reason.ClientRefused && stage == nameof(FailureStage.Requesting);

    // Numbers and lists of names are names to Enum.TryParse, too.
    private static T? Named<T>(string? recorded)
        where T : struct, Enum => Enum.TryParse<T>(recorded, out var value) && Enum.GetName(value) == recorded ? value : null;

    private static FailureStage StageOf(string reason) =>
        reason switch
        {
            Reason.ClientRefused => FailureStage.Authenticating,
            Reason.ApiRequestFailed or Reason.ApiRequestForbidden or Reason.OperatorFault => FailureStage.Looking,
            Reason.SecretForbidden or Reason.SecretInvalid or Reason.SecretTerminating or Reason.SecretNotWritten => FailureStage.Writing,
            Reason.SecretNotOwned => FailureStage.WritingTakenName,
            Reason.GrantNotStored => FailureStage.Storing,
            Reason.WithdrawalForbidden or Reason.WithdrawalFailed => FailureStage.Withdrawing,
            _ => FailureStage.Requesting,
        };
}
