using System.Text;
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
    /// The client's part of what the message gives away: the secret, and the pair of the Basic header, which a gateway may quote unchanged.
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

/// <summary>A client as the authorization server knows it.</summary>
/// <param name="ClientId">The client identifier; not secret.</param>
/// <param name="ClientSecret">The secret that is tried.</param>
/// <param name="Method">Where id and secret are put.</param>
public sealed record ClientCredentials(string ClientId, Sensitive ClientSecret, ClientAuthenticationMethod Method);

/// <summary>How a client proves itself at the token endpoint (RFC 6749 section 2.3.1).</summary>
public enum ClientAuthenticationMethod
{
    /// <summary><c>client_secret_post</c>: id and secret are fields of the form.</summary>
    ClientSecretPost,

    /// <summary><c>client_secret_basic</c>: id and secret are URL-encoded each, then sent in the Basic header.</summary>
    ClientSecretBasic,
}

/// <summary>
/// The values of one exchange that must not come back in a message: what was sent, and what the answer issued. Some servers and
/// gateways echo a request in their error description.
/// </summary>
internal sealed class SpentCredentials
{
    private const string Withheld = "(withheld: it repeated a credential)";

    private readonly List<string> spellings = [];

    public SpentCredentials(params ReadOnlySpan<Sensitive> values)
    {
        foreach (var value in values)
        {
            Add(value.Reveal());
        }
    }

    /// <summary>Adds a value in the spellings it may come back in: plain, URL-encoded, form-encoded, Base64.</summary>
    public void Add(string value)
    {
        var escaped = Uri.EscapeDataString(value);
        spellings.Add(value);
        spellings.Add(PrintableText.Cut(value, int.MaxValue));
        spellings.Add(escaped);
        spellings.Add(escaped.Replace("%20", "+", StringComparison.Ordinal));
        spellings.Add(Convert.ToBase64String(Encoding.UTF8.GetBytes(value)));
    }

    /// <summary>A server's text, fit to be shown: withheld when it repeats one of them, otherwise short and printable.</summary>
    public string Quote(string text, int maxLength) => AreIn(text) ? Withheld : PrintableText.Cut(text, maxLength);

    private bool AreIn(string text) =>
        spellings.Exists(spelling => text.Contains(spelling, StringComparison.OrdinalIgnoreCase));
}
