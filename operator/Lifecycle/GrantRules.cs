namespace Lifecycle;

/// <summary>
/// The rules for connections that act for a person. They are among those of <see cref="Policy"/>, in whose order they are called, and
/// decide nothing where no grant is needed.
/// </summary>
internal static class GrantRules
{
    private static readonly TimeSpan shortestHold = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan longestHold = TimeSpan.FromMinutes(1);

    /// <summary>True when only a new consent helps, and nothing asks for one more attempt.</summary>
    public static bool NeedsConsent(Facts facts, DateTimeOffset now) => facts.Grant switch
    {
        GrantFacts.None => true,
        GrantFacts.Unusable unusable => unusable.Problem.Kind == FailureKind.NeedsConsent,
        GrantFacts.Held { Grant.IsBound: false } => true,
        GrantFacts.Held { Grant.RefusalTime: not null } => !RequestRules.IsDue(facts, now),
        _ => false,
    };

    /// <summary>True when status offers a link: a consent is needed, or will be soon.</summary>
    public static bool OffersLink(Facts facts, DateTimeOffset now) =>
        NeedsConsent(facts, now)
        || (facts.Grant is GrantFacts.Held { Grant.ConsentExpirationTime: { } expiry } && ExpiryWarnings.IsDue(expiry, now));

    // Unused refresh tokens expire. They are used in time also while the access token cannot be published, and while a code waits: it may
    // be left there for as long as something else is in its way, and one exchange more does it no harm.
    public static Decision? KeepTheGrantAlive(Facts facts, DateTimeOffset now) =>
        facts
            is
        {
            Grant: GrantFacts.Held { Grant: var grant },
            Client: ClientFacts.Usable,
            Connection: { IsSuspended: false, SpecProblem: null }
        }
        && IsSpendable(grant, now)
        && grant.KeepAliveTime <= now
        && Policy.BindingRefusal(facts.Client, facts.Connection, now) is null
        && Policy.BindingFailure(facts, now) is null
            ? Refresh(RefreshCause.KeepAlive, facts)
            : null;

    // Once the connection is deleted, a process that never saw it knows only the note. It is updated even while suspended, since the next
    // exchange, which would also update it, may never come.
    public static Decision? UpdateTheNoteOfTheGrant(Facts facts, DateTimeOffset now) =>
        facts is { Grant: GrantFacts.Held { Grant.IsNoteOutdated: true }, Connection.SpecProblem: null } ? new Decision.Note() : null;

    // Where a foreign Secret has the name of the grant Secret, the code would be spent for nothing.
    public static Decision? RedeemAHandedOverCode(Facts facts, DateTimeOffset now) =>
        facts
            is
        {
            Consent: { HasHandoff: true } consent,
            Grant: not (GrantFacts.NotNeeded or GrantFacts.Unusable { Problem.Kind: not FailureKind.NeedsConsent })
        }
        && !(now < HandoffWaitsUntil(consent))
            ? new Decision.Redeem(consent.HandoffObstacle is { IsOverdue: true })
            : null;

    /// <summary>
    /// Until when a handed-over code is left in its Secret, since it cannot be sent; null when it is not left. One that is older than codes
    /// live is taken, so that its expiry is reported.
    /// </summary>
    public static DateTimeOffset? HandoffWaitsUntil(ConsentFacts consent) =>
        consent.HandoffObstacle is { IsOverdue: false } obstacle
            ? WholeSeconds.Ceiling(obstacle.SeenTime + Hold(obstacle.RetryAfter ?? shortestHold))
            : null;

    private static TimeSpan Hold(TimeSpan asked) =>
        asked < shortestHold ? shortestHold
        : asked > longestHold ? longestHold
        : asked;

    public static Decision? AskForAConsent(Facts facts, DateTimeOffset now)
    {
        if (facts.Grant is GrantFacts.Unusable { Problem: { Kind: not FailureKind.NeedsConsent } problem })
        {
            return new Decision.Stall(problem, Policy.NextSlowLook(problem, facts, now));
        }

        if (!NeedsConsent(facts, now))
        {
            return null;
        }

        if (IsToInvite(facts, now))
        {
            return new Decision.Invite();
        }

        // A first consent is part of setting a connection up; one that was lost is a fault.
        var lacking = ConsentLacking.Of(facts);
        return ConsentLacking.IsOfFirstConsent(facts)
            ? new Decision.AwaitConsent(lacking, facts.Consent.Invitation?.ExpirationTime)
            : new Decision.Stall(lacking, facts.Consent.Invitation?.ExpirationTime);
    }

    // Before a consent ends, the same person can give it again without the connection ever being without a token.
    public static Decision? InviteBeforeTheConsentEnds(Facts facts, DateTimeOffset now) =>
        OffersLink(facts, now) && IsToInvite(facts, now) ? new Decision.Invite() : null;

    // The refresh token may be spent already, and the new one about to be stored.
    public static Decision? AwaitAnExchangeElsewhere(Facts facts, DateTimeOffset now) =>
        facts.Grant is GrantFacts.Held { Grant.OpenElsewhereUntil: { } until } && now < until ? new Decision.Wait(until) : null;

    public static Decision? PublishTheTokenOfTheGrant(Facts facts, DateTimeOffset now)
    {
        if (facts.Grant is not GrantFacts.Held { Grant: { IsBound: true, Objection: null, AccessToken: var held } grant })
        {
            return null;
        }

        // Once its renewal is due, a new token is better. While no new token can be obtained, the held one is published until it expires.
        var pending = Policy.BindingFailure(facts, now);
        var mayExchange = pending is null
            && grant.RefusalTime is null
            && !(now < grant.OpenElsewhereUntil)
            && Policy.BindingRefusal(facts.Client, facts.Connection, now) is null;
        var isAnother = held.Fingerprint != facts.Token?.Fingerprint && now < held.ExpirationTime;
        var isMissing =
            now < (mayExchange ? held.RefreshTime : held.ExpirationTime)
            && Policy.CauseToRefresh(facts, now)
                is RefreshCause.First
                    or RefreshCause.Lost
                    or RefreshCause.SecretRenamed
                    or RefreshCause.InputsChanged;
        return (isAnother || isMissing) && IsAsAsked(held, facts) && pending is not { IsOfWriting: true }
            ? new Decision.Publish()
            : null;
    }

    /// <summary>How to get another token: with the stored refresh token if there is one.</summary>
    public static Decision Refresh(RefreshCause cause, Facts facts) => facts.Grant switch
    {
        GrantFacts.Held { Grant.IsTakeoverToAnnounce: true } => new Decision.AnnounceTakeover(),
        GrantFacts.Held => new Decision.Exchange(cause),
        _ => new Decision.Request(cause),
    };

    /// <summary>True when the stored refresh token may be sent.</summary>
    private static bool IsSpendable(GrantRecord grant, DateTimeOffset now) =>
        grant.IsBound
        && grant.RefusalTime is null
        && (grant.OpenElsewhereUntil is not { } until || until <= now);

    private static bool IsToInvite(Facts facts, DateTimeOffset now) =>
        facts.Consent.CanInvite && (facts.Consent.Invitation is not { } invitation || invitation.ExpirationTime <= now);

    private static bool IsAsAsked(TokenRecord held, Facts facts) =>
        TokenInputs.Match(held.Inputs, facts.Connection.Inputs, (facts.Client as ClientFacts.Usable)?.Inputs);
}
