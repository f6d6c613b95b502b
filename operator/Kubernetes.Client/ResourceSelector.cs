namespace Kubernetes.Client;

/// <summary>Which objects of a kind a list or a watch covers.</summary>
/// <param name="Namespace">One namespace, or null for all (needs a cluster-wide permission).</param>
/// <param name="LabelSelector">A label selector in the API server's syntax, or null.</param>
/// <param name="FieldSelector">A field selector such as <c>metadata.name=acme</c>, or null.</param>
public sealed record ResourceSelector(string? Namespace = null, string? LabelSelector = null, string? FieldSelector = null)
{
    /// <summary>Every object of the kind, in all namespaces.</summary>
    public static ResourceSelector All { get; } = new();
}
