namespace VismaOperator.Api;

/// <summary>Every name that manifests, dashboards and other tools rely on. Changing one breaks users.</summary>
public static class VismaNames
{
    /// <summary>API group of every kind, and prefix of the labels and annotations.</summary>
    public const string Group = "visma-operator.io";

    /// <summary>API version of every kind.</summary>
    public const string Version = "v1";

    /// <summary><c>group/version</c> of every kind.</summary>
    public const string ApiVersion = Group + "/" + Version;

    /// <summary>Standard label that says who manages an object.</summary>
    public const string ManagedByLabel = "app.kubernetes.io/managed-by";

    /// <summary>Value of <see cref="ManagedByLabel"/> on what the operator writes.</summary>
    public const string ManagedByValue = "visma-operator";

    /// <summary>Label that says what a Secret of the operator holds; the operator watches Secrets by it.</summary>
    public const string SecretLabel = Group + "/secret";

    /// <summary>Value of <see cref="SecretLabel"/> on a Secret that workloads read.</summary>
    public const string TokenSecretValue = "token";

    /// <summary>Value of <see cref="SecretLabel"/> on a Secret that the grant of an interactive connection is kept in.</summary>
    public const string GrantSecretValue = "grant";

    /// <summary>Value of <see cref="SecretLabel"/> on a short-lived Secret that hands an authorization code to the operator.</summary>
    public const string HandoffSecretValue = "handoff";

    /// <summary>Value of <see cref="SecretLabel"/> on a Secret that holds the token of a connection of another namespace.</summary>
    public const string CopySecretValue = "copy";

    /// <summary>
    /// Label of a namespace by which its owner accepts copies of token Secrets: the name of the one namespace that they come from.
    /// </summary>
    public const string AcceptTokensFromLabel = Group + "/accept-tokens-from";

    /// <summary>Type of the Secret that a grant is kept in.</summary>
    public const string GrantSecretType = Group + "/grant";

    /// <summary>Type of the Secret that hands an authorization code to the operator.</summary>
    public const string HandoffSecretType = Group + "/handoff";

    /// <summary>
    /// Label by which the owner of a Secret lets it serve as a client id, which everybody can read in the redirect to the provider.
    /// </summary>
    public const string ClientCredentialsLabel = Group + "/client-credentials";

    /// <summary>Value of <see cref="ClientCredentialsLabel"/> that lets a Secret serve.</summary>
    public const string ClientCredentialsValue = "true";

    /// <summary>
    /// Annotation on a Secret of the operator: the name of the connection that it belongs to (same namespace). On a copy, which is of
    /// another namespace, it is <c>namespace/name</c>.
    /// </summary>
    public const string ConnectionAnnotation = Group + "/connection";

    /// <summary>Annotation on a copy of a token Secret: the UID of the connection, by which it is known again without its label.</summary>
    public const string ConnectionUidAnnotation = Group + "/connection-uid";

    /// <summary>
    /// Annotation on a grant Secret: one hash for each consent that is under way, by which a replica knows it from its watch alone. A
    /// hash reveals neither state nor cookie.
    /// </summary>
    public const string ConsentAttemptsAnnotation = Group + "/consent-attempts";

    /// <summary>Annotation on a token Secret: when the token was issued (RFC 3339, UTC).</summary>
    public const string IssuedAtAnnotation = Group + "/issued-at";

    /// <summary>Annotation on a token Secret: when the token expires (RFC 3339, UTC).</summary>
    public const string ExpiresAtAnnotation = Group + "/expires-at";

    /// <summary>Annotation on a token Secret: a hash of the content, never a value.</summary>
    public const string FingerprintAnnotation = Group + "/fingerprint";

    /// <summary>Annotation on a token Secret: hash of what the token was requested with (client, tenant, scopes).</summary>
    public const string InputsAnnotation = Group + "/inputs";

    /// <summary>Annotation on a token Secret: hash of how it was rendered; see <see cref="ConnectionHashes.Layout"/>.</summary>
    public const string LayoutAnnotation = Group + "/layout";

    /// <summary>
    /// Annotation on a token Secret: keys of the labels and annotations that its template set, so that one that leaves the template leaves
    /// the Secret.
    /// </summary>
    public const string TemplateKeysAnnotation = Group + "/template-keys";

    /// <summary>
    /// Annotation on a Secret that its owner lends to a connection: the connection's name. With <see cref="SecretLabel"/>, the token is put
    /// into it beside what is there.
    /// </summary>
    public const string AdoptAnnotation = Group + "/adopt";

    /// <summary>Annotation on a Secret that was adopted: the keys in it that are ours.</summary>
    public const string KeysAnnotation = Group + "/keys";

    /// <summary>
    /// Annotation on a token Secret: the request (<see cref="RequestedAtAnnotation"/>) that its token was an answer to; absent where nobody
    /// had asked.
    /// </summary>
    public const string AnsweredRequestAnnotation = Group + "/answered-request";

    /// <summary>Annotation on a grant Secret whose revocation has begun. A process that watches only metadata continues it.</summary>
    public const string RevokingAnnotation = Group + "/revoking";

    /// <summary>Annotation on a connection: any new value asks for a refresh now.</summary>
    public const string RequestedAtAnnotation = Group + "/requestedAt";

    /// <summary>Annotation on a connection: any new value asks for a probe now.</summary>
    public const string ProbeRequestedAtAnnotation = Group + "/probeRequestedAt";

    /// <summary>
    /// Annotation on a connection: the sequence of the stored grant that may be used although it looks restored from a backup or used by
    /// another cluster.
    /// </summary>
    public const string AdoptGrantAnnotation = Group + "/adoptGrant";

    /// <summary>
    /// Prefix of the annotations on the template of a workload's Pods: the fingerprint of the token that they were started for, one for
    /// each connection that restarts the workload.
    /// </summary>
    public const string RestartAnnotationPrefix = "restart." + Group + "/";

    /// <summary>Annotation on the template of a workload's Pods: when the operator restarted them last (RFC 3339, UTC).</summary>
    public const string RestartedAtAnnotation = Group + "/restarted-at";

    /// <summary>Label on a connection that a set made: the name of the set (same namespace).</summary>
    public const string SetLabel = Group + "/connection-set";

    /// <summary>Label on a connection that a set made: the name of its tenant in the set.</summary>
    public const string TenantLabel = Group + "/tenant";

    /// <summary>
    /// Annotation on a connection that a set made: the labels and annotations that the template set, as <c>label:KEY</c> and
    /// <c>annotation:KEY</c>, so that one that leaves the template leaves the connection.
    /// </summary>
    public const string SetKeysAnnotation = Group + "/set-keys";

    /// <summary>Annotation on a set that holds removals: their count, to confirm them.</summary>
    public const string ConfirmRemovalsAnnotation = Group + "/confirmRemovals";

    /// <summary>Flux's annotation, which counts where <see cref="RequestedAtAnnotation"/> is absent.</summary>
    public const string FluxRequestedAtAnnotation = "reconcile.fluxcd.io/requestedAt";
}
