using System.Buffers.Text;
using System.Collections.ObjectModel;
using System.Security.Cryptography;
using System.Text;
using Duende.IdentityModel.Client;

namespace OAuth;

/// <summary>
/// The authorization request of the code flow with PKCE (RFC 6749 section 4.1.1, RFC 7636 section 4.3): where a browser is sent for
/// consent.
/// </summary>
/// <param name="Endpoint">The authorization endpoint. A query that it has is kept, except for fields of the protocol.</param>
/// <param name="ClientId">The client identifier.</param>
/// <param name="RedirectUri">Where the answer goes; its original spelling is sent, since servers compare characters with what is
/// registered.</param>
/// <param name="Scopes">Scopes to ask for; when empty no <c>scope</c> is sent, and the server's default applies.</param>
/// <param name="State">Binds the answer to this request.</param>
/// <param name="CodeChallenge">The S256 challenge; see <see cref="CodeVerifier.ChallengeOf"/>.</param>
public sealed record AuthorizationRequest(
    Uri Endpoint,
    string ClientId,
    Uri RedirectUri,
    IReadOnlyList<string> Scopes,
    Sensitive State,
    string CodeChallenge)
{
    /// <summary>
    /// Told apart without case, as some servers do. A request object (RFC 9101) is among them, since its content would replace all the
    /// others.
    /// </summary>
    private static readonly HashSet<string> protocolFields = new(StringComparer.OrdinalIgnoreCase)
    {
        "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "request", "request_uri",
    };

    /// <summary>Further parameters, for example <c>prompt</c>, <c>login_hint</c> or <c>nonce</c>; none by default.</summary>
    /// <exception cref="ArgumentException">A parameter is named as a field of the protocol.</exception>
    public IReadOnlyDictionary<string, string> ExtraParameters
    {
        get;
        init => field = value.Keys.FirstOrDefault(protocolFields.Contains) is { } name
            ? throw new ArgumentException($"the extra parameter {name} is a field of the protocol", nameof(value))
            : value;
    } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>
    /// The URL for the browser. It holds <see cref="State"/>: it is shown to nobody but the person who asked for it, and written to no log.
    /// </summary>
    public Uri ToUri()
    {
        var parameters = new Parameters
        {
            { "response_type", "code" },
            { "client_id", ClientId },
            { "redirect_uri", RedirectUri.OriginalString },
            { "state", State.Reveal() },
            { "code_challenge", CodeChallenge },
            { "code_challenge_method", "S256" },
        };
        if (Scopes.Count > 0)
        {
            parameters.Add("scope", string.Join(' ', Scopes));
        }

        foreach (var (name, value) in ExtraParameters)
        {
            parameters.Add(name, value);
        }

        return new Uri(new RequestUrl(EndpointWithItsOwnQuery()).Create(parameters));
    }

    /// <summary>The endpoint without fragment, and without what would be there twice (RFC 6749 section 3.1).</summary>
    private string EndpointWithItsOwnQuery()
    {
        var own = Endpoint.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(pair => !protocolFields.Contains(NameIn(pair)) && !ExtraParameters.ContainsKey(NameIn(pair)));
        var query = string.Join('&', own);
        return Endpoint.GetLeftPart(UriPartial.Path) + (query.Length > 0 ? "?" + query : "");
    }

    private static string NameIn(string pair) => Uri.UnescapeDataString(pair.Split('=', 2)[0].Replace('+', ' '));
}

/// <summary>Makes the secrets of PKCE (RFC 7636), which bind an authorization code to the one who asked for it.</summary>
/// <param name="randomBytes">Gives so many bytes that nobody can guess, for example
/// <see cref="RandomNumberGenerator.GetBytes(int)"/>.</param>
public sealed class CodeVerifier(Func<int, byte[]> randomBytes)
{
    private const int Length = 32; // bytes, as RFC 7636 section 4.1 recommends: 43 characters

    /// <summary>A new verifier: 32 random bytes in base64url.</summary>
    public Sensitive New() => Sensitive.From(Base64Url.EncodeToString(randomBytes(Length)));

    /// <summary>The S256 challenge of a verifier: it may be seen by anybody, for the verifier cannot be computed from it.</summary>
    public static string ChallengeOf(Sensitive verifier) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier.Reveal())));
}
