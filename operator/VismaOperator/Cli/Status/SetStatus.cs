using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Cli.Status;

/// <summary>Reads off a set of connections where it stands.</summary>
internal static class SetStatus
{
    /// <summary>The entry.</summary>
    public static StatusEntry Of(VismaConnectionSet set)
    {
        var finding = Find(set);
        return new StatusEntry
        {
            Kind = VismaConnectionSet.ResourceKind.Kind,
            Namespace = set.Metadata.NamespacedName.Namespace,
            Name = set.Metadata.Name,
            State = finding.State,
            Since = finding.Since,
            Reason = finding.Reason,
            Message = finding.Message,
            Connections = set.Status.Connections,
            ReadyConnections = set.Status.Ready,
            Failures = set.Status.Failures,
        };
    }

    private static Finding Find(VismaConnectionSet set)
    {
        var (status, ready) = (set.Status, Conditions.Find(set.Status.Conditions, ConditionType.Ready));
        var finding = Finding.OfAny(set.Metadata, status.ObservedGeneration, status.Conditions)
            ?? Finding.Of(ready?.Status == "True" ? StatusState.Ready : StatusState.NotReady, ready);
        return finding.Reason switch
        {
            StatusReason.Terminating => finding with { Message = "It is being deleted: no connection is made or changed any more." },
            // Sets are served only where they are switched on.
            StatusReason.NotObserved => finding with
            {
                Message = $"{finding.Message} Sets are served only with connectionSets.enabled of the chart (--connection-sets).",
            },
            _ => finding,
        };
    }
}
