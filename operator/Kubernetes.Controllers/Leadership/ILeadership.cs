namespace Kubernetes.Controllers.Leadership;

/// <summary>
/// Whether this process may act. Two replicas must never act at the same time, so everything with a side effect asks
/// <see cref="EnsureLeader"/> last, and work that takes time keeps its own deadline within <see cref="Remaining"/>.
/// </summary>
public interface ILeadership
{
    /// <summary>
    /// How long, by the monotonic clock, no other process can take over, counted from when the last renewal was <em>sent</em>. Zero while
    /// not leading, <see cref="TimeSpan.MaxValue"/> where there is no election.
    /// </summary>
    TimeSpan Remaining { get; }

    /// <summary>
    /// Passes only while this process may start side effects. Once it passed and then failed, it never passes again. The clock is read at
    /// the call: a process that was paused finds the fence closed although no timer has fired yet.
    /// </summary>
    /// <exception cref="LeadershipLostException">This process may not act.</exception>
    void EnsureLeader();

    /// <summary>Waits until this process leads for the first time.</summary>
    Task WaitUntilLeaderAsync(CancellationToken cancellationToken);
}

/// <summary>
/// Leads without an election: for local mode, where a lock on the state directory keeps others out, and for <c>--leader-elect=false</c>.
/// </summary>
public sealed class AlwaysLeader : ILeadership
{
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

/// <summary>This process is not, or no longer, the leader, and must not act.</summary>
public sealed class LeadershipLostException(string message) : Exception(message);
