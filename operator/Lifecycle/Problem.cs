namespace Lifecycle;

/// <summary>Why a connection is not where its spec wants it, in words for a person.</summary>
/// <param name="Reason">One of <see cref="Lifecycle.Reason"/>; appears unchanged in conditions, events, metrics and logs.</param>
/// <param name="Message">Names the object, the cause and the remedy. Never contains a secret.</param>
/// <param name="Kind">What the failure asks of the operator. Like the stage it is said where the problem is found.</param>
public sealed record Problem(string Reason, string Message, FailureKind Kind = FailureKind.NeedsPerson)
{
    /// <summary>What the operator was doing when it failed.</summary>
    public FailureStage Stage { get; init; }

    /// <summary>
    /// True for the same problem, be it seen a moment ago or recorded by an earlier process: it has the same reason. The message may change
    /// while it lasts.
    /// </summary>
    public bool IsStill(string? earlierReason) => Reason == earlierReason;
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

/// <summary>
/// What the operator was doing when it failed. It decides what ends the failure, and whether the failure calls for another token.
/// </summary>
public enum FailureStage
{
    /// <summary>A token was requested, or could not be.</summary>
    Requesting,

    /// <summary>A token was requested, and the provider refused the client. Another client secret alone ends it.</summary>
    Authenticating,

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
