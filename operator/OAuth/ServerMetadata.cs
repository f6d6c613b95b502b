namespace OAuth;

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
