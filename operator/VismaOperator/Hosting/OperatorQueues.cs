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

    /// <summary>Completes once no controller has anything to do before something changes or falls due.</summary>
    public async Task WhenAtRestAsync()
    {
        do
        {
            await Connections.WhenAtRestAsync();
            await Clients.WhenAtRestAsync();
            await Grants.WhenAtRestAsync();
        }
        // one may have added to another
        while (
            !Connections.WhenAtRestAsync().IsCompleted || !Clients.WhenAtRestAsync().IsCompleted || !Grants.WhenAtRestAsync().IsCompleted
        );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Connections.Dispose();
        Clients.Dispose();
        Grants.Dispose();
    }
}
