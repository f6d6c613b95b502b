using Duende.IdentityModel.Client;
using DuendeTokenRequest = Duende.IdentityModel.Client.TokenRequest;

namespace OAuth;

/// <summary>Writes a token request for the wire: form encoding and client authentication are Duende.IdentityModel's.</summary>
internal static class TokenRequestMessage
{
    private static readonly string[] ProtocolFields =
    [
        "grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type",
        "refresh_token", "code", "code_verifier", "redirect_uri",
    ];

    /// <summary>A message that can be sent once.</summary>
    /// <exception cref="ArgumentException">The client id is blank, or an extra parameter is named as a protocol field.</exception>
    public static HttpRequestMessage Write(Uri endpoint, ClientCredentials client, TokenRequest request)
    {
        if (string.IsNullOrWhiteSpace(client.ClientId))
        {
            throw new ArgumentException("the client id is blank", nameof(client));
        }

        var message = new DuendeTokenRequest
        {
            RequestUri = endpoint,
            Method = HttpMethod.Post,
            ClientId = client.ClientId,
            ClientSecret = client.ClientSecret.Reveal(),
            ClientCredentialStyle = StyleOf(client.Method),
            AuthorizationHeaderStyle = BasicAuthenticationHeaderStyle.Rfc6749,
        };
        message.Parameters.Add("grant_type", request.GrantType);
        AddFields(message.Parameters, request);
        message.Prepare();
        message.Content = new WitnessedContent(message.Content!);
        return message;
    }

    private static ClientCredentialStyle StyleOf(ClientAuthenticationMethod method) => method switch
    {
        ClientAuthenticationMethod.ClientSecretPost => ClientCredentialStyle.PostBody,
        ClientAuthenticationMethod.ClientSecretBasic => ClientCredentialStyle.AuthorizationHeader,
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "unknown client authentication method"),
    };

    private static void AddFields(Parameters form, TokenRequest request)
    {
        switch (request)
        {
            case TokenRequest.ClientCredentialsGrant grant:
                AddScopes(form, grant.Scopes);
                AddExtra(form, grant.ExtraParameters);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(request), "unknown grant");
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
            if (ProtocolFields.Contains(name))
            {
                throw new ArgumentException($"the extra parameter {name} is a field of the protocol", nameof(extra));
            }

            form.Add(name, value);
        }
    }
}
