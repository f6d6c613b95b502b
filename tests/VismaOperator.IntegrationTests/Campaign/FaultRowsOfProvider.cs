namespace VismaOperator.FaultCampaign;

/// <summary>What is seen of causes that lie with the provider, with the client or with a consent.</summary>
internal static class FaultRowsOfProvider
{
    public static IReadOnlyList<FaultRow> All { get; } =
    [
        new(0, "Nothing is wrong", "A connection that is well, whose API is probed.")
        {
            Signs = new FaultSigns
            {
                Doctor = ["! TLS InsecureUrl: connect.visma.com is reached by plain http: secrets and tokens …"],
            },
        },
        new(1, "Wrong client secret", "The Secret holds the client secret of another application.")
        {
            Signs = new FaultSigns
            {
                Conditions =
                [
                    "Ready=False ClientRefused",
                    "Stalled=True ClientRefused",
                    "OAuthClient Ready=False ClientRefused",
                    "OAuthClient SecretVerified=False ClientRefused",
                    "OAuthClient Stalled=True ClientRefused",
                ],
                Events = ["OAuthClient Warning ClientRefused", "Warning ClientRefused"],
                Metrics =
                [
                    "visma_operator_connection_problem",
                    "visma_operator_client_problem",
                    "visma_operator_token_requests_total{outcome=\"invalid_client\"}",
                ],
                Alerts = ["VismaClientNotReady"],
                Doctor =
                [
                    "✗ Token request ClientRefused: The provider refused with invalid_client. Tried: Secret "
                        + "wrong-secret-credentials, key …",
                    "✗ Status ClientRefused",
                ],
            },
            Note = "The provider does not tell a wrong secret from an expired one.",
        },
        new(
            2,
            "Expired client secret",
            "The provider has not taken this client secret since yesterday, and `spec.clientSecrets` says so."
        )
        {
            Signs = new FaultSigns
            {
                Conditions =
                [
                    "Ready=False ClientRefused",
                    "Stalled=True ClientRefused",
                    "OAuthClient Ready=False ClientRefused",
                    "OAuthClient SecretExpiring=True SecretExpiresSoon",
                    "OAuthClient SecretVerified=False ClientRefused",
                    "OAuthClient Stalled=True ClientRefused",
                ],
                Events = ["OAuthClient Warning ClientRefused", "OAuthClient Warning SecretExpiresSoon", "Warning ClientRefused"],
                Metrics =
                [
                    "visma_operator_connection_problem",
                    "visma_operator_client_problem",
                    "visma_operator_token_requests_total{outcome=\"invalid_client\"}",
                ],
                Alerts = ["VismaClientNotReady"],
                Doctor =
                [
                    "! Client secret SecretExpired: Secret integrations/expired-secret-credentials, key "
                        + "clientSecret: by spec.clientSecrets it expired at …",
                    "✗ Token request ClientRefused: The provider refused with invalid_client. Tried: Secret "
                        + "expired-secret-credentials, key …",
                    "✗ Status ClientRefused",
                ],
            },
            Note =
                "Only the expiry in the spec tells it from a wrong secret. While the secret is in use, the alert "
                    + "VismaClientSecretEnding fires 14 days before.",
        },
        new(3, "Tenant not approved", "No administrator of the tenant approved the application.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["Ready=False TenantRefused", "Stalled=True TenantRefused"],
                Events = ["Warning TenantRefused"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_token_requests_total{outcome=\"invalid_tenant\"}"],
                Alerts = ["VismaConnectionStalled"],
                Doctor =
                [
                    "✗ Tenant TenantRefused: The provider refused with invalid_tenant. Tenant "
                        + "0badf00d-0000-4000-8000-00000000dead is unknown …",
                    "✗ Status TenantRefused",
                ],
            },
        },
        new(4, "Scope missing", "Two scopes are asked for, and the provider grants one of them.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["ScopesGranted=False ScopesMissing"],
                Events = ["Warning ScopesMissing"],
                Metrics = ["visma_operator_connection_problem"],
                Doctor =
                [
                    "! Scopes ScopesMissing: Not granted: vismanet_erp_service_api:create. Add them to the application in …",
                    "! Status ScopesMissing",
                ],
            },
            Why = new FaultSigns
            {
                Alerts =
                [
                    "the token is good for what was granted. Where that is too little for the application, a probe shows it (row 20)",
                ],
            },
        },
        new(5, "Scope exceeded", "The provider grants one scope more than was asked for. The client has no `tenants`.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["ScopesGranted=False ScopesExceeded"],
                Events = ["Warning ScopesExceeded"],
                Metrics = ["visma_operator_connection_problem"],
                Doctor =
                [
                    "! Scopes ScopesExceeded: Granted and not asked for: vismanet_erp_service_api:delete. Remove them from …",
                    "! Status ScopesExceeded",
                ],
            },
            Why = new FaultSigns
            {
                Alerts =
                [
                    "the token works. Where `tenants` of the client limits scopes, the connection is Stalled instead, "
                        + "and VismaConnectionStalled fires",
                ],
            },
        },
        new(6, "Provider down", "After a first token, nothing listens at the provider's address, and a renewal is asked for.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["TokenFresh=False ProviderUnavailable"],
                Events = ["Warning ProviderUnavailable"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_token_requests_total{outcome=\"unavailable\"}"],
                Alerts = ["VismaProviderFailing"],
                Doctor =
                [
                    "✗ TLS NotReached: connect.visma.com is not reached: could not connect. Check firewall, …",
                    "✗ Status ProviderUnavailable",
                ],
            },
            Note = "In rows 6 to 8 the token stays valid, so Ready stays True; VismaTokenExpiring fires 10 minutes before it expires.",
        },
        new(
            7,
            "Provider slow",
            "After a first token, the token endpoint takes a minute to answer, and a renewal is asked for. The operator waits for 8 s."
        )
        {
            Signs = new FaultSigns
            {
                Conditions = ["TokenFresh=False ProviderUnavailable"],
                Events = ["Warning ProviderUnavailable"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_token_requests_total{outcome=\"unavailable\"}"],
                Alerts = ["VismaProviderFailing"],
                Doctor =
                [
                    "✗ Token request ProviderUnavailable: The provider connect.visma.com cannot be used now: token endpoint: …",
                    "✗ Status ProviderUnavailable",
                ],
            },
        },
        new(
            8,
            "Provider limits requests (429)",
            "After a first token, the token endpoint answers 429 with `Retry-After: 300`, and a renewal is asked for."
        )
        {
            Signs = new FaultSigns
            {
                Conditions = ["TokenFresh=False ProviderUnavailable"],
                Events = ["Warning ProviderUnavailable"],
                Metrics =
                [
                    "visma_operator_connection_problem",
                    "visma_operator_token_requests_total{outcome=\"throttled\"}",
                    "visma_operator_issuer_paused_until_timestamp_seconds",
                ],
                Alerts = ["VismaProviderFailing"],
                Doctor =
                [
                    "✗ Token request ProviderUnavailable: The provider connect.visma.com cannot be used now: token endpoint …",
                    "✗ Status ProviderUnavailable",
                ],
            },
        },
        new(9, "DNS failure", "The host name of the issuer does not exist.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["Ready=False MetadataUnusable", "OAuthClient Ready=False MetadataUnusable"],
                Events = ["OAuthClient Warning MetadataUnusable", "Warning MetadataUnusable"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_client_problem"],
                Alerts = ["VismaClientNotReady", "VismaConnectionNotReady"],
                Doctor =
                [
                    "✗ DNS NameNotResolved: connect.visma.com cannot be looked up: there is no such …",
                    "✗ Status MetadataUnusable",
                ],
            },
            Later = new FaultSigns
            {
                Conditions = ["Ready=False ProviderUnavailable", "TokenFresh=False ProviderUnavailable"],
                Events = ["Warning ProviderUnavailable"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_token_requests_total{outcome=\"unavailable\"}"],
                Alerts = ["VismaConnectionNotReady", "VismaProviderFailing"],
                Doctor =
                [
                    "✗ DNS NameNotResolved: connect.visma.com cannot be looked up: there is no such …",
                    "✗ Status ProviderUnavailable",
                ],
            },
            Note =
                "The first line of rows 9 and 10 is before the first token: the discovery document is missing. The second line is "
                    + "after a first token: the client gets a token endpoint (`spec.endpoints`) that has the fault. Ready is False, "
                    + "since the token is one of the earlier spec; where nothing was changed it stays True, as in row 6.",
        },
        new(10, "TLS failure", "The provider has a certificate that this machine does not trust.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["Ready=False MetadataUnusable", "OAuthClient Ready=False MetadataUnusable"],
                Events = ["OAuthClient Warning MetadataUnusable", "Warning MetadataUnusable"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_client_problem"],
                Alerts = ["VismaClientNotReady", "VismaConnectionNotReady"],
                Doctor =
                [
                    "✗ TLS CertificateUntrusted: The certificate of connect.visma.com is signed by itself (CN=Visma …",
                    "✗ Status MetadataUnusable",
                ],
            },
            Later = new FaultSigns
            {
                Conditions = ["Ready=False ProviderUnavailable", "TokenFresh=False ProviderUnavailable"],
                Events = ["Warning ProviderUnavailable"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_token_requests_total{outcome=\"unavailable\"}"],
                Alerts = ["VismaConnectionNotReady", "VismaProviderFailing"],
                Doctor =
                [
                    "✗ TLS CertificateUntrusted: The certificate of connect.visma.com is signed by itself (CN=Visma …",
                    "✗ Status ProviderUnavailable",
                ],
            },
        },
        new(11, "Clock wrong by 10 minutes", "The `Date` of the provider's answers is 10 minutes behind the operator's clock.")
        {
            Signs = new FaultSigns
            {
                Events = ["OAuthClient Warning ClockSkewed"],
                Metrics = ["visma_operator_clock_skew_seconds"],
                Alerts = ["VismaClockSkewed"],
                Doctor = ["! Clock ClockSkewed: The clock of this machine is 10 min ahead …"],
            },
            Why = new FaultSigns
            {
                Conditions = ["nothing fails because of it. The message of the OAuthClient's Ready tells it"],
            },
        },
        new(14, "Consent ended", "A person consented, and the consent ends after seconds, as the provider said it would.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["Authorized=False ConsentRequired", "Stalled=True ConsentRequired", "TokenFresh=False ConsentRequired"],
                Events = ["Normal ConsentGranted", "Warning ConsentRequired"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_token_requests_total{outcome=\"invalid_grant\"}"],
                Alerts = ["VismaConnectionStalled"],
                Doctor = ["✗ Consent ConsentRequired: The provider has not accepted the grant since …", "✗ Status ConsentRequired"],
            },
            Note =
                "The provider does not tell an ended consent from a revoked one. A consent that is about to end has the "
                    + "condition ConsentExpiring for 30 days and the alert VismaConsentEnding for 14 days before.",
        },
        new(15, "Grant revoked", "A person consented, and then takes it back at the provider.")
        {
            Signs = new FaultSigns
            {
                Conditions = ["Authorized=False ConsentRequired", "Stalled=True ConsentRequired", "TokenFresh=False ConsentRequired"],
                Events = ["Normal ConsentGranted", "Warning ConsentRequired"],
                Metrics = ["visma_operator_connection_problem", "visma_operator_token_requests_total{outcome=\"invalid_grant\"}"],
                Alerts = ["VismaConnectionStalled"],
                Doctor = ["✗ Consent ConsentRequired: The provider has not accepted the grant since …", "✗ Status ConsentRequired"],
            },
        },
    ];
}
