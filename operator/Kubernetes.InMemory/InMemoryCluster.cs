using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;

namespace Kubernetes.InMemory;

/// <summary>
/// A cluster in this process: the behaviour of the API server that controllers rely on (versions, preconditions,
/// generations, the status subresource, finalizers, watches with bookmarks and a limited history, paging, selectors),
/// and of the garbage collector and the namespace controller, which here act at once. It serves <c>local</c> mode and
/// tests. Schemas, defaulting and validation of custom resources come from <see cref="InMemoryClusterOptions.Admit"/>. Thread-safe.
/// </summary>
public sealed class InMemoryCluster : IKubernetesClient
{
    private static readonly TimeSpan bookmarkInterval = TimeSpan.FromMinutes(1); // as on the real server

    private readonly Lock gate = new();
    private readonly ListSnapshots snapshots = new();
    private readonly TimeProvider clock;
    private readonly ObjectStore store;
    private readonly ObjectWriter writer;

    /// <summary>An empty cluster. <paramref name="clock"/> sets creation times and times bookmarks.</summary>
    public InMemoryCluster(TimeProvider clock, InMemoryClusterOptions? options = null)
    {
        this.clock = clock;
        options ??= new InMemoryClusterOptions();
        store = new ObjectStore(options);
        writer = new ObjectWriter(store, new WriteRules(options, clock), options);
    }

    /// <summary>The version of the last change.</summary>
    public string ResourceVersion => Locked(() => Text(store.Version));

    /// <inheritdoc/>
    public Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            () => store.Find(T.ResourceKind, Addressed.Object(T.ResourceKind, name))?.As<T>(),
            cancellationToken
        );

    /// <inheritdoc/>
    public Task<ResourcePage<T>> ListPageAsync<T>(
        ResourceSelector selector,
        int limit,
        string? continueToken,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T> =>
        AnswerAsync(() => Page<T>(selector, limit, continueToken), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        var watch = await AnswerAsync(() => Open(new Selection(T.ResourceKind, selector), resourceVersion), cancellationToken);
        await using var bookmarks = clock.Repeat(bookmarkInterval, () => OfferBookmark(watch));
        try
        {
            await foreach (var item in watch.Items.ReadAllAsync(cancellationToken))
            {
                yield return EventOf<T>(item);
            }
        }
        finally
        {
            Locked(() => store.Remove(watch));
        }
    }

    /// <inheritdoc/>
    public Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        WriteAsync<T>(
            Addressed.Collection(T.ResourceKind, resource.Metadata.NamespacedName),
            _ => writer.Create(T.ResourceKind, Tree(resource)),
            cancellationToken
        );

    /// <inheritdoc/>
    public Task<T> ReplaceAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        WriteAsync<T>(
            Addressed.Object(T.ResourceKind, resource.Metadata.NamespacedName),
            name => writer.Replace(T.ResourceKind, name, Tree(resource)),
            cancellationToken
        );

    /// <inheritdoc/>
    public Task<T> PatchAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        WriteAsync<T>(
            Addressed.Object(T.ResourceKind, name),
            addressed => writer.Patch(T.ResourceKind, addressed, mergePatch),
            cancellationToken
        );

    /// <inheritdoc/>
    public Task<T> PatchStatusAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        WriteAsync<T>(
            Addressed.Object(T.ResourceKind, name),
            addressed => writer.PatchStatus(T.ResourceKind, addressed, mergePatch),
            cancellationToken
        );

    /// <inheritdoc/>
    public async Task<T> PatchStatusAsync<T>(T wanted, ReadOnlyMemory<byte> mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var patch = JsonNode.Parse(mergePatch.Span)!.AsObject();
        var stored = await PatchStatusAsync<T>(wanted.Metadata.NamespacedName, patch, cancellationToken);
        return wanted.WithMetadata(wanted.Metadata with { ResourceVersion = stored.Metadata.ResourceVersion });
    }

    /// <inheritdoc/>
    public Task DeleteAsync<T>(NamespacedName name, DeletePreconditions? preconditions, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            () => Delete(T.ResourceKind, Addressed.Object(T.ResourceKind, name), preconditions),
            cancellationToken
        );

    /// <summary>
    /// Puts back an object as a journal recorded it, with its own uid, version, times and status. For the start of a
    /// process, before anything reads or writes.
    /// </summary>
    public void Restore(ResourceKind kind, JsonObject json) => Locked(() =>
    {
        var version = long.Parse(json.Metadata().Text("resourceVersion"), CultureInfo.InvariantCulture);
        store.Restore(StoredObject.From(kind, json, version));
    });

    /// <summary>Every object, as stored.</summary>
    public IReadOnlyList<ClusterObject> Export() =>
        Locked(() => store.All.Select(stored => new ClusterObject(stored.Kind, stored.Name, stored.Json)).ToList());

    /// <summary>Forgets the history and every continue token: what began before is answered with 410 Expired.</summary>
    public void Compact() => Locked(() =>
    {
        store.Compact();
        snapshots.Clear();
    });

    private static string Text(long version) => version.ToString(CultureInfo.InvariantCulture);

    private static JsonObject Tree<T>(T resource)
        where T : class, IResource<T> => JsonSerializer.SerializeToNode(resource, T.JsonTypeInfo)!.AsObject();

    private Task<T> WriteAsync<T>(NamespacedName name, Func<NamespacedName, StoredObject> write, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        MetadataOnly.RefuseWrite<T>();
        return AnswerAsync(() => write(name).As<T>(), cancellationToken);
    }

    private async Task<TAnswer> AnswerAsync<TAnswer>(Func<TAnswer> carryOut, CancellationToken cancellationToken)
    {
        await Task.CompletedTask; // an error is in the task, as one that came over the network
        cancellationToken.ThrowIfCancellationRequested();
        return Locked(carryOut);
    }

    private ResourcePage<T> Page<T>(ResourceSelector selector, int limit, string? continueToken)
        where T : class, IResource<T>
    {
        var (items, version, next) = string.IsNullOrEmpty(continueToken)
            ? snapshots.First([.. store.Select(new Selection(T.ResourceKind, selector))], store.Version, limit)
            : snapshots.Next(continueToken, limit);
        return new ResourcePage<T>([.. items.Select(stored => stored.As<T>())], Text(version), next);
    }

    private bool Delete(ResourceKind kind, NamespacedName name, DeletePreconditions? preconditions)
    {
        writer.Delete(kind, name, preconditions);
        return true;
    }

    // Without a version, or with "0", the real server first shows what exists and then goes on from there.
    private WatchSubscription Open(Selection selection, string resourceVersion)
    {
        var watch = new WatchSubscription(selection);
        if (resourceVersion is "" or "0")
        {
            foreach (var stored in store.Select(selection))
            {
                watch.OfferExisting(stored);
            }
        }
        else
        {
            Resume(watch, resourceVersion);
        }

        store.Add(watch);
        return watch;
    }

    private void Resume(WatchSubscription watch, string resourceVersion)
    {
        if (!long.TryParse(resourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            throw ApiError.BadRequest($"Invalid resource version '{resourceVersion}'");
        }

        var missed = store.Since(version) ?? throw ApiError.Expired($"too old resource version: {version}");
        foreach (var change in missed)
        {
            watch.Offer(change);
        }
    }

    private void OfferBookmark(WatchSubscription watch) => Locked(() => watch.OfferBookmark(store.Version));

    private static WatchEvent<T> EventOf<T>(WatchItem item)
        where T : class, IResource<T> =>
        item switch
        {
            WatchItem.Bookmark bookmark => new WatchEvent<T>.Bookmark(Text(bookmark.Version)),
            WatchItem.Deleted deleted => new WatchEvent<T>.Deleted(deleted.Stored.As<T>()),
            WatchItem.Applied applied => new WatchEvent<T>.Applied(applied.Stored.As<T>()),
            _ => throw new InvalidOperationException($"Unknown item {item.GetType().Name}."),
        };

    private void Locked(Action act)
    {
        lock (gate)
        {
            act();
        }
    }

    private TAnswer Locked<TAnswer>(Func<TAnswer> act)
    {
        lock (gate)
        {
            return act();
        }
    }
}
