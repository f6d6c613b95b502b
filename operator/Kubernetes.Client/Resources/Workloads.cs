using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>
/// Something that runs Pods made from a template and replaces them when the template changes, as far as this project reads it
/// (<see href="https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/"/>). It is patched, never replaced: a replace would
/// drop what is not read.
/// </summary>
public interface IWorkload : IResource
{
    /// <summary>What it runs.</summary>
    WorkloadSpec Spec { get; }
}

/// <summary>A Deployment.</summary>
public sealed record Deployment : IResource<Deployment>, IWorkload
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } = new("apps", "v1", "Deployment", "deployments", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<Deployment> JsonTypeInfo => KubernetesJsonContext.Default.Deployment;

    /// <summary>Always <c>apps/v1</c>.</summary>
    public string ApiVersion { get => field ?? "apps/v1"; init; }

    /// <summary>Always <c>Deployment</c>.</summary>
    public string Kind { get => field ?? "Deployment"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <inheritdoc/>
    public WorkloadSpec Spec { get => field ?? new(); init; }

    /// <inheritdoc/>
    public Deployment WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>A StatefulSet.</summary>
public sealed record StatefulSet : IResource<StatefulSet>, IWorkload
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } = new("apps", "v1", "StatefulSet", "statefulsets", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<StatefulSet> JsonTypeInfo => KubernetesJsonContext.Default.StatefulSet;

    /// <summary>Always <c>apps/v1</c>.</summary>
    public string ApiVersion { get => field ?? "apps/v1"; init; }

    /// <summary>Always <c>StatefulSet</c>.</summary>
    public string Kind { get => field ?? "StatefulSet"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <inheritdoc/>
    public WorkloadSpec Spec { get => field ?? new(); init; }

    /// <inheritdoc/>
    public StatefulSet WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>A DaemonSet.</summary>
public sealed record DaemonSet : IResource<DaemonSet>, IWorkload
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } = new("apps", "v1", "DaemonSet", "daemonsets", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<DaemonSet> JsonTypeInfo => KubernetesJsonContext.Default.DaemonSet;

    /// <summary>Always <c>apps/v1</c>.</summary>
    public string ApiVersion { get => field ?? "apps/v1"; init; }

    /// <summary>Always <c>DaemonSet</c>.</summary>
    public string Kind { get => field ?? "DaemonSet"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <inheritdoc/>
    public WorkloadSpec Spec { get => field ?? new(); init; }

    /// <inheritdoc/>
    public DaemonSet WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>What a workload runs.</summary>
public sealed record WorkloadSpec
{
    /// <summary>(Deployment) true while changes of the template start no rollout; null otherwise.</summary>
    public bool? Paused { get; init; }

    /// <summary>What its Pods are made from.</summary>
    public PodTemplate Template { get => field ?? new(); init; }
}

/// <summary>What Pods are made from.</summary>
public sealed record PodTemplate
{
    /// <summary>Metadata of the Pods.</summary>
    public PodTemplateMetadata Metadata { get => field ?? new(); init; }

    /// <summary>What runs in them.</summary>
    public PodSpec Spec { get => field ?? new(); init; }
}

/// <summary>Metadata that Pods get from their template, as far as it is read.</summary>
public sealed record PodTemplateMetadata
{
    /// <summary>Annotations; null when there are none.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
