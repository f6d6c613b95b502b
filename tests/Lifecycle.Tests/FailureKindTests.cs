using Xunit;

namespace Lifecycle.Tests;

public sealed class FailureKindTests
{
    [Theory]
    [InlineData(
        FailureKind.Transient,
        Reason.ProviderUnavailable,
        Reason.AnswerNotUnderstood,
        Reason.MetadataUnusable,
        Reason.GrantNotStored,
        Reason.ApiRateLimited,
        Reason.ApiUnavailable,
        Reason.ConnectionNotWritten,
        Reason.SecretNotWritten,
        Reason.WithdrawalFailed,
        Reason.ApiRequestFailed,
        Reason.OperatorFault
    )]
    [InlineData(
        FailureKind.NotThereYet,
        Reason.ClientNotAvailable,
        Reason.SecretNotFound,
        Reason.SecretKeyNotFound,
        Reason.NamespaceTerminating,
        Reason.TenantsNotFound,
        Reason.SecretTerminating
    )]
    [InlineData(
        FailureKind.NeedsPerson,
        Reason.ClientRefused,
        Reason.ScopeRefused,
        Reason.GrantTypeRefused,
        Reason.TenantRefused,
        Reason.RequestRefused
    )]
    [InlineData(
        FailureKind.NeedsPerson,
        Reason.InvalidSpec,
        Reason.IssuerNotAllowed,
        Reason.ApiHostNotAllowed,
        Reason.TenantNotAllowed,
        Reason.SecretForbidden,
        Reason.ApiRequestForbidden,
        Reason.WithdrawalForbidden,
        Reason.SecretInvalid,
        Reason.SecretNotOwned,
        Reason.InsecureUrl
    )]
    [InlineData(
        FailureKind.NeedsConsent,
        Reason.AwaitingConsent,
        Reason.ConsentRequired,
        Reason.SpecChanged,
        Reason.GrantUsedElsewhere,
        Reason.ConsentDenied,
        Reason.ConsentFailed
    )]
    [InlineData(FailureKind.NeedsPerson, "WrittenByALaterVersion")]
    public void A_reason_is_of_one_kind(FailureKind kind, params string[] reasons) =>
        Assert.All(reasons, reason => Assert.Equal(kind, RecordedProblem.KindOf(reason)));

    [Fact]
    public void Every_kind_and_stage_is_read_as_it_was_recorded()
    {
        foreach (var reason in new[] { Reason.ProviderUnavailable, Reason.SecretNotOwned })
        {
            Assert.All(
                Enum.GetValues<FailureKind>(),
                kind => Assert.Equal(kind, RecordedProblem.Of(reason, "…", kind.ToString()).Kind));
            Assert.All(
                Enum.GetValues<FailureStage>(),
                stage => Assert.Equal(stage, RecordedProblem.Of(reason, "…", kind: null, stage.ToString()).Stage));
        }
    }

    [Fact]
    public void What_a_failure_asks_for_is_what_was_said_and_not_what_the_reason_suggests()
    {
        var outage = new Problem(Reason.ConsentFailed, "The provider does not answer.", FailureKind.Transient);

        Assert.Equal(FailureKind.Transient, Some.Serving().FailedWith(outage, Some.Soon).Failure!.Problem.Kind);
    }

    [Theory]
    [InlineData(Reason.ProviderUnavailable, FailureStage.Requesting)]
    [InlineData(Reason.ClientRefused, FailureStage.Authenticating)]
    [InlineData(Reason.ApiRequestFailed, FailureStage.Looking)]
    [InlineData(Reason.SecretForbidden, FailureStage.Writing)]
    [InlineData(Reason.ApiRequestForbidden, FailureStage.Looking)]
    [InlineData(Reason.OperatorFault, FailureStage.Looking)]
    [InlineData(Reason.SecretInvalid, FailureStage.Writing)]
    [InlineData(Reason.SecretTerminating, FailureStage.Writing)]
    [InlineData(Reason.SecretNotWritten, FailureStage.Writing)]
    [InlineData(Reason.WithdrawalForbidden, FailureStage.Withdrawing)]
    [InlineData(Reason.SecretNotOwned, FailureStage.WritingTakenName)]
    [InlineData(Reason.GrantNotStored, FailureStage.Storing)]
    [InlineData(Reason.WithdrawalFailed, FailureStage.Withdrawing)]
    [InlineData("WrittenByALaterVersion", FailureStage.Requesting)]
    public void A_status_of_another_version_is_read_by_its_reason(string reason, FailureStage stage)
    {
        Assert.Equal(stage, RecordedProblem.StageOf(null, reason));
        Assert.Equal(stage, RecordedProblem.StageOf("OfALaterVersion", reason));
    }

    [Fact]
    public void The_message_is_read_as_it_was_recorded_and_may_be_missing()
    {
        Assert.Equal("No answer.", RecordedProblem.Of(Reason.ProviderUnavailable, "No answer.").Message);
        Assert.Empty(RecordedProblem.Of(Reason.ProviderUnavailable, message: null).Message);
    }

    [Fact]
    public void A_refused_client_of_a_build_that_recorded_no_kind_is_read_by_its_reason()
    {
        Assert.Equal(FailureStage.Authenticating, RecordedProblem.Of(Reason.ClientRefused, "…", kind: null, "Requesting").Stage);
        Assert.Equal(FailureStage.Requesting, RecordedProblem.Of(Reason.ClientRefused, "…", "NeedsPerson", "Requesting").Stage);
        Assert.Equal(FailureStage.Writing, RecordedProblem.Of(Reason.ClientRefused, "…", kind: null, "Writing").Stage);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("99")]
    [InlineData(" Transient")]
    [InlineData("transient")]
    [InlineData("Transient,NotThereYet")]
    public void Only_the_name_of_a_kind_is_read_as_one(string recorded) =>
        Assert.Equal(FailureKind.NeedsConsent, RecordedProblem.KindOf(recorded, Reason.AwaitingConsent));

    [Theory]
    [InlineData("1")]
    [InlineData(" Writing")]
    [InlineData("Looking,Writing")]
    public void Only_the_name_of_a_stage_is_read_as_one(string recorded) =>
        Assert.Equal(FailureStage.Storing, RecordedProblem.StageOf(recorded, Reason.GrantNotStored));

    [Fact]
    public void What_failed_is_what_was_said_and_not_what_the_reason_suggests()
    {
        var (asked, written) = (
            Some.Serving().FailedWith(Some.Unreadable, Some.Soon),
            Some.Serving().FailedWith(Some.Unwritable, Some.Soon));

        Assert.Equal(asked.Failure!.Reason, written.Failure!.Reason);
        Assert.NotNull(asked.Published(Some.Token()).Failure);
        Assert.Null(written.Published(Some.Token()).Failure);
    }
}
