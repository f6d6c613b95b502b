using Kubernetes.Client.Resources;

namespace Kubernetes.Controllers.Leadership;

/// <summary>
/// Watches another holder's lease from outside: it counts as expired once it was seen unchanged for its whole duration by the own monotonic
/// clock. The holder's wall clock, written in the lease, is only compared with itself.
/// </summary>
internal sealed class LeaseObservation(TimeProvider time, TimeSpan durationWhenUnsaid)
{
    private (string? Holder, DateTimeOffset? RenewTime, string? Version) seen;
    private long seenAt;

    /// <summary>
    /// Takes note of the lease. True when it may be taken: nobody holds it, the candidate itself does, or the holder stopped renewing.
    /// </summary>
    public bool MayBeTaken(Lease lease, string candidate)
    {
        var now = (lease.Spec.HolderIdentity, lease.Spec.RenewTime, lease.Metadata.ResourceVersion);
        if (now != seen)
        {
            (seen, seenAt) = (now, time.GetTimestamp());
        }

        return string.IsNullOrEmpty(lease.Spec.HolderIdentity)
            || lease.Spec.HolderIdentity == candidate
            || time.GetElapsedTime(seenAt) >= DurationOf(lease);
    }

    private TimeSpan DurationOf(Lease lease) =>
        lease.Spec.LeaseDurationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : durationWhenUnsaid;
}
