using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Tests.Sets;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Status;

/// <summary>One thing that a person on call may find.</summary>
/// <param name="Title">What it is.</param>
/// <param name="Subject">The object that is asked about.</param>
internal sealed record Situation(string Title, IResource Subject)
{
    /// <summary>The client of the connection, where it matters.</summary>
    public OAuthClient? Client { get; init; } = Situations.HealthyClient();
}

/// <summary>The situations that <c>status</c> tells apart, all at one time.</summary>
internal static class Situations
{
    public static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    // Messages are those of the operator, as docs/troubleshooting.md has them; what changes with the time is an ellipsis.
    private const string Outage =
        "The provider connect.visma.com cannot be used now: token endpoint answered 503. The operator tries again by itself; if this "
        + "lasts, look at its status page and at the network between.";

    private const string NoClient = "OAuthClient integrations/acme does not exist. Apply it, or correct spec.oauthClientRef.";
    private const string Usable = "Tokens are asked for at https://connect.visma.com/connect/token.";

    private const string NotApproved =
        $"The provider refused with invalid_tenant. Tenant {Some.Tenant} is unknown or has not approved this application. Check "
        + "spec.tenantID (the company's tenant id from Visma Admin > Company > Configuration) and let an Integration Administrator of "
        + "that tenant approve the application; an approval can take 15 minutes to count.";

    private const string Refused =
        "The provider refused with invalid_client. Tried: Secret acme-credentials, key clientSecret. The client id or every client "
        + "secret of OAuthClient integrations/acme is wrong or has expired; the provider does not say which. Check spec.clientID, make a "
        + "new secret in the Visma developer portal if need be, and put it into the referenced Secret.";

    private const string Awaiting =
        "Nobody has consented yet. Open the link that kubectl get vc awaiting -n integrations -o "
        + "jsonpath='{.status.authorization.url}' prints, or run visma-operator connect integrations/awaiting.";

    private const string NotOwned =
        "Secret integrations/foreign-token exists and does not belong to VismaConnection foreign, so it is left as it is. Choose another "
        + "spec.secret.name. To put the token into that Secret beside its other keys, its owner runs: kubectl label secret foreign-token "
        + "-n integrations visma-operator.io/secret=token && kubectl annotate secret foreign-token -n integrations "
        + "visma-operator.io/adopt=foreign";

    private const string Answered = "GET https://api.finance.visma.net/v1/dimension was answered: the API accepts the token.";
    private const string Unauthorized =
        "GET https://api.finance.visma.net/v1/dimension was answered with 401, although the provider issued the token. …";

    private const string Held =
        "40 connections have no tenant any more, which is more than is removed without asking; they stay, and everything else goes on. "
        + "If the list of tenants is wrong, correct it. To remove them: kubectl annotate vcs customers -n integrations --overwrite "
        + "visma-operator.io/confirmRemovals=40";

    private const string OneStalled =
        "1 of 40 connections need a person: kubectl get vc -n integrations -l visma-operator.io/connection-set=mixed. mixed-contoso: "
        + NotApproved;

    private const string NotAccepted =
        "1 of 2 copies of the token Secret hold the token. Secret reports/erp is not written, since namespace reports does not exist or "
        + "does not accept tokens of namespace integrations. Its owner sets the label, with --overwrite where it has another value, whose "
        + "copies end then: kubectl label namespace reports "
        + "visma-operator.io/accept-tokens-from=integrations";

    public static IReadOnlyList<Situation> All { get; } =
    [
        new("All is well", Healthy("acme")),
        new("All is well, and the API accepts the token", Probed("probed", "True", "ApiAnswered", Answered)),
        new("The API does not accept the token", Probed("customer-tenant", "False", "ApiUnauthorized", Unauthorized)),
        new("A namespace does not accept the copy that it is to have", Copied("copied")),
        new(
            "The provider is down, the token is valid",
            Connection(
                "outage",
                [
                    Condition("Ready", "True", "TokenValid", $"{Serving("outage")} ProviderUnavailable: {Outage}", 5),
                    Condition("TokenFresh", "False", "ProviderUnavailable", $"Serving the token of … until …: {Outage}", 0.3),
                ],
                Token("outage", minutes: 48)
            ).Failing("ProviderUnavailable", Outage, attempts: 4, nextInSeconds: 155)
        ),
        new(
            "The provider is down, and the token has expired",
            Connection(
                "outage-long",
                [
                    Condition(
                        "Ready",
                        "False",
                        "ProviderUnavailable",
                        $"The token in Secret outage-long-token expired at …. {Outage}",
                        0.2
                    ),
                    Condition("TokenFresh", "False", "ProviderUnavailable", $"The token expired at …: {Outage}", 0.9),
                ],
                Token("outage-long", minutes: 72)
            ).Failing("ProviderUnavailable", Outage, attempts: 17, nextInSeconds: 211)
        ),
        new(
            "The company has not approved the application",
            Connection(
                "not-approved",
                [
                    Condition("Ready", "False", "TenantRefused", NotApproved, 26),
                    Condition("Stalled", "True", "TenantRefused", NotApproved, 26),
                ]
            ).Failing("TenantRefused", NotApproved, attempts: 9, nextInSeconds: 1860)
        ),
        new(
            "Every client secret was refused, the token is valid",
            Connection(
                "refused",
                [
                    Condition("Ready", "True", "TokenValid", $"{Serving("refused")} ClientRefused: {Refused}", 30),
                    Condition("Stalled", "True", "ClientRefused", Refused, 0.1),
                    Condition("TokenFresh", "False", "ClientRefused", $"Serving the token of … until …: {Refused}", 0.1),
                ],
                Token("refused", minutes: 41)
            )
        )
        {
            Client = RefusedClient(),
        },
        new("The client of which every secret was refused", RefusedClient()),
        new(
            "A client secret expires soon",
            Client(
                "ending",
                []
            ) with
            {
                Status = StatusOf(
                    [
                        Condition("Ready", "True", "ClientUsable", Usable, 400),
                        Condition("SecretExpiring", "True", "SecretExpiresSoon", "The client secret in ending-credentials, key "
                            + "clientSecret, expires on 2026-12-06 (within 7 days). Make a new one in the Visma developer portal and put "
                            + "it first in spec.clientSecrets.", 90),
                    ]
                ) with
                {
                    ActiveSecret = new SecretKeyReference { Name = "ending-credentials", Key = "clientSecret" },
                    SecretExpirationTime = Now.AddDays(6),
                    Connections = 12,
                },
            }
        ),
        new(
            "Nobody has consented yet",
            Interactive(
                "awaiting",
                [
                    Condition("Ready", "False", "AwaitingConsent", Awaiting, 2),
                    Condition("Reconciling", "True", "AwaitingConsent", Awaiting, 2),
                    Condition("Authorized", "False", "AwaitingConsent", Awaiting, 2),
                ],
                new AuthorizationStatus { Url = "https://operator.example.com/connect/integrations/awaiting?start=unguessable-start-link" }
            )
        ),
        new(
            "A consent ends soon",
            Interactive(
                "consent-ends",
                [
                    Condition("Ready", "True", "TokenValid", Serving("consent-ends"), 8000),
                    Condition("TokenFresh", "True", "Renewed", "Issued at …; next renewal at ….", 8000),
                    Condition("Authorized", "True", "ConsentGranted", "Consent of sub-of-kari at … is in use.", 8000),
                    Condition("ConsentExpiring", "True", "ConsentExpiresSoon", "The consent ends on 2026-12-12 (within 14 days). "
                        + "Have a person consent again: Run visma-operator connect integrations/consent-ends; or set --public-url, so "
                        + "that the operator offers a link.", 430),
                ],
                new AuthorizationStatus
                {
                    GrantTime = Now.AddDays(-353),
                    GrantedBy = "sub-of-kari",
                    ConsentExpirationTime = Now.AddDays(12),
                },
                Token("consent-ends", minutes: 20)
            )
        ),
        new(
            "A scope was not granted",
            Connection(
                "scope-missing",
                [
                    Condition("Ready", "True", "TokenValid", Serving("scope-missing"), 30),
                    Condition("TokenFresh", "True", "Renewed", "Issued at …; next renewal at ….", 30),
                    Condition("ScopesGranted", "False", "ScopesMissing", "Not granted: vismanet_erp_service_api:create. Add them to "
                        + "the application in the Visma developer portal and have the tenant approve them, or remove them from "
                        + "spec.scopes.", 30),
                ],
                Token("scope-missing", minutes: 10)
            )
        ),
        new("The operator does not run, and the token has expired", Healthy("operator-gone") with
        {
            Status = Healthy("operator-gone").Status with { Token = Token("operator-gone", minutes: 190) },
        }),
        new("The renewal is overdue", Healthy("overdue") with
        {
            Status = Healthy("overdue").Status with { Token = Token("overdue", minutes: 53) },
        }),
        new(
            "The operator stopped during an outage",
            Connection(
                "outage-dead",
                [
                    Condition("Ready", "True", "TokenValid", $"{Serving("outage-dead")} ProviderUnavailable: {Outage}", 5),
                    Condition("TokenFresh", "False", "ProviderUnavailable", $"Serving the token of … until …: {Outage}", 0.3),
                ],
                Token("outage-dead", minutes: 50)
            ).Failing("ProviderUnavailable", Outage, attempts: 4, nextInSeconds: -1200)
        ),
        new(
            "The operator stopped, and the company had not approved the application",
            Stalled("stalled-dead").Failing("TenantRefused", NotApproved, attempts: 9, nextInSeconds: -10_800)
        ),
        new("The operator stopped while a client was refused", RefusedClient(retryInMinutes: -180) with
        {
            Metadata = Named("refused-dead"),
        }),
        new("The operator stopped, and the spec of a stalled connection was changed", Stalled("mended") with
        {
            Metadata = Named("mended") with { Generation = 2 },
        }),
        new("The provider issues tokens that end too soon", Connection(
            "short",
            [
                Condition("Ready", "True", "TokenValid", Serving("short"), 30),
                Condition("TokenFresh", "True", "LifetimeTooShort", "Tokens live 3600s, too short to keep "
                    + "spec.refresh.minRemainingValidity of 2700s; readers find at least 1800s. Lower spec.refresh.minRemainingValidity, "
                    + "or raise the lifetime in the Visma developer portal. Next renewal at ….", 30),
            ],
            Token("short", minutes: 10)
        )),
        new("The operator has not looked at it", Some.VismaConnection("unseen") with
        {
            Metadata = Named("unseen") with { CreationTimestamp = Now.AddMinutes(-3) },
        }),
        new("The spec was changed, and the operator has not looked since", Healthy("changed") with
        {
            Metadata = Named("changed") with { Generation = 2 },
        }),
        new("Suspended", Healthy("suspended") with
        {
            Spec = Healthy("suspended").Spec with { Suspend = true },
            Status = Healthy("suspended").Status with
            {
                Conditions =
                [
                    Condition("Ready", "True", "Suspended", "Secret suspended-token holds a token that is valid until …. Suspended: set "
                        + "spec.suspend to false to renew it.", 1),
                ],
            },
        }),
        new("A refresh was asked for, and waits for its turn", Healthy("requested") with
        {
            Metadata = Named("requested") with
            {
                Annotations = new Dictionary<string, string> { [VismaNames.RequestedAtAnnotation] = "2026-11-30T11:59:58Z" },
            },
        }),
        new("It is being deleted", Healthy("leaving") with
        {
            Metadata = Named("leaving") with { DeletionTimestamp = Now.AddSeconds(-40) },
        }),
        new("A Secret of that name belongs to somebody else", Connection(
            "foreign",
            [
                Condition("Ready", "False", "SecretNotOwned", NotOwned, 50),
                Condition("Stalled", "True", "SecretNotOwned", NotOwned, 50),
            ]
        )),
        new("The OAuthClient does not exist", Connection(
            "no-client",
            [
                Condition("Ready", "False", "ClientNotAvailable", NoClient, 0.01),
                Condition("Reconciling", "True", "ClientNotAvailable", NoClient, 0.01),
            ]
        ).Failing("ClientNotAvailable", NoClient, attempts: 1, nextInSeconds: 24))
        {
            Client = null,
        },
        new("A set of which all connections are Ready", Set("all", ready: 40, [])),
        new("A set whose removals are held", Set("customers", ready: 40, [("RemovalsHeld", Held)])),
        new("A set of which single connections need a person", Set("mixed", ready: 39, [("ConnectionsStalled", OneStalled)])),
    ];

    /// <summary>A connection with a token that is renewed in time.</summary>
    public static VismaConnection Healthy(string name, string place = Some.Namespace) =>
        Connection(
            name,
            [
                Condition("Ready", "True", "TokenValid", Serving(name), 30),
                Condition("TokenFresh", "True", "Renewed", "Issued at …; next renewal at ….", 30),
                Condition("ScopesGranted", "True", "AllGranted", "Every scope asked for was granted, and no other.", 30),
            ],
            Token(name, minutes: 22),
            place
        );

    /// <summary>A healthy connection whose API was asked.</summary>
    public static VismaConnection Probed(string name, string accepted, string reason, string message)
    {
        var connection = Healthy(name);
        return connection with
        {
            Spec = connection.Spec with { Probe = new ProbeSpec { Enabled = true } },
            Status = connection.Status with
            {
                Conditions = [.. connection.Status.Conditions, Condition("TokenAccepted", accepted, reason, message, 0.5)],
            },
        };
    }

    /// <summary>A healthy connection with two copies, of which one is not accepted.</summary>
    private static VismaConnection Copied(string name)
    {
        var connection = Healthy(name);
        SecretCopy[] copies = [new() { Namespace = "billing", Name = "erp" }, new() { Namespace = "reports", Name = "erp" }];
        return connection with
        {
            Spec = connection.Spec with { Secret = new SecretSpec { Copies = copies } },
            Status = connection.Status with
            {
                Copies = [copies[0]],
                Conditions =
                [
                    .. connection.Status.Conditions,
                    Condition("CopiesWritten", "False", "NamespaceNotAccepting", NotAccepted, 0.5),
                ],
            },
        };
    }

    /// <summary>A set of 40 connections.</summary>
    private static VismaConnectionSet Set(string name, int ready, IReadOnlyList<(string Reason, string Message)> stalled) =>
        SomeSets.Set(SomeSets.Tenants(40)) with
        {
            Metadata = Named(name),
            Status = new VismaConnectionSetStatus
            {
                ObservedGeneration = 1,
                Connections = 40,
                Ready = ready,
                Failures = ready < 40
                    ? [new SetFailure { Name = $"{name}-contoso", Reason = "TenantRefused", Message = NotApproved }]
                    : null,
                Conditions =
                [
                    stalled is [var (reason, message), ..]
                        ? Condition("Ready", "False", reason == "RemovalsHeld" ? reason : "ConnectionsNotReady", message, 2)
                        : Condition("Ready", "True", "ConnectionsReady", "All 40 connections are Ready.", 30),
                    .. stalled.Select(one => Condition("Stalled", "True", one.Reason, one.Message, 2)),
                ],
            },
        };

    /// <summary>A connection that needs a person.</summary>
    public static VismaConnection Stalled(string name, string place = Some.Namespace) =>
        Connection(
            name,
            [Condition("Ready", "False", "TenantRefused", NotApproved, 26), Condition("Stalled", "True", "TenantRefused", NotApproved, 26)],
            place: place
        );

    /// <summary>A client that can be used.</summary>
    public static OAuthClient HealthyClient(string name = Some.Client, string place = Some.Namespace) =>
        Client(name, [Condition("Ready", "True", "ClientUsable", Usable, 400)], place);

    /// <summary>A condition that has stood for so many hours.</summary>
    public static Condition Condition(string type, string status, string reason, string message, double hours) =>
        new()
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = message,
            LastTransitionTime = Now.AddSeconds(-Math.Round(hours * 3600)),
            ObservedGeneration = 1,
        };

    /// <summary>The same connection after failed attempts.</summary>
    public static VismaConnection Failing(
        this VismaConnection connection,
        string reason,
        string message,
        int attempts,
        int nextInSeconds
    ) =>
        connection with
        {
            Status = connection.Status with
            {
                Failure = new FailureStatus
                {
                    Reason = reason,
                    Message = message,
                    Attempts = attempts,
                    LastFailureTime = Now.AddSeconds(-60),
                    NextAttemptTime = Now.AddSeconds(nextInSeconds),
                },
            },
        };

    private static string Serving(string name) => $"Secret {name}-token holds a token that is valid until ….";

    private static OAuthClient RefusedClient(int retryInMinutes = 4) =>
        Client(Some.Client, []) with
        {
            Status = StatusOf(
                [Condition("Ready", "False", "ClientRefused", Refused, 0.1), Condition("Stalled", "True", "ClientRefused", Refused, 0.1)]
            ) with
            {
                Refusal = new RefusalStatus { Attempts = 3, RetryTime = Now.AddMinutes(retryInMinutes) },
                ActiveSecret = new SecretKeyReference { Name = "acme-credentials", Key = "clientSecret" },
                Connections = 3,
            },
        };

    private static VismaConnection Connection(
        string name,
        IReadOnlyList<Condition> conditions,
        TokenStatus? token = null,
        string place = Some.Namespace
    ) =>
        Some.VismaConnection(name, place) with
        {
            Metadata = Named(name, place),
            Status = new VismaConnectionStatus
            {
                ObservedGeneration = 1,
                Conditions = conditions,
                Token = token,
                SecretName = token is null ? null : name + "-token",
            },
        };

    private static VismaConnection Interactive(
        string name,
        IReadOnlyList<Condition> conditions,
        AuthorizationStatus authorization,
        TokenStatus? token = null
    )
    {
        var connection = Connection(name, conditions, token);
        return connection with
        {
            Spec = connection.Spec with { Grant = Api.Grant.AuthorizationCode, DisplayName = "Acme AS, on behalf of Kari" },
            Status = connection.Status with { Authorization = authorization },
        };
    }

    private static OAuthClient Client(string name, IReadOnlyList<Condition> conditions, string place = Some.Namespace) =>
        Some.OAuthClient("https://connect.visma.com") with { Metadata = Named(name, place), Status = StatusOf(conditions) };

    private static OAuthClientStatus StatusOf(IReadOnlyList<Condition> conditions) =>
        new() { ObservedGeneration = 1, Conditions = conditions };

    private static ObjectMeta Named(string name, string place = Some.Namespace) =>
        new() { Name = name, Namespace = place, Generation = 1, ResourceVersion = "1", CreationTimestamp = Now.AddDays(-30) };

    // Of an hour, renewed with a third of it left.
    private static TokenStatus Token(string name, int minutes) =>
        new()
        {
            IssueTime = Now.AddMinutes(-minutes),
            ExpirationTime = Now.AddMinutes(60 - minutes),
            RefreshTime = Now.AddMinutes(40 - minutes),
            Fingerprint = $"fingerprint-of-{name}",
        };
}
