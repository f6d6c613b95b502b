namespace Lifecycle;

/// <summary>
/// What to do about a connection now. Exactly one of these, chosen by <see cref="Policy.Decide"/>. Steps change the facts, and the policy
/// decides again. The others are where a reconcile comes to rest (<see cref="IsRest"/>).
/// </summary>
public abstract record Decision
{
    private Decision()
    {
    }

    /// <summary>True where a reconcile comes to rest; false for a step.</summary>
    public bool IsRest => this is Release or Suspend or Stall or Await or AwaitConsent or BackOff or Wait;

    /// <summary>
    /// The connection is being deleted: touch nothing. Its Secret is deleted with it by owner reference, or kept by its deletion policy.
    /// </summary>
    public sealed record Release : Decision;

    /// <summary>Leave the Secret and the provider alone until <c>spec.suspend</c> is lifted.</summary>
    public sealed record Suspend : Decision;

    /// <summary>The client does not allow the connection: delete our Secret regardless of its deletion policy, and say why.</summary>
    public sealed record Withdraw(Problem Problem) : Decision;

    /// <summary>Nothing can be attempted before a person acts, or before <paramref name="RetryAt"/>.</summary>
    public sealed record Stall(Problem Problem, DateTimeOffset? RetryAt = null) : Decision;

    /// <summary>Something referenced is not there yet; patience ends at <paramref name="Until"/>.</summary>
    public sealed record Await(Problem Problem, DateTimeOffset Until) : Decision;

    /// <summary>Read the Secret's content once and decide again with what it shows.</summary>
    public sealed record Inspect : Decision;

    /// <summary>The Secret is as published; record its version.</summary>
    public sealed record Acknowledge : Decision;

    /// <summary>The Secret holds a newer token of ours; record it, and the request that it was an answer to as handled.</summary>
    public sealed record RecordToken(TokenRecord Token, string? AnsweredRequest = null) : Decision;

    /// <summary>Write the Secret again around the token that it holds.</summary>
    public sealed record Rewrite : Decision;

    /// <summary>
    /// The token is in another Secret now: remove the one of the earlier name. If the last attempt fails, an event says so, and the Secret
    /// is left: a removal that always fails must not keep the present token from being reported.
    /// </summary>
    public sealed record RemoveFormer(bool IsLastAttempt) : Decision;

    /// <summary>Get another token from the provider.</summary>
    public abstract record Refresh(RefreshCause Cause) : Decision;

    /// <summary>Request a token with client credentials (RFC 6749 section 4.4) and publish it.</summary>
    public sealed record Request(RefreshCause Cause) : Refresh(Cause);

    /// <summary>Exchange the refresh token (RFC 6749 section 6) and store the new one.</summary>
    public sealed record Exchange(RefreshCause Cause) : Refresh(Cause);

    /// <summary>
    /// Announce, beside the grant, that the exchange which another process began will be taken over. Nothing is sent before that
    /// process had time to store its result.
    /// </summary>
    public sealed record AnnounceTakeover : Decision;

    /// <summary>Publish the access token that is stored beside the grant.</summary>
    public sealed record Publish : Decision;

    /// <summary>
    /// Redeem the code that was handed over, and store the grant that it gives. The code stays where it is while it cannot be sent, unless
    /// it is overdue.
    /// </summary>
    public sealed record Redeem(bool IsOverdue = false) : Decision;

    /// <summary>Make a link at which a person can consent.</summary>
    public sealed record Invite : Decision;

    /// <summary>Write into the grant Secret what happens to the grant once its connection is gone.</summary>
    public sealed record Note : Decision;

    /// <summary>Nobody has consented yet; the link is replaced at <paramref name="Until"/>.</summary>
    public sealed record AwaitConsent(Problem Problem, DateTimeOffset? Until) : Decision;

    /// <summary>An earlier attempt failed and the next one is not due.</summary>
    public sealed record BackOff(FailureRecord Failure) : Decision;

    /// <summary>Nothing is due before <paramref name="Until"/>.</summary>
    public sealed record Wait(DateTimeOffset Until) : Decision;
}

/// <summary>Why a token is asked for; a label of metrics and logs.</summary>
public enum RefreshCause
{
    /// <summary>There is no token yet.</summary>
    First,

    /// <summary>The Secret, or the token in it, was removed.</summary>
    Lost,

    /// <summary>The tenant, the scopes or the client changed.</summary>
    InputsChanged,

    /// <summary>The spec names another Secret.</summary>
    SecretRenamed,

    /// <summary>An annotation asks for it.</summary>
    Requested,

    /// <summary>The renewal time has come.</summary>
    Due,

    /// <summary>A client secret was changed, and this connection tries it for all that use it.</summary>
    SecretChanged,

    /// <summary>The refresh token would otherwise expire unused.</summary>
    KeepAlive,

    /// <summary>An earlier attempt failed.</summary>
    Retry,

    /// <summary>The token claims to be from the future, so its times mean nothing: a clock was set back.</summary>
    ClockSetBack,
}
