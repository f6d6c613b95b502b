using VismaOperator.Api;

namespace VismaOperator.Demo;

/// <summary>Where the demo plays: on local files or on a cluster. The play is the same.</summary>
internal interface IStage
{
    /// <summary>Describes it to the audience.</summary>
    string Description { get; }

    /// <summary>Arguments that the operator is started with.</summary>
    IReadOnlyList<string> OperatorArguments { get; }

    /// <summary>Puts the manifests where the operator finds them.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>The connections with their statuses, as a user could see them.</summary>
    Task<IReadOnlyList<VismaConnection>> ConnectionsAsync(CancellationToken cancellationToken);

    /// <summary>Names of the keys that a workload finds in the Secret.</summary>
    Task<IReadOnlyList<string>> KeysAsync(VismaConnection connection, CancellationToken cancellationToken);

    /// <summary>The access token as a workload reads it; null while there is none.</summary>
    Task<string?> AccessTokenAsync(VismaConnection connection, CancellationToken cancellationToken);

    /// <summary>Does what nobody should do: overwrites the access token.</summary>
    Task TamperAsync(VismaConnection connection, CancellationToken cancellationToken);

    /// <summary>Takes away what the demo made, where that is somebody else's place.</summary>
    Task CleanUpAsync(CancellationToken cancellationToken);
}
