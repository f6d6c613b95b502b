using Kubernetes.Client.Resources;
using Lifecycle;
using Microsoft.Extensions.Time.Testing;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Publishing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Clients;

/// <summary>What a process that has just been started knows of a problem that an earlier one reported.</summary>
public sealed class RecordedProblemTests
{
    private static readonly DateTimeOffset start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Problem missing = new(Reason.SecretNotFound, "Secret acme does not exist.", FailureKind.NotThereYet);

    [Fact]
    public void What_stalls_a_connection_is_what_was_recorded_and_not_what_the_reason_suggests()
    {
        var stalled = Connection(Reason.SecretNotOwned, new ProblemStatus { Kind = "NeedsConsent", Stage = "Authenticating" });

        var problem = ConnectionFactsReader.Problem(stalled, ConditionType.Stalled);

        Assert.Equal((FailureKind.NeedsConsent, FailureStage.Authenticating), (problem?.Kind, problem?.Stage));
    }

    [Theory]
    [InlineData(Reason.SecretNotOwned, FailureKind.NeedsPerson, FailureStage.WritingTakenName)]
    [InlineData(Reason.ClientRefused, FailureKind.NeedsPerson, FailureStage.Authenticating)]
    [InlineData(Reason.ConsentRequired, FailureKind.NeedsConsent, FailureStage.Requesting)]
    public void The_status_of_an_earlier_version_says_it_by_the_reason(string reason, FailureKind kind, FailureStage stage)
    {
        var problem = ConnectionFactsReader.Problem(Connection(reason, problem: null), ConditionType.Stalled);

        Assert.Equal((kind, stage), (problem?.Kind, problem?.Stage));
    }

    [Fact]
    public void What_a_client_lacks_is_missing_since_the_time_on_record() =>
        Assert.Equal(
            start,
            StartOf(new OAuthClientStatus { Problem = new ClientProblemStatus { Reason = missing.Reason, StartTime = start } }));

    [Theory]
    [InlineData(Reason.SecretKeyNotFound, 0)]
    [InlineData(Reason.SecretNotFound, 7200)]
    public void Another_problem_and_one_from_the_future_begin_now(string reason, int secondsAhead) =>
        Assert.Equal(
            start.AddHours(1),
            StartOf(new OAuthClientStatus
            {
                Problem = new ClientProblemStatus { Reason = reason, StartTime = start.AddSeconds(secondsAhead) },
                Conditions = [Condition(ConditionType.Reconciling, missing.Reason)],
            }));

    [Theory]
    [InlineData(ConditionType.Reconciling, 0)]
    [InlineData(ConditionType.Stalled, -60)]
    public void The_status_of_an_earlier_version_says_since_when_by_its_condition(string type, int seconds) =>
        Assert.Equal(start.AddSeconds(seconds), StartOf(new OAuthClientStatus { Conditions = [Condition(type, missing.Reason)] }));

    private static DateTimeOffset StartOf(OAuthClientStatus status) =>
        new ProblemStarts(new FakeTimeProvider(start.AddHours(1))).Of(Some.OAuthClient("https://connect.visma.com") with { Status = status }, missing);

    private static VismaConnection Connection(string reason, ProblemStatus? problem) =>
        Some.VismaConnection() with
        {
            Status = new VismaConnectionStatus { Conditions = [Condition(ConditionType.Stalled, reason)], Problem = problem },
        };

    private static Condition Condition(string type, string reason) =>
        new() { Type = type, Status = "True", Reason = reason, Message = "…", LastTransitionTime = start };
}
