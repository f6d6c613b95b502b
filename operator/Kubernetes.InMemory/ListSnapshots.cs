using System.Globalization;
using System.Text;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.InMemory;

/// <summary>
/// Lists that were given out in part. All pages of one list show the same version, so the rest is kept until it is
/// asked for; the oldest rest is given up first, and its token is then answered with 410 Expired, as after a compaction.
/// </summary>
internal sealed class ListSnapshots
{
    private const int Kept = 64; // several reflectors can list at once; a caller that never comes back must not pile up

    private readonly LinkedList<Snapshot> snapshots = new();
    private long lastNumber;

    public (IReadOnlyList<StoredObject> Items, long Version, string? ContinueToken) First(
        IReadOnlyList<StoredObject> all,
        long version,
        int limit
    ) => Cut(all, version, limit);

    public (IReadOnlyList<StoredObject> Items, long Version, string? ContinueToken) Next(string token, int limit)
    {
        var number = Number(token);
        var snapshot =
            snapshots.FirstOrDefault(candidate => candidate.Number == number)
            ?? throw ApiError.Expired(
                "The provided continue parameter is too old to display a consistent list result. You must start a new list without the "
                + "continue parameter."
            );
        return Cut(snapshot.Rest, snapshot.Version, limit);
    }

    public void Clear() => snapshots.Clear();

    private static long Number(string token)
    {
        var bytes = new byte[token.Length];
        return Convert.TryFromBase64String(token, bytes, out var length)
            && long.TryParse(Encoding.ASCII.GetString(bytes, 0, length), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw ApiError.BadRequest("continue key is not valid");
    }

    private (IReadOnlyList<StoredObject> Items, long Version, string? ContinueToken) Cut(
        IReadOnlyList<StoredObject> rest,
        long version,
        int limit
    )
    {
        if (limit <= 0 || rest.Count <= limit)
        {
            return (rest, version, null);
        }

        // A token stays valid after use, since a page whose answer was lost is asked for again.
        var snapshot = new Snapshot(++lastNumber, version, [.. rest.Skip(limit)]);
        snapshots.AddLast(snapshot);
        if (snapshots.Count > Kept)
        {
            snapshots.RemoveFirst();
        }

        var token = Convert.ToBase64String(Encoding.ASCII.GetBytes(snapshot.Number.ToString(CultureInfo.InvariantCulture)));
        return ([.. rest.Take(limit)], version, token);
    }

    private sealed record Snapshot(long Number, long Version, IReadOnlyList<StoredObject> Rest);
}

/// <summary>A <see cref="ResourceSelector"/>, read and checked.</summary>
internal sealed class Selection
{
    private readonly ResourceKind kind;
    private readonly string? inNamespace;
    private readonly LabelSelector labels;
    private readonly FieldSelector fields;

    public Selection(ResourceKind kind, ResourceSelector selector)
    {
        this.kind = kind;
        inNamespace = selector.Namespace;
        fields = FieldSelector.Parse(selector.FieldSelector, kind);
        try
        {
            labels = LabelSelector.Parse(selector.LabelSelector);
        }
        catch (FormatException unreadable)
        {
            throw ApiError.BadRequest($"unable to parse requirement: {unreadable.Message}");
        }
    }

    public bool Matches(StoredObject stored) =>
        stored.Kind == kind
        && (string.IsNullOrEmpty(inNamespace) || stored.Name.Namespace == inNamespace)
        && labels.Matches(stored.Metadata.Labels)
        && fields.Matches(stored);
}
