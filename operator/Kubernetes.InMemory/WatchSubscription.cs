using System.Threading.Channels;

namespace Kubernetes.InMemory;

/// <summary>One item of a watch.</summary>
internal abstract record WatchItem
{
    private WatchItem()
    {
    }

    public sealed record Applied(StoredObject Stored) : WatchItem;

    public sealed record Deleted(StoredObject Stored) : WatchItem;

    public sealed record Bookmark(long Version) : WatchItem;
}

/// <summary>
/// One open watch. Changes are offered under the cluster's lock and read without it; the queue between them is unbounded, since a
/// reader that stops reading is cancelled by its owner.
/// </summary>
internal sealed class WatchSubscription(Selection selection)
{
    private readonly Channel<WatchItem> items = Channel.CreateUnbounded<WatchItem>(new UnboundedChannelOptions { SingleReader = true });

    public ChannelReader<WatchItem> Items => items.Reader;

    /// <summary>Shows an object that existed before the watch began.</summary>
    public void OfferExisting(StoredObject stored) => items.Writer.TryWrite(new WatchItem.Applied(stored));

    /// <summary>
    /// Shows a change as seen through the selection: an object that leaves it counts as deleted, in its last matching state.
    /// </summary>
    public void Offer(Change change)
    {
        if (change.After is not null && selection.Matches(change.After))
        {
            items.Writer.TryWrite(new WatchItem.Applied(change.After));
        }
        else if (change.Before is not null && selection.Matches(change.Before))
        {
            items.Writer.TryWrite(new WatchItem.Deleted(change.Before.At(change.Version)));
        }
    }

    public void OfferBookmark(long version) => items.Writer.TryWrite(new WatchItem.Bookmark(version));
}
