using Kubernetes.Controllers.Leadership;

namespace VismaOperator.VismaConnections;

/// <summary>What the steps of every reconcile share.</summary>
internal sealed record ConnectionTools
{
    /// <summary>Writes Secrets.</summary>
    public required SecretPublisher Publisher { get; init; }

    /// <summary>Gets tokens and stores them.</summary>
    public required TokenRefresher Refresher { get; init; }

    /// <summary>The fence that every side effect checks.</summary>
    public required ILeadership Leadership { get; init; }

    /// <summary>Wall clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Numbers in [0, 1) for jitter.</summary>
    public required Func<double> Roll { get; init; }

    /// <summary>Metrics of this slice.</summary>
    public required ConnectionMetrics Metrics { get; init; }

    /// <summary>Log of this slice.</summary>
    public required ConnectionLog Log { get; init; }
}
