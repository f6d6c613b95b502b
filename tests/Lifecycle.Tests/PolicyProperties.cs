using CsCheck;
using Xunit;

namespace Lifecycle.Tests;

/// <summary>What holds for any facts at any instant. A failure prints the seed that replays it.</summary>
public sealed class PolicyProperties
{
    private static readonly Gen<(Facts Facts, DateTimeOffset Now)> any = Gen.Select(Tests.Any.Facts, Tests.Any.Instant);

    [Fact]
    public void Nothing_is_asked_for_where_nothing_may_be() =>
        any.Sample(
            (facts, now) =>
            {
                var mayAsk =
                    facts is { Connection: { IsTerminating: false, IsSuspended: false, SpecProblem: null }, Client: ClientFacts.Usable }
                    && facts.Secret is not (SecretFacts.Foreign or SecretFacts.Terminating);
                Assert.True(mayAsk || Policy.Decide(facts, now) is not Decision.Refresh);
            },
            iter: PropertyCases.Many
        );

    [Fact]
    public void Nothing_is_written_where_nothing_may_be() =>
        any.Sample(
            (facts, now) =>
            {
                var mayWrite =
                    facts.Connection is { IsTerminating: false, IsSuspended: false, SpecProblem: null }
                    && facts.Secret is SecretFacts.Owned;
                Assert.True(
                    mayWrite || Policy.Decide(facts, now) is not (Decision.Rewrite or Decision.Acknowledge or Decision.RecordToken)
                );
            },
            iter: PropertyCases.Many
        );

    [Fact]
    public void A_Secret_that_is_to_be_written_again_is_treated_like_one_that_changed() =>
        any.Where(it => it.Facts is { Token: not null, Secret: SecretFacts.Owned }).Sample(
            (facts, now) =>
                Assert.Equal(
                    Policy.Decide(facts with { Secret = new SecretFacts.Owned("9") }, now),
                    Policy.Decide(facts with { Token = facts.Token! with { IsRewriteDue = true } }, now)),
            iter: PropertyCases.Many
        );

    [Fact]
    public void No_reconcile_rests_before_the_former_Secret_is_removed_and_no_step_waits_for_that() =>
        any.Sample(
            (facts, now) =>
            {
                var (alone, moved) = (
                    Policy.Decide(facts, now),
                    Policy.Decide(facts with { Former = new FormerToken(Some.Token(), Failure: null) }, now)
                );
                Assert.Equal(
                    alone is { IsRest: true } and not Decision.Release ? new Decision.RemoveFormer(IsLastAttempt: false) : alone,
                    moved);
            },
            iter: PropertyCases.Many
        );

    [Fact]
    public void Deciding_twice_gives_the_same() => any.Sample(FactsProperties.AreDecidedAlikeTwice, iter: PropertyCases.Many);

    [Fact]
    public void Every_wait_ends_in_the_future_and_no_later_than_renewal_is_due() => any.Sample(
        (facts, now) =>
        {
            if (Policy.Decide(facts, now) is Decision.Wait wait && facts.Grant is GrantFacts.NotNeeded)
            {
                Assert.True(wait.Until > now);
                Assert.True(wait.Until <= facts.Token!.RefreshTime);
                Assert.True(wait.Until <= facts.Token.ExpirationTime);
            }
        },
        iter: PropertyCases.Many);

    [Fact]
    public void Every_backoff_and_every_patience_ends_within_an_hour_of_sane_clocks() => any.Sample(
        (facts, now) =>
        {
            DateTimeOffset? until = Policy.Decide(facts, now) switch
            {
                Decision.BackOff backOff => backOff.Failure.NextAttemptTime,
                Decision.Await waiting => waiting.Until,
                _ => null,
            };
            Assert.True(until is null || until > now);

            // A minute more: clocks of two replicas may differ by that much.
            Assert.True(until is null || until <= now + FailureBackoff.Longest + TimeSpan.FromMinutes(1));
        },
        iter: PropertyCases.Many);

    [Fact]
    public void Every_reconcile_at_rest_keeps_the_rules_of_status_and_looks_again_in_the_future() =>
        any.Sample(FactsProperties.KeepTheRulesOfStatusAtRest, iter: PropertyCases.Many);

    [Fact]
    public void A_failed_attempt_is_never_repeated_at_once() =>
        any.Sample(
            (facts, now) =>
            {
                if (Policy.Decide(facts, now) is Decision.Refresh)
                {
                    Assert.All(
                        [Some.Outage, Some.Refused, Some.SomebodyElses, Some.Missing],
                        problem => Assert.IsNotType<Decision.Refresh>(Policy.Decide(facts.FailedWith(problem, now), now), exactMatch: false)
                    );
                }

                if (Policy.Decide(facts, now) is Decision.Rewrite)
                {
                    Assert.All(
                        [Some.Unwritable, Some.SomebodyElses],
                        problem =>
                            Assert.IsNotType<Decision.Rewrite>(
                                Policy.Decide(facts.FailedWith(problem, now) with { Content = facts.Content }, now)
                            )
                    );
                }
            },
            iter: PropertyCases.Many
        );

    [Fact]
    public void A_fresh_token_brings_rest() => any.Sample(
        (facts, now) =>
        {
            if (Policy.Decide(facts, now) is Decision.Refresh && facts.Grant is GrantFacts.NotNeeded)
            {
                var token = Some.Token() with
                {
                    IssueTime = WholeSeconds.Floor(now),
                    ExpirationTime = WholeSeconds.Floor(now) + Some.Hour,
                    RefreshTime = WholeSeconds.Floor(now).AddMinutes(30),
                    Inputs = TokenInputs.Join(facts.Connection.Inputs, ((ClientFacts.Usable)facts.Client).Inputs),
                    Layout = facts.Connection.Layout,
                    SecretName = facts.Connection.SecretName,
                };
                Assert.Equal(new Decision.Wait(token.RefreshTime), Policy.Decide(facts.Succeeded(token).FormerRemoved(), now));
            }
        },
        iter: PropertyCases.Many);
}
