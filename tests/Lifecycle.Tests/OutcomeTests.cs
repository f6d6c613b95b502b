using Xunit;

namespace Lifecycle.Tests;

/// <summary>What a failed request and a probe are, without the words.</summary>
public sealed class OutcomeTests
{
    private static readonly ProbeOutcome[] probes =
    [
        new ProbeOutcome.Accepted(),
        new ProbeOutcome.Unauthorized(),
        new ProbeOutcome.Forbidden(),
        new ProbeOutcome.NotFound(),
        new ProbeOutcome.CompanyRefused(),
        new ProbeOutcome.RateLimited(),
        new ProbeOutcome.Unavailable("x"),
        new ProbeOutcome.Unexpected("x"),
        new ProbeOutcome.NotAllowed("x"),
        new ProbeOutcome.Invalid("x"),
    ];

    [Fact]
    public void Each_probe_has_the_label_that_metrics_name() =>
        Assert.Equal(
            [
                "accepted",
                "unauthorized",
                "forbidden",
                "not_found",
                "company_refused",
                "rate_limited",
                "unavailable",
                "unexpected",
                "not_allowed",
                "invalid",
            ],
            probes.Select(probe => probe.Label)
        );

    [Fact]
    public void Every_label_is_listed_once() => Assert.Equal(probes.Select(probe => probe.Label), ProbeOutcome.Labels);

    [Fact]
    public void A_probe_without_a_usable_answer_says_nothing_about_the_token()
    {
        Assert.Equal(["rate_limited", "unavailable"], probes.Where(probe => probe.IsLost).Select(probe => probe.Label));
        Assert.Equal(["accepted"], probes.Where(probe => probe.IsAccepted).Select(probe => probe.Label));
    }

    [Fact]
    public void A_probe_pauses_only_where_the_API_asks_for_it()
    {
        var limited = new ProbeOutcome.RateLimited { Limits = new ProbeLimits(600, 0, TimeSpan.FromSeconds(30)) };

        Assert.Equal(TimeSpan.FromSeconds(30), limited.Pause);
        Assert.All(probes, probe => Assert.Null(probe.Pause));
    }

    [Theory]
    [InlineData("invalid_client", true, false, FailureStage.Authenticating, FailureKind.NeedsPerson)]
    [InlineData("invalid_grant", false, true, FailureStage.Requesting, FailureKind.NeedsConsent)]
    [InlineData("invalid_scope", false, false, FailureStage.Requesting, FailureKind.NeedsPerson)]
    public void Only_one_code_is_about_the_client_and_only_one_ends_the_grant(
        string code,
        bool isOfClient,
        bool endsGrant,
        FailureStage stage,
        FailureKind kind
    )
    {
        var refused = new RequestFailure.Refused(code, Description: null);
        var problem = refused.Explain(new RequestContext("a/b", "t", "s"));

        Assert.Equal((isOfClient, endsGrant), (refused.IsOfClient, refused.EndsGrant));
        Assert.Equal((stage, kind), (problem.Stage, problem.Kind));
    }

    [Fact]
    public void A_refusal_of_the_client_is_one_whatever_was_said() =>
        Assert.Equal(new RequestFailure.Refused("invalid_client", "why"), RequestFailure.Refused.OfClient("why"));

    [Fact]
    public void Only_what_had_no_turn_is_unsent()
    {
        var unavailable = new RequestFailure.Unavailable("down", MayHaveBeenProcessed: false);

        Assert.False(unavailable.IsUnsent);
        Assert.True((unavailable with { HadTurn = false }).IsUnsent);
        Assert.False(new RequestFailure.Malformed("odd").IsUnsent);
        Assert.False(new RequestFailure.Refused("odd", null).IsUnsent);
    }
}
