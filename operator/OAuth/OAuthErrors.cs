namespace OAuth;

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
