using System.Collections.Frozen;
using System.Globalization;

namespace VismaOperator.Grants;

/// <summary>
/// The keys of a grant Secret. Other replicas, and later versions, read what this one wrote: a key is added, never renamed.
/// </summary>
internal static class GrantKeys
{
    public const string Connection = "connection";
    public const string Issuer = "issuer";
    public const string TokenEndpoint = "token_endpoint";
    public const string ClientId = "client_id";
    public const string TenantId = "tenant_id";
    public const string Scope = "scope";
    public const string Cluster = "cluster";
    public const string OAuthClient = "oauth_client";
    public const string Family = "family";
    public const string ReplacedFamilies = "replaced_families";
    public const string Sequence = "sequence";
    public const string RefreshToken = "refresh_token";
    public const string RefreshTokenExpiresAt = "refresh_token_expires_at";
    public const string RefreshTokenSlides = "refresh_token_slides";
    public const string GrantTime = "grant_time";
    public const string GrantedBy = "granted_by";
    public const string RefusedAt = "refused_at";
    public const string AccessToken = "access_token";
    public const string IssuedAt = "issued_at";
    public const string ExpiresAt = "expires_at";
    public const string Inputs = "inputs";
    public const string GrantedScope = "granted_scope";
    public const string AnsweredRequest = "answered_request";
    public const string IntentId = "intent_id";
    public const string IntentTokenHash = "intent_token_hash";
    public const string IntentTime = "intent_time";
    public const string IntentTakeoverTime = "intent_takeover_time";
    public const string AttemptStateHash = "attempt_state_hash";
    public const string AttemptCookieHash = "attempt_cookie_hash";
    public const string AttemptCodeVerifier = "attempt_code_verifier";
    public const string AttemptRedirectUri = "attempt_redirect_uri";
    public const string AttemptIssuer = "attempt_issuer";
    public const string AttemptNamesIssuer = "attempt_names_issuer";
    public const string AttemptInputs = "attempt_inputs";
    public const string AttemptExpiresAt = "attempt_expires_at";
    public const string AttemptFormer = "attempt_former_family";
    public const string OutcomeReason = "outcome_reason";
    public const string OutcomeMessage = "outcome_message";
    public const string OutcomeTime = "outcome_time";
    public const string DeletionPolicy = "deletion_policy";
    public const string RevocationTime = "revocation_time";

    /// <summary>The keys of the grant itself.</summary>
    public static IReadOnlySet<string> OfTheGrant { get; } =
        FrozenSet.ToFrozenSet(
            [
                Connection,
                Issuer,
                TokenEndpoint,
                ClientId,
                TenantId,
                Scope,
                Cluster,
                OAuthClient,
                Family,
                ReplacedFamilies,
                Sequence,
                RefreshToken,
                RefreshTokenExpiresAt,
                RefreshTokenSlides,
                GrantTime,
                GrantedBy,
                RefusedAt,
                AccessToken,
                IssuedAt,
                ExpiresAt,
                Inputs,
                GrantedScope,
                AnsweredRequest,
            ],
            StringComparer.Ordinal
        );

    private static IReadOnlyList<string> OfAnAttempt { get; } =
    [
        AttemptStateHash,
        AttemptCookieHash,
        AttemptCodeVerifier,
        AttemptRedirectUri,
        AttemptIssuer,
        AttemptNamesIssuer,
        AttemptInputs,
        AttemptExpiresAt,
        AttemptFormer,
    ];

    /// <summary>The keys of everything beside it.</summary>
    public static IReadOnlySet<string> OfTheRest { get; } =
        FrozenSet.ToFrozenSet(
            [
                IntentId,
                IntentTokenHash,
                IntentTime,
                IntentTakeoverTime,
                OutcomeReason,
                OutcomeMessage,
                OutcomeTime,
                DeletionPolicy,
                RevocationTime,
                .. Enumerable.Range(1, ConsentAttempt.MaxOpen).SelectMany(slot => OfAnAttempt.Select(key => InSlot(key, slot))),
            ],
            StringComparer.Ordinal
        );

    /// <summary>A key of the n-th attempt, counted from 1; the first one's keys bear no number.</summary>
    public static string InSlot(string key, int slot) => slot == 1 ? key : string.Create(CultureInfo.InvariantCulture, $"{key}_{slot}");

    /// <summary>Every key that this version knows.</summary>
    public static IReadOnlySet<string> All { get; } = OfTheGrant.Union(OfTheRest).ToFrozenSet(StringComparer.Ordinal);
}
