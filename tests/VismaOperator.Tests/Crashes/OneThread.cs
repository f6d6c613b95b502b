namespace VismaOperator.Tests.Crashes;

/// <summary>
/// Keeps everything that awaits on the thread of its schedule, in the order in which it became ready. Without it the runtime may go on in
/// the thread pool, for example after a cancellation, and a schedule would depend on how busy the machine is.
/// </summary>
internal sealed class OneThread : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> ready = new();
    private readonly int thread = Environment.CurrentManagedThreadId;

    /// <summary>Runs with this context in force.</summary>
    public void Run(Action act)
    {
        var former = Current;
        SetSynchronizationContext(this);
        try
        {
            act();
        }
        finally
        {
            SetSynchronizationContext(former);
        }
    }

    /// <summary>Runs all that is ready, and what becomes ready by that.</summary>
    public void Settle()
    {
        while (ready.TryDequeue(out var next))
        {
            next.Callback(next.State);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (Environment.CurrentManagedThreadId != thread)
        {
            throw new InvalidOperationException("Something of a schedule went on in another thread.");
        }

        ready.Enqueue((d, state));
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);
}
