using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

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
