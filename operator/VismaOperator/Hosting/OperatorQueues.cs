using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Queueing;
using VismaOperator.Api;

namespace VismaOperator.Hosting;

/// <summary>The queues of all controllers.</summary>
internal sealed class OperatorQueues(TimeProvider time, Func<double> random, Store<VismaConnection> connections) : IDisposable
{
    /// <summary>Connections to look at; those whose tokens expire first come first.</summary>
    public WorkQueue Connections { get; } = new(time, BackoffOptions.ForKeys, random)
    {
        NeededBy = key => ConnectionRequests.NeededBy(connections.Find(key), time.GetUtcNow()),
    };

    /// <summary>Clients to look at.</summary>
    public WorkQueue Clients { get; } = new(time, BackoffOptions.ForKeys, random);

    /// <summary>Grants to look after, by the name of their connection.</summary>
    public WorkQueue Grants { get; } = new(time, BackoffOptions.ForKeys, random);

    /// <summary>Connections whose copies to look at.</summary>
    public WorkQueue Copies { get; } = new(time, BackoffOptions.ForKeys, random);

    /// <summary>Connections to probe.</summary>
    public WorkQueue Probes { get; } = new(time, BackoffOptions.ForKeys, random);

    /// <summary>Workloads to restart.</summary>
    public WorkQueue Restarts { get; } = new(time, BackoffOptions.ForKeys, random);

    /// <summary>Sets of connections to look at; empty where none are served.</summary>
    public WorkQueue Sets { get; } = new(time, BackoffOptions.ForKeys, random);

    /// <summary>Completes once no controller has anything to do before something changes or falls due.</summary>
    public async Task WhenAtRestAsync()
    {
        long added;
        do
        {
            added = Added;
            foreach (var queue in All)
            {
                await queue.WhenAtRestAsync();
            }
        }
        // One may have added to another that was at rest when it was asked. Where nothing was added, all are at rest at once.
        while (Added != added);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var queue in All)
        {
            queue.Dispose();
        }
    }

    private WorkQueue[] All => [Connections, Clients, Grants, Copies, Probes, Restarts, Sets];

    private long Added => All.Sum(queue => queue.Adds);
}
