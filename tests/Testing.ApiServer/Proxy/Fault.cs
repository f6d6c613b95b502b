namespace VismaOperator.Testing.ApiServer.Proxy;

/// <summary>A fault in force. Disposing it lifts it: no further request meets it, and held requests go on.</summary>
public sealed class Fault : IDisposable
{
    private readonly Func<ProxiedRequest, bool> when;
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource holding = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource lifted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private readonly int times;
    private int applied;

    internal Fault(FaultEffect effect, Func<ProxiedRequest, bool> when, int times)
    {
        Effect = effect;
        this.when = when;
        this.times = times;
    }

    /// <summary>What happens to a request that meets it.</summary>
    public FaultEffect Effect { get; }

    /// <summary>How many requests met it; a test that injects a fault shows by this that it was no idle threat.</summary>
    public int Applied
    {
        get
        {
            lock (gate)
            {
                return applied;
            }
        }
    }

    /// <summary>Completes when the first request meets it.</summary>
    public Task Reached => reached.Task;

    internal bool IsLifted => lifted.Task.IsCompleted;

    /// <summary>Completes when a request, or its answer, is held: what the API server was to do by then is done.</summary>
    public Task Holding => holding.Task;

    /// <inheritdoc/>
    public void Dispose() => lifted.TrySetResult();

    /// <summary>Holds what met this fault until it is lifted.</summary>
    internal Task HoldAsync(CancellationToken cancellationToken)
    {
        holding.TrySetResult();
        return lifted.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Whether the request meets this fault; counts it if so.</summary>
    internal bool TryApply(ProxiedRequest request)
    {
        if (lifted.Task.IsCompleted || !when(request))
        {
            return false;
        }

        lock (gate)
        {
            if (applied >= times)
            {
                return false;
            }

            applied++;
        }

        request.MetBy(this);
        reached.TrySetResult();
        return true;
    }
}
