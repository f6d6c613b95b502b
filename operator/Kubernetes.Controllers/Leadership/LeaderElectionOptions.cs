using Kubernetes.Client;

namespace Kubernetes.Controllers.Leadership;

/// <summary>
/// How a leader is elected. The times are those of client-go; another process takes over at most 17 s after a leader vanished.
/// </summary>
/// <param name="Lease">The Lease that candidates share.</param>
/// <param name="Identity">Names this process; unique for every start of a process, for example the pod's name and a random suffix.</param>
public sealed record LeaderElectionOptions(NamespacedName Lease, string Identity)
{
    /// <summary>How long others wait, after a renewal they saw, before they take over. Whole seconds. Default 15 s.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long the leader goes on without a successful renewal. Default 10 s: the 5 s to <see cref="LeaseDuration"/> are for requests that
    /// were sent just before, and for clocks that run at different speeds.
    /// </summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Pause between two attempts to take or to renew the lease. Default 2 s.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}
