using System.Text.Json.Serialization;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>Names a workload of the connection's namespace.</summary>
public sealed record WorkloadReference
{
    /// <summary>What it is.</summary>
    public required WorkloadKind Kind { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }
}

/// <summary>The kinds of workloads that can be restarted.</summary>
[JsonConverter(typeof(WorkloadKindConverter))]
public enum WorkloadKind
{
    /// <summary>A Deployment.</summary>
    Deployment,

    /// <summary>A StatefulSet.</summary>
    StatefulSet,

    /// <summary>A DaemonSet.</summary>
    DaemonSet,

    /// <summary>A name that this version of the operator does not know.</summary>
    Unrecognized,
}

internal sealed class WorkloadKindConverter() : NamedEnumConverter<WorkloadKind>(
    WorkloadKind.Unrecognized,
    (WorkloadKind.Deployment, "Deployment"),
    (WorkloadKind.StatefulSet, "StatefulSet"),
    (WorkloadKind.DaemonSet, "DaemonSet"));

/// <summary>The marks that a restart leaves on the template of a workload's Pods.</summary>
internal static class RestartMarks
{
    // What the name of an annotation may have, behind the slash.
    private const int LongestName = 63;
    private const int HashLength = 16;

    /// <summary>
    /// The annotation that says which token of a connection the Pods have read: one for each connection, since several may name one
    /// workload. A name that is too long for an annotation is cut and ends in its hash.
    /// </summary>
    public static string KeyOf(NamespacedName connection) =>
        VismaNames.RestartAnnotationPrefix
        + (
            connection.Name.Length <= LongestName
                ? connection.Name
                : $"{connection.Name[..(LongestName - HashLength - 1)].TrimEnd('-', '.')}-{ShortHash.Of(connection.Name)}"
        );
}
