using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// Objects that this process deleted and that late events may still speak of, by uid. Each entry goes when the deletion is confirmed by the
/// watch or by a list. Not safe for use by several threads: the store's lock guards it.
/// </summary>
internal sealed class OwnDeletions
{
    /// <summary>
    /// Deletions of objects that the selector does not match are never confirmed. 4,096 is more than can be under way at the same time, and
    /// half a megabyte.
    /// </summary>
    private const int Capacity = 4096;

    /// <summary>Older than any list.</summary>
    private const string AnyVersion = "0";

    private readonly Dictionary<string, (NamespacedName Name, string? Version)> byUid = new(StringComparer.Ordinal);
    private readonly Queue<string> order = new();

    /// <summary>
    /// True when an object is one that this process deleted, or is older than one of its name that this process deleted: then it was
    /// deleted before that.
    /// </summary>
    public bool Exclude(NamespacedName name, string? uid, string? version) =>
        byUid.Count > 0 && (byUid.ContainsKey(uid ?? string.Empty) || HasNewer(name, version));

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

    /// <summary>
    /// A complete list confirms the deletions of what it covers and does not hold: of a version that the list includes, the object must be
    /// gone by then. Where the version is not known, the list may have been taken before the object existed; the next one is surely taken
    /// after the deletion.
    /// </summary>
    public void Confirm(Func<NamespacedName, bool> covers, IReadOnlySet<string> listed, string listVersion)
    {
        foreach (var (uid, (name, version)) in byUid.Where(entry => covers(entry.Value.Name) && !listed.Contains(entry.Key)).ToList())
        {
            if (version is null)
            {
                byUid[uid] = (name, AnyVersion);
            }
            else if (!ResourceVersions.IsNewer(version, listVersion))
            {
                byUid.Remove(uid);
            }
        }
    }

    // Asked for each object that is written or read, while thousands of deletions may await their confirmation. Most have the same
    // namespace, so the name is compared first.
    private bool HasNewer(NamespacedName name, string? version)
    {
        foreach (var deleted in byUid.Values)
        {
            if (deleted.Name.Name == name.Name && deleted.Name == name && ResourceVersions.IsNewer(deleted.Version, version))
            {
                return true;
            }
        }

        return false;
    }
}
