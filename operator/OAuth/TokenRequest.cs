using Duende.IdentityModel.Client;

namespace OAuth;

/// <summary>What is asked of a token endpoint. A grant is a case of this closed hierarchy.</summary>
public abstract record TokenRequest
{
    private TokenRequest()
    {
    }

    /// <summary>The <c>grant_type</c> of the request.</summary>
    public abstract string GrantType { get; }

    /// <summary>
    /// By when the token is needed, for example when the one in service expires: of the requests that wait for a slot at the issuer, the
    /// one that is needed first goes first. Null for as soon as possible.
    /// </summary>
    public DateTimeOffset? NeededBy { get; init; }

    /// <summary>
    /// Told when the request has its slot, just before it is sent. What this throws is thrown to the caller, and nothing is sent.
    /// </summary>
    public Action? TurnCame { get; init; }

    /// <summary>
    /// The client credentials grant (RFC 6749 section 4.4).
    /// </summary>
    /// <param name="Scopes">Scopes to ask for; when empty no <c>scope</c> is sent, and the server's default applies.</param>
    /// <param name="ExtraParameters">Further form fields, for example <c>tenant_id</c>. Fields of the grant itself and of the client's
    /// authentication are refused.</param>
    public sealed record ClientCredentialsGrant(
        IReadOnlyList<string> Scopes,
        IReadOnlyDictionary<string, string> ExtraParameters) : TokenRequest
    {
        /// <inheritdoc/>
        public override string GrantType => "client_credentials";
    }

    /// <summary>
    /// Redeems an authorization code (RFC 6749 section 4.1.3) with its PKCE verifier (RFC 7636 section 4.5). A code works once, with any
    /// outcome.
    /// </summary>
    /// <param name="Code">The code of the authorization response.</param>
    /// <param name="CodeVerifier">The verifier whose challenge the authorization request carried.</param>
    /// <param name="RedirectUri">The redirect URI of the authorization request; its original spelling is sent, since servers compare
    /// characters.</param>
    /// <param name="ExtraParameters">Further form fields, for example <c>tenant_id</c>. Fields of the protocol are refused.</param>
    public sealed record AuthorizationCodeGrant(
        Sensitive Code,
        Sensitive CodeVerifier,
        Uri RedirectUri,
        IReadOnlyDictionary<string, string> ExtraParameters) : TokenRequest
    {
        /// <inheritdoc/>
        public override string GrantType => "authorization_code";
    }

    /// <summary>
    /// Spends a refresh token (RFC 6749 section 6). No scope is sent: the answer has the scopes of the consent.
    /// </summary>
    /// <param name="RefreshToken">A one-time token is spent unless the outcome says that the request cannot have been processed.</param>
    /// <param name="ExtraParameters">Further form fields, for example <c>tenant_id</c>. Fields of the protocol are refused.</param>
    public sealed record RefreshTokenGrant(
        Sensitive RefreshToken,
        IReadOnlyDictionary<string, string> ExtraParameters) : TokenRequest
    {
        /// <inheritdoc/>
        public override string GrantType => "refresh_token";
    }
}

/// <summary>The form of a token request, without the client's authentication, which <see cref="ClientRequestMessage"/> adds.</summary>
internal static class TokenRequestForm
{
    /// <summary>Told apart without case: some servers read form fields so, and a second spelling would then change the first.</summary>
    private static readonly HashSet<string> protocolFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type",
        "refresh_token", "code", "code_verifier", "redirect_uri",
    };

    /// <summary>The fields of <paramref name="request"/>.</summary>
    /// <exception cref="ArgumentException">An extra parameter is named as a protocol field.</exception>
    public static Parameters Of(TokenRequest request)
    {
        var form = new Parameters { { "grant_type", request.GrantType } };
        switch (request)
        {
            case TokenRequest.ClientCredentialsGrant grant:
                AddScopes(form, grant.Scopes);
                AddExtra(form, grant.ExtraParameters);
                break;
            case TokenRequest.AuthorizationCodeGrant grant:
                form.Add("code", grant.Code.Reveal());
                form.Add("code_verifier", grant.CodeVerifier.Reveal());
                form.Add("redirect_uri", grant.RedirectUri.OriginalString);
                AddExtra(form, grant.ExtraParameters);
                break;
            case TokenRequest.RefreshTokenGrant grant:
                form.Add("refresh_token", grant.RefreshToken.Reveal());
                AddExtra(form, grant.ExtraParameters);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(request), "unknown grant");
        }

        return form;
    }

    /// <summary>The credentials in the form: what was sent must not come back in a message.</summary>
    public static void AddSpent(TokenRequest request, SpentCredentials spent)
    {
        switch (request)
        {
            case TokenRequest.AuthorizationCodeGrant grant:
                spent.Add(grant.Code.Reveal());
                spent.Add(grant.CodeVerifier.Reveal());
                break;
            case TokenRequest.RefreshTokenGrant grant:
                spent.Add(grant.RefreshToken.Reveal());
                break;
        }
    }

    private static void AddScopes(Parameters form, IReadOnlyList<string> scopes)
    {
        if (scopes.Count > 0)
        {
            form.Add("scope", string.Join(' ', scopes));
        }
    }

    private static void AddExtra(Parameters form, IReadOnlyDictionary<string, string> extra)
    {
        foreach (var (name, value) in extra)
        {
            if (protocolFields.Contains(name))
            {
                throw new ArgumentException($"the extra parameter {name} is a field of the protocol", nameof(extra));
            }

            form.Add(name, value);
        }
    }
}
