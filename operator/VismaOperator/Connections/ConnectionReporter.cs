using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Copies;
using VismaOperator.Grants;
using VismaOperator.Reporting;

namespace VismaOperator.Connections;

/// <summary>The only writer of a connection's status: one patch of what changed, or none, and an event where a condition turned.</summary>
internal sealed class ConnectionReporter(
    IKubernetesClient client,
    Store<VismaConnection> connections,
    EventRecorder events,
    ILeadership leadership,
    TimeProvider time
)
{
    private static readonly OwnedConditions ownedConditions = new(
        ConditionType.Ready,
        ConditionType.Reconciling,
        ConditionType.Stalled,
        ConditionType.TokenFresh,
        ConditionType.ScopesGranted,
        ConditionType.TokenAccepted,
        ConditionType.WorkloadsRestarted,
        ConditionType.Authorized,
        ConditionType.ConsentExpiring
    );

    // If the grant could not be read, the condition about it stays.
    private static readonly OwnedConditions conditionsWithoutGrant =
        ownedConditions.Except(ConditionType.Authorized, ConditionType.ConsentExpiring);

    // What status says of copies stays until somebody has looked at them.
    private static readonly OwnedConditions conditionsOfCopies = new(ConditionType.CopiesWritten);

    // Statuses that could not be written yet. A decision on the earlier status would serve a request again that was already served.
    private readonly ConcurrentDictionary<NamespacedName, VismaConnection> unwritten = new();

    /// <summary>What became of copies.</summary>
    public CopyReports Copies { private get; init; } = new();

    /// <summary>The connection with the status that it should have by now, even where the API server has not taken it yet.</summary>
    public VismaConnection AsReported(VismaConnection stored) =>
        unwritten.TryGetValue(stored.Metadata.NamespacedName, out var reported) && reported.Metadata.Uid == stored.Metadata.Uid
            ? stored with { Status = reported.Status }
            : stored;

    /// <summary>The connection is gone: what could not be written of it is dropped.</summary>
    public void Forget(NamespacedName connection) => unwritten.TryRemove(connection, out _);

    /// <summary>
    /// Writes the report and says when to look again. A status is bound to the version that it was decided on. If that is not the present
    /// one, since the cache lags behind or somebody edited what the decision does not rest on (a label), the status is bound to the present
    /// version and written once more: a process that is being stopped has no later reconcile, and the next one would do everything again.
    /// </summary>
    public async Task<Requeue> WriteAsync(VismaConnection before, Report report, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteOnceAsync(before, report, cancellationToken);
        }
        catch (KubernetesException failure) when (failure.IsConflict)
        {
            if (
                await client.FindConnectionAsync(before.Metadata.NamespacedName, cancellationToken) is not { } present
                || !IsTheSameToDecide(before, present)
            )
            {
                throw;
            }

            return await WriteOnceAsync(present, report, cancellationToken);
        }
    }

    private static bool IsTheSameToDecide(VismaConnection before, VismaConnection present) =>
        before.Metadata.Uid == present.Metadata.Uid
        && before.Metadata.Generation == present.Metadata.Generation
        && before.Metadata.DeletionTimestamp == present.Metadata.DeletionTimestamp
        && ConnectionRequests.RequestedAt(before) == ConnectionRequests.RequestedAt(present)
        && StatusPatch.Between(before, present) is null;

    private async Task<Requeue> WriteOnceAsync(VismaConnection before, Report report, CancellationToken cancellationToken)
    {
        var key = before.Metadata.NamespacedName;
        var after = before with { Status = StatusOf(before, report) };
        Forget(key);
        if (StatusPatch.Between(before, after) is { } patch)
        {
            unwritten[key] = after;
            leadership.EnsureLeader();
            var written = await client.PatchStatusAsync(after, patch, cancellationToken);
            connections.Observe(written);
            Forget(key);
            ConditionEvents.OfConnections.Record(events, written, before.Status.Conditions, after.Status.Conditions);
            Warn(before, written);
        }

        return report.NextLook is { } next ? new Requeue.At(next) : Requeue.Never.Instance;
    }

    /// <summary>
    /// Tells that the Secret of an earlier name could not be removed. An event, since no status speaks of that Secret any more.
    /// </summary>
    public void TellFormerSecretStays(VismaConnection connection, NamespacedName former, string cause) =>
        events.Record(
            connection,
            EventKind.Warning,
            Reason.SecretForbidden,
            "Reconcile",
            $"The token moved to Secret {connection.SecretName()}, but Secret {former}, which held it before, is still there: {cause}. "
            + $"Delete that Secret by hand, and grant the operator's service account delete on Secrets in namespace {former.Namespace}. "
            + "Everybody who can read it has a token until it expires.",
            subject: former.ToString()
        );

    // Once for each spec: the token is valid, so no condition reports it. Edits within five minutes share one
    // event: the last warning of them is recorded after that time, also where a later edit has mended it.
    private void Warn(VismaConnection before, VismaConnection written)
    {
        foreach (var warning in before.Status.ObservedGeneration == written.Metadata.Generation ? [] : TemplateRules.Warnings(written.Spec))
        {
            var note = $"{warning.Path}: {warning.Message}";
            events.Record(written, EventKind.Warning, warning.Reason, "Reconcile", note, subject: warning.Path);
        }
    }

    private VismaConnectionStatus StatusOf(VismaConnection connection, Report report) =>
        WithCopies(connection, connection.Status with
        {
            ObservedGeneration = connection.Metadata.Generation ?? 0,
            LastHandledReconcileAt = report.HandledRequest,
            LastHandledReconcileTime = report.HandledRequestTime,
            LastHandledProbeAt = report.HandledProbe,
            Offline = report.Conditions.FirstOrDefault(condition => condition.Type == ConditionType.TokenAccepted) is { } probed
                ? probed.IsTrue ? "False" : "True"
                : null,
            Conditions = (report.KeepsAuthorization ? conditionsWithoutGrant : ownedConditions).Apply(
                connection.Status.Conditions,
                report.Conditions,
                connection.Metadata.Generation,
                time.GetUtcNow()
            ),
            SecretName = report.Token?.SecretName,
            Binding = BindingOf(connection, report.Token),
            OtherSecretNames = report.OtherSecrets is [] ? null : report.OtherSecrets,
            Client = SharedStrings.Of(connection.ClientName().ToString()),
            BaseUrl = report.Token is null ? null : BaseUrlOf(connection, report.Token),
            Token = TokenOf(report.Token),
            Restarts = RestartsOf(connection.Status.Restarts, report.Restarts),
            Authorization = report.KeepsAuthorization
                ? connection.Status.Authorization
                : AuthorizationOf(connection.Status.Authorization, report.Authorization),
            Failure = FailureOf(report.Failure),
            Problem = report.Problem is { } problem
                ? new ProblemStatus { Kind = problem.Kind.ToString(), Stage = problem.Stage.ToString() }
                : null,
            SecretRemoval = report.Removal is { } removal
                ? new SecretRemovalStatus { Reason = removal.Reason, Time = removal.Time, Inputs = removal.Inputs }
                : null,
        });

    private VismaConnectionStatus WithCopies(VismaConnection connection, VismaConnectionStatus status) =>
        Copies.Of(connection) is not { } copies
            ? status
            : status with
            {
                Copies = copies.Held is [] ? null : copies.Held,
                Conditions = conditionsOfCopies.Apply(
                    status.Conditions,
                    copies.Condition is { } condition ? [condition] : [],
                    connection.Metadata.Generation,
                    time.GetUtcNow()
                ),
            };

    // A workload must find the entries of a binding in the Secret, so a Secret of an earlier layout is no binding yet.
    private static BindingStatus? BindingOf(VismaConnection connection, TokenRecord? token) =>
        token is null || !connection.Spec.Secret.Presets.Contains(SecretPreset.ServiceBinding) ? null
        : token.Layout == ConnectionHashes.Layout(connection) ? new BindingStatus { Name = token.SecretName }
        : connection.Status.Binding;

    // The sequence stays on record when the grant is gone, to recognize an older grant that comes back from a backup.
    private static AuthorizationStatus? AuthorizationOf(AuthorizationStatus? before, AuthorizationReport? report) =>
        report is null
            ? null
            : new AuthorizationStatus
            {
                Url = report.Invitation?.Url,
                UrlExpirationTime = report.Invitation?.ExpirationTime,
                GrantTime = report.Grant is { } held ? held.GrantTime : before?.GrantTime,
                // the schema takes 1,024 characters, TokenClaims gives 255
                GrantedBy = report.Grant is { } given ? given.GrantedBy : before?.GrantedBy,
                ConsentExpirationTime = report.Grant is { } lasting ? lasting.ConsentExpirationTime : before?.ConsentExpirationTime,
                Sequence = report.Grant?.Sequence ?? before?.Sequence,
                LastFailure = report.LastFailure is { } failure
                    ? new ConsentFailureStatus
                    {
                        Reason = failure.Problem.Reason,
                        Message = Report.Fitting(failure.Problem.Message),
                        Time = failure.Time,
                    }
                    : null,
            };

    // While the Secret still serves an earlier spec, its base URL is that of the earlier spec, too.
    private static string? BaseUrlOf(VismaConnection connection, TokenRecord token) =>
        token.Layout == ConnectionHashes.Layout(connection)
            ? SharedStrings.Of(connection.Spec.EffectiveBaseUrl())
            : connection.Status.BaseUrl;

    private static IReadOnlyList<WorkloadRestartStatus>? RestartsOf(
        IReadOnlyList<WorkloadRestartStatus>? before,
        IReadOnlyList<RestartedWorkload> report
    )
    {
        if (report.Count == 0)
        {
            return null;
        }

        List<WorkloadRestartStatus> after =
        [
            .. report.Select(workload => new WorkloadRestartStatus
            {
                Kind = workload.Kind,
                Name = workload.Name,
                Fingerprint = workload.Fingerprint,
            }),
        ];
        return before is not null && before.SequenceEqual(after) ? before : after;
    }

    private static TokenStatus? TokenOf(TokenRecord? token) => token is null ? null : new TokenStatus
    {
        IssueTime = token.IssueTime,
        ExpirationTime = token.ExpirationTime,
        RefreshTime = token.RefreshTime,
        GrantedScopes = token.GrantedScopes ?? [],
        Fingerprint = token.Fingerprint,
        // Empty for a Secret that is to be written again, so that after a restart it is still written again.
        SecretResourceVersion = token.IsRewriteDue ? string.Empty : token.SecretResourceVersion,
        SecretUid = token.SecretUid is { Length: > 0 } uid ? uid : null,
        SecretAdopted = token.IsSecretLent ? true : null,
        Inputs = SharedStrings.Of(token.Inputs),
        Layout = SharedStrings.Of(token.Layout),
    };

    private static FailureStatus? FailureOf(FailureRecord? failure) => failure is null ? null : new FailureStatus
    {
        Reason = failure.Reason,
        Message = Report.Fitting(failure.Problem.Message),
        Kind = failure.Problem.Kind.ToString(),
        Stage = failure.Stage.ToString(),
        Attempts = failure.Attempts,
        LastFailureTime = failure.LastFailureTime,
        NextAttemptTime = failure.NextAttemptTime,
        Inputs = failure.Inputs,
    };
}
