using Xunit;
using static Lifecycle.Tests.Some;

namespace Lifecycle.Tests;

public sealed class ReportTests
{
    private static Report Of(Facts facts, DateTimeOffset now)
    {
        var decision = Policy.Decide(facts, now);
        Assert.True(decision.IsRest, $"{decision} is a step");
        var report = Report.Of(facts, decision, now);
        StatusRules.Check(facts, decision, report, now);
        return report;
    }

    private static string[] Types(Report report) =>
        [.. report.Conditions.Select(condition => $"{condition.Type}={condition.IsTrue}/{condition.Reason}")];

    [Fact]
    public void Waiting_reports_a_valid_token_and_looks_again_when_it_is_due()
    {
        var report = Of(Serving(), Soon);

        Assert.Equal(["Ready=True/TokenValid", "TokenFresh=True/Renewed", "ScopesGranted=True/AllGranted"], Types(report));
        Assert.Equal(Due, report.NextLook);
        Assert.Null(report.Failure);
    }

    [Fact]
    public void Releasing_looks_at_nothing_again() => Assert.Null(Of(Serving().Terminating(), Soon).NextLook);

    [Fact]
    public void A_first_attempt_that_failed_is_Reconciling_with_the_cause()
    {
        var facts = Facts().FailedWith(Outage, Soon);
        var report = Of(facts, Soon);

        Assert.Equal(["Ready=False/ProviderUnavailable", "Reconciling=True/ProviderUnavailable"], Types(report));
        Assert.Equal(Outage.Message, report.Conditions[0].Message);
        Assert.Equal(facts.Failure, report.Failure);
        Assert.Equal(facts.Failure!.NextAttemptTime, report.NextLook);
    }

    [Fact]
    public void A_first_attempt_that_was_refused_is_Stalled() =>
        Assert.Equal(["Ready=False/ClientRefused", "Stalled=True/ClientRefused"], Types(Of(Facts().FailedWith(Refused, Soon), Soon)));

    [Fact]
    public void A_failing_renewal_is_neither_Reconciling_nor_Stalled() =>
        Assert.Equal(
            ["Ready=True/TokenValid", "TokenFresh=False/ProviderUnavailable", "ScopesGranted=True/AllGranted"],
            Types(Of(Serving().FailedWith(Outage, Due), Due))
        );

    [Fact]
    public void A_refused_renewal_is_Ready_and_Stalled() =>
        Assert.Equal(
            ["Ready=True/TokenValid", "Stalled=True/ClientRefused", "TokenFresh=False/ClientRefused", "ScopesGranted=True/AllGranted"],
            Types(Of(Serving().FailedWith(Refused, Due), Due))
        );

    [Fact]
    public void The_problem_is_that_of_Stalled_or_Reconciling_and_none_while_a_renewal_fails()
    {
        Assert.Equal(Outage, Of(Facts().FailedWith(Outage, Soon), Soon).Problem);
        Assert.Equal(Refused, Of(Facts().FailedWith(Refused, Soon), Soon).Problem);
        Assert.Null(Of(Serving().FailedWith(Outage, Due), Due).Problem);
    }

    [Fact]
    public void A_backoff_beyond_expiry_looks_again_at_expiry()
    {
        var facts = Serving().Failed(Refused, TimeSpan.FromHours(1), Expired.AddMinutes(-5), random: 0);

        Assert.Equal(Expired, Of(facts, Expired.AddMinutes(-4)).NextLook);
        Assert.Equal(facts.Failure!.NextAttemptTime, Of(facts, Expired).NextLook);
    }

    [Fact]
    public void A_renewal_that_falls_due_during_a_look_is_made_within_a_second()
    {
        var facts = Serving().ClientUnusable(retryAt: Soon);

        Assert.Equal(Soon.AddSeconds(1), Of(facts, Soon).NextLook);
        Assert.Equal(Expired, Of(facts, Expired.AddMilliseconds(-300)).NextLook);
    }

    [Fact]
    public void A_spec_in_want_of_other_scopes_is_Reconciling_while_the_provider_is_down()
    {
        var report = Of(Serving().ScopesChanged().FailedWith(Outage, Soon), Soon);

        Assert.Equal(
            [
                "Ready=False/ProviderUnavailable",
                "Reconciling=True/ProviderUnavailable",
                "TokenFresh=False/ProviderUnavailable",
                "ScopesGranted=True/AllGranted",
            ],
            Types(report)
        );
        Assert.Equal("acme-token", report.Token!.SecretName);
    }

    [Fact]
    public void A_lost_Secret_is_not_Ready_and_the_least_gap_is_remembered()
    {
        var report = Of(Serving().SecretDeleted(), Start.AddMilliseconds(300));

        Assert.Equal("Ready=False/TokenPending", Types(report)[0]);
        Assert.Equal(Serving().Token, report.Token);
        Assert.Equal(Start.AddSeconds(1), report.NextLook);
    }

    [Fact]
    public void While_another_process_renews_a_token_its_expiry_is_reported_and_so_is_a_changed_spec()
    {
        var waiting = SomeGrant.ServingForSomebody().OpenElsewhereUntil(Expired.AddSeconds(8));

        var (expired, changed) = (Of(waiting, Expired), Of(waiting.ScopesChanged(), Soon));

        Assert.Equal("Ready=False/TokenExpired", Types(expired)[0]);
        Assert.Contains("TokenFresh=False/TokenExpired", Types(expired));
        Assert.Equal("Ready=False/TokenPending", Types(changed)[0]);
        Assert.Contains("TokenFresh=True/Renewed", Types(changed));
    }

    [Fact]
    public void Waiting_for_a_client_remembers_since_when()
    {
        var report = Of(Facts().ClientMissing(), Soon);

        Assert.Equal(["Ready=False/ClientNotAvailable", "Reconciling=True/ClientNotAvailable"], Types(report));
        Assert.Equal(
            (Soon, Soon.AddMinutes(1), 1),
            (report.Failure!.LastFailureTime, report.Failure.NextAttemptTime, report.Failure.Attempts)
        );
        Assert.Equal(Soon.AddMinutes(1), report.NextLook);
        Assert.Equal(report.Failure, Of(Facts().ClientMissing().AwaitingSince(Soon), Soon.AddSeconds(30)).Failure);
    }

    [Fact]
    public void An_invalid_spec_keeps_the_old_token_and_is_not_Ready()
    {
        var report = Of(Serving().SpecInvalid(), Soon);

        Assert.Equal(
            ["Ready=False/InvalidSpec", "Stalled=True/InvalidSpec", "TokenFresh=False/InvalidSpec", "ScopesGranted=True/AllGranted"],
            Types(report)
        );
        Assert.Equal(Expired, report.NextLook);
    }

    [Fact]
    public void A_client_whose_metadata_cannot_be_had_stalls_nobody()
    {
        var unusable = new ClientFacts.Unusable(
            new(Reason.MetadataUnusable, "The discovery document cannot be had. It is tried again by itself.", FailureKind.Transient),
            Soon.AddMinutes(2)
        );

        Assert.Equal(["Ready=False/MetadataUnusable", "Reconciling=True/MetadataUnusable"], Types(Of(Facts().ClientIs(unusable), Soon)));
        var report = Of(Serving().ClientIs(unusable), Soon);
        Assert.Equal(["Ready=True/TokenValid", "TokenFresh=False/MetadataUnusable", "ScopesGranted=True/AllGranted"], Types(report));
        Assert.Equal(Soon.AddMinutes(2), report.NextLook);
    }

    [Fact]
    public void A_foreign_Secret_is_Stalled_without_a_token()
    {
        var report = Of(Serving().SecretForeign(), Soon);

        Assert.Equal(["Ready=False/SecretNotOwned", "Stalled=True/SecretNotOwned"], Types(report));
        Assert.Equal(SomebodyElses.Message, report.Conditions[0].Message);
        Assert.Null(report.Token);
    }

    [Fact]
    public void A_lifetime_shorter_than_the_margin_is_fresh_and_says_so()
    {
        var margins = new RefreshMargins(TimeSpan.FromMinutes(45), null);
        var report = Of(Serving() with { Connection = Serving().Connection with { Margins = margins } }, Soon);

        var fresh = report.Find(ConditionType.TokenFresh)!;
        Assert.Equal((true, Reason.LifetimeTooShort), (fresh.IsTrue, fresh.Reason));
        Assert.Contains("Tokens live 3600s", fresh.Message, StringComparison.Ordinal);
        Assert.Contains("2700s", fresh.Message, StringComparison.Ordinal);
        Assert.Contains("at least 1800s", fresh.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_that_cannot_even_be_attempted_counts_as_handled()
    {
        Assert.Equal("a", Of(Facts().Requested("a").SpecInvalid(), Soon).HandledRequest);
        Assert.Equal("a", Of(Facts().Requested("a").ClientMissing(), Soon).HandledRequest);
        Assert.Null(Of(Facts().Requested("a").Suspended(), Soon).HandledRequest);
    }

    [Fact]
    public void A_suspended_connection_is_not_looked_at_for_a_request_that_waits()
    {
        var asked = Serving().Requested("b");
        var waiting = asked with { Connection = asked.Connection with { HandledRequestTime = Soon } };

        Assert.Equal(Soon + RequestRules.Gap, Of(waiting, Soon).NextLook);
        Assert.Equal(Expired, Of(waiting.Suspended(), Soon).NextLook);
    }

    [Fact]
    public void A_renewed_token_leaves_no_trace_of_a_failure()
    {
        var report = Of(Serving().FailedWith(Outage, Soon).Succeeded(Token()), Soon);

        Assert.Null(report.Failure);
        Assert.True(report.Find(ConditionType.TokenFresh)!.IsTrue);
    }

    // kubectl get shows the message of one condition only.
    [Fact]
    public void A_valid_token_does_not_hide_what_is_wrong()
    {
        var refused = Of(Serving().FailedWith(Refused, Due), Due).Conditions[0].Message;
        var outage = Of(Serving().FailedWith(Outage, Due), Due).Conditions[0].Message;

        Assert.Equal(
            $"Secret acme-token holds a token that is valid until 2026-11-02 14:05:00Z. ClientRefused: {Refused.Message}",
            refused
        );
        Assert.Equal(
            $"Secret acme-token holds a token that is valid until 2026-11-02 14:05:00Z. ProviderUnavailable: {Outage.Message}",
            outage
        );
    }

    [Fact]
    public void A_valid_token_does_not_hide_a_lesser_fault_either()
    {
        var scopes = Serving() with { Token = Token() with { GrantedScopes = ["erp:read"] } };
        var margins = Serving() with
        {
            Connection = Serving().Connection with { Margins = new RefreshMargins(TimeSpan.FromMinutes(45), null) },
        };

        Assert.Contains(
            "valid until 2026-11-02 14:05:00Z. ScopesMissing: Not granted: erp:create.",
            Of(scopes, Soon).Conditions[0].Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "valid until 2026-11-02 14:05:00Z. LifetimeTooShort: Tokens live 3600s",
            Of(margins, Soon).Conditions[0].Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Every_fault_is_reported_once()
    {
        var facts = (Serving() with { Token = Token() with { GrantedScopes = ["erp:read"] } }).FailedWith(Outage, Due);

        var message = Of(facts, Due).Conditions[0].Message;

        Assert.Equal(2, message.Split(Outage.Message).Length);
        Assert.Contains(" ScopesMissing: ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_fault_nothing_is_added() =>
        Assert.Equal(
            "Secret acme-token holds a token that is valid until 2026-11-02 14:05:00Z.",
            Of(Serving(), Soon).Conditions[0].Message
        );

    [Fact]
    public void Suspending_does_not_hide_the_outage_before_it()
    {
        var message = Of(Serving().FailedWith(Outage, Due).Suspended(), Due).Conditions[0].Message;

        Assert.Contains("Suspended: set spec.suspend to false to renew it. ProviderUnavailable:", message, StringComparison.Ordinal);
    }
}
