using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>A namespace, as far as this project reads it: labels for selectors, and whether it is terminating.</summary>
public sealed record Namespace : IResource<Namespace>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } = new(string.Empty, "v1", "Namespace", "namespaces", IsNamespaced: false);

    /// <inheritdoc/>
    public static JsonTypeInfo<Namespace> JsonTypeInfo => KubernetesJsonContext.Default.Namespace;

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion { get => field ?? "v1"; init; }

    /// <summary>Always <c>Namespace</c>.</summary>
    public string Kind { get => field ?? "Namespace"; init; }

    /// <summary>Standard object metadata. Annotations are left out: platforms write long ones, and nothing here reads them.</summary>
    public ObjectMeta Metadata { get => field ?? new(); init => field = value is null ? null : value with { Annotations = null }; }

    /// <inheritdoc/>
    public Namespace WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}
