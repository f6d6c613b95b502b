namespace VismaOperator.Cli.Import;

/// <summary>What becomes of a field of an export.</summary>
internal abstract record ExportField
{
    private ExportField()
    {
    }

    /// <summary>Something is made of it, or it decides something.</summary>
    public sealed record Taken : ExportField;

    /// <summary>An object whose fields are looked at one by one.</summary>
    public sealed record Parts : ExportField;

    /// <summary>Nothing is made of it.</summary>
    /// <param name="Why">Why not, as a sentence.</param>
    public sealed record Without(string Why) : ExportField;
}

/// <summary>
/// The fields of Celigo's iClients and connections, as its public schemas name them
/// (https://github.com/celigo/ai, skills/configuring-connections/references), and what becomes of each.
/// </summary>
internal sealed class ExportFields
{
    private const string OwnFlows = "It is about Celigo itself.";
    private const string OwnTokens = "The operator reads a token where RFC 6749 puts it, and the application sends it as RFC 6750 says.";
    private const string OwnErrors = "The operator tells the outcome of a token request by the OAuth error (RFC 6749 section 5.2).";
    private const string OwnRequest = "The operator makes the token request by RFC 6749 section 4.4.2 or 4.1.3.";
    private const string OwnEndpoint = "The metadata of the issuer names this endpoint; spec.endpoints of the OAuthClient replaces it.";
    private const string OwnCalls = "The application makes the calls of the API itself, with the token out of the Secret.";
    private const string Forms = "Values of a form of Celigo: see by hand whether the application needs one.";

    private readonly Dictionary<string, ExportField> fields = new(StringComparer.Ordinal);

    private ExportFields()
    {
    }

    /// <summary>Those of an iClient.</summary>
    public static ExportFields OfClient { get; } = new ExportFields()
        .Take("_id name provider oauth2.clientId oauth2.clientSecret oauth2.scope oauth2.scopeDelimiter oauth2.grantType "
            + "oauth2.clientCredentialsLocation oauth2.auth.uri oauth2.token.uri oauth2.token.body oauth2.refresh.body")
        .Open("oauth2 oauth2.auth oauth2.token oauth2.refresh oauth2.revoke")
        .Leave(OwnFlows, "published enableIClientReferences formType _httpConnectorId _httpConnectorApiId settings createdAt lastModified "
            + "oauth2.validDomainNames")
        .Leave("The operator proves itself by id and secret; Visma Connect takes no signed assertion.", "enableJWT jwt")
        .Leave("The browser comes back to the operator: register its own redirect URI in the Visma developer portal "
            + "(docs/interactive-connections.md).", "oauth2.redirectUri")
        .Leave(OwnTokens, "oauth2.accessTokenLocation oauth2.accessTokenHeaderName oauth2.accessTokenParamName oauth2.accessTokenPath "
            + "oauth2.refreshTokenPath oauth2.scheme")
        .Leave(OwnErrors, "oauth2.failPath oauth2.failValues oauth2.failStatusCode")
        .Leave("The operator always uses PKCE with S256.", "oauth2.pkceCodeChallengeMethod")
        .Leave("Visma Connect has no password grant.", "oauth2.username oauth2.password")
        .Leave(OwnRequest, "oauth2.auth.queryParameters oauth2.token.method oauth2.token.headers oauth2.refresh.method "
            + "oauth2.refresh.headers oauth2.revoke.body oauth2.revoke.headers")
        .Leave(OwnEndpoint, "oauth2.refresh.uri oauth2.revoke.uri")
        .Leave(Forms, "oauth2.encrypted oauth2.unencrypted");

    /// <summary>Those of a connection.</summary>
    public static ExportFields OfConnection { get; } = new ExportFields()
        .Take("_id name type http.baseURI http._iClientId http.ping.relativeURI http.ping.method http.auth.type http.auth.oauth.grantType "
            + "http.auth.oauth.authURI http.auth.oauth.tokenURI http.auth.oauth.scope http.auth.oauth.scopeDelimiter "
            + "http.auth.oauth.clientCredentialsLocation http.auth.oauth.accessTokenBody http.auth.oauth.useIClientFields "
            + "http.auth.token.refreshBody")
        .Open("http http.ping http.auth http.auth.oauth http.auth.token")
        .Leave(OwnFlows, "externalId assistant _agentId _borrowConcurrencyFromConnectionId settings settingsForm createdAt lastModified "
            + "offline http._httpConnectorId http._httpConnectorVersionId http._httpConnectorApiId http.auth.oauth.skipOauthValidations")
        .Leave("The operator's log has a level of its own (--log-level), and holds no secret.", "debugDate")
        .Leave(OwnCalls, "http.mediaType http.successMediaType http.errorMediaType http.concurrencyLevel http.targetConcurrencyLevel "
            + "http.retryHeader http.rateLimit http.headers")
        .Leave("The operator always checks certificates; a private authority is named by SSL_CERT_FILE (docs/install.md).",
            "http.disableStrictSSL")
        .Leave("Visma Connect takes no client certificate.", "http.clientCertificates")
        .Leave("A probe tells by the status of the answer (docs/probe.md).", "http.ping.body http.ping.successPath "
            + "http.ping.successValues http.ping.failPath http.ping.failValues http.ping.errorPath")
        .Leave(OwnErrors, "http.auth.failStatusCode http.auth.failPath http.auth.failValues http.auth.failures")
        .Leave(OwnTokens, "http.auth.oauth.accessTokenPath http.auth.oauth.accessTokenHeaders http.auth.token.tokenPaths "
            + "http.auth.token.refreshTokenPath")
        .Leave("The browser comes back to the operator: register its own redirect URI in the Visma developer portal "
            + "(docs/interactive-connections.md).", "http.auth.oauth.oauth2RedirectUrl")
        .Leave(OwnRequest, "http.auth.token.refreshMethod http.auth.token.refreshRelativeURI http.auth.token.refreshMediaType "
            + "http.auth.token.refreshHeaders")
        .Leave("A refresh token stays with whom it was given to: a person consents once more (visma-operator connect).",
            "http.auth.token.refreshToken")
        .Leave(OwnEndpoint, "http.auth.token.revoke")
        .Leave(Forms, "http.encrypted http.unencrypted");

    /// <summary>Every field that is known, in order of names.</summary>
    public IEnumerable<string> Known => fields.Keys.Order(StringComparer.Ordinal);

    /// <summary>What becomes of a field; null of one that no schema names.</summary>
    /// <param name="name">Names from the object's root, with dots between them.</param>
    public ExportField? Find(string name) => fields.GetValueOrDefault(name);

    private ExportFields Take(string names) => Add(new ExportField.Taken(), names);

    private ExportFields Open(string names) => Add(new ExportField.Parts(), names);

    private ExportFields Leave(string why, string names) => Add(new ExportField.Without(why), names);

    private ExportFields Add(ExportField field, string names)
    {
        foreach (var name in names.Split(' '))
        {
            fields.Add(name, field);
        }

        return this;
    }
}
