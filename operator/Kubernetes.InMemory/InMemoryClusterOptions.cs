using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Kubernetes.Client;

namespace Kubernetes.InMemory;

/// <summary>Options of an <see cref="InMemoryCluster"/>.</summary>
public sealed record InMemoryClusterOptions
{
    /// <summary>How many changes a watch may resume over; older versions answer 410 Expired. The default is 1000.</summary>
    public int HistoryLength { get; init; } = 1000;

    /// <summary>
    /// True when an object needs an existing Namespace. The default is false, so that neither <c>local</c> nor most tests have to create
    /// namespaces; a Namespace that is being deleted refuses new objects either way.
    /// </summary>
    public bool NamespacesMustExist { get; init; }

    /// <summary>Makes the UID of a new object. The default is random (RFC 9562 version 4).</summary>
    public Func<Guid> NewUid { get; init; } = RandomUid;

    /// <summary>
    /// Sees every object before it is stored, may set defaults in it, and returns what is wrong with it: anything
    /// answers 422 Invalid. The default admits everything.
    /// </summary>
    public Func<ResourceKind, JsonObject, IReadOnlyList<string>> Admit { get; init; } = static (_, _) => [];

    /// <summary>Where every change is recorded before anyone sees it; null keeps the cluster in memory only.</summary>
    public IClusterJournal? Journal { get; init; }

    private static Guid RandomUid()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}

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
