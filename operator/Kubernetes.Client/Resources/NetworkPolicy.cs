using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>
/// A NetworkPolicy, as far as this project reads it: for which Pods it limits what they may reach
/// (<see href="https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/"/>).
/// </summary>
public sealed record NetworkPolicy : IResource<NetworkPolicy>
{
    private const string Outward = "Egress";

    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } =
        new("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<NetworkPolicy> JsonTypeInfo => KubernetesJsonContext.Default.NetworkPolicy;

    /// <summary>Always <c>networking.k8s.io/v1</c>.</summary>
    public string ApiVersion { get => field ?? "networking.k8s.io/v1"; init; }

    /// <summary>Always <c>NetworkPolicy</c>.</summary>
    public string Kind { get => field ?? "NetworkPolicy"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>What it selects.</summary>
    public NetworkPolicySpec Spec { get => field ?? new(); init; }

    /// <summary>True when it limits what the Pods with these labels may reach. The API server writes the types out.</summary>
    public bool LimitsEgressOf(ObjectMeta pod) =>
        Spec.PolicyTypes.Contains(Outward) && Spec.PodSelector.Matches(pod.Labels);

    /// <inheritdoc/>
    public NetworkPolicy WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>What a NetworkPolicy selects.</summary>
public sealed record NetworkPolicySpec
{
    /// <summary>The Pods that it is for.</summary>
    public LabelSelector PodSelector { get => field ?? new(); init; }

    /// <summary><c>Ingress</c>, <c>Egress</c> or both.</summary>
    public IReadOnlyList<string> PolicyTypes { get => field ?? []; init; }
}
