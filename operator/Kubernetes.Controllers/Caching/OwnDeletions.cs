using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// Objects that this process deleted and that late events may still speak of, by uid. Each entry goes when the deletion is confirmed by the watch or by
/// a list. Not safe for use by several threads: the store's lock guards it.
/// </summary>
internal sealed class OwnDeletions
{
    /// <summary>
    /// Deletions of objects that the selector does not match are never confirmed. 4,096 is more than can be under way at the same time, and half a megabyte.
    /// </summary>
    private const int Capacity = 4096;

    private readonly Dictionary<string, (NamespacedName Name, string? Version)> byUid = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();

    /// <summary>True when this process deleted the object.</summary>
    public bool Contains(string? uid) => uid is not null && byUid.ContainsKey(uid);

    /// <summary>Remembers a deletion, with the last version known of the object.</summary>
    public void Add(NamespacedName name, string uid, string? version)
    {
        byUid[uid] = (name, version);
        order.Enqueue(uid);
        if (order.Count > Capacity)
        {
            byUid.Remove(order.Dequeue());
        }
    }

    /// <summary>The watch confirms the deletion. True when it was an own one.</summary>
    public bool Confirm(string? uid) => uid is not null && byUid.Remove(uid);

    /// <summary>A complete list confirms the deletions of what it covers, knew, and does not hold.</summary>
    public void Confirm(Func<NamespacedName, bool> covers, IReadOnlySet<string> listed, string listVersion)
    {
        var confirmed = byUid.Where(entry =>
            covers(entry.Value.Name) && !listed.Contains(entry.Key) && !ResourceVersions.IsNewer(entry.Value.Version, listVersion));
        foreach (var (uid, _) in confirmed.ToList())
        {
            byUid.Remove(uid);
        }
    }
}
