namespace Lifecycle;

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
