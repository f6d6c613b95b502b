namespace Lifecycle;

/// <summary>
/// The whole policy for a connection, as ordered rules: the first rule that returns a decision wins. Pure, so that one table shows every
/// case.
/// </summary>
public static class Policy
{
    /// <summary>How long a reference may be missing before the connection stalls: GitOps applies objects in any order.</summary>
    public static readonly TimeSpan DependencyGrace = TimeSpan.FromSeconds(60);

    /// <summary>The least time between two token requests for one connection, however often its Secret is deleted.</summary>
    public static readonly TimeSpan LeastGap = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an exchange of a refresh token may take from its intent on, the request included: by then the process that began it has
    /// stored the new refresh token, or holds it.
    /// </summary>
    public static readonly TimeSpan ExchangeDeadline = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the code of a consent can be redeemed: Duende's own, and half of what RFC 6749 section 4.1.2 recommends at most.
    /// </summary>
    public static readonly TimeSpan CodeLifetime = TimeSpan.FromMinutes(5);

    // Attempts to remove the Secret of an earlier name: a minute or two.
    private const int MaxRemovals = 6;

    // Clocks of two replicas differ by less; a larger lead means that a clock was set back.
    private static readonly TimeSpan clockTolerance = TimeSpan.FromMinutes(1);

    private static readonly Func<Facts, DateTimeOffset, Decision?>[] rules =
    [
        LeaveATerminatingConnection,
        WithdrawWhatTheClientForbids,
        GrantRules.KeepTheGrantAlive,
        GrantRules.UpdateTheNoteOfTheGrant,
        NeverTouchAForeignSecret,
        LeaveASuspendedConnection,
        StallOnAnInvalidSpec,
        AwaitATerminatingSecret,
        RepairTheSecret,
        AwaitAMissingClient,
        StallOnAnUnusableClient,
        StallOnARefusedClient,
        GrantRules.RedeemAHandedOverCode,
        GrantRules.PublishTheTokenOfTheGrant,
        GrantRules.AskForAConsent,
        BackOffAfterAFailure,
        GrantRules.AwaitAnExchangeElsewhere,
        InspectADisputedSecret,
        RequestATokenWhereNeeded,
        GrantRules.InviteBeforeTheConsentEnds,
        ReportARefusedClient,
    ];

    /// <summary>Decides. Deciding again on the same facts, or earlier than asked, changes nothing.</summary>
    public static Decision Decide(Facts facts, DateTimeOffset now)
    {
        foreach (var rule in rules)
        {
            if (rule(facts, now) is { } decision)
            {
                return RemoveTheFormerSecret(decision, facts);
            }
        }

        return RemoveTheFormerSecret(new Decision.Wait(NextRefresh(facts)), facts);
    }

    // The last step of a reconcile: everything else goes on while the Secret of an earlier name cannot be removed. Before the report, since
    // status then forgets that name. Without a record of the token there it is tried once: no record could count the attempts.
    private static Decision RemoveTheFormerSecret(Decision decision, Facts facts) =>
        decision is { IsRest: true } and not Decision.Release && facts.FormerSecrets.Count > 0
            ? new Decision.RemoveFormer(facts.Former is not { } former || former.Attempts + 1 >= MaxRemovals)
            : decision;

    /// <summary>True when the published token is what this spec and this client (where known) ask for.</summary>
    public static bool IsCurrent(TokenRecord token, Facts facts) =>
        TokenInputs.Match(token.Inputs, facts.Connection.Inputs, (facts.Client as ClientFacts.Usable)?.Inputs)
        && token.Layout == facts.Connection.Layout
        && token.SecretName == facts.Connection.SecretName;

    private static DateTimeOffset NextRefresh(Facts facts)
    {
        var due = facts.Token!.RefreshTime;
        return facts.Grant is GrantFacts.Held { Grant.KeepAliveTime: var keepAlive } && keepAlive < due ? keepAlive : due;
    }

    private static Decision? LeaveATerminatingConnection(Facts facts, DateTimeOffset now) =>
        facts.Connection.IsTerminating ? new Decision.Release() : null;

    // A client that never served this connection is reported like a client that does not exist. Otherwise anybody could find out which
    // clients other namespaces have.
    private static Decision? WithdrawWhatTheClientForbids(Facts facts, DateTimeOffset now) =>
        facts.Client switch
        {
            ClientFacts.NotAllowing denied when HoldsASecretOfOurs(facts) => Withdrawal(denied.Problem, facts, now),
            ClientFacts.Usable { ScopeLimit: { } limit }
                when facts.Token is { } token && limit.ProblemWith(token.GrantedScopes) is { } problem && HoldsASecretOfOurs(facts) =>
                Withdrawal(problem, facts, now),
            ClientFacts.NotAllowing denied when denied.Problem.Kind != FailureKind.NotThereYet || WasWithdrawn(facts) =>
                new Decision.Stall(denied.Problem),
            _ => null,
        };

    private static Decision Withdrawal(Problem problem, Facts facts, DateTimeOffset now) =>
        BindingFailure(facts, now) is { Stage: FailureStage.Withdrawing } failure
            ? new Decision.Stall(failure.Problem, failure.NextAttemptTime)
            : new Decision.Withdraw(problem);

    private static Decision? NeverTouchAForeignSecret(Facts facts, DateTimeOffset now) =>
        facts.Secret is SecretFacts.Foreign foreign ? new Decision.Stall(foreign.Problem, NextSlowLook(foreign.Problem, facts, now)) : null;

    private static Decision? LeaveASuspendedConnection(Facts facts, DateTimeOffset now) =>
        facts.Connection.IsSuspended ? new Decision.Suspend() : null;

    private static Decision? StallOnAnInvalidSpec(Facts facts, DateTimeOffset now) =>
        facts.Connection.SpecProblem is { } problem ? new Decision.Stall(problem) : null;

    private static Decision? AwaitATerminatingSecret(Facts facts, DateTimeOffset now) =>
        facts.Secret is SecretFacts.Terminating
            ? Await(
                new Problem(
                    Reason.SecretTerminating,
                    $"Secret {facts.Connection.SecretName} is being deleted and cannot be written until it is gone. If it stays, remove "
                    + "the finalizers that hold it.",
                    FailureKind.NotThereYet
                )
                {
                    Stage = FailureStage.Writing,
                },
                facts,
                now
            )
            : null;

    private static Decision? AwaitAMissingClient(Facts facts, DateTimeOffset now) =>
        facts.Client switch
        {
            // A client that was deleted after a removal is reported like one that does not allow the connection.
            ClientFacts.Missing { IsReference: false } missing when WasWithdrawn(facts) => new Decision.Stall(
                missing.Problem
            ),
            ClientFacts.Missing missing => Await(missing.Problem, facts, now),
            ClientFacts.NotAllowing denied => Await(denied.Problem, facts, now),
            _ => null,
        };

    private static Decision? StallOnAnUnusableClient(Facts facts, DateTimeOffset now) =>
        facts.Client is ClientFacts.Unusable unusable ? new Decision.Stall(unusable.Problem, unusable.RetryAt) : null;

    // The token of a grant is still published, since that needs no request to the provider.
    private static Decision? StallOnARefusedClient(Facts facts, DateTimeOffset now) =>
        BindingRefusal(facts.Client, facts.Connection, now) is { } refusal
            ? GrantRules.PublishTheTokenOfTheGrant(facts, now) ?? new Decision.Stall(refusal.Problem, refusal.RetryTime)
            : null;

    // Another connection may try the client again. Until one succeeds it stays refused for all, also for those that need no token yet.
    private static Decision? ReportARefusedClient(Facts facts, DateTimeOffset now) =>
        facts.Client is ClientFacts.Usable { Refusal: { } refusal } ? new Decision.Stall(refusal.Problem, NextRefresh(facts)) : null;

    /// <summary>
    /// The refusal of the client that keeps a connection from asking the provider for anything: the client may not be tried again yet, and
    /// nobody asks for a refresh. Null when nothing does.
    /// </summary>
    public static ClientRefusal? BindingRefusal(ClientFacts client, ConnectionFacts connection, DateTimeOffset now) =>
        client is ClientFacts.Usable { Refusal: { } refusal } && now < refusal.RetryTime && !RequestRules.IsDue(connection, now)
            ? refusal
            : null;

    // Before the rules about the client and about failures: this needs no provider, so a Secret is repaired even while the client is gone
    // or the provider is down. A Secret that is to get another token anyway is not read for its layout.
    private static Decision? RepairTheSecret(Facts facts, DateTimeOffset now)
    {
        var hasMovedOn = facts.Secret is SecretFacts.Owned owned
            && (owned.ResourceVersion != facts.Token?.SecretResourceVersion || facts.Token.IsRewriteDue);
        var asksForTheSame = AsksForTheSameToken(facts, now);
        var isToChange = facts.Secret is SecretFacts.Owned && asksForTheSame && !IsLaidOut(facts);
        return facts.Content switch
        {
            _ when !hasMovedOn && !isToChange && !IsOutOfSight(facts) => null,
            null when BindingFailure(facts, now) is { IsOfLooking: true } failure => new Decision.BackOff(failure),
            null => new Decision.Inspect(),
            ContentFacts.Unrecorded unrecorded => new Decision.RecordToken(unrecorded.Token, unrecorded.AnsweredRequest),
            ContentFacts.Intact when IsLaidOut(facts) => new Decision.Acknowledge(),
            ContentFacts.Intact or ContentFacts.Healable when asksForTheSame =>
                BindingFailure(facts, now) is { IsOfWriting: true } failure ? new Decision.BackOff(failure) : new Decision.Rewrite(),
            _ => null,
        };
    }

    // Only labelled Secrets are watched. A Secret of ours that is no longer seen may have lost its label only; then its token is kept. A
    // Secret that its owner lends is read first, since a token that cannot be stored must not be requested.
    private static bool IsOutOfSight(Facts facts) =>
        facts.Content is null
        && facts.Secret switch
        {
            SecretFacts.Absent { IsCertain: false } => facts.Token is { SecretUid.Length: > 0 } token
                && token.SecretName == facts.Connection.SecretName,
            SecretFacts.Offered => true,
            _ => false,
        };

    // An attempt that failed before a write failed also delays: a write that succeeds, or is not needed any more, does not make it due.
    private static Decision? BackOffAfterAFailure(Facts facts, DateTimeOffset now) =>
        (BindingFailure(facts, now) ?? BindingFailure(facts with { Failure = facts.EarlierAttempt }, now)) is { } failure
            ? new Decision.BackOff(failure)
            : null;

    // The failed attempt that must be waited for: its next time has not come, and nothing was changed or requested since.
    internal static FailureRecord? BindingFailure(Facts facts, DateTimeOffset now) =>
        facts.Failure is { } failure && IsPending(failure, facts, now) && !RequestRules.IsDue(facts, now) ? failure : null;

    // The same, without regard to requests for a refresh.
    internal static bool IsPending(FailureRecord failure, Facts facts, DateTimeOffset now) =>
        now < failure.NextAttemptTime
        && !IsFromTheFuture(failure.LastFailureTime, now)
        && failure.Inputs == AttemptInputs(facts)
        && !IsNameFree(failure, facts);

    // The foreign Secret of that name is gone, or its owner lends it now.
    private static bool IsNameFree(FailureRecord failure, Facts facts) =>
        failure.Stage == FailureStage.WritingTakenName
        && facts.Secret is SecretFacts.Absent { IsCertain: true } or SecretFacts.Offered;

    // A Secret without our label is not watched. Read it before another token is requested that could not be stored.
    private static Decision? InspectADisputedSecret(Facts facts, DateTimeOffset now) =>
        facts is { Secret: SecretFacts.Absent absent, Content: null }
        && (absent.IsDisputed || facts.Failure?.Stage == FailureStage.WritingTakenName)
            ? new Decision.Inspect()
            : null;

    private static Decision? RequestATokenWhereNeeded(Facts facts, DateTimeOffset now)
    {
        if (CauseToRefresh(facts, now) is not { } cause)
        {
            return null;
        }

        // The issue time of a token from the future does not say when the provider was last asked.
        var asked = facts.Token?.IssueTime;
        return cause == RefreshCause.Lost && asked <= now && now < asked + LeastGap
            ? new Decision.Wait(asked.Value + LeastGap)
            : GrantRules.Refresh(cause, facts);
    }

    // Compared with the client that the spec names now. Otherwise an earlier withdrawal would show whether this client exists.
    internal static bool WasWithdrawn(Facts facts) => CurrentRemoval(facts) is not null;

    internal static RemovalRecord? CurrentRemoval(Facts facts) =>
        facts.Token is null && facts.Removal is { } removal && removal.Inputs == facts.Connection.Inputs ? removal : null;

    private static bool HoldsASecretOfOurs(Facts facts) =>
        facts.Secret is SecretFacts.Owned
        || facts.OtherSecrets.Count > 0
        || (facts.Token is { } token && (facts.Secret is not SecretFacts.Foreign || token.SecretName != facts.Connection.SecretName));

    // While the client is refused, no token for its new id can be requested. Until then the Secret of the present token is kept right.
    private static bool AsksForTheSameToken(Facts facts, DateTimeOffset now) =>
        facts.Token is { } token
        && TokenInputs.Match(
            token.Inputs,
            facts.Connection.Inputs,
            BindingRefusal(facts.Client, facts.Connection, now) is null ? (facts.Client as ClientFacts.Usable)?.Inputs : null
        )
        && token.SecretName == facts.Connection.SecretName;

    private static bool IsLaidOut(Facts facts) => facts.Token?.Layout == facts.Connection.Layout;

    internal static RefreshCause? CauseToRefresh(Facts facts, DateTimeOffset now)
    {
        if (facts.Token is not { } token)
        {
            return RefreshCause.First;
        }

        var client = (facts.Client as ClientFacts.Usable)?.Inputs;
        return token switch
        {
            _ when !TokenInputs.Match(token.Inputs, facts.Connection.Inputs, client) => RefreshCause.InputsChanged,
            _ when token.SecretName != facts.Connection.SecretName => RefreshCause.SecretRenamed,
            _ when RequestRules.IsDue(facts, now) => RefreshCause.Requested,
            _ when facts.Secret is SecretFacts.Absent or SecretFacts.Offered || facts.Content is ContentFacts.Lost => RefreshCause.Lost,
            // A refresh token is never spent for it.
            _ when facts.Client is ClientFacts.Usable { TriesSecret: true } && facts.Grant is GrantFacts.NotNeeded =>
                RefreshCause.SecretChanged,
            _ when IsFromTheFuture(token.IssueTime, now) => RefreshCause.ClockSetBack,
            _ when token.RefreshTime <= now => RefreshCause.Due,
            _ when facts.Grant is GrantFacts.Held { Grant.KeepAliveTime: var keepAlive } && keepAlive <= now => RefreshCause.KeepAlive,
            _ when facts.Failure is { Stage: not (FailureStage.Withdrawing or FailureStage.Looking) } failure
                    && failure.Problem.Kind != FailureKind.NotThereYet => RefreshCause.Retry,
            // The process that began it may have ended before it could report a failure, or the connection was replaced since.
            _ when facts.Grant is GrantFacts.Held { Grant: { IsExchangeOpen: true, RefusalTime: null } } => RefreshCause.Retry,
            _ => null,
        };
    }

    /// <summary>What an attempt is made with: when it changes after a failure, the next attempt is due at once.</summary>
    public static string AttemptInputs(Facts facts) =>
        $"{facts.Connection.Inputs}.{(facts.Client as ClientFacts.Usable)?.Revision}.{facts.Connection.SecretName}{FamilyOf(facts)}";

    // A new consent is a new attempt.
    private static string FamilyOf(Facts facts) => facts.Grant is GrantFacts.Held held ? "." + held.Grant.Family : string.Empty;

    // The wait is for one missing object. It starts again when the spec names another one, or when a clock was set back.
    private static Decision Await(Problem problem, Facts facts, DateTimeOffset now)
    {
        var hasBegun = facts.Failure is { } failure
            && failure.IsRecordOf(problem)
            && failure.Inputs == facts.Connection.Inputs
            && !IsFromTheFuture(failure.LastFailureTime, now);
        var until = hasBegun ? facts.Failure!.NextAttemptTime : WholeSeconds.Ceiling(now + DependencyGrace);
        return now < until ? new Decision.Await(problem, until) : new Decision.Stall(problem);
    }

    // A foreign Secret that has the name of the grant Secret is not watched, so its deletion is noticed only by looking again.
    internal static DateTimeOffset NextSlowLook(Problem problem, Facts facts, DateTimeOffset now) =>
        facts.Failure is { } failure
        && failure.IsRecordOf(problem)
        && failure.NextAttemptTime > now
        && !IsFromTheFuture(failure.LastFailureTime, now)
            ? failure.NextAttemptTime
            : now + TimeSpan.FromMinutes(5);

    internal static bool IsFromTheFuture(DateTimeOffset recorded, DateTimeOffset now) => recorded - clockTolerance > now;
}
