namespace Lifecycle;

/// <summary>The facts as they are after a step, so that the policy can decide again without a second observation.</summary>
public static class FactsAfter
{
    /// <summary>
    /// A token was published, recorded, acknowledged or written again. A token that was issued after the last failure ends that failure:
    /// the process that got it ended before it could record so. A write that succeeds ends a write that failed.
    /// </summary>
    public static Facts Published(this Facts facts, TokenRecord token) => facts with
    {
        Token = token,
        Former = facts.Former
            ?? (facts.Token is { } before && before.SecretName != token.SecretName ? new FormerToken(before, Failure: null) : null),
        Secret = new SecretFacts.Owned(token.SecretResourceVersion),
        Content = null,
        Removal = null,
        EarlierAttempt = null,
        Failure = Remaining(facts) is { } failure && !(failure.LastFailureTime < token.IssueTime) ? failure : null,
    };

    /// <summary>The Secrets of earlier names are removed, or left to a person.</summary>
    public static Facts FormerRemoved(this Facts facts) => facts with { Former = null, OtherSecrets = [] };

    /// <summary>
    /// A reconcile ends before the Secret of an earlier name is removed: the token there stays on record, and the next one tries again. So
    /// does the name that the token has moved to, since the spec may name another one by then.
    /// </summary>
    public static Facts FormerKept(this Facts facts) =>
        facts is { Former: { } former, Token: { } moved }
            ? facts with
            {
                Token = former.Token,
                Failure = former.Failure,
                Former = null,
                OtherSecrets = [.. facts.OtherSecrets, moved.SecretName],
            }
            : facts;

    // The failures that remain after a write succeeded.
    private static FailureRecord? Remaining(Facts facts) =>
        facts.Failure is { IsOfWriting: true } ? AttemptBehindWrite(facts) : facts.Failure;

    /// <summary>
    /// A token of ours was found that status did not know. It ends earlier failures. The request that it answers counts as handled only
    /// while it is the present request; nothing else that the Secret says about requests is believed.
    /// </summary>
    public static Facts Recorded(this Facts facts, Decision.RecordToken step)
    {
        var published = facts.Published(step.Token);
        return published with
        {
            // The token moved in an earlier reconcile. What could not be written since is the removal of the Secret of the earlier name.
            Former = published.Former is { } former
                ? former with { Failure = facts.Failure is { IsOfWriting: true } failure ? failure : null }
                : null,
            Failure = null,
            Secret = facts.Secret,
            Connection = step.AnsweredRequest is { } answered
                && answered == facts.Connection.RequestedAt
                && facts.Connection.HasUnhandledRequest
                ? facts.Connection with { HandledRequest = answered, HandledRequestTime = RequestRules.Attempted(step.Token.IssueTime) }
                : facts.Connection,
        };
    }

    /// <summary>
    /// Another replica published a newer token while this one had something to write: the Secret must be looked at again.
    /// </summary>
    public static Facts Overtaken(this Facts facts, SecretFacts secret) =>
        facts with
        {
            Secret = secret,
            Content = null,
            Client = facts.Client.Tried(),
        };

    /// <summary>An attempt to get a token succeeded: the request, if any, is answered and the failure is over.</summary>
    public static Facts Succeeded(this Facts facts, TokenRecord token) => facts.Published(token) with
    {
        Failure = null,
        Client = facts.Client.Tried(),
        Connection = facts.Connection.Answered(token.IssueTime),
    };

    /// <summary>
    /// A token was stored that an earlier attempt obtained and could not store. It does not answer a request that came since.
    /// </summary>
    public static Facts SucceededLate(this Facts facts, TokenRecord token) =>
        facts.Succeeded(token) with { Connection = facts.Connection };

    /// <summary>
    /// An attempt failed. Failures count up while the same thing is attempted and fails alike. A request for a refresh is answered by an
    /// attempt at the provider, and where the client does not allow one. If only a write failed, the provider was not asked: the request
    /// stays open.
    /// </summary>
    /// <param name="facts">The facts that the attempt was made on.</param>
    /// <param name="problem">What went wrong.</param>
    /// <param name="retryAfter">What the provider asked for, or null.</param>
    /// <param name="now">When the attempt failed.</param>
    /// <param name="random">A random number in [0, 1) for the jitter.</param>
    /// <param name="pendingAnswer">
    /// The request that a token in memory, which could not be stored, is the answer to; null when no token waits in memory.
    /// </param>
    public static Facts Failed(
        this Facts facts,
        Problem problem,
        TimeSpan? retryAfter,
        DateTimeOffset now,
        double random,
        string? pendingAnswer = null
    )
    {
        var isWrite = problem.Stage is FailureStage.Writing or FailureStage.WritingTakenName;
        var isDue = RequestRules.IsDue(facts, now);
        var isAnswered = problem.Stage is FailureStage.Requesting or FailureStage.Authenticating or FailureStage.Withdrawing
            || IsAnswerPending(facts, pendingAnswer);
        var attempt = isDue && isAnswered ? null : WaitingAttempt(facts, now);
        var earlier = !isWrite ? attempt ?? facts.Failure : facts.Failure == attempt ? null : facts.Failure;
        return facts with
        {
            EarlierAttempt = isWrite ? attempt : null,
            Content = facts.Secret is SecretFacts.Absent or SecretFacts.Offered ? facts.Content : null,
            Client = facts.Client.Tried(),
            // A request that still waits did not fail.
            Connection = !isDue ? facts.Connection : isAnswered ? facts.Connection.Answered(now) : facts.Connection.Delayed(now),
            Failure = FailureRecord.After(
                earlier is { IsOfLooking: true } ? null : earlier,
                problem,
                Policy.AttemptInputs(facts),
                now,
                attempts => InTime(facts, problem, DelayOf(facts, problem.Kind, attempts, random, retryAfter), now)
            ),
        };
    }

    /// <summary>
    /// The attempt did not come about: the provider is not asked for now, or the turn did not come, and nothing was sent. It fails as
    /// <see cref="Failed"/> says, but a request for a refresh stays open, unless a token in memory is its answer.
    /// </summary>
    public static Facts FailedUnsent(
        this Facts facts,
        Problem problem,
        TimeSpan? retryAfter,
        DateTimeOffset now,
        double random,
        string? pendingAnswer = null
    )
    {
        var failed = facts.Failed(problem, retryAfter, now, random, pendingAnswer);
        return RequestRules.IsDue(facts, now) && !IsAnswerPending(facts, pendingAnswer)
            ? failed with
            {
                Connection = facts.Connection.Delayed(now),
                // It comes again every few seconds. Counted, it would use up the quick retries that a lost answer needs.
                Failure = failed.Failure! with { Attempts = Math.Max(1, failed.Failure.Attempts - 1) },
            }
            : failed;
    }

    // The failed attempt at the provider that a write leaves as it is, be it in status or behind a write that failed before.
    private static FailureRecord? WaitingAttempt(Facts facts, DateTimeOffset now) => facts.Failure switch
    {
        { IsOfWriting: true } => AttemptBehindWrite(facts),
        { IsOfRequest: true } attempt when Policy.IsPending(attempt, facts, now) => attempt,
        _ => null,
    };

    private static bool IsAnswerPending(Facts facts, string? pendingAnswer) =>
        (pendingAnswer ?? (facts.Grant as GrantFacts.Held)?.Grant.AnsweredRequest) is { } answered
        && answered == facts.Connection.RequestedAt;

    private static FailureRecord? AttemptBehindWrite(Facts facts) =>
        facts.EarlierAttempt is { } attempt && attempt.Inputs == Policy.AttemptInputs(facts) ? attempt : null;

    /// <summary>
    /// A look failed, so nothing was attempted. A request for a refresh stays open. The record of a failed attempt stays, if its next
    /// attempt comes later than the next look and the spec still asks for the same.
    /// </summary>
    /// <param name="facts">What is known; <see cref="Facts.FailedLook"/> is the look that failed before this one.</param>
    /// <param name="problem">What went wrong.</param>
    /// <param name="retryAfter">What the API server asked for, or null.</param>
    /// <param name="now">When the look failed.</param>
    /// <param name="random">A random number in [0, 1) for the jitter.</param>
    public static Facts LookFailed(this Facts facts, Problem problem, TimeSpan? retryAfter, DateTimeOffset now, double random)
    {
        var look = NextLook(facts, problem, retryAfter, now, random);
        return facts with
        {
            Content = null,
            FailedLook = look,
            Failure = facts.Failure is { IsOfLooking: false, Problem.Kind: not FailureKind.NotThereYet } attempt
                && attempt.NextAttemptTime > look.NextAttemptTime
                && attempt.Inputs?.StartsWith(facts.Connection.Inputs + ".", StringComparison.Ordinal) == true
                && !Policy.IsFromTheFuture(attempt.LastFailureTime, now)
                ? attempt
                : look,
        };
    }

    // A look before its due time does not count. Otherwise a wake-up would delay the next look.
    private static FailureRecord NextLook(Facts facts, Problem problem, TimeSpan? retryAfter, DateTimeOffset now, double random)
    {
        var inputs = Policy.AttemptInputs(facts);
        var former = facts.FailedLook ?? (facts.Failure is { IsOfLooking: true } recorded ? recorded : null);
        return former?.IsLike(problem, inputs) == true
            && now < former.NextAttemptTime
            && !Policy.IsFromTheFuture(former.LastFailureTime, now)
                ? former with { Problem = problem }
                : FailureRecord.After(
                    former,
                    problem,
                    inputs,
                    now,
                    attempts => InTime(facts, problem, FailureBackoff.Delay(problem.Kind, attempts, random, retryAfter), now)
                );
    }

    // What an attempt found out about the client is known from the next observation on.
    internal static ClientFacts Tried(this ClientFacts client) =>
        client is ClientFacts.Usable usable ? usable with { TriesSecret = false, Refusal = null } : client;

    // What the API server does not permit (403, or a policy) may be permitted at any time. The retry costs the provider nothing: a token
    // that could not be written is kept in memory.
    private static TimeSpan InTime(Facts facts, Problem problem, TimeSpan delay, DateTimeOffset now)
    {
        if (problem is not { Kind: FailureKind.NeedsPerson, Stage: FailureStage.Writing or FailureStage.Looking })
        {
            return delay;
        }

        var inTime = facts.Token is { } token ? FailureBackoff.InTime(delay, token.ExpirationTime - now) : delay;
        return facts.Grant is GrantFacts.Held { Grant: { RefusalTime: null } grant } && grant.UnusedUntil > now
            ? FailureBackoff.InTime(inTime, grant.UnusedUntil - now)
            : inTime;
    }

    private static TimeSpan DelayOf(Facts facts, FailureKind kind, int attempts, double random, TimeSpan? retryAfter) =>
        facts.Grant is GrantFacts.Held
            ? FailureBackoff.DelayOfExchange(kind, attempts, random, retryAfter)
            : FailureBackoff.Delay(kind, attempts, random, retryAfter);

    /// <summary>
    /// Our Secret was deleted, or our keys were taken out of one that is lent, because the client does not allow the connection. The
    /// connection stalls at once, without the wait for missing objects.
    /// </summary>
    public static Facts Withdrawn(this Facts facts, Problem problem, DateTimeOffset now) => facts with
    {
        Token = null,
        Former = null,
        OtherSecrets = [],
        Secret = facts.Token is { IsSecretLent: true } ? new SecretFacts.Offered() : new SecretFacts.Absent(),
        Content = null,
        EarlierAttempt = null,
        Removal = new RemovalRecord(WholeSeconds.Floor(now), problem.Reason, facts.Connection.Inputs),
        Failure = FailureRecord.Of(problem, facts.Connection.Inputs, now, WholeSeconds.Floor(now)),
    };
}
