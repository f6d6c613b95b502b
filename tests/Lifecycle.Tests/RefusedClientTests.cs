using CsCheck;
using Xunit;
using static Lifecycle.Tests.Some;
using static Lifecycle.Tests.SomeGrant;

namespace Lifecycle.Tests;

/// <summary>
/// The provider refused every secret of a client. Its connections ask for nothing before the client may be tried again, unless somebody
/// asks for a refresh. What needs no provider goes on.
/// </summary>
public sealed class RefusedClientTests
{
    private static readonly DateTimeOffset retry = Soon.AddMinutes(4);

    private static readonly Decision waits = new Decision.Stall(Refused, retry);

    private static readonly DateTimeOffset keepAlive = Grant().KeepAliveTime;

    private static readonly GrantRecord answered =
        ((GrantFacts.Held)ServingForSomebody().ExchangedAt(Soon).Grant).Grant with { AnsweredRequest = "now" };

    public static TheoryData<string, Facts, DateTimeOffset, Decision> Table() =>
        new()
        {
            { "a first token is not asked for", Rejected(Facts()), Soon, waits },
            { "until the client may be tried again", Rejected(Facts()), retry, new Decision.Request(RefreshCause.First) },
            { "a moment earlier it may not", Rejected(Facts()), retry.AddTicks(-1), waits },
            { "a token in service says that it will not be renewed", Rejected(Serving()), Soon, waits },
            { "it stays refused until somebody succeeds", Rejected(Serving()), retry, new Decision.Stall(Refused, Due) },
            { "a renewal waits", Rejected(Serving(), Due.AddMinutes(4)), Due, new Decision.Stall(Refused, Due.AddMinutes(4)) },
            { "a renewal is made in time", Rejected(Serving()), Due, new Decision.Request(RefreshCause.Due) },
            { "the refusal beats a pending failure", Rejected(Serving().FailedWith(Outage, Soon)), Soon, waits },
            {
                "a pending failure counts once the wait is over",
                Rejected(Serving().FailedWith(Refused, retry.AddSeconds(-5))),
                retry,
                new Decision.BackOff(Serving().FailedWith(Refused, retry.AddSeconds(-5)).Failure!)
            },
            { "a request is served at once", Rejected(Serving().Requested()), Soon, new Decision.Request(RefreshCause.Requested) },
            { "a request waits for its turn", Rejected(Serving().Requested().TurnAt(Soon.AddSeconds(20))), Soon, waits },
            {
                "a request waits for the end of the gap",
                Rejected(Serving() with
                {
                    Connection = Serving().Connection with { RequestedAt = "b", HandledRequest = "a", HandledRequestTime = Soon },
                }),
                Soon.AddSeconds(9),
                waits
            },
            {
                "a token that came says no more of the refusal",
                Rejected(Serving().Requested()).Succeeded(Token()),
                Soon,
                new Decision.Wait(Due)
            },
            {
                "an attempt that failed otherwise is what is told",
                Rejected(Serving().Requested()).FailedWith(Outage, Soon),
                Soon,
                new Decision.BackOff(Serving().Requested().FailedWith(Outage, Soon).Failure!)
            },
            { "a deleted Secret is not fetched", Rejected(Serving().SecretDeleted()), Soon, waits },
            { "a changed spec asks for nothing", Rejected(Serving().ScopesChanged()), Soon, waits },
            { "a renamed Secret asks for nothing", Rejected(Serving().SecretRenamed()), Soon, waits },
            { "another layout is looked at", Rejected(Serving().LayoutChanged()), Soon, new Decision.Inspect() },
            {
                "another layout is written",
                Rejected(Serving().LayoutChanged().Showing(new ContentFacts.Intact())),
                Soon,
                new Decision.Rewrite()
            },
            { "drift is looked at", Rejected(Serving().Drifted()), Soon, new Decision.Inspect() },
            { "drift is put right", Rejected(Serving().Drifted(new ContentFacts.Healable())), Soon, new Decision.Rewrite() },
            {
                "drift around the token of the client's former id is put right, since no other token comes",
                Rejected(Serving().ClientChanged().Drifted(new ContentFacts.Healable())),
                Soon,
                new Decision.Rewrite()
            },
            {
                "a token of ours is recorded",
                Rejected(Serving().Drifted(new ContentFacts.Unrecorded(UnrecordedToken()))),
                Soon,
                new Decision.RecordToken(UnrecordedToken())
            },
            { "a lost token waits", Rejected(Serving().Drifted(new ContentFacts.Lost())), Soon, waits },
            {
                "a token with more scopes than the client allows is withdrawn",
                (Serving() with { Token = Token() with { GrantedScopes = ["erp:read", "erp:create"] } })
                    .ClientIs(new ClientFacts.Usable("k1", "r1") { ScopeLimit = Limit, Refusal = new(Refused, retry) }),
                Soon,
                new Decision.Withdraw(Limit.ProblemWith(["erp:read", "erp:create"])!)
            },
            { "a terminating connection is released", Rejected(Serving().Terminating()), Soon, new Decision.Release() },
            { "a suspended connection is left alone", Rejected(Serving().Suspended()), Soon, new Decision.Suspend() },
            { "an invalid spec is told", Rejected(Serving().SpecInvalid()), Soon, new Decision.Stall(InvalidSpec) },
            {
                "somebody else's Secret is told",
                Rejected(Serving().SecretForeign()),
                Soon,
                new Decision.Stall(SomebodyElses, Soon.AddMinutes(5))
            },
            {
                "a grant is not kept alive",
                Rejected(ServingForSomebody(), keepAlive.AddMinutes(4)),
                keepAlive,
                new Decision.Stall(Refused, keepAlive.AddMinutes(4))
            },
            {
                "a grant is kept alive when the wait is over",
                Rejected(ServingForSomebody(), keepAlive),
                keepAlive,
                new Decision.Exchange(RefreshCause.KeepAlive)
            },
            {
                "a refresh token is not exchanged",
                Rejected(ServingForSomebody(), Due.AddMinutes(4)),
                Due,
                new Decision.Stall(Refused, Due.AddMinutes(4))
            },
            {
                "a request exchanges a refresh token",
                Rejected(ServingForSomebody().Requested()),
                Soon,
                new Decision.Exchange(RefreshCause.Requested)
            },
            {
                "what an exchange gave is published",
                Rejected(ServingForSomebody().Requested()).Renewed(answered),
                Soon,
                new Decision.Publish()
            },
            {
                "what the grant holds replaces a lost Secret",
                Rejected(ServingForSomebody() with { Secret = new SecretFacts.Absent(IsCertain: true) }),
                Soon,
                new Decision.Publish()
            },
            { "a code that was handed over is kept", Rejected(Unconsented().HandedOver()), Soon, waits },
            { "and redeemed when the wait is over", Rejected(Unconsented().HandedOver()), retry, new Decision.Redeem() },
            { "nobody is invited", Rejected(Unconsented().WithPages()), Soon, waits },
            { "what becomes of a grant is noted", Rejected(ServingForSomebody().WithOldNote()), Soon, new Decision.Note() },
            { "another process's exchange is not taken over", Rejected(ServingForSomebody().OpenElsewhere()), Soon, waits },
        };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_refused_client_is_waited_for(string name, Facts facts, DateTimeOffset now, Decision expected)
    {
        Assert.True(expected == Policy.Decide(facts, now), $"{name}: {Policy.Decide(facts, now)}");
        if (expected.IsRest)
        {
            StatusRules.Check(facts, expected, Report.Of(facts, expected, now), now);
        }
    }

    [Fact]
    public void Before_its_time_the_provider_is_asked_for_nothing_unless_somebody_asks() =>
        Sample((facts, refusal, now) =>
        {
            if (now < refusal.RetryTime && !RequestRules.IsDue(facts, now))
            {
                Assert.True(
                    Policy.Decide(facts, now) is not (Decision.Refresh or Decision.Redeem or Decision.Invite),
                    $"{Policy.Decide(facts, now)}"
                );
            }
        });

    [Fact]
    public void Before_its_time_the_client_counts_as_one_that_cannot_be_used() =>
        Sample((facts, refusal, now) =>
        {
            // Publishing what a grant holds asks nothing of the provider.
            if (now < refusal.RetryTime && !RequestRules.IsDue(facts, now)
                && Policy.Decide(facts with { Failure = null }, now) is not Decision.Publish)
            {
                var unusable = facts.ClientIs(new ClientFacts.Unusable(refusal.Problem, refusal.RetryTime));
                Assert.Equal(Policy.Decide(unusable with { Failure = null }, now), Policy.Decide(facts with { Failure = null }, now));
            }
        });

    [Fact]
    public void After_its_time_or_on_request_it_blocks_nothing_and_stays_reported_while_nothing_is_due() =>
        Sample((facts, refusal, now) =>
        {
            if (now >= refusal.RetryTime || RequestRules.IsDue(facts, now))
            {
                var accepted = facts.ClientIs((ClientFacts.Usable)facts.Client with { Refusal = null });
                var (expected, actual) = (Policy.Decide(accepted, now), Policy.Decide(facts, now));
                Assert.True(
                    actual == expected || (expected is Decision.Wait wait && actual == new Decision.Stall(refusal.Problem, wait.Until)),
                    $"{expected} {actual}"
                );
            }
        });

    [Fact]
    public void Every_reconcile_at_rest_keeps_the_rules_of_status() =>
        Sample((facts, _, now) => FactsProperties.KeepTheRulesOfStatusAtRest(facts, now));

    [Fact]
    public void The_report_tells_the_refusal_and_when_it_ends()
    {
        var facts = Rejected(Serving());

        var report = Report.Of(facts, Policy.Decide(facts, Soon), Soon);

        Assert.Equal(Reason.TokenValid, report.Find(ConditionType.Ready)!.Reason);
        Assert.Equal((Reason.ClientRefused, Refused.Message), Told(report, ConditionType.Stalled));
        Assert.Equal(Reason.ClientRefused, report.Find(ConditionType.TokenFresh)!.Reason);
        Assert.Equal((retry, null), (report.NextLook, report.Failure));
    }

    [Fact]
    public void The_failure_of_the_connection_that_tried_stays_on_record()
    {
        var facts = Rejected(Serving().FailedWith(Refused, Soon));

        Assert.Equal(facts.Failure, Report.Of(facts, Policy.Decide(facts, Soon), Soon).Failure);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 16)]
    [InlineData(7, 60)]
    [InlineData(1_000, 60)]
    public void The_wait_doubles_to_an_hour_and_ends_on_a_whole_second(int refusals, int minutes) =>
        Assert.Equal(
            Soon.AddMinutes(minutes).AddSeconds(1),
            FailureBackoff.ClientRetryTime(refusals, Soon.AddMilliseconds(300)));

    private static ScopeLimit Limit { get; } = new("integrations/acme", [["erp:read"]]);

    private static Facts Rejected(Facts facts, DateTimeOffset? retryTime = null) =>
        facts.ClientRefused(retryTime ?? retry);

    private static (string, string) Told(Report report, string type) => (report.Find(type)!.Reason, report.Find(type)!.Message);

    private static void Sample(Action<Facts, ClientRefusal, DateTimeOffset> check) =>
        Gen.Select(Any.RefusedClient, Any.Instant).Sample(
            (facts, now) => check(facts, ((ClientFacts.Usable)facts.Client).Refusal!, now),
            iter: PropertyCases.Many);
}
