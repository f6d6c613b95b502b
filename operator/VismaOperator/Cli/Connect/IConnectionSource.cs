using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Grants;

namespace VismaOperator.Cli.Connect;

/// <summary>
/// Where a connection lives: a cluster, or the state directory of local mode. It is read as the person who consents, not as the operator.
/// </summary>
internal interface IConnectionSource
{
    /// <summary>Where connections are read, as words that follow "in".</summary>
    string Name { get; }

    /// <summary>Who redeems a code here, as a command.</summary>
    string Redeemer { get; }

    /// <summary>Looks an object up.</summary>
    Task<Lookup<T>> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T>;

    /// <summary>Makes sure that a code can be handed over later: a consent that is given in vain would annoy.</summary>
    /// <exception cref="ConnectException">It cannot, and why.</exception>
    Task EnsureHandoffAsync(VismaConnection connection, CancellationToken cancellationToken);

    /// <summary>Leaves a code for the operator; an older one that nobody took is replaced.</summary>
    /// <exception cref="ConnectException">It cannot be left, and why.</exception>
    Task<ILeftHandoff> LeaveAsync(VismaConnection connection, Handoff handoff, CancellationToken cancellationToken);
}

/// <summary>A code that was left for the operator.</summary>
internal interface ILeftHandoff
{
    /// <summary>True once the operator took it. What cannot be known now reads as not yet.</summary>
    Task<bool> IsTakenAsync(CancellationToken cancellationToken);

    /// <summary>Takes the code back.</summary>
    /// <returns>False when the operator was faster.</returns>
    /// <exception cref="ConnectException">It cannot be taken back, and what to do.</exception>
    Task<bool> WithdrawAsync(CancellationToken cancellationToken);
}
