using CsCheck;
using Xunit;

namespace Lifecycle.Tests;

/// <summary>What holds for any grant in any state at any instant. A failure prints the seed that replays it.</summary>
public sealed class GrantProperties
{
    private static readonly Gen<(Facts Facts, DateTimeOffset Now)> any = Gen.Select(Tests.Any.GrantFacts, Tests.Any.Instant);

    [Fact]
    public void A_refresh_token_is_spent_only_where_one_may_be() =>
        any.Sample(
            (facts, now) =>
            {
                if (Policy.Decide(facts, now) is Decision.Refresh refresh)
                {
                    var grant = Assert.IsType<GrantFacts.Held>(facts.Grant).Grant;
                    Assert.True(grant.IsBound, "bound to another spec");
                    Assert.True(grant.RefusalTime is null || RequestRules.IsDue(facts, now), "known to be refused");
                    Assert.False(
                        grant.OpenElsewhereUntil > now && grant.OpenElsewhereUntil <= now + TimeSpan.FromMinutes(1),
                        "another process may store its successor"
                    );
                    Assert.False(grant.IsTakeoverToAnnounce, "the takeover of another process's exchange is not announced");
                    Assert.False(
                        facts.Consent.HasHandoff
                            && !(now < facts.Consent.HandoffObstacle?.SeenTime.AddSeconds(61))
                            && refresh.Cause != RefreshCause.KeepAlive,
                        "a code is to be redeemed"
                    );
                }
            },
            iter: PropertyCases.Many
        );

    [Fact]
    public void Only_the_token_that_the_spec_asks_for_is_published() =>
        any.Sample(
            (facts, now) =>
            {
                if (Policy.Decide(facts, now) is Decision.Publish)
                {
                    var grant = Assert.IsType<GrantFacts.Held>(facts.Grant).Grant;
                    Assert.True(grant.IsBound);
                    Assert.True(grant.AccessToken.ExpirationTime > now);
                    Assert.True(
                        TokenInputs.Match(grant.AccessToken.Inputs, facts.Connection.Inputs, (facts.Client as ClientFacts.Usable)?.Inputs)
                    );
                    Assert.IsNotType<SecretFacts.Foreign>(facts.Secret);
                }
            },
            iter: PropertyCases.Many
        );

    [Fact]
    public void Deciding_twice_gives_the_same() => any.Sample(FactsProperties.AreDecidedAlikeTwice, iter: PropertyCases.Many);

    [Fact]
    public void Every_reconcile_at_rest_keeps_the_rules_of_status_and_looks_again_in_the_future() =>
        any.Sample(FactsProperties.KeepTheRulesOfStatusAtRest, iter: PropertyCases.Many);

    [Fact]
    public void A_link_is_only_in_its_own_field() => any.Sample(
        (facts, now) =>
        {
            var decision = Policy.Decide(facts, now);
            if (decision.IsRest)
            {
                var report = Report.Of(facts, decision, now);
                Assert.DoesNotContain(report.Conditions, condition => condition.Message.Contains("start=", StringComparison.Ordinal));
                Assert.DoesNotContain("start=", report.Failure?.Problem.Message ?? string.Empty, StringComparison.Ordinal);
            }
        },
        iter: PropertyCases.Many);

    [Fact]
    public void A_new_consent_is_published_and_brings_rest() =>
        any.Sample(
            (facts, now) =>
            {
                if (
                    Policy.Decide(facts, now)
                        is not (Decision.Redeem or Decision.AwaitConsent or Decision.Stall { Problem.Kind: FailureKind.NeedsConsent })
                    || facts.Client is not ClientFacts.Usable client
                )
                {
                    return;
                }

                var issued = WholeSeconds.Floor(now);
                var grant = SomeGrant.Grant() with
                {
                    Family = "f2",
                    ConsentExpirationTime = now.AddDays(365),
                    KeepAliveTime = now.AddDays(7),
                    AccessToken = Some.Token() with
                    {
                        IssueTime = issued,
                        ExpirationTime = issued + Some.Hour,
                        RefreshTime = issued.AddMinutes(30),
                        Inputs = TokenInputs.Join(facts.Connection.Inputs, client.Inputs),
                        Fingerprint = "f9",
                    },
                };
                var redeemed = facts.Redeemed(grant) with { Token = null, Secret = new SecretFacts.Absent(), Content = null };
                Assert.Equal(new Decision.Publish(), Policy.Decide(redeemed, now));
            },
            iter: PropertyCases.Many
        );

    [Fact]
    public void An_exchange_that_failed_is_never_repeated_at_once() =>
        any.Sample(
            (facts, now) =>
            {
                if (Policy.Decide(facts, now) is Decision.Refresh)
                {
                    Assert.All(
                        [Some.Outage, Some.Refused],
                        problem => Assert.IsNotType<Decision.Refresh>(Policy.Decide(facts.FailedWith(problem, now), now), exactMatch: false)
                    );
                }
            },
            iter: PropertyCases.Many
        );
}
