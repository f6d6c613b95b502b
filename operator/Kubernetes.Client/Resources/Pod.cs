using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>
/// A Pod, as far as this project reads it: which Secrets it takes in and how
/// (<see href="https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/"/>).
/// </summary>
public sealed record Pod : IResource<Pod>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } = new(string.Empty, "v1", "Pod", "pods", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<Pod> JsonTypeInfo => KubernetesJsonContext.Default.Pod;

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion { get => field ?? "v1"; init; }

    /// <summary>Always <c>Pod</c>.</summary>
    public string Kind { get => field ?? "Pod"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>What runs in it.</summary>
    public PodSpec Spec { get => field ?? new(); init; }

    /// <summary>Where it stands.</summary>
    public PodStatus Status { get => field ?? new(); init; }

    /// <inheritdoc/>
    public Pod WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>What runs in a Pod.</summary>
public sealed record PodSpec
{
    /// <summary>The account that it speaks to the API server with.</summary>
    public string? ServiceAccountName { get; init; }

    /// <summary>Its containers.</summary>
    public IReadOnlyList<Container> Containers { get => field ?? []; init; }

    /// <summary>Containers that run before them, or beside them.</summary>
    public IReadOnlyList<Container> InitContainers { get => field ?? []; init; }

    /// <summary>Its volumes.</summary>
    public IReadOnlyList<Volume> Volumes { get => field ?? []; init; }
}

/// <summary>Where a Pod stands.</summary>
public sealed record PodStatus
{
    /// <summary><c>Pending</c>, <c>Running</c>, <c>Succeeded</c>, <c>Failed</c> or <c>Unknown</c>.</summary>
    public string? Phase { get; init; }

    /// <summary>Ready and others.</summary>
    public IReadOnlyList<PodCondition> Conditions { get => field ?? []; init; }
}

/// <summary>A condition of a Pod, as far as it is read.</summary>
public sealed record PodCondition
{
    /// <summary>Its type, for example <c>Ready</c>.</summary>
    public string? Type { get; init; }

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string? Status { get; init; }
}

/// <summary>A container of a Pod.</summary>
public sealed record Container
{
    /// <summary>Its name.</summary>
    public string Name { get => field ?? string.Empty; init; }

    /// <summary>What is run instead of what its image says; empty where the image says it.</summary>
    public IReadOnlyList<string> Command { get => field ?? []; init; }

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<string> Args { get => field ?? []; init; }

    /// <summary>Its variables.</summary>
    public IReadOnlyList<EnvironmentVariable> Env { get => field ?? []; init; }

    /// <summary>Objects of which each key becomes a variable.</summary>
    public IReadOnlyList<EnvironmentSource> EnvFrom { get => field ?? []; init; }

    /// <summary>Where its volumes are mounted.</summary>
    public IReadOnlyList<VolumeMount> VolumeMounts { get => field ?? []; init; }
}

/// <summary>A variable of a container.</summary>
public sealed record EnvironmentVariable
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>Its value where it is written in the Pod; it may be secret all the same.</summary>
    [JsonConverter(typeof(SecretTextConverter))]
    public SecretValue? Value { get; init; }

    /// <summary>Where its value comes from; null where it is written in the Pod.</summary>
    public EnvironmentValueSource? ValueFrom { get; init; }
}

/// <summary>Where the value of a variable comes from.</summary>
public sealed record EnvironmentValueSource
{
    /// <summary>A key of a Secret.</summary>
    public ObjectNameReference? SecretKeyRef { get; init; }
}

/// <summary>An object of which each key becomes a variable.</summary>
public sealed record EnvironmentSource
{
    /// <summary>A Secret.</summary>
    public ObjectNameReference? SecretRef { get; init; }
}

/// <summary>Names an object of the same namespace.</summary>
public sealed record ObjectNameReference
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }
}

/// <summary>Where a volume is mounted.</summary>
public sealed record VolumeMount
{
    /// <summary>The volume.</summary>
    public string Name { get => field ?? string.Empty; init; }

    /// <summary>One file or folder of it; such a mount does not follow changes.</summary>
    public string? SubPath { get; init; }

    /// <summary>The same with variables in it.</summary>
    public string? SubPathExpr { get; init; }
}

/// <summary>A volume, as far as it is made of Secrets.</summary>
public sealed record Volume
{
    /// <summary>Its name in the Pod.</summary>
    public string Name { get => field ?? string.Empty; init; }

    /// <summary>A Secret as files.</summary>
    public SecretVolumeSource? Secret { get; init; }

    /// <summary>Several objects as files.</summary>
    public ProjectedVolumeSource? Projected { get; init; }
}

/// <summary>A Secret as files.</summary>
public sealed record SecretVolumeSource
{
    /// <summary>Name of the Secret.</summary>
    public string? SecretName { get; init; }
}

/// <summary>Several objects as files.</summary>
public sealed record ProjectedVolumeSource
{
    /// <summary>The objects.</summary>
    public IReadOnlyList<ProjectedSource> Sources { get => field ?? []; init; }
}

/// <summary>One object of a projected volume.</summary>
public sealed record ProjectedSource
{
    /// <summary>A Secret.</summary>
    public ObjectNameReference? Secret { get; init; }
}
