namespace Lifecycle;

/// <summary>The reasons that the condition Ready of a connection can have, so that a count of each begins at zero.</summary>
public static class ReadyReasons
{
    /// <summary>Ready.</summary>
    public static IReadOnlyList<string> WhenTrue { get; } = [Reason.TokenValid, Reason.Suspended];

    /// <summary>Not ready: nothing was attempted yet, the token expired, or one of the failures.</summary>
    public static IReadOnlyList<string> WhenFalse { get; } =
    [
        Reason.TokenPending,
        Reason.TokenExpired,
        Reason.Suspended,
        Reason.InvalidSpec,
        Reason.IssuerNotAllowed,
        Reason.InsecureUrl,
        Reason.ApiHostNotAllowed,
        Reason.ClientNotAvailable,
        Reason.TenantNotAllowed,
        Reason.SecretNotFound,
        Reason.SecretKeyNotFound,
        Reason.SecretHoldsToken,
        Reason.SecretNotLabelled,
        Reason.ClientIDInvalid,
        Reason.SecretForbidden,
        Reason.SecretInvalid,
        Reason.SecretNotWritten,
        Reason.ApiRequestFailed,
        Reason.ApiRequestForbidden,
        Reason.OperatorFault,
        Reason.NamespaceForbidden,
        Reason.SecretNotOwned,
        Reason.WithdrawalForbidden,
        Reason.WithdrawalFailed,
        Reason.SecretTerminating,
        Reason.ClientRefused,
        Reason.ScopeRefused,
        Reason.GrantTypeRefused,
        Reason.TenantRefused,
        Reason.RequestRefused,
        Reason.ProviderUnavailable,
        Reason.AnswerNotUnderstood,
        Reason.MetadataUnusable,
        Reason.MetadataUntrusted,
        Reason.AwaitingConsent,
        Reason.ConsentRequired,
        Reason.SpecChanged,
        Reason.GrantUsedElsewhere,
        Reason.GrantNotOwned,
        Reason.GrantNotStored,
        Reason.ConsentDenied,
        Reason.ConsentFailed,
        Reason.TenantMismatch,
        Reason.TenantNotVerified,
        Reason.ScopesExceeded,
    ];
}
