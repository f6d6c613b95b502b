using static Lifecycle.Tests.Some;
using static Lifecycle.Tests.SomeGrant;

namespace Lifecycle.Tests;

/// <summary>The part of the policy that has to do with a person's grant, as one table.</summary>
internal static class GrantTable
{
    private static readonly DateTimeOffset tomorrow = Start.AddDays(1);

    public static readonly IReadOnlyList<PolicyRow> Rows =
    [
        // Nobody has consented
        new("a first consent is awaited", Unconsented(), Soon, new Decision.AwaitConsent(Lacking(Unconsented()), Until: null)),
        new("where there are consent pages, a link is made first", Unconsented().WithPages(), Soon, new Decision.Invite()),
        new(
            "a link that works is not replaced",
            Unconsented().InvitedUntil(tomorrow),
            Soon,
            new Decision.AwaitConsent(Lacking(Unconsented().WithPages()), tomorrow)
        ),
        new("a link that has expired is replaced", Unconsented().InvitedUntil(tomorrow), tomorrow, new Decision.Invite()),
        new(
            "a missing client beats a missing consent",
            Unconsented().ClientMissing(),
            Soon,
            new Decision.Await(Missing, Soon.AddMinutes(1))
        ),
        new("suspended beats a missing consent", Unconsented().Suspended(), Soon, new Decision.Suspend()),
        new("an invalid spec beats a missing consent", Unconsented().SpecInvalid(), Soon, new Decision.Stall(InvalidSpec)),
        new(
            "a consent that failed is awaited again",
            Unconsented().ConsentFailed(Failure),
            Soon,
            new Decision.AwaitConsent(Lacking(Unconsented()), Until: null)
        ),
        new("a grant that is gone stalls", Gone(), Soon, new Decision.Stall(Lacking(Gone()))),
        new("a request does not bring a grant back", Gone().Requested(), Soon, new Decision.Stall(Lacking(Gone()))),

        // Somebody consented
        new("what a consent gave is published", Consented(), Soon, new Decision.Publish()),
        new("a consent that was published rests until renewal", ServingForSomebody(), Soon, new Decision.Wait(Due)),
        new("what was exchanged and not published is published", ServingForSomebody().ExchangedAt(Soon), Soon, new Decision.Publish()),
        new(
            "of two exchanges within one second the second is published, too",
            ServingForSomebody().ExchangedAt(Start),
            Soon,
            new Decision.Publish()
        ),
        new(
            "what was exchanged before a clock was set back is published",
            ServingForSomebody().ExchangedAt(Start.AddSeconds(-5)),
            Soon,
            new Decision.Publish()
        ),
        new(
            "a request whose exchange was stored is published, not exchanged again",
            ServingForSomebody().Requested().ExchangedAt(Soon),
            Soon,
            new Decision.Publish()
        ),
        new("a deleted Secret is published again without an exchange", ServingForSomebody().SecretDeleted(), Soon, new Decision.Publish()),
        new("a renamed Secret is published without an exchange", ServingForSomebody().SecretRenamed(), Soon, new Decision.Publish()),
        new(
            "a deleted Secret takes an exchange when the held token is due",
            ServingForSomebody().SecretDeleted(),
            Due,
            new Decision.Exchange(RefreshCause.Lost)
        ),
        new(
            "but not while no exchange may be tried, as long as the held token is valid",
            ServingForSomebody().FailedWith(Refused, Due).SecretDeleted(),
            Due.AddSeconds(30),
            new Decision.Publish()
        ),
        new(
            "nor while another process exchanges",
            ServingForSomebody().SecretDeleted().OpenElsewhereUntil(Due.AddMinutes(1)),
            Due,
            new Decision.Publish()
        ),
        new(
            "once that process had its time, an exchange is made",
            ServingForSomebody().SecretDeleted().OpenElsewhereUntil(Due),
            Due,
            new Decision.Exchange(RefreshCause.Lost)
        ),
        new("nor when the grant was refused", ServingForSomebody().Refused().SecretDeleted(), Due, new Decision.Publish()),
        new(
            "one that expired is not put back",
            ServingForSomebody().FailedWith(Refused, Expired).SecretDeleted(),
            Expired,
            new Decision.BackOff(ServingForSomebody().FailedWith(Refused, Expired).Failure!)
        ),
        new("an access token that expired is not published", Consented(), Expired, new Decision.Exchange(RefreshCause.First)),
        new(
            "what could not be written is not written again at once",
            Consented().FailedWith(Unwritable, Soon),
            Soon,
            new Decision.BackOff(Consented().FailedWith(Unwritable, Soon).Failure!)
        ),
        new("drift is healed without an exchange", ServingForSomebody().Drifted(new ContentFacts.Healable()), Soon, new Decision.Rewrite()),
        // Exchanges
        new("a refresh token is spent when renewal is due", ServingForSomebody(), Due, new Decision.Exchange(RefreshCause.Due)),
        new("a changed client secret spends no refresh token", ServingForSomebody().TryingSecret(), Soon, new Decision.Wait(Due)),
        new("a request spends the refresh token", ServingForSomebody().Requested(), Soon, new Decision.Exchange(RefreshCause.Requested)),
        new(
            "a refresh token that nobody used is kept alive",
            ServingForSomebody().With(grant => grant with { KeepAliveTime = Soon }),
            Soon,
            new Decision.Exchange(RefreshCause.KeepAlive)
        ),
        new(
            "a grant is kept alive although its token cannot be published",
            ServingForSomebody().SecretForeign(),
            Start.AddDays(7),
            new Decision.Exchange(RefreshCause.KeepAlive)
        ),
        new(
            "also while a code was left behind that cannot be redeemed for as long",
            ServingForSomebody().SecretForeign().HandedOver(),
            Start.AddDays(7),
            new Decision.Exchange(RefreshCause.KeepAlive)
        ),
        new(
            "but not while another process exchanges",
            ServingForSomebody().SecretForeign().OpenElsewhereUntil(Start.AddDays(7).AddSeconds(8)),
            Start.AddDays(7),
            new Decision.Stall(SomebodyElses, Start.AddDays(7).AddMinutes(5))
        ),
        new(
            "it is once that process had its time",
            ServingForSomebody().SecretForeign().OpenElsewhereUntil(Start.AddDays(7)),
            Start.AddDays(7),
            new Decision.Exchange(RefreshCause.KeepAlive)
        ),
        new("a suspended connection keeps no grant alive", ServingForSomebody().Suspended(), Start.AddDays(7), new Decision.Suspend()),
        new(
            "a lost answer is asked for again after a second",
            ServingForSomebody().FailedWith(Outage, Due),
            Due.AddSeconds(1),
            new Decision.Exchange(RefreshCause.Due)
        ),
        new(
            "a lost answer is not asked for again at once",
            ServingForSomebody().FailedWith(Outage, Due),
            Due,
            new Decision.BackOff(ServingForSomebody().FailedWith(Outage, Due).Failure!)
        ),
        new(
            "that an exchange of another process is taken over is announced first",
            ServingForSomebody().OpenElsewhere(),
            Soon,
            new Decision.AnnounceTakeover()
        ),
        new(
            "also when a refresh is requested",
            ServingForSomebody().Requested().OpenElsewhere(),
            Soon,
            new Decision.AnnounceTakeover()
        ),
        new(
            "also when the refresh token is kept alive",
            ServingForSomebody().SecretForeign().OpenElsewhere(),
            Start.AddDays(7),
            new Decision.AnnounceTakeover()
        ),
        new(
            "an exchange of another process is waited for",
            ServingForSomebody().OpenElsewhereUntil(Due.AddSeconds(8)),
            Due,
            new Decision.Wait(Due.AddSeconds(8))
        ),
        new(
            "an exchange of another process is waited for on request, too",
            ServingForSomebody().Requested().OpenElsewhereUntil(Soon.AddSeconds(8)),
            Soon,
            new Decision.Wait(Soon.AddSeconds(8))
        ),
        new(
            "a process that never came back is not waited for longer",
            ServingForSomebody().OpenElsewhereUntil(Due),
            Due,
            new Decision.Exchange(RefreshCause.Due)
        ),
        new(
            "an exchange that stands open is ended although nothing is due",
            ServingForSomebody().With(grant => grant with { IsExchangeOpen = true }),
            Soon,
            new Decision.Exchange(RefreshCause.Retry)
        ),
        new(
            "a token of an earlier client object takes an exchange",
            ServingForSomebody().ClientChanged(),
            Soon,
            new Decision.Exchange(RefreshCause.InputsChanged)
        ),
        // Grants that may not be used
        new(
            "a refused grant is not sent again",
            ServingForSomebody().Refused(),
            Due,
            new Decision.Stall(Lacking(ServingForSomebody().Refused()))
        ),
        new("a refused grant makes a link", ServingForSomebody().WithPages().Refused(), Soon, new Decision.Invite()),
        new(
            "a request tries a refused grant once more",
            ServingForSomebody().Refused().Requested(),
            Soon,
            new Decision.Exchange(RefreshCause.Requested)
        ),
        new(
            "a handled request does not try a refused grant",
            ServingForSomebody().Refused().Requested().FailedWith(Outage, Soon),
            Soon.AddMinutes(1),
            new Decision.Stall(Lacking(ServingForSomebody().Refused()))
        ),
        new(
            "what a grant holds and may not be published is not",
            Consented().With(Objected),
            Soon,
            new Decision.Exchange(RefreshCause.First)
        ),
        new("nor is it while an older token serves", ServingForSomebody().ExchangedAt(Soon).With(Objected), Soon, new Decision.Wait(Due)),
        new(
            "while a grant is refused, its token in a deleted Secret is still published again",
            ServingForSomebody().Refused().SecretDeleted(),
            Soon,
            new Decision.Publish()
        ),
        new(
            "a grant for another spec is not sent anywhere",
            ServingForSomebody().BoundToSomethingElse().ScopesChanged(),
            Soon,
            new Decision.Stall(Lacking(ServingForSomebody().BoundToSomethingElse()))
        ),
        new(
            "not on request either",
            ServingForSomebody().BoundToSomethingElse().ScopesChanged().Requested(),
            Soon,
            new Decision.Stall(Lacking(ServingForSomebody().BoundToSomethingElse()))
        ),
        new(
            "nor is it kept alive",
            ServingForSomebody().BoundToSomethingElse(),
            Start.AddDays(7),
            new Decision.Stall(Lacking(ServingForSomebody().BoundToSomethingElse()))
        ),
        new("a grant that was used elsewhere is not sent", UsedElsewhere(), Due, new Decision.Stall(Lacking(UsedElsewhere()))),
        new(
            "a grant Secret of somebody else stalls and is looked at again",
            Unconsented() with
            {
                Grant = new GrantFacts.Unusable(NotOwned),
            },
            Soon,
            new Decision.Stall(NotOwned, Soon.AddMinutes(5))
        ),
        // Codes that were handed over
        new("a code that was handed over is redeemed", Unconsented().HandedOver(), Soon, new Decision.Redeem()),
        new("a code that was handed over beats a grant that serves", ServingForSomebody().HandedOver(), Soon, new Decision.Redeem()),
        new("a code that was handed over beats a refused grant", ServingForSomebody().Refused().HandedOver(), Soon, new Decision.Redeem()),
        new(
            "a code is not spent while somebody else's Secret stands in the place of the grant",
            (Unconsented() with { Grant = new GrantFacts.Unusable(NotOwned) }).HandedOver(),
            Soon,
            new Decision.Stall(NotOwned, Soon.AddMinutes(5))
        ),
        new(
            "a code waits while the client is missing",
            Unconsented().HandedOver().ClientMissing(),
            Soon,
            new Decision.Await(Missing, Soon.AddMinutes(1))
        ),
        new(
            "a code that failed is not redeemed again",
            Unconsented().HandedOver().ConsentFailed(Failure),
            Soon,
            new Decision.AwaitConsent(Lacking(Unconsented()), Until: null)
        ),
        new(
            "a code that cannot be sent is left where it is for 5 s",
            ServingForSomebody().HandedOver().Obstructed(),
            Soon.AddSeconds(4.9),
            new Decision.Wait(Due)
        ),
        new("then it is tried again", ServingForSomebody().HandedOver().Obstructed(), Soon.AddSeconds(5), new Decision.Redeem()),
        new(
            "an obstacle that ends sooner is not asked after at once",
            ServingForSomebody().HandedOver().Obstructed(TimeSpan.FromSeconds(1)),
            Soon.AddSeconds(4.9),
            new Decision.Wait(Due)
        ),
        new(
            "a code is left for as long as the provider asks",
            ServingForSomebody().HandedOver().Obstructed(TimeSpan.FromSeconds(40)),
            Soon.AddSeconds(39.9),
            new Decision.Wait(Due)
        ),
        new(
            "but for no longer than a minute at a time",
            ServingForSomebody().HandedOver().Obstructed(TimeSpan.FromHours(1)),
            Soon.AddMinutes(1),
            new Decision.Redeem()
        ),
        new(
            "a code that was left for 4:59 minutes is still waited for",
            ServingForSomebody().HandedOver().Obstructed(waitedSeconds: 299),
            Soon,
            new Decision.Wait(Due)
        ),
        new(
            "one that was left for as long as codes live is taken all the same",
            ServingForSomebody().HandedOver().Obstructed(waitedSeconds: 300),
            Soon,
            new Decision.Redeem(IsOverdue: true)
        ),
        new(
            "a missing client is told before an obstacle",
            Unconsented().HandedOver().Obstructed().ClientMissing(),
            Soon,
            new Decision.Await(Missing, Soon.AddMinutes(1))
        ),
        new("a code means nothing to a connection that needs no grant", Serving().HandedOver(), Soon, new Decision.Wait(Due)),
        // What becomes of a grant once its connection is gone
        new("what is to become of a grant is noted beside it", ServingForSomebody().WithOldNote(), Soon, new Decision.Note()),
        new(
            "it is noted while the connection is suspended, too",
            ServingForSomebody().WithOldNote().Suspended(),
            Soon,
            new Decision.Note()
        ),
        new(
            "what an invalid spec says of it is not noted",
            ServingForSomebody().WithOldNote().SpecInvalid(),
            Soon,
            new Decision.Stall(InvalidSpec)
        ),
        // Consents that end
        new(
            "before a consent ends a link is made",
            ServingForSomebody().WithPages().With(grant => grant with { ConsentExpirationTime = Start.AddDays(20) }),
            Soon,
            new Decision.Invite()
        ),
        new(
            "with a link for it the connection rests",
            ServingForSomebody().InvitedUntil(tomorrow).With(grant => grant with { ConsentExpirationTime = Start.AddDays(20) }),
            Soon,
            new Decision.Wait(Due)
        ),
        new("a consent that lasts makes no link", ServingForSomebody().WithPages(), Soon, new Decision.Wait(Due)),
    ];

    private static GrantRecord Objected(GrantRecord grant) =>
        grant with
        {
            Objection = WrongTenant,
        };

    private static Facts Gone() => Unconsented() with { Consent = new ConsentFacts { RecordedSequence = 3 } };

    private static Facts UsedElsewhere() => Serving() with { Grant = new GrantFacts.Unusable(Elsewhere) };

    private static Problem Lacking(Facts facts) => ConsentLacking.Of(facts);
}
