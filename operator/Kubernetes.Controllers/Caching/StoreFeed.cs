using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// What one list and watch knows and writes into a store: the part of the store that it covers, and how far it has come.
/// </summary>
/// <param name="store">The store that is fed.</param>
/// <param name="selector">What is listed and watched.</param>
internal sealed class StoreFeed<T>(Store<T> store, ResourceSelector selector) : IReflectorSink<T>
    where T : class, IResource<T>
{
    private readonly NamespacedName? only = ResourceSelectors.NameIn(selector);

    /// <summary>
    /// Everything that happened up to this version is in the store; null before the first complete list. What is not in the store and is
    /// older than this has been deleted (or does not match the selector).
    /// </summary>
    public string? Progress { get; private set; }

    /// <summary>True once a complete list was taken.</summary>
    public bool HasSynced => Progress is not null;

    /// <summary>True when objects of this name come from this list and watch.</summary>
    public bool Covers(NamespacedName name) =>
        only is { } one ? one == name : selector.Namespace is null || selector.Namespace == name.Namespace;

    /// <summary>True when something in this namespace comes from this list and watch.</summary>
    public bool Feeds(string name) => selector.Namespace is null || selector.Namespace == name;

    /// <inheritdoc/>
    public bool Knows(NamespacedName name, string version) =>
        store.Find(name) is { } present && !ResourceVersions.IsNewer(version, present.Metadata.ResourceVersion);

    /// <inheritdoc/>
    public void Forbidden(string cause)
    {
        // The store keeps what it knows.
    }

    /// <inheritdoc/>
    public void Failed(string cause, ListFailure failure)
    {
        // As above.
    }

    /// <inheritdoc/>
    public void Found(CacheEvent<T> cacheEvent)
    {
        switch (cacheEvent)
        {
            case CacheEvent<T>.Complete complete:
                store.Replace(this, complete.Items, complete.ResourceVersion);
                break;
            case CacheEvent<T>.Applied applied:
                store.Apply(this, applied.Resource);
                break;
            case CacheEvent<T>.Deleted deleted:
                store.Delete(this, deleted.Resource);
                break;
            case CacheEvent<T>.Progress progress:
                store.Advance(this, progress.ResourceVersion);
                break;
        }
    }

    /// <summary>Moves <see cref="Progress"/>, never backwards. Called by the store under its lock.</summary>
    internal void Reached(string? resourceVersion) => Progress = ResourceVersions.Newer(resourceVersion, Progress) ?? string.Empty;
}

/// <summary>
/// One change of a store. At least one of <paramref name="Before"/> and <paramref name="After"/> is there. An own deletion is reported
/// twice: when it is made, and when the watch confirms it.
/// </summary>
/// <param name="Name">The object.</param>
/// <param name="Before">As the store held it before; null when it is new. Its last state when an own deletion is confirmed.</param>
/// <param name="After">As the store holds it now; null when it is gone.</param>
public sealed record StoreChange<T>(NamespacedName Name, T? Before, T? After)
    where T : class
{
    /// <summary>Who brought it.</summary>
    public ChangeOrigin Origin { get; init; }
}

/// <summary>Who brought a change into a store.</summary>
public enum ChangeOrigin
{
    /// <summary>A list or a watch.</summary>
    Cluster,

    /// <summary>The answer to a write of this process (<see cref="Store{T}.Observe"/>): the writer knows it already.</summary>
    OwnWrite,
}

/// <summary>What is known of one object that is followed by name.</summary>
public abstract record Watched<T>
    where T : class
{
    private Watched()
    {
    }

    /// <summary>Nothing is known yet, or the object is not followed. Wait; do not take it for missing.</summary>
    public sealed record NotSynced : Watched<T>
    {
        /// <summary>The one value there is.</summary>
        public static NotSynced Instance { get; } = new();
    }

    /// <summary>The object does not exist.</summary>
    public sealed record Missing : Watched<T>
    {
        /// <summary>The one value there is.</summary>
        public static Missing Instance { get; } = new();
    }

    /// <summary>The object as it was last seen.</summary>
    public sealed record Present(T Resource) : Watched<T>;

    /// <summary>The account may not read the object. It is asked for again every few minutes.</summary>
    /// <param name="Message">What the API server says: who lacks which permission.</param>
    public sealed record Forbidden(string Message) : Watched<T>;
}
