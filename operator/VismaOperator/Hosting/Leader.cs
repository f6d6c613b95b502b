using Kubernetes.Controllers.Leadership;

namespace VismaOperator.Hosting;

/// <summary>How this process comes to lead, and how it stops leading.</summary>
/// <param name="Leadership">The fence that side effects check.</param>
/// <param name="Loops">What keeps the leadership up: the election, or nothing.</param>
/// <param name="ReleaseAsync">Gives the leadership up, after everything with side effects has stopped.</param>
internal sealed record Leader(ILeadership Leadership, IReadOnlyList<BackgroundLoop> Loops, Func<CancellationToken, Task> ReleaseAsync)
{
    /// <summary>True where another replica may have led before.</summary>
    public bool IsElected => Loops.Count > 0;

    /// <summary>Leads while holding the lease.</summary>
    public static Leader Elected(LeaderElector elector) =>
        new(elector, [new BackgroundLoop("leader election", elector.RunAsync)], elector.ReleaseAsync);

    /// <summary>Leads without an election.</summary>
    public static Leader Always() => new(new AlwaysLeader(), [], _ => Task.CompletedTask);
}
