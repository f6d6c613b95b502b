using System.Text.Json.Nodes;

namespace Kubernetes.Client;

/// <summary>
/// What the operator asks of a cluster. Every failure that the API server reports is a <see cref="KubernetesException"/>;
/// an unreachable server is an <see cref="HttpRequestException"/> or <see cref="IOException"/>. There is no server-side
/// apply: one writer owns each field, and preconditions (<c>resourceVersion</c>) settle conflicts.
/// </summary>
public interface IKubernetesClient
{
    /// <summary>The object, or null when the API server answers 404 NotFound.</summary>
    Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>One page of a list. Pass the token of the page before to go on. On 410 Expired, start the list again.</summary>
    Task<ResourcePage<T>> ListPageAsync<T>(ResourceSelector selector, int limit, string? continueToken, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>
    /// Watches from a resource version on, with bookmarks. The sequence ends when the server ends the watch (resume from the last version
    /// seen); 410 Expired is thrown as <see cref="KubernetesException"/> (list again). A watch that stays silent for longer than the
    /// server's own time limit is cut with an <see cref="IOException"/>.
    /// </summary>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(ResourceSelector selector, string resourceVersion, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>
    /// The same, for a caller that keeps what it was told. An event of an object that the caller has at that version or a later one, as the
    /// answer of its own write, becomes a <see cref="WatchEvent{T}.Bookmark"/>: it brings nothing new, and the object is not read again.
    /// </summary>
    /// <param name="selector">Which objects.</param>
    /// <param name="resourceVersion">From where on.</param>
    /// <param name="isKnown">Whether the caller has the object of this name at this version or a later one.</param>
    /// <param name="cancellationToken">Ends it.</param>
    IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        Func<NamespacedName, string, bool> isKnown,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T> => WatchAsync<T>(selector, resourceVersion, cancellationToken);

    /// <summary>
    /// True where the server is of a version that answers <see cref="ListAndWatchAsync"/>. It may still refuse: an administrator can
    /// switch streaming lists off.
    /// </summary>
    ValueTask<bool> CanStreamListsAsync(CancellationToken cancellationToken) => ValueTask.FromResult(false);

    /// <summary>
    /// A list and the watch that goes on from it, in one answer
    /// (<see href="https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists"/>): every object as
    /// <see cref="WatchEvent{T}.Applied"/>, then a bookmark that <see cref="WatchEvent{T}.Bookmark.EndsInitialEvents"/>, then changes. The
    /// server keeps no page for it, and neither does this process. Ends and fails as a watch; a server that streams no lists answers 422
    /// Invalid.
    /// </summary>
    IAsyncEnumerable<WatchEvent<T>> ListAndWatchAsync<T>(ResourceSelector selector, CancellationToken cancellationToken)
        where T : class, IResource<T> => throw new NotSupportedException("This cluster streams no lists.");

    /// <summary>Creates the object. 409 AlreadyExists when the name is taken.</summary>
    Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>Replaces the object; a <c>metadata.resourceVersion</c> in it is a precondition (409 Conflict).</summary>
    Task<T> ReplaceAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>
    /// Applies a JSON merge patch (RFC 7386) to the object; its status subresource is left alone. Members that this project does not know
    /// stay, which a replace would drop. A <c>metadata.resourceVersion</c> in it is a precondition.
    /// </summary>
    Task<T> PatchAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>
    /// Applies a JSON merge patch (RFC 7386) to the status subresource. A <c>metadata.resourceVersion</c> in it is a precondition.
    /// </summary>
    Task<T> PatchStatusAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>
    /// The same, for a caller that knows what the object then is: the answer is <paramref name="wanted"/> with its new version, so that the
    /// server does not write the object out and it is not read again. Where the server stores something else (a webhook that changes a
    /// status, a definition of before a member was added), the caller does not learn it before it lists anew in another process.
    /// </summary>
    /// <param name="wanted">The object with the status that it gets. What else it holds must be of the version that the patch
    /// names.</param>
    /// <param name="mergePatch">The patch, as UTF-8.</param>
    /// <param name="cancellationToken">Gives up.</param>
    async Task<T> PatchStatusAsync<T>(T wanted, ReadOnlyMemory<byte> mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var patch = JsonNode.Parse(mergePatch.Span)!.AsObject();
        return await PatchStatusAsync<T>(wanted.Metadata.NamespacedName, patch, cancellationToken);
    }

    /// <summary>Deletes the object; 404 NotFound is thrown, so that the caller knows that nothing was deleted.</summary>
    Task DeleteAsync<T>(NamespacedName name, DeletePreconditions? preconditions, CancellationToken cancellationToken)
        where T : class, IResource<T>;
}

/// <summary>What must still hold for a delete to happen; otherwise the API server answers 409.</summary>
/// <param name="Uid">The object must still be this one, not a later object of the same name.</param>
/// <param name="ResourceVersion">The object must not have changed since.</param>
public sealed record DeletePreconditions(string? Uid = null, string? ResourceVersion = null);

/// <summary>
/// One page of a list (<see href="https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks"/>).
/// </summary>
/// <param name="Items">The objects of this page.</param>
/// <param name="ResourceVersion">The version at which the whole list was taken; a watch resumes from it.</param>
/// <param name="ContinueToken">Asks for the next page; null on the last one. On 410, start the list again.</param>
public sealed record ResourcePage<T>(IReadOnlyList<T> Items, string ResourceVersion, string? ContinueToken);

/// <summary>Which objects of a kind a list or a watch covers.</summary>
/// <param name="Namespace">One namespace, or null for all (needs a cluster-wide permission).</param>
/// <param name="LabelSelector">A label selector in the API server's syntax, or null.</param>
/// <param name="FieldSelector">A field selector such as <c>metadata.name=acme</c>, or null.</param>
public sealed record ResourceSelector(string? Namespace = null, string? LabelSelector = null, string? FieldSelector = null)
{
    /// <summary>Every object of the kind, in all namespaces.</summary>
    public static ResourceSelector All { get; } = new();
}

/// <summary>One line of a watch.</summary>
public abstract record WatchEvent<T>
{
    private WatchEvent()
    {
    }

    /// <summary>The object was created or changed.</summary>
    public sealed record Applied(T Resource) : WatchEvent<T>;

    /// <summary>The object was deleted; <paramref name="Resource"/> is its last state.</summary>
    public sealed record Deleted(T Resource) : WatchEvent<T>;

    /// <summary>Nothing changed that the caller does not know; a later watch may resume from this version.</summary>
    public sealed record Bookmark(string ResourceVersion) : WatchEvent<T>
    {
        /// <summary>True when every object that existed at this version was sent before it.</summary>
        public bool EndsInitialEvents { get; init; }
    }
}
