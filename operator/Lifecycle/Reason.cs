namespace Lifecycle;

/// <summary>
/// Every reason that a condition, an event or a metric may carry, once. Reasons are API: dashboards and alerts rely on
/// them, so they are added, never renamed.
/// </summary>
public static class Reason
{
    /// <summary>The Secret holds a token that has not expired.</summary>
    public const string TokenValid = nameof(TokenValid);

    /// <summary>The token was renewed in time.</summary>
    public const string Renewed = nameof(Renewed);

    /// <summary>The token was renewed in time, but it lives shorter than the margin that was asked for.</summary>
    public const string LifetimeTooShort = nameof(LifetimeTooShort);

    /// <summary>The token expired before it could be renewed.</summary>
    public const string TokenExpired = nameof(TokenExpired);

    /// <summary>The first token has not been obtained yet.</summary>
    public const string TokenPending = nameof(TokenPending);

    /// <summary>The spec asks the operator to leave this object alone.</summary>
    public const string Suspended = nameof(Suspended);

    /// <summary>The spec breaks a rule that the schema of this cluster did not catch.</summary>
    public const string InvalidSpec = nameof(InvalidSpec);

    /// <summary>The issuer is not on the operator's allow-list.</summary>
    public const string IssuerNotAllowed = nameof(IssuerNotAllowed);

    /// <summary>A URL is plain http, which the administrator does not allow.</summary>
    public const string InsecureUrl = nameof(InsecureUrl);

    /// <summary>The API host is not on the operator's allow-list.</summary>
    public const string ApiHostNotAllowed = nameof(ApiHostNotAllowed);

    /// <summary>The OAuthClient does not exist, or is not for this namespace: the two read alike on purpose.</summary>
    public const string ClientNotAvailable = nameof(ClientNotAvailable);

    /// <summary>The OAuthClient's list of tenants has no entry that fits.</summary>
    public const string TenantNotAllowed = nameof(TenantNotAllowed);

    /// <summary>A Secret that the OAuthClient references does not exist.</summary>
    public const string SecretNotFound = nameof(SecretNotFound);

    /// <summary>A Secret that the OAuthClient references lacks the key, or its value is empty.</summary>
    public const string SecretKeyNotFound = nameof(SecretKeyNotFound);

    /// <summary>
    /// A Secret that the OAuthClient references holds the token or the grant of a VismaConnection: nothing in it serves as a credential.
    /// </summary>
    public const string SecretHoldsToken = nameof(SecretHoldsToken);

    /// <summary>A Secret that the OAuthClient takes its client id from lacks the label by which its owner allows that.</summary>
    public const string SecretNotLabelled = nameof(SecretNotLabelled);

    /// <summary>The Secret that the OAuthClient takes its client id from holds no valid client id.</summary>
    public const string ClientIDInvalid = nameof(ClientIDInvalid);

    /// <summary>
    /// The operator may not read a Secret that the OAuthClient references, or not write or delete the one that holds the token.
    /// </summary>
    public const string SecretForbidden = nameof(SecretForbidden);

    /// <summary>The API server refuses the Secret as it would be written.</summary>
    public const string SecretInvalid = nameof(SecretInvalid);

    /// <summary>
    /// The API server temporarily does not write a Secret, or does not delete one of an earlier name (5xx, 429, a conflict that lasts, no
    /// answer, a 403 that may pass).
    /// </summary>
    public const string SecretNotWritten = nameof(SecretNotWritten);

    /// <summary>The API server did not answer a question that a decision rests on.</summary>
    public const string ApiRequestFailed = nameof(ApiRequestFailed);

    /// <summary>
    /// The operator may not read what a decision rests on: the Secret that holds the token, or the one that holds the grant.
    /// </summary>
    public const string ApiRequestForbidden = nameof(ApiRequestForbidden);

    /// <summary>The operator itself failed at this connection: a bug, described in its log.</summary>
    public const string OperatorFault = nameof(OperatorFault);

    /// <summary>
    /// The operator may not read a namespace: that of the OAuthClient, that of a copy, or the one whose labels decide about an allowance.
    /// </summary>
    public const string NamespaceForbidden = nameof(NamespaceForbidden);

    /// <summary>
    /// (event on the operator's Lease) A namespace of <c>--namespaces</c> cannot be read, so it is not served; the others are.
    /// </summary>
    public const string NamespaceNotServed = nameof(NamespaceNotServed);

    /// <summary>(event on the operator's Lease) A namespace of <c>--namespaces</c> can be read again and is served.</summary>
    public const string NamespaceServed = nameof(NamespaceServed);

    /// <summary>The Secret that the connection names belongs to someone else.</summary>
    public const string SecretNotOwned = nameof(SecretNotOwned);

    /// <summary>
    /// The OAuthClient no longer serves this connection, and the operator may not delete the Secret that holds its token.
    /// </summary>
    public const string WithdrawalForbidden = nameof(WithdrawalForbidden);

    /// <summary>
    /// The OAuthClient no longer serves this connection, and the API server temporarily does not delete the Secret that holds its token.
    /// </summary>
    public const string WithdrawalFailed = nameof(WithdrawalFailed);

    /// <summary>(event) A template has a reference in another notation than its own, which is published unchanged.</summary>
    public const string LiteralReference = nameof(LiteralReference);

    /// <summary>(event on an OAuthClient) Connections lost their token Secrets, since the client no longer serves them.</summary>
    public const string SecretsRemoved = nameof(SecretsRemoved);

    /// <summary>
    /// (event on an OAuthClient, and in its message) The clocks of the operator's machine and of the provider differ by more than a minute.
    /// </summary>
    public const string ClockSkewed = nameof(ClockSkewed);

    /// <summary>The Secret is being deleted and cannot be written until it is gone.</summary>
    public const string SecretTerminating = nameof(SecretTerminating);

    /// <summary>The provider refused the client id or every client secret (<c>invalid_client</c>).</summary>
    public const string ClientRefused = nameof(ClientRefused);

    /// <summary>The provider refused a scope (<c>invalid_scope</c>).</summary>
    public const string ScopeRefused = nameof(ScopeRefused);

    /// <summary>The application may not use this grant (<c>unauthorized_client</c>).</summary>
    public const string GrantTypeRefused = nameof(GrantTypeRefused);

    /// <summary>The tenant is unknown or has not approved the application (<c>invalid_tenant</c>).</summary>
    public const string TenantRefused = nameof(TenantRefused);

    /// <summary>The provider refused the request with a code that has no entry of its own here.</summary>
    public const string RequestRefused = nameof(RequestRefused);

    /// <summary>The provider did not answer, or answered that it cannot (timeout, network, 5xx, 429).</summary>
    public const string ProviderUnavailable = nameof(ProviderUnavailable);

    /// <summary>The provider's answer could not be understood.</summary>
    public const string AnswerNotUnderstood = nameof(AnswerNotUnderstood);

    /// <summary>The provider's metadata (discovery document) could not be fetched or must not be trusted.</summary>
    public const string MetadataUnusable = nameof(MetadataUnusable);

    /// <summary>The provider's metadata names another issuer or a host that is not allowed.</summary>
    public const string MetadataUntrusted = nameof(MetadataUntrusted);

    /// <summary>Nobody has consented yet.</summary>
    public const string AwaitingConsent = nameof(AwaitingConsent);

    /// <summary>A person consented, and the grant is stored.</summary>
    public const string ConsentGranted = nameof(ConsentGranted);

    /// <summary>The grant is gone (<c>invalid_grant</c>, or its Secret was deleted): a person must consent again.</summary>
    public const string ConsentRequired = nameof(ConsentRequired);

    /// <summary>The consent was given for another client, tenant or scopes than the spec asks for now.</summary>
    public const string SpecChanged = nameof(SpecChanged);

    /// <summary>The stored grant is older than one that was used already, or belongs to another cluster.</summary>
    public const string GrantUsedElsewhere = nameof(GrantUsedElsewhere);

    /// <summary>The Secret in which the grant would be stored belongs to someone else.</summary>
    public const string GrantNotOwned = nameof(GrantNotOwned);

    /// <summary>The provider issued a new refresh token, and the API server does not take it yet.</summary>
    public const string GrantNotStored = nameof(GrantNotStored);

    /// <summary>The person said no at the provider.</summary>
    public const string ConsentDenied = nameof(ConsentDenied);

    /// <summary>The consent gave no grant that could be used.</summary>
    public const string ConsentFailed = nameof(ConsentFailed);

    /// <summary>The token is for another tenant than the spec's.</summary>
    public const string TenantMismatch = nameof(TenantMismatch);

    /// <summary>The token does not say which tenant it is for.</summary>
    public const string TenantNotVerified = nameof(TenantNotVerified);

    /// <summary>The consent ends soon, or has ended.</summary>
    public const string ConsentExpiresSoon = nameof(ConsentExpiresSoon);

    /// <summary>The consent does not end soon.</summary>
    public const string NoConsentExpiresSoon = nameof(NoConsentExpiresSoon);

    /// <summary>Every scope that was asked for was granted.</summary>
    public const string AllGranted = nameof(AllGranted);

    /// <summary>The provider granted fewer scopes than were asked for.</summary>
    public const string ScopesMissing = nameof(ScopesMissing);

    /// <summary>The provider granted more scopes than were asked for, or than the owner of the OAuthClient allows.</summary>
    public const string ScopesExceeded = nameof(ScopesExceeded);

    /// <summary>The OAuthClient's endpoints are known and at least one secret is readable.</summary>
    public const string ClientUsable = nameof(ClientUsable);

    /// <summary>The provider accepted the client secret.</summary>
    public const string SecretAccepted = nameof(SecretAccepted);

    /// <summary>The client secret has not been tried in its present value.</summary>
    public const string NotTried = nameof(NotTried);

    /// <summary>A client secret expires soon, or has expired.</summary>
    public const string SecretExpiresSoon = nameof(SecretExpiresSoon);

    /// <summary>No client secret expires soon.</summary>
    public const string NoSecretExpiresSoon = nameof(NoSecretExpiresSoon);

    /// <summary>The API answered a probe: it accepts the token.</summary>
    public const string ApiAnswered = nameof(ApiAnswered);

    /// <summary>The API answered a probe with 401: most often the tenant id is that of the customer and not of the company.</summary>
    public const string ApiUnauthorized = nameof(ApiUnauthorized);

    /// <summary>The API answered a probe with 403: a scope or a role is missing.</summary>
    public const string ApiForbidden = nameof(ApiForbidden);

    /// <summary>The API answered a probe with 404: base URL, version or path is wrong.</summary>
    public const string ApiPathNotFound = nameof(ApiPathNotFound);

    /// <summary>The API answered a probe with its fault 12027: licence, role or tenant id of the company.</summary>
    public const string ApiCompanyRefused = nameof(ApiCompanyRefused);

    /// <summary>The API answered a probe with 429: the limit of requests for the company and the application is reached.</summary>
    public const string ApiRateLimited = nameof(ApiRateLimited);

    /// <summary>The API did not answer a probe, or answered that it cannot (timeout, network, 5xx).</summary>
    public const string ApiUnavailable = nameof(ApiUnavailable);

    /// <summary>The answer to a probe is not one of an API (a page, a redirect).</summary>
    public const string ApiAnswerUnexpected = nameof(ApiAnswerUnexpected);

    /// <summary>Every workload of <c>spec.restart</c> was restarted for the present token.</summary>
    public const string Restarted = nameof(Restarted);

    /// <summary>A workload of <c>spec.restart</c> does not exist.</summary>
    public const string WorkloadNotFound = nameof(WorkloadNotFound);

    /// <summary>A workload of <c>spec.restart</c> is paused, so it is left alone.</summary>
    public const string WorkloadPaused = nameof(WorkloadPaused);

    /// <summary>The operator may not restart a workload of <c>spec.restart</c>.</summary>
    public const string RestartForbidden = nameof(RestartForbidden);

    /// <summary>
    /// The API server refuses the change of a workload of <c>spec.restart</c>, for another cause than a permission, or keeps failing at it.
    /// </summary>
    public const string RestartRefused = nameof(RestartRefused);

    /// <summary>Every copy of the token Secret holds the token.</summary>
    public const string AllCopied = nameof(AllCopied);

    /// <summary>The namespace of a copy is being deleted.</summary>
    public const string NamespaceTerminating = nameof(NamespaceTerminating);

    /// <summary>The namespace of a copy has not the label by which its owner accepts tokens of the connection's namespace.</summary>
    public const string NamespaceNotAccepting = nameof(NamespaceNotAccepting);

    /// <summary>A copy beside the token Secret, in the connection's own namespace.</summary>
    public const string CopyNotAllowed = nameof(CopyNotAllowed);

    /// <summary>(VismaConnectionSet) Every connection of the set is there, as declared, and Ready.</summary>
    public const string ConnectionsReady = nameof(ConnectionsReady);

    /// <summary>(VismaConnectionSet) Some connections of the set are not Ready yet.</summary>
    public const string ConnectionsNotReady = nameof(ConnectionsNotReady);

    /// <summary>(VismaConnectionSet) Some connections of the set need a person.</summary>
    public const string ConnectionsStalled = nameof(ConnectionsStalled);

    /// <summary>(VismaConnectionSet) A connection that the set asks for has the name of another one, which is left alone.</summary>
    public const string ConnectionNotOwned = nameof(ConnectionNotOwned);

    /// <summary>(VismaConnectionSet) The API server does not carry out a write of a connection for the moment.</summary>
    public const string ConnectionNotWritten = nameof(ConnectionNotWritten);

    /// <summary>(VismaConnectionSet) The API server does not accept a connection as the set makes it, or not from the operator.</summary>
    public const string ConnectionNotAccepted = nameof(ConnectionNotAccepted);

    /// <summary>
    /// (VismaConnectionSet) So many tenants left the list at once that the removal of their connections waits for a person.
    /// </summary>
    public const string RemovalsHeld = nameof(RemovalsHeld);

    /// <summary>(VismaConnectionSet) The ConfigMap with the list of tenants does not exist, or lacks the key.</summary>
    public const string TenantsNotFound = nameof(TenantsNotFound);

    /// <summary>(VismaConnectionSet) The list of tenants cannot be used as it is.</summary>
    public const string TenantsInvalid = nameof(TenantsInvalid);

    /// <summary>(VismaConnectionSet) The operator may not read the ConfigMap with the list of tenants.</summary>
    public const string TenantsForbidden = nameof(TenantsForbidden);

    /// <summary>(VismaConnectionSet) Namespaces cannot serve as the list of tenants where the operator runs.</summary>
    public const string TenantSourceNotAllowed = nameof(TenantSourceNotAllowed);
}
