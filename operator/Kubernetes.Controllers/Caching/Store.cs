using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// The objects of a kind, as far as this process knows them. It never goes back in time: an object is replaced only by a
/// newer <c>resourceVersion</c> (compared as numbers), whether it comes from a list, a watch or the answer of an own write, and an object
/// that was deleted does not come back by a late event. What was written is therefore seen at once, however slow the watch is. Objects are
/// immutable and shared. Safe for use by many threads.
/// </summary>
public sealed class Store<T>
    where T : class, IResource<T>
{
    private readonly Lock gate = new();
    private readonly Dictionary<NamespacedName, T> resources = [];
    private readonly StoreIndexes<T> indexes = new();
    private readonly OwnDeletions ownDeletions = new();
    private readonly Subscribers<StoreChange<T>> subscribers = new();
    private readonly TaskCompletionSource synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StoreFeed<T>[] feeds = [];

    /// <summary>
    /// True once every list that feeds this store was read completely for the first time. Before that, "not found" means nothing.
    /// A store that nothing feeds is always in sync.
    /// </summary>
    public bool HasSynced
    {
        get
        {
            lock (gate)
            {
                return feeds.All(feed => feed.HasSynced);
            }
        }
    }

    /// <summary>As <see cref="HasSynced"/>, for one namespace. While it is false, "not found" means nothing there.</summary>
    public bool HasSyncedIn(string name)
    {
        lock (gate)
        {
            return Array.TrueForAll(feeds, feed => feed.HasSynced || !feed.Feeds(name));
        }
    }

    /// <summary>True when the object is known not to exist: everything in its namespace was read, and it was not there.</summary>
    public bool IsMissing(NamespacedName name) => HasSyncedIn(name.Namespace) && Find(name) is null;

    /// <summary>Completes when <see cref="HasSynced"/> turns true.</summary>
    internal Task Synced => synced.Task;

    /// <summary>The object, or null.</summary>
    public T? Find(NamespacedName name)
    {
        lock (gate)
        {
            return resources.GetValueOrDefault(name);
        }
    }

    /// <summary>All objects, in no particular order, as they are at this moment.</summary>
    public IReadOnlyList<T> List()
    {
        lock (gate)
        {
            return [.. resources.Values];
        }
    }

    /// <summary>Adds an index, also over what is in the store already.</summary>
    /// <param name="name">Name for <see cref="FindBy"/>.</param>
    /// <param name="values">The values under which an object is found. Must give the same for the same object, and look at nothing
    /// else.</param>
    public void AddIndex(string name, Func<T, IEnumerable<string>> values)
    {
        lock (gate)
        {
            indexes.Define(name, values, resources.Values);
        }
    }

    /// <summary>The objects that an index holds under a value.</summary>
    /// <exception cref="KeyNotFoundException">There is no such index.</exception>
    public IReadOnlyList<T> FindBy(string index, string value)
    {
        lock (gate)
        {
            return [.. indexes.Find(index, value).Select(name => resources[name])];
        }
    }

    /// <summary>
    /// Tells of every change, after it is visible, in order, one at a time. The callback runs on the thread that brought the change: it
    /// must be quick, may look into any store, and must not throw.
    /// </summary>
    /// <returns>Ends the subscription when disposed.</returns>
    public IDisposable Subscribe(Action<StoreChange<T>> onChange) => subscribers.Add(onChange);

    /// <summary>
    /// Takes in the answer of an own write at once. Ignored when the store knows something newer already, be it a later version or that the
    /// object is gone since.
    /// </summary>
    public void Observe(T written)
    {
        ArgumentNullException.ThrowIfNull(written);
        Change(() => TakeNews(written, ChangeOrigin.OwnWrite));
    }

    /// <summary>
    /// Takes in what a list beside the watch brought: newer versions, and nothing that the watch has seen deleted. What the list lacks
    /// stays.
    /// </summary>
    internal void CatchUp(IReadOnlyList<T> listed) => Change(() =>
    {
        foreach (var item in listed)
        {
            TakeNews(item, ChangeOrigin.Cluster);
        }
    });

    /// <summary>
    /// Takes out an object that was deleted by this process. Events of it that are still under way do not bring it back; a later object of
    /// the same name is another one. It counts as gone even while someone's finalizer holds it.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <param name="uid">Its uid; when null, that of the object in the store.</param>
    public void ObserveDeletion(NamespacedName name, string? uid) => Change(() =>
    {
        var present = resources.GetValueOrDefault(name);
        var isPresent = present is not null && (uid is null || uid == present.Metadata.Uid);
        if ((uid ?? present?.Metadata.Uid) is { } deleted)
        {
            ownDeletions.Add(name, deleted, isPresent ? present!.Metadata.ResourceVersion : null);
        }

        if (isPresent)
        {
            Remove(name);
        }
    });

    /// <summary>Adds a list and watch that feeds the store.</summary>
    internal StoreFeed<T> AddFeed(ResourceSelector selector)
    {
        var feed = new StoreFeed<T>(this, selector);
        lock (gate)
        {
            feeds = [.. feeds, feed];
        }

        return feed;
    }

    /// <summary>A complete list: takes what is newer, and removes what is gone unless it was written after the list was taken.</summary>
    /// <exception cref="InvalidOperationException">The cluster went back in time.</exception>
    internal void Replace(StoreFeed<T> feed, IReadOnlyList<T> items, string version) => Change(() =>
    {
        ThrowIfOlder(version, feed.Progress);
        var listed = items.Select(item => (NameOf(item), item.Metadata.Uid)).ToHashSet();
        foreach (var item in items)
        {
            Take(item, ChangeOrigin.Cluster);
        }

        // By uid: where the list holds a later object of the name, which was not taken because this process deleted it since, the earlier
        // one is gone as well.
        var gone = resources.Where(entry => feed.Covers(entry.Key)
            && !listed.Contains((entry.Key, entry.Value.Metadata.Uid))
            && !ResourceVersions.IsNewer(entry.Value.Metadata.ResourceVersion, version));
        foreach (var (name, _) in gone.ToList())
        {
            Remove(name);
        }

        ownDeletions.Confirm(feed.Covers, items.Select(item => item.Metadata.Uid ?? string.Empty).ToHashSet(), version);
        feed.Reached(version);
        if (feeds.All(other => other.HasSynced))
        {
            synced.TrySetResult();
        }
    });

    /// <summary>A line of the watch: the object was created or changed.</summary>
    internal void Apply(StoreFeed<T> feed, T resource) => Change(() =>
    {
        Take(resource, ChangeOrigin.Cluster);
        feed.Reached(resource.Metadata.ResourceVersion);
    });

    /// <summary>
    /// A line of the watch: the object is gone, or no longer matches the selector. The line carries the version of that moment: an own
    /// write after it means that the object is back.
    /// </summary>
    internal void Delete(StoreFeed<T> feed, T resource) => Change(() =>
    {
        var name = NameOf(resource);
        var wasOwn = ownDeletions.Confirm(resource.Metadata.Uid);
        feed.Reached(resource.Metadata.ResourceVersion);
        if (!resources.TryGetValue(name, out var present))
        {
            if (wasOwn)
            {
                // Its deletion was reported when it began. It is reported again, to wake those that wait for the name to be free.
                subscribers.Enqueue(new(name, resource, After: null));
            }
        }
        else if (!ResourceVersions.IsNewer(present.Metadata.ResourceVersion, resource.Metadata.ResourceVersion))
        {
            Remove(name);
        }
    });

    /// <summary>A line of the watch: nothing happened up to this version.</summary>
    internal void Advance(StoreFeed<T> feed, string version) => Change(() => feed.Reached(version));

    private static NamespacedName NameOf(T resource) => resource.Metadata.NamespacedName;

    /// <summary>
    /// Lists are read from a quorum, so one that is older than an earlier watch means that the cluster was restored from a backup. Versions
    /// of before and after cannot be compared; only a process that knows nothing can go on safely.
    /// </summary>
    private static void ThrowIfOlder(string version, string? progress)
    {
        if (ResourceVersions.IsNewer(progress, version))
        {
            throw new InvalidOperationException(
                $"The list of {T.ResourceKind.Plural} is of version {version}, but version {progress} was seen before: the cluster went "
                + "back in time (restored from a backup?). Restart the process."
            );
        }
    }

    private void Change(Action change)
    {
        lock (gate)
        {
            change();
        }

        subscribers.Deliver();
    }

    /// <summary>Needs the lock. An object that is not in the store, of a version that its watch has passed, is not new but gone.</summary>
    private bool IsNews(T resource) => feeds.Length == 0
        || feeds.Any(feed => feed.Covers(NameOf(resource)) && ResourceVersions.IsNewer(resource.Metadata.ResourceVersion, feed.Progress));

    /// <summary>Needs the lock. Puts in what did not come by the watch, unless the store knows better.</summary>
    private void TakeNews(T resource, ChangeOrigin origin)
    {
        if (resources.ContainsKey(NameOf(resource)) || IsNews(resource))
        {
            Take(resource, origin);
        }
    }

    /// <summary>Needs the lock. Puts the object in unless the store knows better.</summary>
    private void Take(T resource, ChangeOrigin origin)
    {
        var name = NameOf(resource);
        var present = resources.GetValueOrDefault(name);
        var isNewer = present is null || ResourceVersions.IsNewer(resource.Metadata.ResourceVersion, present.Metadata.ResourceVersion);
        if (!isNewer || ownDeletions.Exclude(name, resource.Metadata.Uid, resource.Metadata.ResourceVersion))
        {
            return;
        }

        indexes.Follow(name, present, resource);
        resources[name] = resource;
        subscribers.Enqueue(new(name, present, resource) { Origin = origin });
    }

    /// <summary>Needs the lock.</summary>
    private void Remove(NamespacedName name)
    {
        if (resources.Remove(name, out var present))
        {
            indexes.Follow(name, present, after: null);
            subscribers.Enqueue(new(name, present, After: null));
        }
    }
}
