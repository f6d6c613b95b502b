namespace Lifecycle;

/// <summary>The facts as they are after a step that has to do with a person's grant.</summary>
public static class FactsAfterConsent
{
    /// <summary>
    /// The new refresh token is stored: the failure is over, and so is the request that it was exchanged for. It may come from an exchange
    /// before the present request, whose result could not be stored then.
    /// </summary>
    public static Facts Renewed(this Facts facts, GrantRecord grant) => facts.AnsweredBy(grant) with
    {
        Client = facts.Client.Tried(),
        Grant = new GrantFacts.Held(grant),
        Failure = null,
        EarlierAttempt = null,
    };

    /// <summary>
    /// The request that the held token was exchanged for is answered, also where the process that exchanged it did not live to say so.
    /// Every other request stays open: publishing asks nothing of the provider.
    /// </summary>
    public static Facts AnsweredBy(this Facts facts, GrantRecord grant) =>
        grant.AnsweredRequest is { } answered && answered == facts.Connection.RequestedAt
            ? facts with
            {
                Connection = facts.Connection.Answered(grant.AccessToken.IssueTime),
            }
            : facts;

    /// <summary>
    /// The held token was published. A failed exchange stays on record, unless the token came later: publishing it does not show what the
    /// provider answers now. If the published token is new, its refresh token was stored, so that failure is over.
    /// </summary>
    public static Facts HeldPublished(this Facts facts, TokenRecord token)
    {
        var (published, isNew) = (facts.Published(token), !(token.IssueTime <= facts.Token?.IssueTime));
        return published with
        {
            Failure = published.Failure is { } failure
                && failure.Inputs == Policy.AttemptInputs(facts)
                && (failure.IsOfRequest || (failure.Stage == FailureStage.Storing && !isNew))
                ? failure
                : null,
        };
    }

    /// <summary>A code was redeemed and the grant that it gave is stored.</summary>
    public static Facts Redeemed(this Facts facts, GrantRecord grant) =>
        facts.Renewed(grant) with { Consent = facts.Consent with { HasHandoff = false, LastFailure = null } };

    /// <summary>A consent gave no grant. What was there before is untouched.</summary>
    public static Facts ConsentFailed(this Facts facts, ConsentFailure failure) =>
        facts with
        {
            Consent = facts.Consent with { HasHandoff = false, LastFailure = failure },
        };

    /// <summary>The handed-over code is gone, and its outcome is not known yet.</summary>
    public static Facts HandoffGone(this Facts facts) => facts with { Consent = facts.Consent with { HasHandoff = false } };

    /// <summary>The handed-over code cannot be sent at the moment, and is still in its Secret.</summary>
    public static Facts HandoffObstructed(this Facts facts, HandoffObstacle obstacle) =>
        facts with
        {
            Consent = facts.Consent with { HandoffObstacle = obstacle },
        };

    /// <summary>A link was made at which a person can consent.</summary>
    public static Facts Invited(this Facts facts, Invitation invitation) =>
        facts with
        {
            Consent = facts.Consent with { Invitation = invitation },
        };

    /// <summary>The provider no longer accepts the grant, which is on record where the grant is stored.</summary>
    public static Facts GrantRefused(this Facts facts, GrantRecord grant, DateTimeOffset now)
    {
        var refused = facts with { Grant = new GrantFacts.Held(grant) };
        return refused.Failed(ConsentLacking.Of(refused), retryAfter: null, now, random: 0);
    }

    /// <summary>The note of the grant is up to date, or must not be written.</summary>
    public static Facts Noted(this Facts facts, GrantRecord grant) =>
        facts with
        {
            Grant = new GrantFacts.Held(grant with { IsNoteOutdated = false }),
        };

    /// <summary>The exchange of another process is open, and its takeover is announced.</summary>
    public static Facts TakeoverAnnounced(this Facts facts, GrantRecord grant) => facts with { Grant = new GrantFacts.Held(grant) };
}
