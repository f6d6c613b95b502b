using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>A connection to one company (tenant) of Visma: one token, kept fresh in one Secret.</summary>
public sealed record VismaConnection : IResource<VismaConnection>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } =
        new(VismaNames.Group, VismaNames.Version, "VismaConnection", "vismaconnections", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<VismaConnection> JsonTypeInfo => VismaJsonContext.Default.VismaConnection;

    /// <summary>Always <c>visma-operator.io/v1</c>.</summary>
    public string ApiVersion { get => field ?? VismaNames.ApiVersion; init; }

    /// <summary>Always <c>VismaConnection</c>.</summary>
    public string Kind { get => field ?? "VismaConnection"; init; }

    /// <summary>Standard object metadata. What kubectl applied is left out: it repeats the spec, and nothing here reads it.</summary>
    public ObjectMeta Metadata { get => field ?? new(); init => field = value?.WithoutLastApplied(); }

    /// <summary>What the user declares.</summary>
    public required VismaConnectionSpec Spec { get; init; }

    /// <summary>What the operator reports; <c>observedGeneration: -1</c> until it has looked for the first time.</summary>
    public VismaConnectionStatus Status { get => field ?? VismaConnectionStatus.Unseen; init; }

    /// <summary>The Secret that the token is published in: as declared, else <c>&lt;connection name&gt;-token</c>.</summary>
    public NamespacedName SecretName() =>
        new(Metadata.Namespace ?? string.Empty, Spec.Secret.Name ?? Metadata.Name + SecretSpec.DefaultNameSuffix);

    /// <summary>The Secret that status says the token is in, which may have an earlier name; null when there is none.</summary>
    public NamespacedName? RecordedSecretName() =>
        Status.SecretName is { } recorded ? new(Metadata.Namespace ?? string.Empty, recorded) : null;

    /// <summary>The Secret that the grant is kept in (grant <see cref="Grant.AuthorizationCode"/>).</summary>
    public NamespacedName GrantSecretName() =>
        new(Metadata.Namespace ?? string.Empty, Metadata.Name + AuthorizationSpec.GrantSecretSuffix);

    /// <summary>The short-lived Secret in which the verb <c>connect</c> leaves an authorization code for the operator.</summary>
    public NamespacedName HandoffSecretName() =>
        new(Metadata.Namespace ?? string.Empty, Metadata.Name + AuthorizationSpec.HandoffSecretSuffix);

    /// <summary>The client that the connection uses; without a namespace in the reference, the one beside it.</summary>
    public NamespacedName ClientName() =>
        new(Spec.OAuthClientRef.Namespace ?? Metadata.Namespace ?? string.Empty, Spec.OAuthClientRef.Name);

    /// <inheritdoc/>
    public VismaConnection WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}
