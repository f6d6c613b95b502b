namespace Kubernetes.Controllers.Leadership;

/// <summary>
/// Leads without an election: for local mode, where a lock on the state directory keeps others out, and for <c>--leader-elect=false</c>.
/// </summary>
public sealed class AlwaysLeader : ILeadership
{
    /// <inheritdoc/>
    public bool IsLeader => true;

    /// <inheritdoc/>
    public TimeSpan Remaining => TimeSpan.MaxValue;

    /// <inheritdoc/>
    public void EnsureLeader()
    {
        // Always passes.
    }

    /// <inheritdoc/>
    public Task WaitUntilLeaderAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
