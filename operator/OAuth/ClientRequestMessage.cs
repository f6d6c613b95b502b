using Duende.IdentityModel.Client;

namespace OAuth;

/// <summary>Writes a client's request for the wire: form encoding and client authentication are Duende.IdentityModel's.</summary>
internal static class ClientRequestMessage
{
    /// <summary>A message that can be sent once.</summary>
    /// <exception cref="ArgumentException">The client id is blank.</exception>
    public static HttpRequestMessage Write(Uri endpoint, ClientCredentials client, Parameters form)
    {
        if (string.IsNullOrWhiteSpace(client.ClientId))
        {
            throw new ArgumentException("the client id is blank", nameof(client));
        }

        var message = new ProtocolRequest
        {
            RequestUri = endpoint,
            Method = HttpMethod.Post,
            ClientId = client.ClientId,
            ClientSecret = client.ClientSecret.Reveal(),
            ClientCredentialStyle = StyleOf(client.Method),
            AuthorizationHeaderStyle = BasicAuthenticationHeaderStyle.Rfc6749,
            Parameters = form,
        };
        message.Prepare();
        message.Content = new WitnessedContent(message.Content!);
        return message;
    }

    /// <summary>
    /// The client's part of what the message gives away: the secret, and the pair of the Basic header, which a gateway may quote as it
    /// stands.
    /// </summary>
    public static SpentCredentials SpentIn(HttpRequestMessage message, ClientCredentials client)
    {
        var spent = new SpentCredentials(client.ClientSecret);
        if (message.Headers.Authorization?.Parameter is { } pair)
        {
            spent.Add(pair);
        }

        return spent;
    }

    private static ClientCredentialStyle StyleOf(ClientAuthenticationMethod method) => method switch
    {
        ClientAuthenticationMethod.ClientSecretPost => ClientCredentialStyle.PostBody,
        ClientAuthenticationMethod.ClientSecretBasic => ClientCredentialStyle.AuthorizationHeader,
        _ => throw new ArgumentOutOfRangeException(nameof(method), method, "unknown client authentication method"),
    };
}
