namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>What the proxy does to watches that are open or will be opened.</summary>
public sealed class WatchControl
{
    private readonly Lock gate = new();
    private readonly HashSet<WatchRelay> open = [];
    private TaskCompletionSource? held;
    private TimeSpan delay;

    /// <summary>How much later than the API server the proxy delivers what a watch says. Applies to what arrives from now on.</summary>
    public TimeSpan Delay
    {
        get
        {
            lock (gate)
            {
                return delay;
            }
        }

        set
        {
            lock (gate)
            {
                delay = value;
            }
        }
    }

    /// <summary>How many watches are open.</summary>
    public int Open
    {
        get
        {
            lock (gate)
            {
                return open.Count;
            }
        }
    }

    /// <summary>
    /// From now on no watch says anything; what arrives is delivered in order once the answer is disposed. It is the delay without a
    /// clock: a test that needs "the watch lags behind" needs no number of seconds.
    /// </summary>
    public IDisposable Hold()
    {
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            held = held is null ? hold : throw new InvalidOperationException("The watches are already held.");
        }

        return new Release(this, hold);
    }

    /// <summary>Breaks the open watches in the middle, as a lost connection does, and says how many.</summary>
    public int Cut() => Stop(relay => relay.Cut());

    /// <summary>Ends the open watches in an orderly way, as the API server does after its time limit, and says how many.</summary>
    public int End() => Stop(relay => relay.End());

    internal Task WhenReleasedAsync()
    {
        lock (gate)
        {
            return held?.Task ?? Task.CompletedTask;
        }
    }

    internal void Add(WatchRelay relay)
    {
        lock (gate)
        {
            open.Add(relay);
        }
    }

    internal void Remove(WatchRelay relay)
    {
        lock (gate)
        {
            open.Remove(relay);
        }
    }

    private int Stop(Action<WatchRelay> stop)
    {
        List<WatchRelay> stopped;
        lock (gate)
        {
            stopped = [.. open];
            open.Clear();
        }

        stopped.ForEach(stop);
        return stopped.Count;
    }

    private sealed class Release(WatchControl control, TaskCompletionSource hold) : IDisposable
    {
        public void Dispose()
        {
            lock (control.gate)
            {
                control.held = control.held == hold ? null : control.held;
            }

            hold.TrySetResult();
        }
    }
}
