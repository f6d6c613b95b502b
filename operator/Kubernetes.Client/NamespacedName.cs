namespace Kubernetes.Client;

/// <summary>
/// Names one object of a kind: its namespace (empty for cluster-scoped kinds) and its name.
/// </summary>
public readonly record struct NamespacedName(string Namespace, string Name)
{
    /// <summary>Names a cluster-scoped object.</summary>
    public static NamespacedName ClusterScoped(string name) => new(string.Empty, name);

    /// <summary><c>namespace/name</c>, or only the name for a cluster-scoped object.</summary>
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
