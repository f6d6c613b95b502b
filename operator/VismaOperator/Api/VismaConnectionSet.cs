using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>Many tenants and one template: a <see cref="VismaConnection"/> for each tenant, in the namespace of the set.</summary>
public sealed record VismaConnectionSet : IResource<VismaConnectionSet>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } =
        new(VismaNames.Group, VismaNames.Version, "VismaConnectionSet", "vismaconnectionsets", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<VismaConnectionSet> JsonTypeInfo => VismaJsonContext.Default.VismaConnectionSet;

    /// <summary>Always <c>visma-operator.io/v1</c>.</summary>
    public string ApiVersion { get => field ?? VismaNames.ApiVersion; init; }

    /// <summary>Always <c>VismaConnectionSet</c>.</summary>
    public string Kind { get => field ?? "VismaConnectionSet"; init; }

    /// <summary>Standard object metadata. What kubectl applied is left out: it repeats the spec, and nothing here reads it.</summary>
    public ObjectMeta Metadata { get => field ?? new(); init => field = value?.WithoutLastApplied(); }

    /// <summary>What the user declares.</summary>
    public required VismaConnectionSetSpec Spec { get; init; }

    /// <summary>What the operator reports; <c>observedGeneration: -1</c> until it has looked for the first time.</summary>
    public VismaConnectionSetStatus Status { get => field ?? VismaConnectionSetStatus.Unseen; init; }

    /// <inheritdoc/>
    public VismaConnectionSet WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}
