using Duende.IdentityModel.Client;

namespace OAuth;

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
