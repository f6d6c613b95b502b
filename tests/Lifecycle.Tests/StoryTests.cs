using Xunit;

namespace Lifecycle.Tests;

public sealed class StoryTests
{
    private static readonly TimeSpan day = TimeSpan.FromDays(1);

    private static Answer Granted => new Answer.Granted(Some.Hour);

    private static Answer Down => new Answer.Failed(Some.Outage);

    [Fact]
    public void The_first_token_makes_it_Ready_with_one_request_and_one_write()
    {
        var story = new Story(Some.Facts()).Reconcile();

        Assert.Equal((true, Reason.TokenValid), (story.Ready.IsTrue, story.Ready.Reason));
        Assert.Contains("2026-11-02 14:05:00Z", story.Ready.Message, StringComparison.Ordinal);
        Assert.Equal([(Some.Start, RefreshCause.First)], story.Requests);
        Assert.Equal(1, story.SecretWrites);
        Assert.Equal(Some.Due, story.Report.NextLook);
    }

    [Fact]
    public void A_day_costs_a_request_whenever_renewal_is_due_and_nothing_else()
    {
        var story = new Story(Some.Facts()).Reconcile().Until(Some.Start + day);

        var step = Some.Due - Some.Start;
        Assert.Equal(
            Enumerable.Range(0, (int)(day / step) + 1).Select(n => Some.Start + (step * n)),
            story.Requests.Select(request => request.At)
        );
        Assert.Equal(story.Requests.Count, story.SecretWrites);
        Assert.True(story.Ready.IsTrue);
    }

    [Fact]
    public void A_restart_with_a_fresh_token_asks_for_nothing()
    {
        var story = new Story(Some.Facts()).Reconcile();
        var before = story.Report;

        var restarted = new Story(story.Facts) { Now = Some.Start.AddMinutes(20) }.Reconcile();

        Assert.Empty(restarted.Requests);
        Assert.Equal(0, restarted.SecretWrites);
        Assert.Equal(before.Conditions, restarted.Report.Conditions);
        Assert.Equal(before with { Conditions = [] }, restarted.Report with { Conditions = [] });
    }

    [Fact]
    public void While_renewal_fails_it_stays_Ready_until_real_expiry_and_recovers()
    {
        var story = new Story(Some.Facts()).Reconcile();
        story.Provider = () => Down;

        story.Until(Some.Due.AddMinutes(3));
        Assert.True(story.Ready.IsTrue);
        var fresh = story.Report.Find(ConditionType.TokenFresh)!;
        Assert.Equal((false, Reason.ProviderUnavailable), (fresh.IsTrue, fresh.Reason));
        Assert.StartsWith(
            "Serving the token of 2026-11-02 13:05:00Z until 2026-11-02 14:05:00Z: The provider did not answer",
            fresh.Message,
            StringComparison.Ordinal
        );
        Assert.False(story.Report.Has(ConditionType.Reconciling));
        Assert.False(story.Report.Has(ConditionType.Stalled));

        story.Until(Some.Expired.AddSeconds(-1));
        Assert.True(story.Ready.IsTrue);
        Assert.True(story.Report.NextLook <= Some.Expired);
        story.Until(Some.Expired);
        Assert.Equal((false, Reason.ProviderUnavailable), (story.Ready.IsTrue, story.Ready.Reason));
        Assert.Contains("expired at 2026-11-02 14:05:00Z", story.Ready.Message, StringComparison.Ordinal);

        story.Provider = () => Granted;
        story.Until(Some.Expired.AddMinutes(5));
        Assert.True(story.Ready.IsTrue);
        Assert.True(story.Report.Find(ConditionType.TokenFresh)!.IsTrue);
        Assert.Null(story.Report.Failure);
    }

    [Fact]
    public void An_outage_of_a_day_is_asked_about_every_few_minutes_not_more()
    {
        var story = new Story(Some.Facts()) { Provider = () => Down }.Reconcile();

        story.Until(Some.Start + day);

        Assert.InRange(story.Requests.Count, 24 * 12, (24 * 16) + 10);
        Assert.Equal(story.Requests.Count, story.Report.Failure!.Attempts);
    }

    [Fact]
    public void A_missing_client_is_Reconciling_for_a_minute_and_then_Stalled()
    {
        var story = new Story(Some.Facts().ClientMissing()).Reconcile();

        story.Until(Some.Start.AddSeconds(59));
        Assert.Equal(Reason.ClientNotAvailable, story.Report.Find(ConditionType.Reconciling)!.Reason);
        Assert.Equal(Some.Start.AddSeconds(60), story.Report.NextLook);

        story.Until(Some.Start.AddSeconds(60));
        Assert.Equal(Reason.ClientNotAvailable, story.Report.Find(ConditionType.Stalled)!.Reason);
        Assert.Equal(Some.Missing.Message, story.Ready.Message);
        Assert.Null(story.Report.NextLook);

        story.Then(facts => facts.ClientIs(Some.Facts().Client));
        Assert.True(story.Ready.IsTrue);
        Assert.Null(story.Report.Failure);
    }

    [Fact]
    public void Objects_applied_in_any_order_end_Ready_without_a_Stalled_in_between()
    {
        var story = new Story(Some.Facts().ClientMissing()).Reconcile().Until(Some.Start.AddSeconds(40));

        story
            .Then(facts =>
                facts.ClientIs(
                    new ClientFacts.Missing(
                        new(Reason.SecretNotFound, "Secret acme-credentials does not exist. Apply it.", FailureKind.NotThereYet)
                    )
                )
            )
            .Until(Some.Start.AddSeconds(80));
        Assert.False(story.Report.Has(ConditionType.Stalled));

        story.Then(facts => facts.ClientIs(Some.Facts().Client));
        Assert.True(story.Ready.IsTrue);
    }

    [Fact]
    public void A_deleted_client_is_served_out_until_expiry()
    {
        var story = new Story(Some.Facts()).Reconcile().Then(facts => facts.ClientMissing());

        story.Until(Some.Expired.AddSeconds(-1));
        Assert.True(story.Ready.IsTrue);
        Assert.Equal(Reason.ClientNotAvailable, story.Report.Find(ConditionType.Stalled)!.Reason);
        Assert.NotNull(story.Report.Token);

        story.Until(Some.Expired);
        Assert.False(story.Ready.IsTrue);
        Assert.Single(story.Requests);
    }

    [Fact]
    public void A_withdrawn_allowance_takes_the_token_and_stalls_at_once()
    {
        var story = new Story(Some.Facts()).Reconcile().Then(facts => facts.ClientRefusingNamespace());

        Assert.IsType<Decision.Stall>(story.Rest);
        Assert.IsType<SecretFacts.Absent>(story.Facts.Secret);
        Assert.Null(story.Report.Token);
        Assert.Equal((false, Reason.ClientNotAvailable), (story.Ready.IsTrue, story.Ready.Reason));
        Assert.EndsWith(Some.Missing.Message, story.Report.Find(ConditionType.Stalled)!.Message, StringComparison.Ordinal);

        story.Until(Some.Start + day);
        Assert.True(story.Report.Has(ConditionType.Stalled));

        story.Then(facts => facts.ClientIs(Some.Facts().Client));
        Assert.True(story.Ready.IsTrue);
    }

    [Fact]
    public void Suspended_is_reported_once_and_once_more_at_expiry()
    {
        var story = new Story(Some.Facts()).Reconcile().Then(facts => facts.Suspended());
        Assert.Equal((true, Reason.Suspended), (story.Ready.IsTrue, story.Ready.Reason));
        Assert.Equal(Some.Expired, story.Report.NextLook);
        var before = story.Report;

        story.Until(Some.Expired.AddSeconds(-1));
        Assert.Equal(before.Conditions, story.Report.Conditions);
        Assert.DoesNotContain("next renewal", story.Report.Find(ConditionType.TokenFresh)!.Message, StringComparison.OrdinalIgnoreCase);

        story.Until(Some.Expired);
        Assert.Equal((false, Reason.Suspended), (story.Ready.IsTrue, story.Ready.Reason));
        Assert.Null(story.Report.NextLook);
        Assert.Single(story.Requests);

        story.Then(facts => facts.Resumed());
        Assert.Equal((true, Reason.TokenValid), (story.Ready.IsTrue, story.Ready.Reason));
    }

    [Fact]
    public void Suspending_does_not_forget_an_outage()
    {
        var story = new Story(Some.Facts()).Reconcile();
        story.Provider = () => Down;
        story.Until(Some.Due.AddMinutes(1)).Then(facts => facts.Suspended());

        var fresh = story.Report.Find(ConditionType.TokenFresh)!;
        Assert.Equal((false, Reason.ProviderUnavailable), (fresh.IsTrue, fresh.Reason));
        Assert.NotNull(story.Report.Failure);
    }

    [Fact]
    public void A_request_while_suspended_is_served_afterwards()
    {
        var story = new Story(Some.Facts()).Reconcile().Then(facts => facts.Suspended().Requested("a"));
        Assert.Null(story.Report.HandledRequest);

        story.Then(facts => facts.Resumed());

        Assert.Equal("a", story.Report.HandledRequest);
        Assert.Equal(RefreshCause.Requested, story.Requests[^1].Cause);
    }

    [Fact]
    public void A_request_that_fails_is_handled_and_tried_again_by_itself()
    {
        var story = new Story(Some.Facts()).Reconcile();
        story.Provider = () => Down;
        story.Then(facts => facts.Requested("a"));
        Assert.Equal("a", story.Report.HandledRequest);
        Assert.True(story.Ready.IsTrue);
        Assert.Equal(2, story.Requests.Count);

        story.Provider = () => Granted;
        story.Until(Some.Start.AddSeconds(10));

        Assert.Equal(RefreshCause.Retry, story.Requests[^1].Cause);
        Assert.Equal(3, story.Requests.Count);
        Assert.Null(story.Report.Failure);
    }

    [Fact]
    public void A_refusal_stalls_though_the_token_is_valid_and_a_new_credential_mends_it_at_once()
    {
        var story = new Story(Some.Facts()).Reconcile();
        story.Provider = () => new Answer.Failed(Some.Refused);
        story.Until(Some.Due.AddSeconds(30));
        Assert.True(story.Ready.IsTrue);
        Assert.Equal(Reason.ClientRefused, story.Report.Find(ConditionType.Stalled)!.Reason);
        Assert.Equal(Some.Due.AddMinutes(1), story.Report.NextLook);

        story.Provider = () => Granted;
        story.Then(facts => facts.CredentialChanged());

        Assert.False(story.Report.Has(ConditionType.Stalled));
        Assert.Equal(3, story.Requests.Count);
    }

    [Fact]
    public void A_refusal_after_a_long_outage_is_retried_within_minutes()
    {
        var story = new Story(Some.Facts()) { Provider = () => Down }.Reconcile().Until(Some.Start + day);
        story.Provider = () => new Answer.Failed(Some.Refused);

        story.Until(story.Report.NextLook!.Value);

        Assert.Equal(story.Now.AddMinutes(1), story.Report.NextLook);
    }

    [Fact]
    public void Changed_scopes_that_cannot_be_fetched_leave_the_old_token_and_say_so()
    {
        var story = new Story(Some.Facts()).Reconcile();
        story.Provider = () => new Answer.Failed(new(Reason.ScopeRefused, "The provider refused with invalid_scope. Check spec.scopes."));
        story.Then(facts => facts.ScopesChanged());

        Assert.Equal((false, Reason.ScopeRefused), (story.Ready.IsTrue, story.Ready.Reason));
        Assert.StartsWith("Secret acme-token still serves the token of an earlier spec", story.Ready.Message, StringComparison.Ordinal);
        Assert.NotNull(story.Report.Token);
        Assert.Equal(1, story.SecretWrites);
    }

    [Fact]
    public void A_renamed_Secret_that_cannot_be_filled_does_not_lose_the_old_one()
    {
        var story = new Story(Some.Facts()).Reconcile();
        story.Provider = () => Down;
        story.Then(facts => facts.SecretRenamed());

        Assert.Equal("acme-token", story.Report.Token!.SecretName);
        Assert.False(story.Ready.IsTrue);
        Assert.StartsWith("Secret acme-token still serves the token of an earlier spec", story.Ready.Message, StringComparison.Ordinal);
        Assert.True(story.Report.Has(ConditionType.Reconciling));

        story.Provider = () => Granted;
        story.Until(Some.Start.AddMinutes(1));
        Assert.Equal("other-token", story.Report.Token!.SecretName);
        Assert.True(story.Ready.IsTrue);
    }

    [Fact]
    public void An_edited_Secret_is_healed_without_a_request()
    {
        var story = new Story(Some.Facts()).Reconcile().SecretIsEdited(new ContentFacts.Healable());

        Assert.Single(story.Requests);
        Assert.Equal(2, story.SecretWrites);
        Assert.True(story.Ready.IsTrue);
    }

    [Fact]
    public void A_renamed_Secret_takes_one_request_and_the_former_one_is_removed_once()
    {
        var story = new Story(Some.Facts()).Reconcile();

        story.Then(facts => facts.SecretRenamed()).Until(Some.Soon);

        Assert.Equal((2, 2, 1), (story.Requests.Count, story.SecretWrites, story.FormerRemovals));
        Assert.Equal("other-token", story.Report.Token!.SecretName);
    }

    [Fact]
    public void A_Secret_of_an_earlier_name_that_cannot_be_removed_stays_on_record_with_the_attempts()
    {
        var first = Some.Serving().Moved().FormerKept().FailedWith(Some.Unwritable, Some.Soon);
        var second = (first with { Secret = new SecretFacts.Owned("9") })
            .Recorded(new Decision.RecordToken(Some.Token() with { SecretName = "other-token" }))
            .FormerKept()
            .FailedWith(Some.Unwritable, Some.Soon.AddMinutes(1));

        Assert.Equal([(Some.SecretName, 1), (Some.SecretName, 2)], new[] { first, second }.Select(facts => (
            Report.Of(facts, new Decision.BackOff(facts.Failure!), Some.Soon).Token!.SecretName,
            facts.Failure!.Attempts)));
    }

    [Fact]
    public void A_foreign_label_on_the_Secret_costs_one_read_and_no_write()
    {
        var story = new Story(Some.Facts()).Reconcile().SecretIsEdited(new ContentFacts.Intact());

        Assert.Equal(1, story.SecretWrites);
        Assert.Equal(((SecretFacts.Owned)story.Facts.Secret).ResourceVersion, story.Report.Token!.SecretResourceVersion);
    }

    [Fact]
    public void An_edited_Secret_is_healed_during_an_outage()
    {
        var story = new Story(Some.Facts()).Reconcile();
        story.Provider = () => Down;
        story.Until(Some.Due.AddMinutes(1));
        var requests = story.Requests.Count;

        story.SecretIsEdited(new ContentFacts.Healable());

        Assert.Equal(2, story.SecretWrites);
        Assert.Equal(requests, story.Requests.Count);
        Assert.IsType<Decision.BackOff>(story.Rest);
    }

    [Fact]
    public void However_often_the_Secret_is_deleted_the_provider_is_asked_once_a_second()
    {
        var story = new Story(Some.Facts()).Reconcile();
        for (var tenths = 1; tenths <= 100; tenths++)
        {
            story.Now = Some.Start.AddMilliseconds(tenths * 100);
            story.SecretIsDeleted();
        }

        Assert.Equal(11, story.Requests.Count);
        Assert.All(story.Requests.Skip(1), request => Assert.Equal(RefreshCause.Lost, request.Cause));
    }

    [Fact]
    public void A_token_published_before_the_process_died_ends_the_failure_that_came_before_it()
    {
        var failing = Some.Serving().FailedWith(Some.Outage, Some.Start.AddSeconds(10));
        var story = new Story(failing) { Now = Some.Soon };

        story.SecretIsEdited(new ContentFacts.Unrecorded(Some.UnrecordedToken()));

        Assert.Empty(story.Requests);
        Assert.Null(story.Report.Failure);
        Assert.Equal("f2", story.Report.Token!.Fingerprint);
    }

    [Fact]
    public void A_Secret_that_may_not_be_written_is_tried_again_slowly_and_healed_without_a_request()
    {
        var story = new Story(Some.Facts()).Reconcile();
        story.WriteProblem = Some.Unwritable;
        story.SecretIsEdited(new ContentFacts.Healable());
        Assert.Equal(Reason.SecretForbidden, story.Report.Find(ConditionType.Stalled)!.Reason);
        Assert.Equal(Some.Start.AddMinutes(1), story.Report.NextLook);

        story.Until(Some.Start.AddMinutes(1));
        Assert.Equal(2, story.Report.Failure!.Attempts);
        story.WriteProblem = null;
        story.Until(Some.Start.AddMinutes(5));

        Assert.Null(story.Report.Failure);
        Assert.Single(story.Requests);
        Assert.Equal(2, story.SecretWrites);
    }

    [Fact]
    public void Healing_does_not_end_a_failure()
    {
        var story = new Story(Some.Serving().FailedWith(Some.Refused, Some.Soon)) { Now = Some.Soon };

        story.SecretIsEdited(new ContentFacts.Healable());

        Assert.Equal(Reason.ClientRefused, story.Report.Failure!.Reason);
        Assert.Empty(story.Requests);
    }

    [Fact]
    public void A_disputed_Secret_costs_one_token_however_long_it_exists()
    {
        var story = new Story(Some.Facts()) { Provider = () => new Answer.Failed(Some.SomebodyElses) }.Reconcile();
        Assert.Equal(Reason.SecretNotOwned, story.Report.Find(ConditionType.Stalled)!.Reason);

        story.Then(facts => facts.SecretForeign()).Until(Some.Start + day);

        Assert.Single(story.Requests);
        story.Provider = () => Granted;
        story.SecretIsDeleted();
        Assert.True(story.Ready.IsTrue);
    }
}
