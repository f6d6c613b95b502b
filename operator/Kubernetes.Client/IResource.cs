using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client.Resources;

namespace Kubernetes.Client;

/// <summary>An object that the API server keeps.</summary>
public interface IResource
{
    /// <summary>Standard object metadata.</summary>
    ObjectMeta Metadata { get; }
}

/// <summary>
/// A kind of object: where the API server serves it and how it is read and written, known at compile time, so that
/// no reflection is needed and the trimmer keeps exactly what is used.
/// </summary>
/// <typeparam name="TSelf">The implementing record. Resources are immutable: caches hand the same instance to many readers.</typeparam>
public interface IResource<TSelf> : IResource
    where TSelf : class, IResource<TSelf>
{
    /// <summary>Group, version, kind and plural under which the API server serves this kind.</summary>
    static abstract ResourceKind ResourceKind { get; }

    /// <summary>The source-generated JSON contract of this kind.</summary>
    static abstract JsonTypeInfo<TSelf> JsonTypeInfo { get; }

    /// <summary>
    /// True when only metadata is asked for (<c>PartialObjectMetadata</c>), so that the content of such objects never
    /// enters this process. Such a kind can be listed, watched, fetched and deleted, never written.
    /// </summary>
    static virtual bool IsMetadataOnly => false;

    /// <summary>A copy of this object with other metadata.</summary>
    TSelf WithMetadata(ObjectMeta metadata);
}

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

/// <summary>Guards kinds of which only metadata is known: writing one would erase the rest of the object.</summary>
internal static class MetadataOnly
{
    public static void RefuseWrite<T>()
        where T : class, IResource<T>
    {
        if (T.IsMetadataOnly)
        {
            throw new NotSupportedException(
                $"{typeof(T).Name} holds only the metadata of a {T.ResourceKind.Kind}; write the full kind instead."
            );
        }
    }
}

/// <summary>Where the API server serves a kind.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version, for example <c>v1</c>.</param>
/// <param name="Kind">Kind, for example <c>Secret</c>.</param>
/// <param name="Plural">Resource name in the path, for example <c>secrets</c>.</param>
/// <param name="IsNamespaced">False for cluster-scoped kinds.</param>
public sealed record ResourceKind(string Group, string Version, string Kind, string Plural, bool IsNamespaced)
{
    /// <summary><c>group/version</c>, or only the version in the core group.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";
}

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
