namespace Lifecycle.Tests;

/// <summary>Facts of connections that act for a person, and what may happen to them.</summary>
internal static class SomeGrant
{
    public const string Link = "https://operator.example.com/connect/customer-a/acme?start=s";

    public static readonly Problem Elsewhere = new(
        Reason.GrantUsedElsewhere,
        "The stored grant (sequence 3) is older than one that was used already.",
        FailureKind.NeedsConsent
    );

    public static readonly Problem NotOwned = new(Reason.GrantNotOwned, "Secret acme-visma-grant does not hold the grant. Delete it.");

    public static readonly Problem WrongTenant = new(Reason.TenantMismatch, "The token is for another tenant. Consent again.");

    public static readonly ConsentFailure Failure = new(WrongTenant, Some.Soon);

    public static readonly DateTimeOffset ConsentEnd = Some.Start.AddDays(365);

    /// <summary>Nobody has consented yet, and the operator serves no consent pages.</summary>
    public static Facts Unconsented() => Some.Facts() with { Grant = new GrantFacts.None() };

    /// <summary>Somebody just consented; nothing is published yet.</summary>
    public static Facts Consented() => Some.Facts().Holding(Grant());

    /// <summary>A connection whose token of an hour was exchanged and published at <see cref="Some.Start"/>.</summary>
    public static Facts ServingForSomebody() =>
        Some.Serving().Holding(Grant()) with
        {
            Consent = new ConsentFacts { RecordedSequence = 3 },
        };

    /// <summary>A grant whose access token was issued at <see cref="Some.Start"/>.</summary>
    public static GrantRecord Grant() => new()
    {
        Family = "f1",
        Sequence = 3,
        IsBound = true,
        GrantTime = Some.Start.AddDays(-1),
        GrantedBy = "somebody",
        ConsentExpirationTime = ConsentEnd,
        KeepAliveTime = Some.Start.AddDays(7),
        AccessToken = Some.Token() with
        {
            IssueTime = Some.Start,
            ExpirationTime = Some.Expired,
            RefreshTime = Some.Due,
            Inputs = TokenInputs.Join("c1", "k1"),
            Fingerprint = "f1",
        },
    };

    public static Facts Holding(this Facts facts, GrantRecord grant) => facts with { Grant = new GrantFacts.Held(grant) };

    public static Facts With(this Facts facts, Func<GrantRecord, GrantRecord> change) =>
        facts.Holding(change(((GrantFacts.Held)facts.Grant).Grant));

    public static Facts Refused(this Facts facts) => facts.With(grant => grant with { RefusalTime = Some.Start });

    public static Facts BoundToSomethingElse(this Facts facts) => facts.With(grant => grant with { IsBound = false });

    public static Facts WithOldNote(this Facts facts) => facts.With(grant => grant with { IsNoteOutdated = true });

    public static Facts OpenElsewhereUntil(this Facts facts, DateTimeOffset until) =>
        facts.With(grant => grant with { OpenElsewhereUntil = until });

    public static Facts OpenElsewhere(this Facts facts) =>
        facts.With(grant => grant with { IsExchangeOpen = true, IsTakeoverToAnnounce = true });

    public static Facts ExchangedAt(this Facts facts, DateTimeOffset issued) =>
        facts.With(grant =>
            grant with
            {
                Sequence = grant.Sequence + 1,
                AccessToken = grant.AccessToken with
                {
                    IssueTime = issued,
                    ExpirationTime = issued + Some.Hour,
                    RefreshTime = issued.AddMinutes(35),
                    Fingerprint = "f2",
                },
            }
        );

    public static Facts WithPages(this Facts facts) => facts with { Consent = facts.Consent with { CanInvite = true } };

    public static Facts InvitedUntil(this Facts facts, DateTimeOffset until) => facts.WithPages().Invited(new Invitation(Link, until));

    /// <summary>The code that was handed over could not be sent when somebody looked, at <see cref="Some.Soon"/>.</summary>
    public static Facts Obstructed(this Facts facts, TimeSpan? retryAfter = null, int waitedSeconds = 0) =>
        facts.HandoffObstructed(new HandoffObstacle(Some.Soon, retryAfter, TimeSpan.FromSeconds(waitedSeconds)));

    public static Facts HandedOver(this Facts facts) => facts with { Consent = facts.Consent with { HasHandoff = true } };
}
