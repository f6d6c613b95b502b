using Kubernetes.Client;

namespace Kubernetes.InMemory;

/// <summary>
/// Keeps an <see cref="InMemoryCluster"/> beyond the life of the process. It is called for one change at a time, before
/// the change can be read or watched; an exception fails the request and leaves the cluster unchanged. It must not call
/// the cluster.
/// </summary>
public interface IClusterJournal
{
    /// <summary>The object was created or changed.</summary>
    void Write(ClusterObject written);

    /// <summary>The object is gone; <paramref name="deleted"/> is its last state.</summary>
    void Delete(ClusterObject deleted);
}

/// <summary>One object as it is stored.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Name">Its namespace and name.</param>
/// <param name="Json">The whole object in UTF-8 JSON. A Secret's content is in it: never log it.</param>
public sealed record ClusterObject(ResourceKind Kind, NamespacedName Name, ReadOnlyMemory<byte> Json);
