using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>What the user declares of a set.</summary>
public sealed record VismaConnectionSetSpec
{
    /// <summary>The most tenants that a set may have, whatever its list comes from; as the schema has it.</summary>
    public const int MostTenants = 1000;

    /// <summary>The tenants. Exactly one of this and <see cref="TenantsFrom"/> is set.</summary>
    public IReadOnlyList<SetTenant>? Tenants { get; init; }

    /// <summary>Where the list of tenants is kept.</summary>
    public TenantsSource? TenantsFrom { get; init; }

    /// <summary>What each connection is made from.</summary>
    public required ConnectionTemplate Template { get; init; }

    /// <summary>What happens to the connections when the set is deleted.</summary>
    public DeletionPolicy DeletionPolicy { get; init; }
}

/// <summary>One tenant of a set.</summary>
public sealed record SetTenant
{
    /// <summary>A name that is unique in the set; the connection is named after it.</summary>
    public required string Name { get; init; }

    /// <summary>The company's tenant GUID.</summary>
    [JsonPropertyName("tenantID")]
    public required string TenantId { get; init; }
}

/// <summary>Where a list of tenants is kept: in a key of a ConfigMap, or at namespaces.</summary>
public sealed record TenantsSource
{
    /// <summary>A key of a ConfigMap in the namespace of the set; null where the list is not kept in one.</summary>
    public ConfigMapKeyReference? ConfigMapKeyRef { get; init; }

    /// <summary>Labels that a namespace must have to be a tenant; null where the list is not kept at namespaces.</summary>
    public LabelSelector? NamespaceSelector { get; init; }

    /// <summary>Key of the annotation whose value is the tenant id of a namespace.</summary>
    public string? Annotation { get; init; }
}

/// <summary>One key of a ConfigMap.</summary>
public sealed record ConfigMapKeyReference
{
    /// <summary>Name of the ConfigMap.</summary>
    public required string Name { get; init; }

    /// <summary>Key in its data.</summary>
    public required string Key { get; init; }
}

/// <summary>
/// What each connection of a set is made from. In its texts <see cref="TenantName"/> and <see cref="TenantId"/> stand for those of the
/// tenant.
/// </summary>
public sealed record ConnectionTemplate
{
    /// <summary>Stands for the name of the tenant.</summary>
    public const string TenantName = "${tenantName}";

    /// <summary>Stands for the id of the tenant.</summary>
    public const string TenantId = "${tenantID}";

    /// <summary>Labels and annotations to add; null for none.</summary>
    public TemplateMetadata? Metadata { get; init; }

    /// <summary>The spec of each connection; its tenant id is that of the tenant.</summary>
    public required VismaConnectionSpec Spec { get; init; }
}
