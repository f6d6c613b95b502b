using System.Net.Sockets;
using System.Text;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Cli.Doctor;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Doctor;

/// <summary>One fault, and the link that tells it.</summary>
/// <param name="Title">What is wrong.</param>
/// <param name="Link">The link.</param>
/// <param name="Outcome">What the link says.</param>
/// <param name="Reason">Why; null where it holds.</param>
/// <param name="Arrange">Makes it so.</param>
internal sealed record DoctorSituation(string Title, string Link, LinkOutcome Outcome, string? Reason, Action<DoctorScene> Arrange);

/// <summary>The faults that <c>doctor</c> tells apart.</summary>
internal static class DoctorSituations
{
    public static IReadOnlyList<DoctorSituation> All { get; } =
    [
        .. OfTheSpec(),
        .. OfTheSecret(),
        .. OfTheProvider(),
        .. OfAConsent(),
        .. OfTheCluster(),
    ];

    private static IEnumerable<DoctorSituation> OfTheSpec() =>
        [
            new("The API host is not allowed", "connection", LinkOutcome.Unknown, "ApiHostNotAllowed", scene =>
                scene.Spec(spec => spec with { BaseUrl = "https://api.example.org/v1" })),
            new("The connection is suspended", "connection", LinkOutcome.Warning, "Suspended", scene =>
                scene.Spec(spec => spec with { Suspend = true })),
            new("A setting of the probe breaks a rule", "connection", LinkOutcome.Warning, "InvalidSpec", scene =>
                scene.Spec(spec => spec with { Probe = spec.Probe with { Path = "//evil.example" } })),
            new("A setting of the probe breaks a rule, and the secret is wrong", "token", LinkOutcome.Broken, "ClientRefused", scene =>
            {
                scene.Spec(spec => spec with { Probe = spec.Probe with { Path = "//evil.example" } });
                scene.Credentials = Some.Credentials("copied-without-its-last-character");
            }),
            new("There is no such client", "client", LinkOutcome.Broken, "ClientNotAvailable", scene => scene.Client = null),
            new("The client may not be read", "client", LinkOutcome.Unknown, "Forbidden", scene =>
                scene.Forbid(OAuthClient.ResourceKind)),
            new("The client does not allow the namespace", "client", LinkOutcome.Broken, "ClientNotAvailable", scene =>
            {
                scene.Client = scene.Client!.WithMetadata(scene.Client.Metadata with { Namespace = "elsewhere" });
                scene.Spec(spec => spec with { OAuthClientRef = spec.OAuthClientRef with { Namespace = "elsewhere" } });
            }),
            new("The client does not serve the tenant", "client", LinkOutcome.Broken, "TenantNotAllowed", scene =>
                scene.ClientSpec(spec => spec with { Tenants = [new TenantRule { TenantId = Some.OtherTenant }] })),
            new("The issuer is not allowed", "client", LinkOutcome.Unknown, "IssuerNotAllowed", scene =>
                scene.Issuer = "https://id.example.com"),
        ];

    private static IEnumerable<DoctorSituation> OfTheSecret() =>
        [
            new("The client id is in a Secret that is not labelled for it", "clientID", LinkOutcome.Broken, "SecretNotLabelled", scene =>
                scene.ClientSpec(spec => spec with
                {
                    ClientId = null,
                    ClientIdFrom = new() { SecretKeyRef = new SecretKeyReference { Name = "acme-credentials", Key = "clientID" } },
                })),
            new("The client id is a client secret", "clientID", LinkOutcome.Broken, "ClientIDInvalid", scene =>
            {
                scene.Credentials = scene.Credentials!.WithMetadata(scene.Credentials.Metadata with
                {
                    Labels = new Dictionary<string, string> { [VismaNames.ClientCredentialsLabel] = VismaNames.ClientCredentialsValue },
                });
                scene.ClientSpec(spec => spec with
                {
                    ClientId = null,
                    ClientIdFrom = new() { SecretKeyRef = spec.ClientSecrets[0].SecretKeyRef },
                });
            }),
            new("Whether the client id is a client secret may not be known", "clientID", LinkOutcome.Unknown, "Forbidden", scene =>
            {
                scene.Credentials = scene.Credentials!.WithMetadata(scene.Credentials.Metadata with
                {
                    Labels = new Dictionary<string, string> { [VismaNames.ClientCredentialsLabel] = VismaNames.ClientCredentialsValue },
                });
                scene.ClientSpec(spec => spec with
                {
                    ClientId = null,
                    ClientIdFrom = new() { SecretKeyRef = spec.ClientSecrets[0].SecretKeyRef },
                    ClientSecrets = [new() { SecretKeyRef = new SecretKeyReference { Name = "other", Key = "clientSecret" } }],
                });
                scene.Cluster.Before = (verb, asked, _) =>
                    verb == "list" && asked == OAuthClient.ResourceKind
                        ? throw new KubernetesException(System.Net.HttpStatusCode.Forbidden, "Forbidden", "no")
                        : Task.CompletedTask;
            }),
            new("The Secret does not exist", "clientSecret", LinkOutcome.Broken, "SecretNotFound", scene => scene.Credentials = null),
            new("The Secret may not be read", "clientSecret", LinkOutcome.Unknown, "Forbidden", scene => scene.Forbid(Secret.ResourceKind)),
            new("The Secret has another key", "clientSecret", LinkOutcome.Broken, "SecretKeyNotFound", scene =>
                scene.ClientSpec(spec => spec with
                {
                    ClientSecrets = [new() { SecretKeyRef = new SecretKeyReference { Name = "acme-credentials", Key = "secret" } }],
                })),
            new("The Secret holds a token", "clientSecret", LinkOutcome.Broken, "SecretHoldsToken", scene =>
                scene.Credentials = scene.Credentials!.WithMetadata(scene.Credentials.Metadata with
                {
                    Annotations = new Dictionary<string, string> { [VismaNames.ConnectionAnnotation] = "other" },
                })),
            new("A line break at the end, which does no harm", "clientSecret", LinkOutcome.Ok, null, scene =>
                scene.Credentials = Some.Credentials(Some.ClientSecret + "\n")),
            new("A blank at the end", "clientSecret", LinkOutcome.Warning, "SecretLooksWrong", scene =>
                scene.Credentials = Some.Credentials(Some.ClientSecret + " ")),
            new("A value in UTF-16", "clientSecret", LinkOutcome.Broken, "SecretLooksWrong", scene =>
                scene.Credentials = Some.Credentials(Encoding.Latin1.GetString(Encoding.Unicode.GetBytes(Some.ClientSecret)))),
            new("A client secret that expires soon", "clientSecret", LinkOutcome.Warning, "SecretExpiresSoon", scene =>
                scene.Expiring(TimeSpan.FromDays(6))),
            new("A client secret that has expired", "clientSecret", LinkOutcome.Warning, "SecretExpired", scene =>
                scene.Expiring(TimeSpan.FromDays(-1))),
        ];

    private static IEnumerable<DoctorSituation> OfTheProvider() =>
        [
            new("The host name does not exist", "dns", LinkOutcome.Broken, "NameNotResolved", scene =>
                scene.NotResolving(SocketError.HostNotFound)),
            new("The name server does not answer", "dns", LinkOutcome.Broken, "NameNotResolved", scene =>
                scene.NotResolving(SocketError.TryAgain)),
            new("Nothing listens there", "tls", LinkOutcome.Broken, "NotReached", scene => scene.MoveTo("http://127.0.0.1:9")),
            new("The clocks are ten minutes apart", "clock", LinkOutcome.Warning, "ClockSkewed", scene =>
                scene.Provider.ClockOffset = TimeSpan.FromMinutes(-10)),
            new("The discovery document is not served", "discovery", LinkOutcome.Broken, "MetadataUnusable", scene =>
                scene.Provider.Faults.Always(Fault.ServerError(503), StandInEndpoint.Metadata)),
            new("The discovery document is of another issuer", "discovery", LinkOutcome.Broken, "MetadataUntrusted", scene =>
            {
                scene.ClientSpec(spec => spec with { Issuer = spec.Issuer + "/" });
            }),
            new("The token endpoint is on another host, and nothing listens there", "discovery", LinkOutcome.Broken, "NotReached", scene =>
                scene.Announce(new Uri("http://127.0.0.1:9/connect/token"))),
            new("The client secret is wrong", "token", LinkOutcome.Broken, "ClientRefused", scene =>
                scene.Credentials = Some.Credentials("a-secret-of-last-year")),
            new("The provider is down", "token", LinkOutcome.Broken, "ProviderUnavailable", scene =>
                scene.Provider.Faults.Always(Fault.ServerError(503))),
            new("The provider asks for a pause", "token", LinkOutcome.Broken, "ProviderUnavailable", scene =>
                scene.Provider.Faults.Always(Fault.TooManyRequests(TimeSpan.FromSeconds(30)))),
            new("Something else answers in its place", "token", LinkOutcome.Broken, "AnswerNotUnderstood", scene =>
                scene.Provider.Faults.Always(Fault.Html())),
            new("The grant type is not enabled", "token", LinkOutcome.Broken, "GrantTypeRefused", scene =>
                scene.Provider.Faults.Always(Fault.Error(new StandInError("unauthorized_client")))),
            new("The tenant has not approved the application", "tenant", LinkOutcome.Broken, "TenantRefused", scene =>
                scene.Spec(spec => spec with { TenantId = Some.UnapprovedTenant })),
            new("A scope does not exist", "scopes", LinkOutcome.Broken, "ScopeRefused", scene =>
                scene.Spec(spec => spec with { Scopes = [.. spec.Scopes, "vismanet_erp_service_api:everything"] })),
            new("A scope was not granted", "scopes", LinkOutcome.Warning, "ScopesMissing", scene => scene.Granting(Some.Scopes[0])),
            new("More was granted than asked for", "scopes", LinkOutcome.Warning, "ScopesExceeded", scene =>
                scene.Granting([.. Some.Scopes, "vismanet_erp_service_api:delete"])),
            new("The tenant id is that of the customer", "probe", LinkOutcome.Broken, "ApiUnauthorized", scene =>
                scene.Provider.Portal.Set(new StandInTenant(Some.Tenant) { Kind = TenantKind.Customer })),
            new("The base URL is wrong", "probe", LinkOutcome.Broken, "ApiPathNotFound", scene =>
                scene.Spec(spec => spec with { BaseUrl = $"{scene.Issuer}/v2", Probe = spec.Probe with { Enabled = true } })),
            new("The scopes do not allow the path", "probe", LinkOutcome.Broken, "ApiForbidden", scene =>
                scene.Spec(spec => spec with
                {
                    Scopes = ["vismanet_erp_service_api:create"],
                    Probe = spec.Probe with { Enabled = true },
                })),
            new("The path of the probe breaks a rule", "probe", LinkOutcome.Broken, "InvalidSpec", scene =>
                scene.Spec(spec => spec with { Probe = spec.Probe with { Path = "//evil.example" } })),
            new("The API asks for a pause", "probe", LinkOutcome.Warning, "ApiRateLimited", scene =>
                scene.Provider.Faults.Always(Fault.TooManyRequests(TimeSpan.FromSeconds(30)), StandInEndpoint.Api)),
            new("The API is down", "probe", LinkOutcome.Broken, "ApiUnavailable", scene =>
                scene.Provider.Faults.Always(Fault.ServerError(503), StandInEndpoint.Api)),
            new("A scope is one of the other grant", "scopes", LinkOutcome.Warning, "ScopeOfOtherGrant", scene =>
            {
                scene.Spec(spec => spec with { Scopes = ["vismanet_erp_interactive_api:read"] });
                scene.Connection = scene.Connection with { Status = scene.Connection.Status with { Token = null } };
                scene.Options = scene.Options with { Requests = DoctorRequests.Shown };
            }),
            new("No request was asked for", "token", LinkOutcome.Skipped, "NotAsked", scene =>
                scene.Options = scene.Options with { Requests = DoctorRequests.Shown }),
        ];

    private static IEnumerable<DoctorSituation> OfAConsent() =>
        [
            new("Nobody has consented", "consent", LinkOutcome.Broken, "AwaitingConsent", scene => scene.Interactive(grant: false)),
            new("The Secret of the grant belongs to somebody else", "consent", LinkOutcome.Broken, "GrantNotOwned", scene =>
            {
                scene.Interactive(grant: false);
                scene.Put(Some.Credentials(name: scene.Connection.GrantSecretName().Name));
            }),
            new("The grant was revoked", "consent", LinkOutcome.Broken, "ConsentRequired", scene =>
            {
                scene.Interactive();
                scene.Authorized("False", "ConsentRequired", "The refresh token has expired, was revoked or was used before.");
            }),
            new("The consent has ended", "consent", LinkOutcome.Broken, "ConsentRequired", scene =>
            {
                scene.Interactive();
                scene.Authorized("True", "ConsentGranted", "Consent is in use.", TimeSpan.FromDays(-1));
            }),
            new("The consent ends soon", "consent", LinkOutcome.Warning, "ConsentExpiresSoon", scene =>
            {
                scene.Interactive();
                scene.Authorized("True", "ConsentGranted", "Consent is in use.", TimeSpan.FromDays(12));
            }),
            new("A grant is to be moved, and would be revoked with its connection", "consent", LinkOutcome.Ok, null, scene =>
            {
                scene.Interactive();
                scene.Authorized("True", "ConsentGranted", "Consent is in use.", TimeSpan.FromDays(300));
                scene.Spec(spec => spec with { Suspend = true });
            }),
            new("A grant can be moved", "consent", LinkOutcome.Ok, null, scene =>
            {
                scene.Interactive();
                scene.Authorized("True", "ConsentGranted", "Consent is in use.", TimeSpan.FromDays(300));
                scene.Moving();
            }),
            new("A grant was taken out", "consent", LinkOutcome.Broken, "ConsentRequired", scene =>
            {
                scene.Interactive();
                scene.Authorized("False", "ConsentRequired", "The Secret that held the grant is gone or empty.");
                scene.Moving();
            }),
            new("The Secret of a grant that was taken out is gone", "consent", LinkOutcome.Broken, "ConsentRequired", scene =>
            {
                scene.Interactive(grant: false);
                scene.Authorized("False", "ConsentRequired", "The Secret that held the grant is gone or empty.");
                scene.Moving();
            }),
            new("Nobody has consented, and the connection is suspended", "consent", LinkOutcome.Broken, "AwaitingConsent", scene =>
            {
                scene.Interactive(grant: false);
                scene.Spec(spec => spec with { Suspend = true });
            }),
            new("A grant of another cluster is not confirmed", "consent", LinkOutcome.Broken, "GrantUsedElsewhere", scene =>
            {
                scene.Interactive();
                scene.Authorized("False", "GrantUsedElsewhere", "The stored grant (sequence 3) comes from another cluster. If nobody else "
                    + "uses it, annotate the connection with visma-operator.io/adoptGrant=3; else consent again.");
            }),
            new("A consent is in use", "consent", LinkOutcome.Ok, null, scene =>
            {
                scene.Interactive();
                scene.Authorized("True", "ConsentGranted", "Consent is in use.", TimeSpan.FromDays(300));
            }),
        ];

    private static IEnumerable<DoctorSituation> OfTheCluster() =>
        [
            new("The Secret is gone", "secret", LinkOutcome.Broken, "TokenSecretMissing", scene => scene.TokenSecret = null),
            new("The Secret belongs to somebody else", "secret", LinkOutcome.Broken, "SecretNotOwned", scene =>
                scene.TokenSecret = Some.Credentials(name: "acme-production-token")),
            new("A quota leaves no room for the Secret", "secret", LinkOutcome.Broken, "SecretForbidden", scene =>
            {
                scene.TokenSecret = null;
                scene.Failing("SecretForbidden", "Writing", "The operator may not write Secret integrations/acme-production-token: the "
                    + "API server answers 403 Forbidden because of quota secrets-of-the-team. Ask the owner of quota "
                    + "secrets-of-the-team to make room for it.");
            }),
            new("The operator may not read a client secret", "secret", LinkOutcome.Ok, null, scene =>
                scene.Failing("SecretForbidden", "Requesting", "The operator may not read Secret integrations/acme-credentials.")),
            new("A namespace does not accept a copy", "copies", LinkOutcome.Warning, "NamespaceNotAccepting", scene =>
            {
                const string Message = "0 of 1 copies of the token Secret hold the token. Secret reports/erp is not written, since "
                    + "namespace reports does not exist or does not accept tokens of namespace integrations. Its owner sets the label, "
                    + "with --overwrite where it has another value, whose copies end then: kubectl label namespace reports "
                    + "visma-operator.io/accept-tokens-from=integrations";
                scene.Spec(spec => spec with { Secret = new() { Copies = [new() { Namespace = "reports", Name = "erp" }] } });
                scene.Told("CopiesWritten", "False", "NamespaceNotAccepting", Message);
            }),
            new("A copy holds the token", "copies", LinkOutcome.Ok, null, scene =>
            {
                scene.Spec(spec => spec with { Secret = new() { Copies = [new() { Namespace = "reports", Name = "erp" }] } });
                const string Message = "Copies of the token Secret: 1; each holds the token.";
                scene.Told("CopiesWritten", "True", "AllCopied", Message);
                scene.Connection = scene.Connection with
                {
                    Status = scene.Connection.Status with { Copies = scene.Connection.Spec.Secret.Copies },
                };
            }),
            new("A copy was listed since the operator looked", "copies", LinkOutcome.Warning, "NotObserved", scene =>
            {
                scene.Spec(spec => spec with { Secret = new() { Copies = [new() { Namespace = "reports", Name = "erp" }] } });
                scene.Told("CopiesWritten", "True", "AllCopied", "Copies of the token Secret: 1; each holds the token.");
                scene.ChangedSince();
            }),
            new("A copy is listed that status does not name", "copies", LinkOutcome.Warning, "NotObserved", scene =>
            {
                scene.Spec(spec => spec with { Secret = new() { Copies = [new() { Namespace = "reports", Name = "erp" }] } });
                scene.Told("CopiesWritten", "True", "AllCopied", "Copies of the token Secret: 1; each holds the token.");
            }),
            new("The operator may not write where the token is copied to", "permissions", LinkOutcome.Broken, "PermissionMissing", scene =>
            {
                scene.Spec(spec => spec with { Secret = new() { Copies = [new() { Namespace = "reports", Name = "erp" }] } });
                scene.Cluster.Reviews = access => access is not { Namespace: "reports", Resource: "secrets", Verb: "create" };
            }),
            new("A Deployment reads the token by env", "readers", LinkOutcome.Warning, "ReaderKeepsOldToken", scene =>
                scene.Put(Reader(Importer))),
            new("A Deployment mounts the token by subPath", "readers", LinkOutcome.Warning, "ReaderKeepsOldToken", scene =>
                scene.Put(Reader(new Container { VolumeMounts = [new() { Name = "token", SubPath = "access_token" }] }))),
            new("A Deployment mounts the token as a volume", "readers", LinkOutcome.Ok, null, scene =>
                scene.Put(Reader(new Container { VolumeMounts = [new() { Name = "token" }] }))),
            new("The API server does not answer", "permissions", LinkOutcome.Unknown, "ClusterNotReached", scene =>
                scene.Cluster.Before = (_, asked, _) =>
                    asked == SubjectAccessReview.ResourceKind
                        ? throw new HttpRequestException("connection refused")
                        : Task.CompletedTask),
            new("Pods may not be listed", "readers", LinkOutcome.Unknown, "Forbidden", scene => scene.Forbid(Pod.ResourceKind)),
            new("The operator is not there", "operator", LinkOutcome.Unknown, "NotFound", scene => scene.OperatorPod = null),
            new("Another release serves the namespace", "operator", LinkOutcome.Ok, null, scene =>
            {
                scene.Put(scene.OperatorPod! with
                {
                    Metadata = scene.OperatorPod.Metadata with { Name = "a-release", Namespace = "a-system" },
                    Spec = scene.OperatorPod.Spec with { Containers = [new Container { Args = ["run", "--namespaces", "a,b"] }] },
                });
            }),
            new("Two operators serve the namespace", "operator", LinkOutcome.Warning, "SeveralOperators", scene =>
                scene.Put(scene.OperatorPod! with
                {
                    Metadata = scene.OperatorPod.Metadata with { Name = "other", Namespace = "other-system" },
                })),
            new("No Pod of the operator is ready", "operator", LinkOutcome.Broken, "OperatorNotReady", scene =>
                scene.OperatorPod = scene.OperatorPod! with { Status = new PodStatus { Phase = "Running" } }),
            new("The operator does not serve the namespace", "operator", LinkOutcome.Broken, "NamespaceNotServed", scene =>
                scene.OperatorPod = scene.OperatorPod! with
                {
                    Spec = scene.OperatorPod.Spec with { Containers = [new Container { Args = ["run", "--namespaces=a,b"] }] },
                }),
            new("The operator may not write Secrets", "permissions", LinkOutcome.Broken, "PermissionMissing", scene =>
                scene.Cluster.Reviews = access => access is not { Resource: "secrets", Verb: "create" or "update" }),
            new("The account is named, and it may get its namespace only", "permissions", LinkOutcome.Ok, null, scene =>
            {
                scene.OperatorPod = null;
                scene.Options = scene.Options with { ServiceAccount = new NamespacedName("visma-system", "visma-operator") };
                scene.Cluster.Reviews = access => access is not { Resource: "namespaces", Verb: "list" or "watch" };
            }),
            new("The operator may not hold its lease", "permissions", LinkOutcome.Broken, "PermissionMissing", scene =>
                scene.Cluster.Reviews = access => access is not { Resource: "leases", Verb: "update" }),
            new("You may not ask what the operator may do", "permissions", LinkOutcome.Unknown, "Forbidden", scene =>
                scene.Forbid(SubjectAccessReview.ResourceKind)),
            new("A reader is restarted with each token", "readers", LinkOutcome.Ok, null, scene =>
            {
                scene.Restarting();
                scene.Put(Reader(Importer));
            }),
            new("Workloads are restarted with each token", "restarts", LinkOutcome.Ok, null, scene =>
            {
                scene.Restarting();
                scene.Put(Importing(Importer));
            }),
            new("A workload to restart does not exist", "restarts", LinkOutcome.Broken, "WorkloadNotFound", scene => scene.Restarting()),
            new("The operator may not restart workloads", "restarts", LinkOutcome.Broken, "RestartForbidden", scene =>
            {
                scene.Restarting();
                scene.Put(Importing(Importer));
                scene.Cluster.Reviews = access => access.Group != "apps";
            }),
            new("The operator may not restart workloads any more", "restarts", LinkOutcome.Broken, "RestartForbidden", scene =>
            {
                scene.Restarting();
                scene.Put(Importing(Importer));
                scene.Told("WorkloadsRestarted", "True", "Restarted", "Restarted for the token in Secret acme-production-token.");
                scene.Cluster.Reviews = access => access.Group != "apps";
            }),
            new("A policy refuses the restart", "restarts", LinkOutcome.Broken, "RestartRefused", scene =>
            {
                scene.Restarting();
                scene.Put(Importing(Importer));
                scene.Told("WorkloadsRestarted", "False", "RestartRefused", "Deployment integrations/importer could not be restarted: the "
                    + "API server answers 403 Forbidden because of admission policy frozen.example.com. Ask the owner of admission policy "
                    + "frozen.example.com to allow it. It is tried again within five minutes.");
            }),
            new("You may not ask whether the operator may restart workloads", "restarts", LinkOutcome.Unknown, "Forbidden", scene =>
            {
                scene.Restarting();
                scene.Put(Importing(Importer));
                scene.Forbid(SubjectAccessReview.ResourceKind);
            }),
            new("You may not ask, and the workloads were restarted", "restarts", LinkOutcome.Ok, null, scene =>
            {
                scene.Restarting();
                scene.Put(Importing(Importer));
                scene.Forbid(SubjectAccessReview.ResourceKind);
                scene.Told("WorkloadsRestarted", "True", "Restarted", "Restarted for the token in Secret acme-production-token.");
            }),
            new("You may not ask, and spec was changed since the restart", "restarts", LinkOutcome.Unknown, "Forbidden", scene =>
            {
                scene.Restarting();
                scene.Put(Importing(Importer));
                scene.Forbid(SubjectAccessReview.ResourceKind);
                scene.Told("WorkloadsRestarted", "True", "Restarted", "Restarted for the token in Secret acme-production-token.");
                scene.ChangedSince();
            }),
            new("Several workloads to restart do not exist", "restarts", LinkOutcome.Broken, "WorkloadNotFound", scene =>
                scene.Spec(spec => spec with
                {
                    Restart =
                    [
                        new WorkloadReference { Kind = WorkloadKind.Deployment, Name = "importer" },
                        new WorkloadReference { Kind = WorkloadKind.DaemonSet, Name = "agent" },
                    ],
                })),
            new("A workload to restart is paused", "restarts", LinkOutcome.Warning, "WorkloadPaused", scene =>
            {
                scene.Restarting();
                scene.Put(Importing(Importer) with { Spec = new WorkloadSpec { Paused = true } });
            }),
            new("A workload that is restarted does not read the token", "restarts", LinkOutcome.Warning, "RestartNotNeeded", scene =>
            {
                scene.Restarting();
                scene.Put(Importing(new Container()));
            }),
            new("You may not read the workload to restart", "restarts", LinkOutcome.Unknown, "Forbidden", scene =>
            {
                scene.Restarting();
                scene.Forbid(Deployment.ResourceKind);
            }),
            new("A NetworkPolicy limits the operator", "networkPolicy", LinkOutcome.Unknown, "EgressLimited", scene =>
                scene.Put(new NetworkPolicy
                {
                    Metadata = new ObjectMeta { Name = "visma-operator", Namespace = "visma-system" },
                    Spec = new NetworkPolicySpec { PolicyTypes = ["Ingress", "Egress"] },
                })),
            new("The operator says what is wrong", "status", LinkOutcome.Broken, "SecretNotWritten", scene =>
                scene.Stalled("SecretNotWritten", "Secret integrations/acme-production-token could not be written: the API server answers "
                    + "403 Forbidden because of resource quota secrets. Raise it, or delete Secrets that nobody needs.")),
        ];

    private static Container Importer { get; } =
        new() { Env = [new() { ValueFrom = new() { SecretKeyRef = new() { Name = "acme-production-token" } } }] };

    private static Deployment Importing(Container container) =>
        new()
        {
            Metadata = new ObjectMeta { Name = "importer", Namespace = Some.Namespace },
            Spec = new WorkloadSpec { Template = new PodTemplate { Spec = new PodSpec { Containers = [container] } } },
        };

    private static Pod Reader(Container container) =>
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = "importer-7c9d-x2x4z",
                Namespace = Some.Namespace,
                Labels = new Dictionary<string, string> { ["pod-template-hash"] = "7c9d" },
                OwnerReferences =
                [
                    new OwnerReference
                    {
                        ApiVersion = "apps/v1",
                        Kind = "ReplicaSet",
                        Name = "importer-7c9d",
                        Uid = "rs",
                        Controller = true,
                    },
                ],
            },
            Spec = new PodSpec
            {
                Containers = [container],
                Volumes = [new Volume { Name = "token", Secret = new() { SecretName = "acme-production-token" } }],
            },
            Status = new PodStatus { Phase = "Running" },
        };
}

/// <summary>Changes of a scene in a word.</summary>
internal static class DoctorSceneChanges
{
    public static void Spec(this DoctorScene scene, Func<VismaConnectionSpec, VismaConnectionSpec> change) =>
        scene.Connection = scene.Connection with { Spec = change(scene.Connection.Spec) };

    public static void Moving(this DoctorScene scene) =>
        scene.Spec(spec => spec with
        {
            Suspend = true,
            Authorization = new AuthorizationSpec { DeletionPolicy = GrantDeletionPolicy.Retain },
        });

    public static void Restarting(this DoctorScene scene) =>
        scene.Spec(spec => spec with { Restart = [new WorkloadReference { Kind = WorkloadKind.Deployment, Name = "importer" }] });

    public static void ClientSpec(this DoctorScene scene, Func<OAuthClientSpec, OAuthClientSpec> change) =>
        scene.Client = scene.Client! with { Spec = change(scene.Client.Spec) };

    public static void MoveTo(this DoctorScene scene, string issuer)
    {
        scene.Issuer = issuer;
        scene.ClientSpec(spec => spec with { Issuer = issuer });
    }

    /// <summary>The discovery document names this token endpoint, whose host may be contacted.</summary>
    public static void Announce(this DoctorScene scene, Uri tokenEndpoint)
    {
        scene.AlsoAllowed = [tokenEndpoint.GetLeftPart(UriPartial.Authority)];
        scene.Provider.Faults.Always(
            new Fault.Answer(
                200,
                $$"""{"issuer": "{{scene.Issuer}}", "token_endpoint": "{{tokenEndpoint}}"}""",
                "application/json",
                new Dictionary<string, string>()
            ),
            StandInEndpoint.Metadata
        );
    }

    public static void NotResolving(this DoctorScene scene, SocketError cause)
    {
        scene.MoveTo("http://connect.visma.invalid");
        scene.Resolve = (_, _) => throw new SocketException((int)cause);
    }

    public static void Expiring(this DoctorScene scene, TimeSpan span) =>
        scene.ClientSpec(spec => spec with
        {
            ClientSecrets = [spec.ClientSecrets[0] with { ExpirationTime = scene.Clock.GetUtcNow() + span }],
        });

    public static void Granting(this DoctorScene scene, params string[] scopes) =>
        scene.Provider.Portal.Set(new StandInClient(Some.ClientId)
        {
            Secrets = [new StandInSecret(Some.ClientSecret)],
            GrantedScopes = scopes,
        });

    public static void Interactive(this DoctorScene scene, bool grant = true)
    {
        scene.Spec(spec => spec with
        {
            Grant = Grant.AuthorizationCode,
            Scopes = ["vismanet_erp_interactive_api:read"],
        });
        if (grant)
        {
            var name = scene.Connection.GrantSecretName();
            scene.Put(new Secret
            {
                Metadata = new ObjectMeta
                {
                    Name = name.Name,
                    Namespace = name.Namespace,
                    Labels = new Dictionary<string, string> { [VismaNames.SecretLabel] = VismaNames.GrantSecretValue },
                },
            });
        }
    }

    public static void Authorized(this DoctorScene scene, string status, string reason, string message, TimeSpan? end = null) =>
        scene.Connection = scene.Connection with
        {
            Status = new VismaConnectionStatus
            {
                ObservedGeneration = 1,
                Conditions = [Condition(scene, "Authorized", status, reason, message)],
                Authorization = new AuthorizationStatus { ConsentExpirationTime = scene.Clock.GetUtcNow() + end, Sequence = 3 },
            },
        };

    public static void Stalled(this DoctorScene scene, string reason, string message) =>
        scene.Connection = scene.Connection with
        {
            Status = new VismaConnectionStatus
            {
                Conditions = [Condition(scene, "Ready", "False", reason, message), Condition(scene, "Stalled", "True", reason, message)],
            },
        };

    public static void Failing(this DoctorScene scene, string reason, string stage, string message)
    {
        scene.Stalled(reason, message);
        var failure = new FailureStatus { Reason = reason, Stage = stage };
        scene.Connection = scene.Connection with { Status = scene.Connection.Status with { Failure = failure } };
    }

    public static void Told(this DoctorScene scene, string type, string status, string reason, string message) =>
        scene.Connection = scene.Connection with
        {
            Status = scene.Connection.Status with
            {
                Conditions = [.. scene.Connection.Status.Conditions, Condition(scene, type, status, reason, message)],
            },
        };

    public static void ChangedSince(this DoctorScene scene)
    {
        var status = scene.Connection.Status;
        status = status with { Conditions = [.. status.Conditions.Select(one => one with { ObservedGeneration = 8 })] };
        scene.Connection = scene.Connection.WithMetadata(scene.Connection.Metadata with { Generation = 9 }) with { Status = status };
    }

    public static void Forbid(this DoctorScene scene, ResourceKind kind) =>
        scene.Cluster.Before = (_, asked, _) =>
            asked == kind
                ? throw new KubernetesException(System.Net.HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;

    private static Condition Condition(DoctorScene scene, string type, string status, string reason, string message) =>
        new()
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = message,
            LastTransitionTime = scene.Clock.GetUtcNow() - TimeSpan.FromHours(1),
        };
}
