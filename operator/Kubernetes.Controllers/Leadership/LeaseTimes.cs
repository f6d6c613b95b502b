namespace Kubernetes.Controllers.Leadership;

/// <summary>
/// The times of an election, with the defaults and the rules of client-go
/// (<see href="https://pkg.go.dev/k8s.io/client-go/tools/leaderelection#LeaderElectionConfig"/>). By default another process takes the
/// lease within 1.2 s of its release, and within 16.2 s after its holder vanished; requests come on top.
/// </summary>
public sealed record LeaseTimes
{
    /// <summary>By how much a pause is longer at random, as a part of it, so that candidates do not ask in step.</summary>
    internal const double Jitter = 0.2;

    /// <summary>How long others wait, after a renewal they saw, before they take over. Whole seconds. Default 15 s.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long the leader goes on without a successful renewal, and how long one attempt lasts at most. Default 10 s: the 5 s to
    /// <see cref="LeaseDuration"/> are for requests that were sent just before, and for clocks that run at different speeds.
    /// </summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause between two renewals. A process that waits for the lease looks twice in this time. Default 2 s.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an attempt and the pause after it take at most.</summary>
    internal TimeSpan LongestTurn => RenewDeadline + LongestPause;

    private TimeSpan LongestPause => RetryPeriod * (1 + Jitter);

    /// <summary>What is wrong with these times, without a full stop; null where they can be used.</summary>
    public string? Problem() =>
        LeaseDuration < TimeSpan.FromSeconds(1) || LeaseDuration.Ticks % TimeSpan.TicksPerSecond != 0
            ? "the lease duration is not in whole seconds, and a Lease holds no others"
        : LeaseDuration <= RenewDeadline
            ? "the renew deadline is not shorter than the lease duration, so that two processes could act at the same time"
        : RenewDeadline <= LongestPause
            ? "the renew deadline is not longer than 1.2 retry periods, so that one renewal that fails would lose the lease"
        : null;
}
