using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.InMemory;

/// <summary>One step of the cluster's history: an object came, changed, or went.</summary>
internal sealed record Change(long Version, StoredObject? Before, StoredObject? After)
{
    public ResourceKind Kind => (After ?? Before)!.Kind;
}

/// <summary>
/// The objects, the window of history that watches may resume over, and the open watches. Not thread-safe: the cluster
/// holds its one lock around every call, so that versions, history and watches can never disagree.
/// </summary>
internal sealed class ObjectStore(InMemoryClusterOptions options)
{
    // Not 0, which in a watch means "whatever version there is".
    private const long FirstVersion = 1;

    private readonly Dictionary<(ResourceKind, NamespacedName), StoredObject> objects = [];
    private readonly HashSet<string> uids = [];
    private readonly HashSet<(string ApiVersion, string Kind)> servedKinds = [];
    private readonly Queue<Change> history = new();
    private readonly HashSet<WatchSubscription> watches = [];
    private long forgotten = FirstVersion; // the newest version that is no longer in the history

    /// <summary>The version of the last change.</summary>
    public long Version { get; private set; } = FirstVersion;

    public IEnumerable<StoredObject> All => objects.Values;

    public StoredObject? Find(ResourceKind kind, NamespacedName name) => objects.GetValueOrDefault((kind, name));

    public bool Contains(string uid) => uids.Contains(uid);

    /// <summary>True when an object of this kind was ever stored. The garbage collector judges no owners of other kinds.</summary>
    public bool Serves(string apiVersion, string kind) => servedKinds.Contains((apiVersion, kind));

    /// <summary>The objects that a selection holds, in the order of the real server: by namespace, then by name.</summary>
    public IEnumerable<StoredObject> Select(Selection selection) =>
        objects.Values.Where(selection.Matches)
            .OrderBy(stored => stored.Name.Namespace, StringComparer.Ordinal)
            .ThenBy(stored => stored.Name.Name, StringComparer.Ordinal);

    /// <summary>The version that the next change will have.</summary>
    public long NextVersion => Version + 1;

    /// <summary>Makes the change durable, then visible, then tells the watches.</summary>
    public void Commit(StoredObject? before, StoredObject? after)
    {
        Record(before, after);
        var change = new Change(NextVersion, before, after);
        Version = change.Version;
        Index(before, after);
        Remember(change);
        foreach (var watch in watches)
        {
            watch.Offer(change);
        }
    }

    /// <summary>Puts back an object of an earlier process with its own version; no watch can resume from before it.</summary>
    public void Restore(StoredObject stored)
    {
        Index(null, stored);
        Version = Math.Max(Version, stored.Version);
        forgotten = Version;
    }

    /// <summary>The changes after a version, or null when some of them are forgotten.</summary>
    public IReadOnlyList<Change>? Since(long version) =>
        version < forgotten ? null : [.. history.Where(change => change.Version > version)];

    public void Compact()
    {
        history.Clear();
        forgotten = Version;
    }

    public void Add(WatchSubscription watch) => watches.Add(watch);

    public void Remove(WatchSubscription watch) => watches.Remove(watch);

    public IReadOnlyList<WatchSubscription> Watches => [.. watches];

    private void Record(StoredObject? before, StoredObject? after)
    {
        if (after is not null)
        {
            options.Journal?.Write(new ClusterObject(after.Kind, after.Name, after.Json));
        }
        else
        {
            options.Journal?.Delete(new ClusterObject(before!.Kind, before.Name, before.Json));
        }
    }

    private void Index(StoredObject? before, StoredObject? after)
    {
        if (before is not null)
        {
            objects.Remove((before.Kind, before.Name));
            uids.Remove(before.Uid);
            before.ForgetReading();
        }

        if (after is not null)
        {
            objects[(after.Kind, after.Name)] = after;
            uids.Add(after.Uid);
            servedKinds.Add((after.Kind.ApiVersion, after.Kind.Kind));
        }
    }

    private void Remember(Change change)
    {
        history.Enqueue(change);
        while (history.Count > options.HistoryLength)
        {
            forgotten = history.Dequeue().Version;
        }
    }
}

/// <summary>
/// One version of an object. The JSON is kept as bytes, since <see cref="JsonNode"/> is not safe for concurrent readers
/// and an object handed out must never change what is stored.
/// </summary>
internal sealed class StoredObject(ResourceKind kind, ObjectMeta metadata, long version, byte[] json)
{
    private object? read; // shared by all readers, since records never change

    public ResourceKind Kind => kind;

    public ObjectMeta Metadata => metadata;

    public long Version => version;

    public byte[] Json => json;

    public NamespacedName Name => Metadata.NamespacedName;

    public string Uid => Metadata.Uid ?? string.Empty;

    public bool IsBeingDeleted => Metadata.DeletionTimestamp is not null;

    public static StoredObject From(ResourceKind kind, JsonObject json, long version)
    {
        json.Metadata()["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture);
        var metadata = json.Metadata().Deserialize(KubernetesJsonContext.Default.ObjectMeta)!;
        return new StoredObject(kind, metadata, version, JsonTrees.ToUtf8(json));
    }

    /// <summary>A fresh tree that the caller may change.</summary>
    public JsonObject Parse() => JsonNode.Parse(Json)!.AsObject();

    /// <summary>This state under another version: what a watcher sees of an object that was deleted or left its selector.</summary>
    public StoredObject At(long version) => From(Kind, Parse(), version);

    /// <summary>Keeps the bytes only: history needs no more memory than that.</summary>
    public void ForgetReading() => read = null;

    public T As<T>()
        where T : class, IResource<T>
    {
        if (read is T known)
        {
            return known;
        }

        var value = JsonSerializer.Deserialize(Json, T.JsonTypeInfo)!;
        read = value;
        return value;
    }
}
