using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>
/// A Lease (<see href="https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/lease-v1/"/>), used for leader election.
/// </summary>
public sealed record Lease : IResource<Lease>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } = new("coordination.k8s.io", "v1", "Lease", "leases", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<Lease> JsonTypeInfo => KubernetesJsonContext.Default.Lease;

    /// <summary>Always <c>coordination.k8s.io/v1</c>.</summary>
    public string ApiVersion { get => field ?? "coordination.k8s.io/v1"; init; }

    /// <summary>Always <c>Lease</c>.</summary>
    public string Kind { get => field ?? "Lease"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>Who holds the lease, and since when.</summary>
    public LeaseSpec Spec { get => field ?? new(); init; }

    /// <inheritdoc/>
    public Lease WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>Who holds a lease, and since when.</summary>
public sealed record LeaseSpec
{
    /// <summary>Identity of the holder; empty or null when released.</summary>
    public string? HolderIdentity { get; init; }

    /// <summary>How long after <see cref="RenewTime"/> others must wait before they may take over, in seconds.</summary>
    public int? LeaseDurationSeconds { get; init; }

    /// <summary>When the current holder took the lease.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; init; }

    /// <summary>When the current holder last renewed the lease, by the holder's own clock.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; init; }

    /// <summary>How often the lease changed hands.</summary>
    public int? LeaseTransitions { get; init; }
}
