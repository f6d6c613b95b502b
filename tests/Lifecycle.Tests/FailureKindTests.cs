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
        Assert.All(reasons, reason => Assert.Equal(kind, FailureKinds.Of(reason)));
}
