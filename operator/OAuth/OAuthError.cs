using System.Net;

namespace OAuth;

/// <summary>
/// An error answer (RFC 6749 section 5.2), fit to be shown. The member <c>error</c> decides at any status, since servers disagree on
/// statuses.
/// </summary>
/// <param name="Code">The <c>error</c> member.</param>
/// <param name="Description">The <c>error_description</c> member; null when absent.</param>
/// <param name="IsTransient">Whether it is about the server or the moment, rather than a judgement of the request.</param>
internal sealed record OAuthError(string Code, string? Description, bool IsTransient)
{
    /// <summary>Longest code that is shown.</summary>
    public const int MaxCodeLength = 64;

    /// <summary>Longest description that is shown.</summary>
    public const int MaxDescriptionLength = 200;

    private static readonly string[] issued = ["access_token", "refresh_token", "id_token"];

    /// <summary>The error of an answer; null when it has none.</summary>
    public static OAuthError? Read(AnswerJson? json, HttpStatusCode status, SpentCredentials spent)
    {
        if (json?.Text("error") is not { Length: > 0 } error)
        {
            return null;
        }

        RememberIssued(json, spent);
        var isTransient = OAuthErrors.IsTransient(error) || (IsOverload(status) && !OAuthErrors.IsVerdict(error));
        var description = issued.Any(json.IsUnreadable) ? null : json.Text("error_description"); // it may repeat what cannot be read
        return new OAuthError(CodeOf(error, spent), DescriptionOf(description, spent), isTransient);
    }

    /// <summary>A code as it may be shown.</summary>
    public static string CodeOf(string error, SpentCredentials spent) =>
        OAuthErrors.IsRegistered(error) ? error : spent.Quote(error, MaxCodeLength);

    /// <summary>A description as it may be shown; null when there is none.</summary>
    public static string? DescriptionOf(string? description, SpentCredentials spent) =>
        string.IsNullOrEmpty(description) ? null : spent.Quote(description, MaxDescriptionLength);

    /// <summary>Tokens beside an error are never used, but the description may repeat them.</summary>
    private static void RememberIssued(AnswerJson json, SpentCredentials spent)
    {
        foreach (var member in issued)
        {
            if (json.Text(member) is { Length: > 0 } value)
            {
                spent.Add(value);
            }
        }
    }

    private static bool IsOverload(HttpStatusCode status) => (int)status is >= 500 or 429;
}

/// <summary>
/// The error codes of RFC 6749 (sections 4.1.2.1 and 5.2) and RFC 7009 (section 2.2.1) and what they mean for trying again.
/// </summary>
internal static class OAuthErrors
{
    /// <summary>Codes of the protocol: constants, so they are safe to quote as they are.</summary>
    public static bool IsRegistered(string error) =>
        IsTransient(error)
        || error
            is "invalid_request"
                or "invalid_client"
                or "invalid_grant"
                or "invalid_scope"
                or "invalid_target"
                or "unauthorized_client"
                or "unsupported_grant_type"
                or "unsupported_token_type"
                or "unsupported_response_type"
                or "access_denied";

    /// <summary>The server says of itself that it is not well.</summary>
    public static bool IsTransient(string error) => error is "server_error" or "temporarily_unavailable";

    /// <summary>
    /// A judgement about the request. Gateways put texts such as <c>Internal Server Error</c> into a member <c>error</c> of
    /// their 5xx and 429 answers; there, only codes of this form count as the authorization server's word.
    /// </summary>
    public static bool IsVerdict(string error) =>
        IsRegistered(error) || error.StartsWith("invalid_", StringComparison.Ordinal);
}
