using Kubernetes.Client;
using VismaOperator.Api;

namespace VismaOperator.Restarting;

/// <summary>A connection that asks for restarts of a workload.</summary>
/// <param name="Connection">Which.</param>
/// <param name="Workload">What it names.</param>
/// <param name="Fingerprint">The token that is published.</param>
/// <param name="IsBehind">False where the workload was restarted for it.</param>
internal sealed record RestartRequest(NamespacedName Connection, WorkloadReference Workload, string Fingerprint, bool IsBehind)
{
    /// <summary>The annotation that says for which of its tokens the workload was restarted.</summary>
    public string Mark { get; } = RestartMarks.KeyOf(Connection);

    /// <summary>Generation of the connection.</summary>
    public long? Generation { get; init; }

    /// <summary>A workload as a key of the queue names it, for example <c>Deployment/importer</c>.</summary>
    public static string NameOf(WorkloadReference workload) => $"{workload.Kind}/{workload.Name}";
}
