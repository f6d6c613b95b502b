using Kubernetes.Controllers.Leadership;
using VismaOperator.Clients;

namespace VismaOperator.Grants;

/// <summary>What everything that handles grants shares.</summary>
internal sealed record GrantTools
{
    /// <summary>Where grants are kept.</summary>
    public required GrantStore Store { get; init; }

    /// <summary>Tokens that were issued and are not stored yet.</summary>
    public required PendingGrantWrites Unstored { get; init; }

    /// <summary>What is known of exchanges that stand open.</summary>
    public required ExchangeTracker Open { get; init; }

    /// <summary>Asks for tokens.</summary>
    public required ClientTokenSource Source { get; init; }

    /// <summary>Where to ask.</summary>
    public required ProviderEndpoints Endpoints { get; init; }

    /// <summary>Has tokens revoked.</summary>
    public required GrantRevoker Revoker { get; init; }

    /// <summary>Which cluster this is.</summary>
    public required ClusterIdentity Cluster { get; init; }

    /// <summary>The fence that every exchange checks.</summary>
    public required ILeadership Leadership { get; init; }

    /// <summary>Wall clock and durations.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>Bytes that nobody can guess.</summary>
    public required Func<int, byte[]> RandomBytes { get; init; }

    /// <summary>Log of grants.</summary>
    public required GrantLog Log { get; init; }
}
