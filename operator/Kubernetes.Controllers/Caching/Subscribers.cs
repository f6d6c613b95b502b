namespace Kubernetes.Controllers.Caching;

/// <summary>
/// Notifies subscribers of changes, in order, one at a time, and never under the lock of the changed store: a subscriber may read any
/// store. Under that lock changes are queued (<see cref="Enqueue"/>); after it they are delivered (<see cref="Deliver"/>), by whichever
/// thread comes first.
/// </summary>
internal sealed class Subscribers<TChange>
{
    private readonly Lock gate = new();
    private readonly Queue<TChange> pending = new();
    private Action<TChange>[] all = [];
    private bool delivering;

    /// <summary>Adds a subscriber; disposing removes it.</summary>
    public IDisposable Add(Action<TChange> onChange)
    {
        lock (gate)
        {
            all = [.. all, onChange];
        }

        return new Subscription(this, onChange);
    }

    /// <summary>Queues a change.</summary>
    public void Enqueue(TChange change)
    {
        lock (gate)
        {
            pending.Enqueue(change);
        }
    }

    /// <summary>Tells what is queued, unless another thread is at it already. An exception of a subscriber is the caller's.</summary>
    public void Deliver()
    {
        var mine = false;
        try
        {
            while (TryTake(ref mine, out var change, out var receivers))
            {
                Array.ForEach(receivers, receiver => receiver(change));
            }
        }
        finally
        {
            Leave(mine);
        }
    }

    private bool TryTake(ref bool mine, out TChange change, out Action<TChange>[] receivers)
    {
        lock (gate)
        {
            (change, receivers) = (default!, all);
            if ((delivering && !mine) || !pending.TryDequeue(out change!))
            {
                // Delivering ends under the same lock that found the queue empty, so that no change is left behind by two threads.
                delivering &= !mine;
                mine = false;
                return false;
            }

            delivering = mine = true;
            return true;
        }
    }

    /// <summary>Lets go after a subscriber threw.</summary>
    private void Leave(bool mine)
    {
        if (mine)
        {
            lock (gate)
            {
                delivering = false;
            }
        }
    }

    private void Remove(Action<TChange> onChange)
    {
        lock (gate)
        {
            var index = Array.IndexOf(all, onChange);
            all = index < 0 ? all : [.. all[..index], .. all[(index + 1)..]];
        }
    }

    private sealed class Subscription(Subscribers<TChange> owner, Action<TChange> onChange) : IDisposable
    {
        public void Dispose() => owner.Remove(onChange);
    }
}
