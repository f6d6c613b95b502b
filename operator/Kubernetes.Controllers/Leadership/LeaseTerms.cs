using Kubernetes.Client.Resources;

namespace Kubernetes.Controllers.Leadership;

/// <summary>
/// What is written into a lease. The wall-clock times in it are for people: nobody decides by them, since clocks of
/// different machines differ.
/// </summary>
internal static class LeaseTerms
{
    /// <summary>A new lease, held by the candidate.</summary>
    public static Lease New(LeaderElectionOptions options, DateTimeOffset now) => new()
    {
        Metadata = new() { Name = options.Lease.Name, Namespace = options.Lease.Namespace },
        Spec = Held(options, now) with { AcquireTime = now, LeaseTransitions = 0 },
    };

    /// <summary>An existing lease, taken over. Its resource version is the precondition that nobody else took it meanwhile.</summary>
    public static Lease Taken(Lease found, LeaderElectionOptions options, DateTimeOffset now) => found with
    {
        Spec = Held(options, now) with
        {
            AcquireTime = now,
            LeaseTransitions = (found.Spec.LeaseTransitions ?? 0) + (found.Spec.HolderIdentity == options.Identity ? 0 : 1),
        },
    };

    /// <summary>The own lease, renewed.</summary>
    public static Lease Renewed(Lease own, LeaderElectionOptions options, DateTimeOffset now) => own with
    {
        Spec = own.Spec with
        {
            HolderIdentity = options.Identity,
            LeaseDurationSeconds = Seconds(options),
            RenewTime = now,
        },
    };

    /// <summary>The own lease, given up: nobody holds it. The server demands a positive duration.</summary>
    public static Lease Released(Lease own, DateTimeOffset now) => own with
    {
        Spec = own.Spec with { HolderIdentity = null, LeaseDurationSeconds = 1, RenewTime = now },
    };

    private static LeaseSpec Held(LeaderElectionOptions options, DateTimeOffset now) => new()
    {
        HolderIdentity = options.Identity,
        LeaseDurationSeconds = Seconds(options),
        RenewTime = now,
    };

    private static int Seconds(LeaderElectionOptions options) => (int)options.Times.LeaseDuration.TotalSeconds;
}

/// <summary>
/// Watches another holder's lease from outside: it counts as expired once it was seen unchanged for its whole duration by the own monotonic
/// clock. The holder's wall clock, written in the lease, is only compared with itself.
/// </summary>
internal sealed class LeaseObservation(TimeProvider time, TimeSpan durationWhenUnsaid)
{
    private (string? Holder, DateTimeOffset? RenewTime, string? Version) seen;
    private long seenAt;
    private TimeSpan duration;

    /// <summary>How much of the duration is left at the last look; zero where nobody held it, or it is over.</summary>
    public TimeSpan Left
    {
        get
        {
            var left = string.IsNullOrEmpty(seen.Holder) ? TimeSpan.Zero : duration - time.GetElapsedTime(seenAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>
    /// Takes note of the lease. True when it may be taken: nobody holds it, the candidate itself does, or the holder stopped renewing.
    /// </summary>
    public bool MayBeTaken(Lease lease, string candidate)
    {
        var now = (lease.Spec.HolderIdentity, lease.Spec.RenewTime, lease.Metadata.ResourceVersion);
        if (now != seen)
        {
            (seen, seenAt, duration) = (now, time.GetTimestamp(), DurationOf(lease));
        }

        return string.IsNullOrEmpty(lease.Spec.HolderIdentity)
            || lease.Spec.HolderIdentity == candidate
            || Left == TimeSpan.Zero;
    }

    private TimeSpan DurationOf(Lease lease) =>
        lease.Spec.LeaseDurationSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : durationWhenUnsaid;
}
