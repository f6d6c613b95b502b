using Kubernetes.Controllers.Leadership;
using VismaOperator.Clients;
using VismaOperator.Grants;
using VismaOperator.Publishing;

namespace VismaOperator.Connections;

/// <summary>What the steps of every reconcile share.</summary>
internal sealed record ConnectionTools
{
    /// <summary>Writes Secrets.</summary>
    public required SecretPublisher Publisher { get; init; }

    /// <summary>Gets tokens and stores them.</summary>
    public required TokenRefresher Refresher { get; init; }

    /// <summary>Where grants are kept.</summary>
    public required GrantStore GrantStore { get; init; }

    /// <summary>Spends refresh tokens.</summary>
    public required GrantRefresher GrantRefresher { get; init; }

    /// <summary>Redeems codes.</summary>
    public required CodeRedeemer Redeemer { get; init; }

    /// <summary>Takes in codes that were handed over.</summary>
    public required HandoffRedeemer Handoffs { get; init; }

    /// <summary>Looks at grants.</summary>
    public required GrantObserver GrantObserver { get; init; }

    /// <summary>Reads facts from grants.</summary>
    public required GrantFactsReader GrantFacts { get; init; }

    /// <summary>What was last seen of grants.</summary>
    public required KnownGrants Known { get; init; }

    /// <summary>Makes links at which a person can consent.</summary>
    public required ConsentLinks Links { get; init; }

    /// <summary>Gathers whose Secret a client's refusal took away.</summary>
    public required SecretRemovals Removals { get; init; }

    /// <summary>The fence that every side effect checks.</summary>
    public required ILeadership Leadership { get; init; }

    /// <summary>Wall clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Numbers in [0, 1) for jitter.</summary>
    public required Func<double> Random { get; init; }

    /// <summary>Metrics of this slice.</summary>
    public required ConnectionMetrics Metrics { get; init; }

    /// <summary>Log of this slice.</summary>
    public required ConnectionLog Log { get; init; }
}
