namespace Lifecycle;

/// <summary>
/// What is known of the workloads that a connection restarts with each changed token. A restart is a change of the template of their Pods,
/// which names the token by its fingerprint; so the template, and status after it, say what was done, and no memory does.
/// </summary>
public sealed record RestartFacts
{
    /// <summary>The workloads of the spec, in its order.</summary>
    public required IReadOnlyList<RestartedWorkload> Workloads { get; init; }

    /// <summary>The condition <c>WorkloadsRestarted</c> as status has it; null when it has none.</summary>
    public ConditionReport? Recorded { get; init; }

    /// <summary>Those that are to be remembered: what was never restarted has nothing to remember.</summary>
    public IReadOnlyList<RestartedWorkload> Restarted => [.. Workloads.Where(workload => workload.Fingerprint is not null)];

    /// <summary>The workloads to look at for a token: not restarted for it, and not looked at for it either.</summary>
    public IEnumerable<RestartedWorkload> DueFor(TokenRecord token) =>
        Workloads.Where(workload => workload.Fingerprint != token.Fingerprint && workload.LookedAtFor != token.Fingerprint);

    /// <summary>
    /// The condition to report; null when there is nothing to say. Between a new token and the restart it says what it said before, so that
    /// a renewal does not change it.
    /// </summary>
    public ConditionReport? ConditionFor(TokenRecord token)
    {
        var behind = Workloads.Where(workload => workload.Fingerprint != token.Fingerprint).ToList();
        var problems = behind.Select(workload => workload.Problem).OfType<Problem>().ToList();
        return (behind, problems) switch
        {
            ([], _) => new(
                ConditionType.WorkloadsRestarted,
                IsTrue: true,
                Reason.Restarted,
                Report.Fitting(
                    $"Restarted for the token in Secret {token.SecretName}: "
                    + $"{string.Join(", ", Workloads.Select(one => $"{one.Kind} {one.Name}"))}."
                )
            ),
            (_, [var first, ..]) => new(
                ConditionType.WorkloadsRestarted,
                IsTrue: false,
                first.Reason,
                Report.Fitting(string.Join(' ', problems.Select(problem => problem.Message)))
            ),
            _ => Recorded,
        };
    }
}

/// <summary>What is known of one workload.</summary>
/// <param name="Kind">What it is, as <c>Deployment</c>.</param>
/// <param name="Name">Its name.</param>
public sealed record RestartedWorkload(string Kind, string Name)
{
    /// <summary>Both, as <c>Deployment/importer</c>.</summary>
    public string Key => $"{Kind}/{Name}";

    /// <summary>The token that it was last restarted for; null when it was not, as far as is known.</summary>
    public string? Fingerprint { get; init; }

    /// <summary>The token that it was last looked at for by this process; null when it was not.</summary>
    public string? LookedAtFor { get; init; }

    /// <summary>Why it was not restarted at the last look; null when nothing kept it from that.</summary>
    public Problem? Problem { get; init; }
}
