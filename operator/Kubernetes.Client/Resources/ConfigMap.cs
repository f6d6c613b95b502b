using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>
/// A ConfigMap (<see href="https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/config-map-v1/"/>), as far as
/// this project reads it: its texts.
/// </summary>
public sealed record ConfigMap : IResource<ConfigMap>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } = new(string.Empty, "v1", "ConfigMap", "configmaps", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<ConfigMap> JsonTypeInfo => KubernetesJsonContext.Default.ConfigMap;

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion { get => field ?? "v1"; init; }

    /// <summary>Always <c>ConfigMap</c>.</summary>
    public string Kind { get => field ?? "ConfigMap"; init; }

    /// <summary>Standard object metadata. What kubectl applied is left out: it repeats the texts, and nothing here reads it.</summary>
    public ObjectMeta Metadata { get => field ?? new(); init => field = value?.WithoutLastApplied(); }

    /// <summary>The texts by key; null when there are none.</summary>
    public IReadOnlyDictionary<string, string>? Data { get; init; }

    /// <inheritdoc/>
    public ConfigMap WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}
