namespace Timing;

/// <summary>
/// The keys that are due, in the order in which they are handed out: the nearest deadline first. No key waits for ever. A deadline that has
/// passed counts as the moment at which its key became due, so that keys that fail again and again do not always come first. And once the
/// key that has waited longest has waited for <see cref="Patience"/>, every <see cref="Turn"/>th key that is handed out is the one that has
/// waited longest: a key that became due as the n-th is handed out after that time, or after <see cref="Turn"/> times n further keys,
/// whichever is later. Not safe for use by several threads.
/// </summary>
internal sealed class ReadyKeys<TKey>(TimeProvider time)
    where TKey : notnull
{
    /// <summary>How long a key may be overtaken without limit.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Every n-th key handed out is the one that has waited longest, once one has waited longer than <see cref="Patience"/>.
    /// </summary>
    public const int Turn = 4;

    private readonly Dictionary<TKey, LinkedListNode<Entry>> entries = [];
    private readonly LinkedList<Entry> byArrival = [];
    private readonly SortedSet<Entry> byDeadline = new(Comparer<Entry>.Create(ByDeadline));
    private long number;
    private int untilTurn = Turn;

    /// <summary>How many there are.</summary>
    public int Count => entries.Count;

    /// <summary>How long the one that came first has waited; zero where there is none.</summary>
    public TimeSpan LongestWait => byArrival.First is { Value: var oldest } ? time.GetElapsedTime(oldest.Since) : TimeSpan.Zero;

    /// <summary>True while the key is among them.</summary>
    public bool Contains(TKey key) => entries.ContainsKey(key);

    /// <summary>Takes a key in that is not among them.</summary>
    /// <param name="key">The key.</param>
    /// <param name="deadline">By when it should be done; null for as soon as possible: such keys come first, in the order in which they
    /// came.</param>
    public void Add(TKey key, DateTimeOffset? deadline)
    {
        var entry = new Entry(
            key,
            deadline is { } instant ? Later(instant, time.GetUtcNow()) : DateTimeOffset.MinValue,
            number++,
            time.GetTimestamp()
        );
        entries.Add(key, byArrival.AddLast(entry));
        byDeadline.Add(entry);
    }

    /// <summary>Takes the next key out. There must be one.</summary>
    public TKey Take()
    {
        var oldest = byArrival.First!.Value;
        var key = (IsTurnOfTheOldest(oldest) ? oldest : byDeadline.Min!).Key;
        Remove(key);
        return key;
    }

    /// <summary>Takes a key out that need not be done any more. False when it is not among them.</summary>
    public bool Remove(TKey key)
    {
        if (!entries.Remove(key, out var entry))
        {
            return false;
        }

        byDeadline.Remove(entry.Value);
        byArrival.Remove(entry);
        return true;
    }

    // Compared a dozen times for each key: the comparison of tuples takes several times as long.
    private static int ByDeadline(Entry left, Entry right)
    {
        var order = left.Deadline.CompareTo(right.Deadline);
        return order != 0 ? order : left.Number.CompareTo(right.Number);
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private bool IsTurnOfTheOldest(Entry oldest)
    {
        if (time.GetElapsedTime(oldest.Since) < Patience || --untilTurn > 0)
        {
            return false;
        }

        untilTurn = Turn;
        return true;
    }

    private sealed record Entry(TKey Key, DateTimeOffset Deadline, long Number, long Since);
}
