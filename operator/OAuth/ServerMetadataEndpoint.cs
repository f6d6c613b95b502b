using System.Net;

namespace OAuth;

/// <summary>
/// Fetches metadata: OpenID Connect Discovery's path first, since every known issuer serves it, and RFC 8414's where that is not found.
/// Keeps nothing; see <see cref="ServerMetadataCache"/>.
/// </summary>
/// <param name="http">A client of <see cref="OAuthHttp"/>.</param>
/// <param name="policy">Also held against the endpoints in the document.</param>
/// <param name="time">The clock of deadlines.</param>
public sealed class ServerMetadataEndpoint(HttpClient http, HostPolicy policy, TimeProvider time)
    : IServerMetadataEndpoint
{
    // Visma's document, with its hundreds of scopes, has less than 16 KiB.
    private const int MaxDocumentBytes = 256 * 1024;

    // For one of the two documents, so that both are answered, or not, within 8 s.
    private static readonly TimeSpan timeout = TimeSpan.FromSeconds(4);

    private readonly WireExchange exchange = new(http, time, timeout, MaxDocumentBytes);

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

/// <summary>Looks up the metadata of authorization servers.</summary>
public interface IServerMetadataEndpoint
{
    /// <summary>The metadata of <paramref name="issuer"/>, whose original spelling is the issuer identifier.</summary>
    /// <exception cref="OperationCanceledException">Only when <paramref name="cancellationToken"/> is cancelled.</exception>
    Task<MetadataOutcome> GetAsync(Uri issuer, CancellationToken cancellationToken);
}

/// <summary>What is used of an authorization server's metadata (RFC 8414, OpenID Connect Discovery 1.0).</summary>
/// <param name="Issuer">The issuer identifier, exactly as the document says and as it was asked for.</param>
/// <param name="TokenEndpoint">Where tokens are asked for.</param>
/// <param name="AuthorizationEndpoint">Where a person consents; null when absent.</param>
/// <param name="RevocationEndpoint">Where refresh tokens are revoked (RFC 7009); null when absent.</param>
/// <param name="IssParameterSupported">Whether authorization responses carry <c>iss</c> (RFC 9207).</param>
public sealed record ServerMetadata(
    string Issuer,
    Uri TokenEndpoint,
    Uri? AuthorizationEndpoint,
    Uri? RevocationEndpoint,
    bool IssParameterSupported);

/// <summary>How a look at an issuer's metadata ended. Causes are one sentence for people and hold no body.</summary>
public abstract record MetadataOutcome
{
    private MetadataOutcome()
    {
    }

    /// <summary>The document is there and trusted.</summary>
    public sealed record Found(ServerMetadata Metadata) : MetadataOutcome;

    /// <summary>Network, timeout, 5xx, 429: worth trying again.</summary>
    public sealed record Unavailable(string Cause, TimeSpan? RetryAfter) : MetadataOutcome;

    /// <summary>There is no document, or none that can be read.</summary>
    public sealed record Malformed(string Cause) : MetadataOutcome;

    /// <summary>The document names another issuer, or an endpoint that may not be contacted.</summary>
    public sealed record Untrusted(string Cause) : MetadataOutcome;
}
