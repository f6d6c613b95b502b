using Xunit;
using static Lifecycle.Tests.Some;
using static Lifecycle.Tests.SomeGrant;

namespace Lifecycle.Tests;

/// <summary>What is known after a step, where no story shows it.</summary>
public sealed class StepTests
{
    [Fact]
    public void A_token_that_could_not_be_stored_before_answers_no_request_that_came_since()
    {
        var facts = Facts().FailedWith(NotStored, Start).Requested().TryingSecret();

        var late = facts.SucceededLate(Token());

        Assert.True(late.Connection.HasUnhandledRequest);
        Assert.Null(late.Failure);
        Assert.False(Assert.IsType<ClientFacts.Usable>(late.Client).TriesSecret);
        Assert.False(facts.Succeeded(Token()).Connection.HasUnhandledRequest);
    }

    [Fact]
    public void A_token_ends_the_failures_of_the_seconds_before_it_came()
    {
        var failing = Serving().FailedWith(Outage, Soon);

        Assert.Equal(failing.Failure, failing.Published(Token() with { IssueTime = Soon }).Failure);
        Assert.Null(failing.Published(Token() with { IssueTime = Soon.AddSeconds(1) }).Failure);
    }

    [Fact]
    public void What_a_look_found_holds_after_a_failed_attempt_where_no_Secret_of_ours_is_there()
    {
        var lost = new ContentFacts.Lost();
        var offered = Facts() with { Secret = new SecretFacts.Offered() };

        Assert.Equal(lost, Facts().Showing(lost).FailedWith(Outage, Soon).Content);
        Assert.Equal(lost, offered.Showing(lost).FailedWith(Outage, Soon).Content);
        Assert.Null(Serving().Showing(new ContentFacts.Healable()).FailedWith(Unwritable, Soon).Content);
    }

    [Fact]
    public void What_another_replica_published_is_looked_at_again()
    {
        var facts = Serving().Showing(new ContentFacts.Intact()).TryingSecret();

        var overtaken = facts.Overtaken(new SecretFacts.Owned("9"));

        Assert.Equal(new SecretFacts.Owned("9"), overtaken.Secret);
        Assert.Null(overtaken.Content);
        Assert.False(Assert.IsType<ClientFacts.Usable>(overtaken.Client).TriesSecret);
        Assert.IsType<Decision.Inspect>(Policy.Decide(overtaken, Soon));
    }

    [Fact]
    public void A_client_that_was_tried_is_neither_refused_nor_new()
    {
        var refused = Facts().TryingSecret().ClientRefused(Expired);

        var usable = Assert.IsType<ClientFacts.Usable>(refused.Succeeded(Token()).Client);

        Assert.Null(usable.Refusal);
        Assert.False(usable.TriesSecret);
        Assert.IsType<ClientFacts.Missing>(Facts().ClientMissing().Succeeded(Token()).Client);
    }

    [Fact]
    public void A_code_that_is_gone_is_no_code_any_more()
    {
        var handed = Unconsented().HandedOver();

        Assert.IsType<Decision.Redeem>(Policy.Decide(handed, Soon));
        Assert.IsType<Decision.AwaitConsent>(Policy.Decide(handed.HandoffGone(), Soon));
        Assert.False(handed.ConsentFailed(Failure).Consent.HasHandoff);
        var redeemed = handed.ConsentFailed(Failure).HandedOver().Redeemed(Grant());
        Assert.Equal((false, null), (redeemed.Consent.HasHandoff, redeemed.Consent.LastFailure));
    }

    [Theory]
    [InlineData(null, 0, 5)]
    [InlineData(1, 0, 5)]
    [InlineData(30, 0, 30)]
    [InlineData(3_600, 0, 60)]
    [InlineData(30, 299, 30)]
    public void A_code_that_cannot_be_sent_waits_between_five_seconds_and_a_minute(int? asked, int waited, int expected)
    {
        var retryAfter = asked is { } seconds ? TimeSpan.FromSeconds(seconds) : (TimeSpan?)null;
        var facts = Unconsented().HandedOver().Obstructed(retryAfter, waited);
        var decision = Policy.Decide(facts, Soon);

        Assert.IsType<Decision.AwaitConsent>(decision);
        Assert.Equal(Soon.AddSeconds(expected), Report.Of(facts, decision, Soon).NextLook);
        Assert.IsType<Decision.AwaitConsent>(Policy.Decide(facts, Soon.AddSeconds(expected).AddTicks(-1)));
        Assert.Equal(new Decision.Redeem(), Policy.Decide(facts, Soon.AddSeconds(expected)));
    }

    [Fact]
    public void A_code_that_may_be_sent_again_is_not_looked_at_for_that_while_something_else_is_missing()
    {
        var facts = Unconsented().HandedOver().Obstructed().ClientMissing();

        Assert.Equal(Soon.AddSeconds(5), Report.Of(facts, Policy.Decide(facts, Soon), Soon).NextLook);
        var then = Soon.AddSeconds(5);
        Assert.Equal(then.AddMinutes(1), Report.Of(facts, Policy.Decide(facts, then), then).NextLook);
    }

    [Fact]
    public void A_code_that_waited_for_as_long_as_codes_live_is_taken() =>
        Assert.Equal(
            new Decision.Redeem(IsOverdue: true),
            Policy.Decide(Unconsented().HandedOver().Obstructed(waitedSeconds: 300), Soon)
        );

    [Fact]
    public void A_note_that_was_written_is_up_to_date()
    {
        var facts = ServingForSomebody().WithOldNote();

        Assert.IsType<Decision.Note>(Policy.Decide(facts, Soon));
        Assert.Equal(new Decision.Wait(Due), Policy.Decide(facts.Noted(((GrantFacts.Held)facts.Grant).Grant), Soon));
    }

    [Fact]
    public void A_takeover_that_is_announced_is_followed_by_the_exchange()
    {
        var facts = ServingForSomebody().OpenElsewhere();
        var announced = ((GrantFacts.Held)facts.Grant).Grant with { IsTakeoverToAnnounce = false };

        Assert.IsType<Decision.AnnounceTakeover>(Policy.Decide(facts, Due));
        Assert.IsType<Decision.Exchange>(Policy.Decide(facts.TakeoverAnnounced(announced), Due));
    }

    [Fact]
    public void A_refused_grant_is_on_record_with_the_words_of_the_remedy()
    {
        var grant = Grant() with { RefusalTime = Soon };

        var refused = ServingForSomebody().GrantRefused(grant, Soon);

        Assert.Equal(new GrantFacts.Held(grant), refused.Grant);
        Assert.Equal(ConsentLacking.Of(refused), refused.Failure!.Problem);
    }

    [Fact]
    public void Further_Secrets_on_record_are_the_last_sixteen_each_once_and_without_the_present_one()
    {
        string[] names = [.. Enumerable.Range(1, 20).Select(number => $"s{number}"), "s20", SecretName];
        var facts = Serving().FailedWith(Outage, Soon) with { OtherSecrets = names };

        var report = Report.Of(facts, new Decision.BackOff(facts.Failure!), Soon);

        Assert.Equal(Enumerable.Range(5, 16).Select(number => $"s{number}"), report.OtherSecrets);
    }

    [Theory]
    [InlineData(typeof(Decision.Release), true)]
    [InlineData(typeof(Decision.Suspend), true)]
    [InlineData(typeof(Decision.Inspect), false)]
    [InlineData(typeof(Decision.Acknowledge), false)]
    [InlineData(typeof(Decision.Rewrite), false)]
    [InlineData(typeof(Decision.AnnounceTakeover), false)]
    [InlineData(typeof(Decision.Publish), false)]
    [InlineData(typeof(Decision.Invite), false)]
    [InlineData(typeof(Decision.Note), false)]
    public void A_decision_is_a_rest_or_a_step(Type type, bool isRest) =>
        Assert.Equal(isRest, ((Decision)Activator.CreateInstance(type)!).IsRest);

    [Fact]
    public void Decisions_with_a_cause_are_rests_or_steps_too()
    {
        Decision[] rests =
        [
            new Decision.Stall(Outage),
            new Decision.Await(Outage, Soon),
            new Decision.AwaitConsent(Outage, Soon),
            new Decision.BackOff(Facts().FailedWith(Outage, Soon).Failure!),
            new Decision.Wait(Soon),
        ];
        Decision[] steps =
        [
            new Decision.Withdraw(Outage),
            new Decision.RecordToken(Token()),
            new Decision.RemoveFormer(IsLastAttempt: false),
            new Decision.Request(RefreshCause.Due),
            new Decision.Exchange(RefreshCause.Due),
            new Decision.Redeem(),
        ];

        Assert.All(rests, rest => Assert.True(rest.IsRest));
        Assert.All(steps, step => Assert.False(step.IsRest));
    }
}
