using Kubernetes.Controllers.Leadership;

namespace VismaOperator.Tests.Crashes;

/// <summary>
/// The fence of one simulated process, by its own monotonic clock and with the times of the real elector: open for 10 s after the last
/// renewal was sent, while others wait 15 s. It opens once and closes once.
/// </summary>
internal sealed class ReplicaLeadership(TimeProvider time) : ILeadership
{
    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan renewDeadline = TimeSpan.FromSeconds(10);

    private bool isHeld;
    private long renewedAt;

    /// <summary>True once it led.</summary>
    public bool HasLed { get; private set; }

    public bool IsLeader => isHeld && time.GetElapsedTime(renewedAt) < renewDeadline;

    public TimeSpan Remaining => IsLeader ? LeaseDuration - time.GetElapsedTime(renewedAt) : TimeSpan.Zero;

    public void EnsureLeader()
    {
        if (!IsLeader)
        {
            throw new LeadershipLostException("This process is not the leader.");
        }
    }

    public Task WaitUntilLeaderAsync(CancellationToken cancellationToken) => throw new NotSupportedException("The world starts the work.");

    /// <summary>The lease was taken or renewed.</summary>
    public void Renew() => (isHeld, HasLed, renewedAt) = (true, true, time.GetTimestamp());

    /// <summary>The lease is lost or given up.</summary>
    public void Close() => isHeld = false;
}
