using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;

namespace VismaOperator.Publishing;

/// <summary>Reads what the policy needs from a connection's own spec and status.</summary>
internal static class ConnectionFactsReader
{
    /// <summary>What spec and metadata say.</summary>
    public static ConnectionFacts Read(VismaConnection connection, AllowLists allowLists, bool isNamespaceTerminating) => new()
    {
        Name = connection.Metadata.NamespacedName.ToString(),
        Identity = Identity(connection),
        Generation = connection.Metadata.Generation ?? 0,
        IsTerminating = connection.Metadata.DeletionTimestamp is not null || isNamespaceTerminating,
        IsSuspended = connection.Spec.Suspend,
        SpecProblem = SpecProblem(connection, allowLists),
        RequestedAt = ConnectionRequests.RequestedAt(connection),
        HandledRequest = connection.Status.LastHandledReconcileAt,
        HandledRequestTime = connection.Status.LastHandledReconcileTime,
        Margins = Margins(connection),
        SecretName = connection.SecretName().Name,
        Inputs = ConnectionHashes.Inputs(connection),
        Layout = ConnectionHashes.Layout(connection),
        Scopes = ConnectionRequests.AskedScopes(connection),
    };

    /// <summary>
    /// The token that status says is published. If any part is missing, there is no token, and one is requested. The time of its renewal
    /// follows from the present spec, so that a larger margin applies to the token in service.
    /// </summary>
    public static TokenRecord? Token(VismaConnection connection) =>
        connection.Status
            is
        {
            SecretName: { } secretName,
            Token:
            {
                IssueTime: { } issued,
                ExpirationTime: { } expires,
                Inputs: { } inputs,
                Layout: { } layout,
                Fingerprint: { } fingerprint
            } token
        }
            ? new TokenRecord
            {
                IssueTime = issued,
                ExpirationTime = expires,
                RefreshTime = RefreshTime(connection, issued, expires),
                Inputs = inputs,
                Layout = layout,
                Fingerprint = fingerprint,
                SecretName = secretName,
                SecretResourceVersion = token.SecretResourceVersion ?? string.Empty,
                IsRewriteDue = token.SecretResourceVersion is not { Length: > 0 }, // as ConnectionReporter records it
                SecretUid = token.SecretUid ?? string.Empty,
                IsSecretLent = token.SecretAdopted == true,
                GrantedScopes = token.GrantedScopes.Count > 0 ? token.GrantedScopes : null,
            }
            : null;

    /// <summary>The further Secrets that status says hold a token; see <see cref="Facts.OtherSecrets"/>.</summary>
    public static IReadOnlyList<string> OtherSecrets(VismaConnection connection, TokenRecord? token) =>
        (connection.Status.OtherSecretNames, connection.Status.SecretName) switch
        {
            (var others, { } incomplete) when token is null => [.. others ?? [], incomplete],
            (var others, _) => others ?? [],
        };

    /// <summary>The failure that status says is unresolved.</summary>
    public static FailureRecord? Failure(VismaConnection connection) =>
        connection.Status.Failure is { Reason: { } reason, NextAttemptTime: { } next } failure
            ? new FailureRecord
            {
                Problem = RecordedProblem.Of(reason, failure.Message, failure.Kind, failure.Stage),
                Attempts = failure.Attempts,
                LastFailureTime = failure.LastFailureTime ?? next,
                NextAttemptTime = next,
                Inputs = failure.Inputs,
            }
            : null;

    /// <summary>
    /// What stalls the connection, or what it waits for: the problem of one of these conditions. Null while status has not that condition.
    /// </summary>
    public static Problem? Problem(VismaConnection connection, string conditionType) =>
        Conditions.Find(connection.Status.Conditions, conditionType) is { Status: "True" } condition
            ? RecordedProblem.Of(condition.Reason, condition.Message, connection.Status.Problem?.Kind, connection.Status.Problem?.Stage)
            : null;

    /// <summary>The removal of the Secret that status records.</summary>
    public static RemovalRecord? Removal(VismaConnection connection) =>
        connection.Status.SecretRemoval is { Reason: { } reason, Time: { } time, Inputs: { } inputs }
            ? new RemovalRecord(time, reason, inputs)
            : null;

    /// <summary>When a token of these times is to be renewed: a whole number of seconds after its issue.</summary>
    public static DateTimeOffset RefreshTime(VismaConnection connection, DateTimeOffset issued, DateTimeOffset expires) =>
        RefreshSchedule.RefreshTime(issued, expires - issued, Margins(connection), Identity(connection));

    /// <summary>What tells a connection from all others, also of the same name.</summary>
    public static string Identity(VismaConnection connection) => connection.Metadata.Uid ?? connection.Metadata.NamespacedName.ToString();

    private static RefreshMargins Margins(VismaConnection connection) =>
        new(connection.Spec.Refresh.MinRemainingValiditySpan(), connection.Spec.Refresh.RenewBeforeSpan());

    // The conditions TokenAccepted and WorkloadsRestarted tell what is wrong with a probe or a restart. It may have been stored before the
    // schema refused it.
    private static Problem? SpecProblem(VismaConnection connection, AllowLists allowLists) =>
        VismaConnectionRules
            .Check(connection, allowLists)
            .FirstOrDefault(problem => !ProbeRules.IsOfProbe(problem) && !RestartRules.IsOfRestart(problem)) is { } first
            ? new Problem(first.Reason, $"{first.Path}: {first.Message}")
            : null;
}
