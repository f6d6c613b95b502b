namespace Kubernetes.Client;

/// <summary>
/// Guards requests for one object. An empty name would address the whole collection, and a missing namespace another
/// one: both are mistakes of the caller, found before anything is sent.
/// </summary>
internal static class Addressed
{
    /// <exception cref="ArgumentException">The name is empty, or the namespace does not fit the kind.</exception>
    public static NamespacedName Object(ResourceKind kind, NamespacedName name)
    {
        Collection(kind, name);
        return name.Name.Length > 0 ? name : throw new ArgumentException($"The name of a {kind.Kind} is empty.", nameof(name));
    }

    /// <exception cref="ArgumentException">The namespace does not fit the kind.</exception>
    public static NamespacedName Collection(ResourceKind kind, NamespacedName name) =>
        kind.IsNamespaced == name.Namespace.Length > 0
            ? name
            : throw new ArgumentException(
                kind.IsNamespaced ? $"A {kind.Kind} needs a namespace." : $"A {kind.Kind} has no namespace.",
                nameof(name)
            );
}
