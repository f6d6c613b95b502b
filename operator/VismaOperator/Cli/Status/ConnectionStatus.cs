using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Cli.Status;

/// <summary>Reads off a connection where it stands, at a time that need not be the operator's.</summary>
internal static class ConnectionStatus
{
    private const string True = "True";
    private const string False = "False";

    /// <summary>The entry.</summary>
    public static StatusEntry Of(VismaConnection connection, DateTimeOffset now)
    {
        var status = connection.Status;
        var finding = Find(connection, now);
        var next = NextOf(connection, finding);
        finding = next is (NextAction.Attempt, var attempt) ? finding.WithAttempt(attempt, now) : finding;
        var end = EndOf(connection, finding.State);
        return new StatusEntry
        {
            Kind = VismaConnection.ResourceKind.Kind,
            Namespace = connection.Metadata.NamespacedName.Namespace,
            Name = connection.Metadata.Name,
            DisplayName = connection.Spec.DisplayName,
            State = finding.State,
            Since = finding.Since,
            Reason = finding.Reason,
            Message = finding.Message,
            IssueTime = status.Token?.IssueTime,
            ExpirationTime = status.Token?.ExpirationTime,
            NextAction = next?.Action,
            NextTime = next?.Time,
            Ends = end?.What,
            EndsTime = end?.Time,
            Attempts = status.Failure?.Attempts,
            Client = connection.ClientName().ToString(),
            TenantId = connection.Spec.TenantId,
            SecretName = status.SecretName,
            Copies = status.Copies is { Count: > 0 } copies ? [.. copies.Select(copy => $"{copy.Namespace}/{copy.Name}")] : null,
            GrantedBy = status.Authorization?.GrantedBy,
            Probe = Conditions.Find(status.Conditions, ConditionType.TokenAccepted) is { } probed
                ? new ProbeEntry(probed.Status == True, probed.LastTransitionTime, probed.Reason, probed.Message)
                : null,
            PendingRequest = ConnectionRequests.IsUnhandled(connection) ? ConnectionRequests.RequestedAt(connection) : null,
            PendingProbe = connection is { Spec: { Suspend: false, Probe.Enabled: true } }
                && ConnectionRequests.ProbeRequestedAt(connection) is { Length: > 0 } asked
                && asked != status.LastHandledProbeAt
                ? asked
                : null,
        };
    }

    private static Finding Find(VismaConnection connection, DateTimeOffset now)
    {
        var conditions = connection.Status.Conditions;
        var ready = Conditions.Find(conditions, ConditionType.Ready);
        var token = connection.Status.Token;
        return Finding.OfAny(connection.Metadata, connection.Status.ObservedGeneration, conditions)
            ?? (connection.Spec.Suspend ? Finding.Of(StatusState.Suspended, ready!)
                : ready?.Status != True ? Finding.Of(StatusState.NotReady, ready)
                : token?.ExpirationTime is { } expiry && expiry <= now ? Expired(expiry)
                : Conditions.Find(conditions, ConditionType.TokenFresh) is { Status: False } stale
                    ? Finding.Of(StatusState.Failing, stale)
                : token?.RefreshTime is { } due && due + Finding.OverdueAfter <= now ? Overdue(due)
                : Finding.OfWarning(conditions) ?? Finding.Of(StatusState.Ready, ready));
    }

    private static Finding Expired(DateTimeOffset expiry) =>
        new(
            StatusState.Expired,
            Reason.TokenExpired,
            $"The token expired at {InstantText.Of(expiry)}, and status does not say so: the operator does not run, does not serve this "
                + "namespace, or cannot write to it; or the clock here is wrong.",
            expiry
        );

    private static Finding Overdue(DateTimeOffset due) =>
        new(
            StatusState.Failing,
            StatusReason.RenewalOverdue,
            $"The renewal was due at {InstantText.Of(due)}, and status says nothing of it: the operator does not run, does not serve this "
                + "namespace, or has more to do than it can; or the clock here is wrong.",
            due
        );

    private static (NextAction Action, DateTimeOffset Time)? NextOf(VismaConnection connection, Finding finding)
    {
        var failure = connection.Status.Failure;
        return finding.State switch
        {
            StatusState.Suspended => null,
            _ when finding.Reason is StatusReason.Terminating or StatusReason.NotObserved => null,
            _ when failure?.Reason is { } reason && RecordedProblem.KindOf(failure.Kind, reason) == FailureKind.NeedsConsent => null,
            _ when failure?.NextAttemptTime is { } attempt => (NextAction.Attempt, attempt),
            StatusState.Stalled or StatusState.NotReady => null,
            _ => connection.Status.Token?.RefreshTime is { } renewal ? (NextAction.Renewal, renewal) : null,
        };
    }

    // A consent is given by a person only; a token ends for good where its renewal does not work.
    private static (EndingThing What, DateTimeOffset Time)? EndOf(VismaConnection connection, StatusState state)
    {
        var isRenewed = state is StatusState.Warning or StatusState.Ready;
        (EndingThing What, DateTimeOffset? Time)[] ends =
        [
            (EndingThing.Token, isRenewed ? null : connection.Status.Token?.ExpirationTime),
            (EndingThing.Consent, connection.Status.Authorization?.ConsentExpirationTime),
        ];
        return ends.Where(end => end.Time is not null)
            .OrderBy(end => end.Time)
            .Select(end => ((EndingThing, DateTimeOffset)?)(end.What, end.Time!.Value))
            .FirstOrDefault();
    }
}
