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
