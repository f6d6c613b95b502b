namespace Lifecycle;

/// <summary>Why a connection is not where its spec wants it, in words for a person.</summary>
/// <param name="Reason">One of <see cref="Lifecycle.Reason"/>; appears unchanged in conditions, events, metrics and logs.</param>
/// <param name="Message">Names the object, the cause and the remedy. Never contains a secret.</param>
public sealed record Problem(string Reason, string Message)
{
    /// <summary>What the failure asks of the operator.</summary>
    public FailureKind Kind => FailureKinds.Of(Reason);

    /// <summary>What the operator was doing when it failed.</summary>
    public FailureStage Stage => FailureStages.Of(Reason);
}

/// <summary>
/// What a failure asks of the operator. Every failure is of exactly one kind, and the kind alone decides the consequences.
/// </summary>
public enum FailureKind
{
    /// <summary>
    /// It passes by itself (network, 5xx, 429): retried with exponential backoff and jitter, the old token stays published.
    /// </summary>
    Transient,

    /// <summary>
    /// Something referenced does not exist yet. GitOps applies in any order, so this is no fault for <see cref="Policy.DependencyGrace"/>,
    /// then it needs a person.
    /// </summary>
    NotThereYet,

    /// <summary>Only a person's consent helps: not retried, and over at once when it is given.</summary>
    NeedsConsent,

    /// <summary>A person must act. Retried slowly, and at once when the spec, the client or a referenced Secret changes.</summary>
    NeedsPerson,
}

/// <summary>The kind of each reason that can be a failure, declared once.</summary>
public static class FailureKinds
{
    /// <summary>True when another client secret alone ends such a failure.</summary>
    public static bool EndsWithAnotherSecret(string reason) => reason == Reason.ClientRefused;

    /// <summary>Unknown reasons (a status written by a later version) need a person: that is retried, slowly.</summary>
    public static FailureKind Of(string reason) =>
        reason switch
        {
            Reason.ProviderUnavailable or Reason.AnswerNotUnderstood or Reason.MetadataUnusable or Reason.GrantNotStored =>
                FailureKind.Transient,
            Reason.SecretNotWritten or Reason.WithdrawalFailed or Reason.ApiRequestFailed or Reason.OperatorFault =>
                FailureKind.Transient,
            Reason.ClientNotAvailable or Reason.SecretNotFound or Reason.SecretKeyNotFound or Reason.SecretTerminating =>
                FailureKind.NotThereYet,
            Reason.AwaitingConsent
            or Reason.ConsentRequired
            or Reason.SpecChanged
            or Reason.GrantUsedElsewhere
            or Reason.ConsentDenied
            or Reason.ConsentFailed => FailureKind.NeedsConsent,
            _ => FailureKind.NeedsPerson,
        };
}

/// <summary>
/// What the operator was doing when it failed. It decides what ends the failure, and whether the failure calls for another token.
/// </summary>
public enum FailureStage
{
    /// <summary>A token was requested, or could not be.</summary>
    Requesting,

    /// <summary>Something was read that a decision rests on: nothing was attempted, and the next look ends it.</summary>
    Looking,

    /// <summary>A Secret was written. The next write that succeeds ends it.</summary>
    Writing,

    /// <summary>A Secret was written whose name belongs to someone else. It ends, too, when that Secret is gone or lent.</summary>
    WritingTakenName,

    /// <summary>A new refresh token was stored.</summary>
    Storing,

    /// <summary>A Secret was taken away, since the client does not allow its token.</summary>
    Withdrawing,
}

/// <summary>The stage of each reason that can be a failure, declared once: status has the reason only.</summary>
public static class FailureStages
{
    /// <summary>Unknown reasons (a status written by a later version) count as those of a token request.</summary>
    public static FailureStage Of(string reason) =>
        reason switch
        {
            Reason.ApiRequestFailed or Reason.ApiRequestForbidden or Reason.OperatorFault => FailureStage.Looking,
            Reason.SecretForbidden or Reason.SecretInvalid or Reason.SecretTerminating or Reason.SecretNotWritten => FailureStage.Writing,
            Reason.SecretNotOwned => FailureStage.WritingTakenName,
            Reason.GrantNotStored => FailureStage.Storing,
            Reason.WithdrawalForbidden or Reason.WithdrawalFailed => FailureStage.Withdrawing,
            _ => FailureStage.Requesting,
        };
}
