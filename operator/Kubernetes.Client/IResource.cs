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
