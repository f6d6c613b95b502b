using Kubernetes.Client;

namespace Kubernetes.Controllers.Queueing;

/// <summary>
/// Keys with the instant at which each is due, one instant per key. Cancelled and replaced entries stay in the heap until they surface,
/// and the heap is rebuilt when they outnumber the living, so that a key that is moved often does not grow it.
/// Not safe for use by several threads: the queue's lock guards it.
/// </summary>
internal sealed class Appointments
{
    private readonly Dictionary<NamespacedName, DateTimeOffset> instants = [];
    private PriorityQueue<(NamespacedName Key, DateTimeOffset Instant), DateTimeOffset> heap = new();

    /// <summary>The earliest instant, or null when there is none.</summary>
    public DateTimeOffset? Next
    {
        get
        {
            DropDead();
            return heap.TryPeek(out _, out var instant) ? instant : null;
        }
    }

    /// <summary>Sets the instant of a key, unless it has an earlier one. True when it was set.</summary>
    public bool TryMakeEarlier(NamespacedName key, DateTimeOffset instant)
    {
        if (instants.TryGetValue(key, out var present) && present <= instant)
        {
            return false;
        }

        instants[key] = instant;
        heap.Enqueue((key, instant), instant);
        Compact();
        return true;
    }

    /// <summary>Forgets the key.</summary>
    public void Cancel(NamespacedName key) => instants.Remove(key);

    /// <summary>Takes the earliest key out when its instant has come.</summary>
    public bool TryTakeDue(DateTimeOffset now, out NamespacedName key)
    {
        DropDead();
        if (!heap.TryPeek(out var earliest, out _) || earliest.Instant > now)
        {
            key = default;
            return false;
        }

        heap.Dequeue();
        instants.Remove(earliest.Key);
        key = earliest.Key;
        return true;
    }

    private bool IsAlive((NamespacedName Key, DateTimeOffset Instant) entry) =>
        instants.TryGetValue(entry.Key, out var instant) && instant == entry.Instant;

    private void DropDead()
    {
        while (heap.TryPeek(out var entry, out _) && !IsAlive(entry))
        {
            heap.Dequeue();
        }
    }

    private void Compact()
    {
        // 64 spares small queues the work; the factor 2 makes the cost of a rebuild constant per enqueue.
        if (heap.Count > 64 && heap.Count > 2 * instants.Count)
        {
            heap = new(instants.Select(entry => ((entry.Key, entry.Value), entry.Value)));
        }
    }
}
