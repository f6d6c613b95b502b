using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>
/// A Secret with its content (<see href="https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/"/>).
/// </summary>
public sealed record Secret : IResource<Secret>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } = new(string.Empty, "v1", "Secret", "secrets", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<Secret> JsonTypeInfo => KubernetesJsonContext.Default.Secret;

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion { get => field ?? "v1"; init; }

    /// <summary>Always <c>Secret</c>.</summary>
    public string Kind { get => field ?? "Secret"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>Type; immutable once created. <c>Opaque</c> when absent.</summary>
    public string? Type { get; init; }

    /// <summary>True when the content can no longer be changed, only deleted.</summary>
    public bool? Immutable { get; init; }

    /// <summary>The values by key; null when there are none.</summary>
    public IReadOnlyDictionary<string, SecretValue>? Data { get; init; }

    /// <inheritdoc/>
    public Secret WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>A Secret of which only the metadata was asked for: its content never enters this process.</summary>
public sealed record SecretMetadata : IResource<SecretMetadata>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind => Secret.ResourceKind;

    /// <inheritdoc/>
    public static JsonTypeInfo<SecretMetadata> JsonTypeInfo => KubernetesJsonContext.Default.SecretMetadata;

    /// <inheritdoc/>
    public static bool IsMetadataOnly => true;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <inheritdoc/>
    public SecretMetadata WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}
