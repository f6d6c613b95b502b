using Kubernetes.Client.Resources;

namespace Kubernetes.Controllers.Leadership;

/// <summary>
/// Whether a process may act, from when its last renewal was sent. It opens once and closes once. Open is a matter of the
/// clock at the moment of asking, and a renewal counts only while the fence is open: no answer, however late, opens a closed one.
/// </summary>
internal sealed class Fence(TimeProvider time, LeaseTimes times)
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Phase phase;
    private Lease? lease;
    private long renewalSentAt;

    private enum Phase
    {
        NotYet,
        Leading,
        Lost,
        GivenUp,
    }

    /// <summary>True while side effects may start.</summary>
    public bool IsOpen => UntilDeadline > TimeSpan.Zero;

    /// <summary>How long the lease can be held without another renewal.</summary>
    public TimeSpan UntilDeadline => Left(times.RenewDeadline);

    /// <summary>How long no other process can take the lease; zero once the fence is closed, although some may be left.</summary>
    public TimeSpan Remaining => IsOpen ? Left(times.LeaseDuration) : TimeSpan.Zero;

    /// <summary>Completes when it opens.</summary>
    public Task Opened => opened.Task;

    /// <summary>The lease as last stored.</summary>
    public Lease Lease => lease ?? throw new InvalidOperationException("Never led.");

    /// <summary>True after <see cref="GiveUp"/>.</summary>
    public bool WasGivenUp => phase == Phase.GivenUp;

    /// <summary>The lease was taken, by a request that was sent at that time.</summary>
    public void Open(Lease stored, long sentAt)
    {
        lock (gate)
        {
            if (phase != Phase.NotYet)
            {
                return;
            }

            (phase, lease, renewalSentAt) = (Phase.Leading, stored, sentAt);
        }

        opened.TrySetResult();
    }

    /// <summary>The lease was renewed, by a request that was sent at that time. False when that came too late.</summary>
    public bool TryExtend(Lease stored, long sentAt)
    {
        lock (gate)
        {
            if (!IsOpen)
            {
                return false;
            }

            (lease, renewalSentAt) = (stored, sentAt);
            return true;
        }
    }

    /// <summary>Closes it for good. False when it was closed already.</summary>
    public bool Close() => End(Phase.Lost);

    /// <summary>Closes it for good, on purpose. The lease to give back, or null when there is none to give.</summary>
    public Lease? GiveUp()
    {
        var wasOpen = IsOpen;
        return End(Phase.GivenUp) && wasOpen ? lease : null;
    }

    private bool End(Phase end)
    {
        lock (gate)
        {
            if (phase != Phase.Leading)
            {
                return false;
            }

            phase = end;
            return true;
        }
    }

    private TimeSpan Left(TimeSpan span)
    {
        lock (gate)
        {
            var left = phase == Phase.Leading ? span - time.GetElapsedTime(renewalSentAt) : TimeSpan.Zero;
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }
}
