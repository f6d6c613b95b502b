using Kubernetes.Client;

namespace Kubernetes.InMemory;

/// <summary>
/// How kinds differ on the real server. Built-in kinds are those of the core group and of <c>*.k8s.io</c>; every other kind is treated as a
/// custom resource with a status subresource.
/// </summary>
internal static class KindRules
{
    public static bool IsSecret(ResourceKind kind) => kind is { Group: "", Plural: "secrets" };

    public static bool IsNamespace(ResourceKind kind) => kind is { Group: "", Plural: "namespaces" };

    public static bool HasStatus(ResourceKind kind) => IsCustom(kind) || IsNamespace(kind);

    public static bool HasGeneration(ResourceKind kind) => IsCustom(kind);

    /// <summary>
    /// Custom resources and Leases refuse a replace without <c>metadata.resourceVersion</c>; Secrets, Events and Namespaces take it.
    /// </summary>
    public static bool NeedsVersionOnReplace(ResourceKind kind) => IsCustom(kind) || kind.Plural == "leases";

    private static bool IsCustom(ResourceKind kind) =>
        kind.Group.Length > 0
        && !kind.Group.EndsWith(".k8s.io", StringComparison.Ordinal)
        && kind.Group.Contains('.', StringComparison.Ordinal);
}
