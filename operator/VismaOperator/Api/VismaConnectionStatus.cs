using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>What the operator reports of a connection.</summary>
public sealed record VismaConnectionStatus
{
    /// <summary>The status of an object that the operator has not looked at yet, as the schema defaults it.</summary>
    public static VismaConnectionStatus Unseen { get; } = new() { ObservedGeneration = -1 };

    /// <summary>Generation of the spec that this status speaks of.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>Value of the last handled refresh request (annotation <c>requestedAt</c>).</summary>
    public string? LastHandledReconcileAt { get; init; }

    /// <summary>
    /// When a request for a refresh was last attempted, or had to be put off, rounded up to the next second; null when none was.
    /// </summary>
    public DateTimeOffset? LastHandledReconcileTime { get; init; }

    /// <summary>Value of the last handled request for a probe (annotation <c>probeRequestedAt</c>); null while probes are off.</summary>
    public string? LastHandledProbeAt { get; init; }

    /// <summary>
    /// <c>True</c> when the last probe failed, else <c>False</c>; null where it was not probed. The condition TokenAccepted in reverse,
    /// since a column of <c>kubectl get</c> can show a value and not negate it.
    /// </summary>
    public string? Offline { get; init; }

    /// <summary>
    /// Ready, Reconciling, Stalled, TokenFresh, ScopesGranted, TokenAccepted, CopiesWritten, WorkloadsRestarted, Authorized,
    /// ConsentExpiring.
    /// </summary>
    public IReadOnlyList<Condition> Conditions { get => field ?? []; init; }

    /// <summary>The Secret that the token was last published in.</summary>
    public string? SecretName { get; init; }

    /// <summary>Names of further Secrets that hold a token and are to be removed; null when there are none.</summary>
    public IReadOnlyList<string>? OtherSecretNames { get; init; }

    /// <summary>
    /// The Secret as a workload binds to it, with the preset <see cref="SecretPreset.ServiceBinding"/>; null without it, and before the
    /// first token (<see href="https://servicebinding.io/spec/core/1.1.0/#provisioned-service"/>).
    /// </summary>
    public BindingStatus? Binding { get; init; }

    /// <summary>Secrets of other namespaces that hold the token; null when there are none.</summary>
    public IReadOnlyList<SecretCopy>? Copies { get; init; }

    /// <summary>The OAuthClient that the spec names, as <c>namespace/name</c>.</summary>
    public string? Client { get; init; }

    /// <summary>Base URL of the API that the published token is for.</summary>
    [JsonPropertyName("baseURL")]
    public string? BaseUrl { get; init; }

    /// <summary>The published token; null when there is none.</summary>
    public TokenStatus? Token { get; init; }

    /// <summary>Workloads of <c>spec.restart</c> with the token that each was last restarted for; null when none was.</summary>
    public IReadOnlyList<WorkloadRestartStatus>? Restarts { get; init; }

    /// <summary>The consent, with the grant <see cref="Grant.AuthorizationCode"/>; null before the first look.</summary>
    public AuthorizationStatus? Authorization { get; init; }

    /// <summary>The failures since the last success; null when there are none.</summary>
    public FailureStatus? Failure { get; init; }

    /// <summary>
    /// What the condition Stalled or Reconciling is about, for the operator and its commands; null while there is neither, and in a status
    /// of an earlier version.
    /// </summary>
    public ProblemStatus? Problem { get; init; }

    /// <summary>
    /// The removal of the token Secret, because the OAuthClient does not allow its token; null when there was none, or another token came.
    /// </summary>
    public SecretRemovalStatus? SecretRemoval { get; init; }
}

/// <summary>A Secret of the connection's namespace that workloads bind to.</summary>
public sealed record BindingStatus
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }
}

/// <summary>The published token. Never a value of it.</summary>
public sealed record TokenStatus
{
    /// <summary>When it was issued.</summary>
    public DateTimeOffset? IssueTime { get; init; }

    /// <summary>When it expires.</summary>
    public DateTimeOffset? ExpirationTime { get; init; }

    /// <summary>When it is due for renewal.</summary>
    public DateTimeOffset? RefreshTime { get; init; }

    /// <summary>Scopes that the provider granted.</summary>
    public IReadOnlyList<string> GrantedScopes { get => field ?? []; init; }

    /// <summary>Hash of the Secret's content (hexadecimal).</summary>
    public string? Fingerprint { get; init; }

    /// <summary>Version of the Secret last verified.</summary>
    public string? SecretResourceVersion { get; init; }

    /// <summary>UID of the Secret.</summary>
    [JsonPropertyName("secretUID")]
    public string? SecretUid { get; init; }

    /// <summary>True when the Secret is its owner's, who lent it by the annotation <c>adopt</c>; null otherwise.</summary>
    public bool? SecretAdopted { get; init; }

    /// <summary>Hash of what the token was requested with: client, tenant, scopes (hexadecimal).</summary>
    public string? Inputs { get; init; }

    /// <summary>Hash of how the Secret is rendered (hexadecimal); see <see cref="ConnectionHashes.Layout"/>.</summary>
    public string? Layout { get; init; }
}

/// <summary>A workload that was restarted for a token.</summary>
public sealed record WorkloadRestartStatus
{
    /// <summary>What it is.</summary>
    public string? Kind { get; init; }

    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>Fingerprint of the token.</summary>
    public string? Fingerprint { get; init; }
}

/// <summary>The consent of a person. Never the refresh token.</summary>
public sealed record AuthorizationStatus
{
    /// <summary>Link that starts a consent; null unless one is awaited. Nothing else (message, event, log, metric) may show it.</summary>
    public string? Url { get; init; }

    /// <summary>When the link stops working and is replaced.</summary>
    public DateTimeOffset? UrlExpirationTime { get; init; }

    /// <summary>When the consent was given.</summary>
    public DateTimeOffset? GrantTime { get; init; }

    /// <summary>Who gave it: the claim <c>sub</c>, at most its first 1024 characters.</summary>
    public string? GrantedBy { get; init; }

    /// <summary>When the consent ends.</summary>
    public DateTimeOffset? ConsentExpirationTime { get; init; }

    /// <summary>Number of the last stored refresh token, by which a grant from a restored backup is recognised.</summary>
    public long? Sequence { get; init; }

    /// <summary>
    /// The last consent, when it gave no grant; null when it gave one, when another has begun since, and when nobody tried.
    /// </summary>
    public ConsentFailureStatus? LastFailure { get; init; }
}

/// <summary>A consent that gave no grant.</summary>
public sealed record ConsentFailureStatus
{
    /// <summary>Why, in CamelCase.</summary>
    public string? Reason { get; init; }

    /// <summary>What happened and what to do, for a person.</summary>
    public string? Message { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset? Time { get; init; }
}

/// <summary>The failures since the last success.</summary>
public sealed record FailureStatus
{
    /// <summary>Reason of the last one, in CamelCase.</summary>
    public string? Reason { get; init; }

    /// <summary>What the last one asks of the operator; null in a status of an earlier version.</summary>
    public string? Kind { get; init; }

    /// <summary>What the operator was doing when the last one happened; null in a status of an earlier version.</summary>
    public string? Stage { get; init; }

    /// <summary>How many there were.</summary>
    public int Attempts { get; init; }

    /// <summary>When the last one happened.</summary>
    public DateTimeOffset? LastFailureTime { get; init; }

    /// <summary>When the next attempt is due.</summary>
    public DateTimeOffset? NextAttemptTime { get; init; }

    /// <summary>Hash of what the failed attempts requested with (hexadecimal); a change lets the next attempt start at once.</summary>
    public string? Inputs { get; init; }

    /// <summary>What happened and what to do, for a person.</summary>
    public string? Message { get; init; }
}

/// <summary>What keeps a connection from where its spec wants it. The condition says the same in words.</summary>
public sealed record ProblemStatus
{
    /// <summary>What it asks of the operator.</summary>
    public string? Kind { get; init; }

    /// <summary>What the operator was doing.</summary>
    public string? Stage { get; init; }
}

/// <summary>The removal of a token Secret.</summary>
public sealed record SecretRemovalStatus
{
    /// <summary>Why, in CamelCase.</summary>
    public string? Reason { get; init; }

    /// <summary>When.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Hash of what the removed token was requested with, without the client's part (hexadecimal).</summary>
    public string? Inputs { get; init; }
}
