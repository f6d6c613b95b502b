using CsCheck;
using Xunit;

namespace Lifecycle.Tests;

/// <summary>When a connection is probed, and what status says of it.</summary>
public sealed class ProbeTests
{
    private static readonly TimeSpan hour = TimeSpan.FromHours(1);

    private static readonly ConditionReport accepted = new(ConditionType.TokenAccepted, IsTrue: true, Reason.ApiAnswered, "Fine.")
    {
        Generation = 1,
    };

    private static readonly ProbeResult refused = new(
        IsAccepted: false,
        new Problem(Reason.ApiUnauthorized, "401. Use the company's tenant id."),
        Generation: 1,
        Request: null
    );

    // A token of a day, so that the renewal is out of the way.
    private static readonly TokenRecord longToken = Some.Token() with
    {
        ExpirationTime = Some.Start.AddDays(1),
        RefreshTime = Some.Start.AddHours(16),
    };

    public static TheoryData<string, bool> Cases =>
        new()
        {
            { "serving", true },
            { "never probed", true },
            { "off", false },
            { "suspended", false },
            { "terminating", false },
            { "invalid spec", false },
            { "not allowed", false },
            { "no token", false },
            { "expired", false },
            { "about to expire", false },
            { "thirty seconds left", false },
            { "more than thirty seconds left", true },
            { "a quarter of a minute left", false },
            { "more than a quarter of a minute left", true },
            { "Secret gone", false },
            { "Secret of somebody else", false },
            { "token lost", false },
            { "other inputs", false },
            { "other layout", false },
            { "other Secret", false },
            { "client gone", true },
            { "renewal fails", true },
        };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Only_a_valid_token_of_this_spec_is_probed(string situation, bool isProbed)
    {
        var facts = Probed();
        var now = Some.Soon;
        facts = situation switch
        {
            "never probed" => facts with { Probe = facts.Probe! with { Recorded = null } },
            "off" => facts with { Probe = null },
            "suspended" => facts.Suspended(),
            "terminating" => facts.Terminating(),
            "invalid spec" => facts.SpecInvalid(),
            "not allowed" => facts with { Client = new ClientFacts.NotAllowing(Some.NotAllowed) },
            "no token" => facts with { Token = null },
            "expired" => facts with { Token = Some.Token() with { ExpirationTime = now } },
            "about to expire" => facts with { Token = longToken with { ExpirationTime = now.AddSeconds(14) } },
            "thirty seconds left" => facts with { Token = Of(hour, secondsLeft: 30) },
            "more than thirty seconds left" => facts with { Token = Of(hour, secondsLeft: 31) },
            "a quarter of a minute left" => facts with { Token = Of(TimeSpan.FromMinutes(1), secondsLeft: 15) },
            "more than a quarter of a minute left" => facts with { Token = Of(TimeSpan.FromMinutes(1), secondsLeft: 16) },
            "Secret gone" => facts with { Secret = new SecretFacts.Absent() },
            "Secret of somebody else" => facts with { Secret = new SecretFacts.Foreign(Some.SomebodyElses) },
            "token lost" => facts with { Content = new ContentFacts.Lost() },
            "other inputs" => facts with { Connection = facts.Connection with { Inputs = "c2" } },
            "other layout" => facts with { Connection = facts.Connection with { Layout = "l2" } },
            "other Secret" => facts with { Connection = facts.Connection with { SecretName = "other" } },
            "client gone" => facts with { Client = new ClientFacts.Missing(Some.Missing) },
            "renewal fails" => facts with { Failure = Failure() },
            _ => facts,
        };

        Assert.Equal(isProbed, ProbeSchedule.NextTime(facts, Policy.Decide(facts, now), now) is not null);

        TokenRecord Of(TimeSpan lifetime, int secondsLeft)
        {
            var end = now.AddSeconds(secondsLeft);
            return longToken with { IssueTime = end - lifetime, ExpirationTime = end };
        }
    }

    [Fact]
    public void What_was_never_probed_is_probed_at_once_and_so_is_a_changed_spec()
    {
        var facts = Probed();
        var unprobed = facts with { Probe = facts.Probe! with { Recorded = null } };
        var changed = facts with { Connection = facts.Connection with { Generation = 2 } };

        Assert.Equal(Some.Soon, NextTime(unprobed, Some.Soon));
        Assert.Equal(Some.Soon, NextTime(changed, Some.Soon));
        Assert.True(NextTime(facts, Some.Soon) > Some.Soon);
        Assert.True(NextTime(unprobed with { Probe = unprobed.Probe! with { Result = refused } }, Some.Soon) > Some.Soon);
    }

    [Fact]
    public void What_was_said_holds_for_a_new_generation_only_where_the_same_token_would_go_to_the_same_place()
    {
        var facts = Probed() with { Connection = Probed().Connection with { Generation = 2 } };
        var same = facts with { Probe = facts.Probe! with { IsSameTarget = true } };
        var otherToken = same with { Connection = same.Connection with { Inputs = "c2" } };

        Assert.Equal(1, ProbeSchedule.ConditionOf(facts)!.Generation);
        Assert.Equal(2, ProbeSchedule.ConditionOf(same)!.Generation);
        Assert.Equal(1, ProbeSchedule.ConditionOf(otherToken)!.Generation);
        Assert.Null(ProbeSchedule.ConditionOf(same with { Probe = same.Probe! with { Recorded = null } }));
        Assert.True(NextTime(same, Some.Soon) > Some.Soon);
    }

    [Fact]
    public void A_new_token_is_probed_a_second_after_its_issue_and_a_request_at_once()
    {
        var facts = Probed();
        var renewed = facts with { Token = longToken with { IssueTime = Some.Soon } };
        var asked = facts with { Probe = facts.Probe! with { RequestedAt = "now" } };
        var answered = asked with { Probe = asked.Probe! with { Result = refused with { Request = "now" } } };

        Assert.Equal(Some.Soon + ProbeSchedule.AfterIssue, NextTime(renewed, Some.Soon));
        Assert.Equal(Some.Soon, NextTime(asked, Some.Soon));
        Assert.True(NextTime(answered, Some.Soon) > Some.Soon);
        Assert.True(NextTime(asked with { Probe = asked.Probe! with { HandledRequest = "now" } }, Some.Soon) > Some.Soon);
    }

    [Fact]
    public void Nothing_is_probed_before_its_token_is_a_second_old()
    {
        var facts = Probed() with { Token = longToken with { IssueTime = Some.Soon } };
        var unprobed = facts with { Probe = facts.Probe! with { Recorded = null } };

        Assert.Equal(Some.Soon + ProbeSchedule.AfterIssue, NextTime(unprobed, Some.Soon));
    }

    [Fact]
    public void A_token_other_than_the_one_that_was_probed_last_is_due_until_it_is_probed()
    {
        var first = Some.Start + ProbeSchedule.AfterIssue;

        Assert.Equal(first, NextTime(LastProbed("f0"), Some.Soon));
        Assert.True(NextTime(LastProbed("f1"), Some.Soon) > Some.Soon);
        var probed = Probed() with { Probe = Probed().Probe! with { Since = first } };
        Assert.True(NextTime(probed, Some.Soon) > Some.Soon, "it was probed then");

        Facts LastProbed(string fingerprint) => Probed() with { Probe = Probed().Probe! with { Fingerprint = fingerprint } };
    }

    [Fact]
    public void A_probe_that_is_due_stays_due_until_it_is_made()
    {
        var facts = At(Some.Soon, "uid", hour);
        var due = NextTime(facts, Some.Soon)!.Value;

        Assert.Equal(due, NextTime(facts, due.AddMinutes(30)));
    }

    [Fact]
    public void What_is_withdrawn_or_not_allowed_is_not_probed()
    {
        Assert.Null(NextTime(Probed().ClientRefusing(), Some.Soon));
        Assert.Null(ProbeSchedule.NextTime(Probed(), new Decision.Withdraw(Some.NotAllowed), Some.Soon));
    }

    [Fact]
    public void The_request_that_the_last_probe_answers_counts_as_handled()
    {
        var before = Probed() with { Probe = Probed().Probe! with { HandledRequest = "before" } };

        Assert.Equal("before", ProbeSchedule.HandledRequest(before));
        Assert.Equal("before", ProbeSchedule.HandledRequest(before with { Probe = before.Probe! with { Result = refused } }));
        Assert.Equal(
            "now",
            ProbeSchedule.HandledRequest(before with { Probe = before.Probe! with { Result = refused with { Request = "now" } } })
        );
        Assert.Null(ProbeSchedule.HandledRequest(before with { Probe = null }));
    }

    [Fact]
    public void A_probe_that_fails_changes_no_time_and_neither_the_decision_nor_another_condition()
    {
        var facts = Probed();
        var failing = facts with { Probe = facts.Probe! with { Result = refused } };
        var decision = Policy.Decide(facts, Some.Soon);

        Assert.Equal(decision, Policy.Decide(failing, Some.Soon));
        Assert.Equal(NextTime(facts, Some.Soon), NextTime(failing, Some.Soon));
        Assert.Equal(Others(facts), Others(failing));
        Assert.Equal(
            (false, Reason.ApiUnauthorized),
            Report.Of(failing, decision, Some.Soon).Conditions.Where(IsOfProbe).Select(one => (one.IsTrue, one.Reason)).Single()
        );

        IEnumerable<ConditionReport> Others(Facts of) =>
            Report.Of(of, decision, Some.Soon).Conditions.Where(condition => !IsOfProbe(condition));
    }

    [Fact]
    public void What_status_says_stays_until_another_probe_and_goes_with_the_token_or_when_probes_are_off()
    {
        var facts = Probed();

        Assert.Equal(accepted, Assert.Single(ReportOf(facts).Conditions, IsOfProbe));
        Assert.Equal(accepted, Assert.Single(ReportOf(facts.Suspended()).Conditions, IsOfProbe));
        Assert.DoesNotContain(ReportOf(facts with { Probe = null }).Conditions, IsOfProbe);
        Assert.DoesNotContain(ReportOf(facts with { Token = null, Secret = new SecretFacts.Absent() }).Conditions, IsOfProbe);
    }

    [Fact]
    public void Each_connection_has_one_place_in_every_interval() =>
        Gen.Select(Gen.Guid, Gen.Int[300, 7 * 24 * 3600], Gen.Long[0, 40L * 365 * 86400 * 1000])
            .Sample(
                (identity, seconds, milliseconds) =>
                {
                    var interval = TimeSpan.FromSeconds(seconds);
                    var now = DateTimeOffset.UnixEpoch.AddMilliseconds(milliseconds);
                    var facts = At(now, identity.ToString(), interval);
                    var next = NextTime(facts, now)!.Value;

                    Assert.InRange(next, now.AddTicks(1), now + interval);
                    Assert.Equal(next, NextTime(facts, next - TimeSpan.FromTicks(1)));
                    Assert.Equal(next + interval, NextTime(facts with { Probe = facts.Probe! with { Since = next } }, next));
                },
                iter: PropertyCases.Many
            );

    [Fact]
    public void The_places_reach_back_beyond_the_instant_that_they_are_counted_from()
    {
        var next = NextTime(At(DateTimeOffset.UnixEpoch, "uid", hour), DateTimeOffset.UnixEpoch)!.Value;

        Assert.InRange(next, DateTimeOffset.UnixEpoch.AddTicks(1), DateTimeOffset.UnixEpoch + hour);
        Assert.Equal(next, NextTime(At(next - hour, "uid", hour), next - hour));
    }

    [Fact]
    public void Probes_of_many_connections_are_spread_over_the_interval()
    {
        var now = Some.Soon;
        var minutes = Enumerable.Range(0, 5_000)
            .Select(number => NextTime(At(now, $"uid-{number}", hour), now)!.Value)
            .CountBy(time => (int)(time - now).TotalMinutes)
            .ToList();

        Assert.Equal(60, minutes.Count);
        Assert.All(minutes, minute => Assert.InRange(minute.Value, 40, 140)); // 83 are to be expected
    }

    [Theory]
    [InlineData(true, 5)]
    [InlineData(false, 60)]
    public void Late_probes_of_many_connections_are_spread_those_of_new_tokens_over_five_minutes(bool isNewToken, int within)
    {
        var minutes = Enumerable.Range(0, 5_000)
            .Select(number => ProbeSchedule.Later(isNewToken, hour, $"uid-{number}", Some.Soon))
            .CountBy(time => (int)(time - Some.Soon).TotalMinutes)
            .ToList();

        Assert.Equal(within, minutes.Count);
        Assert.All(minutes, minute => Assert.InRange(minute.Value, 2_500 / within, 10_000 / within));
    }

    [Fact]
    public void A_clock_that_was_set_back_puts_no_probe_off_by_more_than_the_interval()
    {
        var facts = Probed();
        var ahead = facts with { Probe = facts.Probe! with { Since = Some.Soon.AddYears(1) } };

        Assert.InRange(NextTime(ahead, Some.Soon)!.Value, Some.Soon, Some.Soon + hour);
    }

    public static TheoryData<string> Outcomes => [.. Every.Select(outcome => outcome.Label)];

    [Theory]
    [MemberData(nameof(Outcomes))]
    public void Every_outcome_names_the_address_and_what_to_do_and_fits_into_a_condition(string label)
    {
        var outcome = Every.Single(one => one.Label == label) with { Said = new string('x', 120) };
        var address = "https://api.finance.visma.net/v1/" + new string('a', 90);
        var longest = new ProbeContext(address, new string('t', 36), new string('s', 300));

        var problem = outcome.Explain(longest);

        Assert.StartsWith($"GET {longest.Address} ", problem.Message, StringComparison.Ordinal);
        Assert.InRange(problem.Message.Length, 40, Report.LongestMessage);
        Assert.Equal(Every.Count, ProbeOutcome.Labels.Count);
        Assert.Contains(label, ProbeOutcome.Labels);
    }

    private static IReadOnlyList<ProbeOutcome> Every { get; } =
    [
        new ProbeOutcome.Accepted(),
        new ProbeOutcome.Unauthorized(),
        new ProbeOutcome.Forbidden(),
        new ProbeOutcome.NotFound(),
        new ProbeOutcome.CompanyRefused(),
        new ProbeOutcome.RateLimited(),
        new ProbeOutcome.Unavailable("no complete answer within 10 s"),
        new ProbeOutcome.Unexpected("a web page"),
        new ProbeOutcome.NotAllowed("the host is not allowed"),
        new ProbeOutcome.Invalid("spec.probe.path: the path must begin with one slash: correct it"),
    ];

    private static Facts Probed() =>
        Some.Serving() with
        {
            Token = longToken,
            Probe = new ProbeFacts { Interval = hour, Since = Some.Start.AddSeconds(30), Recorded = accepted },
        };

    private static Facts At(DateTimeOffset now, string identity, TimeSpan interval)
    {
        var facts = Probed();
        return facts with
        {
            Connection = facts.Connection with { Identity = identity },
            Token = longToken with { IssueTime = now.AddHours(-1), ExpirationTime = now.AddDays(30) },
            Probe = facts.Probe! with { Interval = interval, Since = now },
        };
    }

    private static DateTimeOffset? NextTime(Facts facts, DateTimeOffset now) =>
        ProbeSchedule.NextTime(facts, new Decision.Wait(now.AddHours(1)), now);

    private static Report ReportOf(Facts facts) => Report.Of(facts, Policy.Decide(facts, Some.Soon), Some.Soon);

    private static bool IsOfProbe(ConditionReport condition) => condition.Type == ConditionType.TokenAccepted;

    private static FailureRecord Failure() =>
        new()
        {
            Problem = new Problem(Reason.ProviderUnavailable, "No answer.", FailureKind.Transient),
            Attempts = 2,
            LastFailureTime = Some.Soon,
            NextAttemptTime = Some.Soon.AddMinutes(1),
            Inputs = "c1",
        };
}
