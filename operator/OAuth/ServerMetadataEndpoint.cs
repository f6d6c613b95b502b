using System.Net;

namespace OAuth;

/// <summary>
/// Fetches metadata: OpenID Connect Discovery's path first, since every known issuer serves it, and RFC 8414's where that is not found.
/// Keeps nothing; see <see cref="ServerMetadataCache"/>.
/// </summary>
/// <param name="http">A client of <see cref="OAuthHttp"/>.</param>
/// <param name="policy">Also held against the endpoints in the document.</param>
/// <param name="time">The clock of deadlines.</param>
/// <param name="options">Limits.</param>
public sealed class ServerMetadataEndpoint(HttpClient http, HostPolicy policy, TimeProvider time, ServerMetadataOptions options)
    : IServerMetadataEndpoint
{
    private readonly WireExchange exchange = new(http, time, options.Timeout, options.MaxDocumentBytes);

    /// <inheritdoc/>
    public async Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken)
    {
        if (policy.ProblemWith(issuer) is { } problem)
        {
            return new MetadataOutcome.Untrusted($"issuer: {problem}");
        }

        return await TryAsync(OpenIdPath(issuer), issuer, cancellationToken)
            ?? await TryAsync(OAuthPath(issuer), issuer, cancellationToken)
            ?? new MetadataOutcome.Malformed("the issuer has no metadata document at either well-known path; is its URL right?");
    }

    /// <summary>OpenID Connect Discovery 1.0 section 4.1: the suffix is appended to the issuer.</summary>
    internal static Uri OpenIdPath(Uri issuer) =>
        new(issuer.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/.well-known/openid-configuration");

    /// <summary>RFC 8414 section 3.1: the suffix is put between host and path.</summary>
    internal static Uri OAuthPath(Uri issuer) =>
        new(issuer.GetLeftPart(UriPartial.Authority) + "/.well-known/oauth-authorization-server" + issuer.AbsolutePath.TrimEnd('/'));

    /// <summary>Null when there is no such document.</summary>
    private async Task<MetadataOutcome?> TryAsync(Uri document, Uri issuer, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, document);
        request.Headers.Accept.ParseAdd("application/json");
        return await exchange.SendAsync(request, cancellationToken) switch
        {
            WireResult.Answer { Status: HttpStatusCode.NotFound } => null,
            WireResult.Answer answer => MetadataAnswer.Judge(answer, issuer.OriginalString, policy),
            WireResult.TooLarge large => new MetadataOutcome.Malformed($"the metadata document is larger than {large.Limit / 1024} KiB"),
            WireResult.Failed failed => new MetadataOutcome.Unavailable($"metadata of the issuer: {failed.Cause}", null),
            _ => throw new InvalidOperationException("a wire result without a meaning"),
        };
    }
}
