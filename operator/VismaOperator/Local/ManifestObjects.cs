using Kubernetes.Client.Resources;
using VismaOperator.Api;

namespace VismaOperator.Local;

/// <summary>What the manifests hold of the kinds that local mode serves.</summary>
internal sealed record ManifestObjects(
    IReadOnlyList<Namespace> Namespaces,
    IReadOnlyList<Secret> Secrets,
    IReadOnlyList<OAuthClient> Clients,
    IReadOnlyList<VismaConnection> Connections
)
{
    /// <summary>Sets of connections.</summary>
    public IReadOnlyList<VismaConnectionSet> Sets { get; init; } = [];

    /// <summary>The ConfigMaps that sets read their tenants from; no others.</summary>
    public IReadOnlyList<ConfigMap> ConfigMaps { get; init; } = [];
}

/// <summary>What happens to objects that the manifests no longer hold.</summary>
internal enum Absent
{
    /// <summary>They are deleted, and what they own with them.</summary>
    Deleted,

    /// <summary>They stay.</summary>
    Kept,
}
