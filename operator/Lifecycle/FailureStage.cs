namespace Lifecycle;

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

    /// <summary>The successor of a refresh token was stored.</summary>
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
