using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Cli.Status;
using VismaOperator.Probing;

namespace VismaOperator.Cli.Requests;

/// <summary>
/// What the operator can be asked for by an annotation on a connection. It echoes the value in status once it has answered.
/// </summary>
internal abstract class RequestKind
{
    /// <summary>Another token.</summary>
    public static RequestKind Refresh { get; } = new RefreshRequest();

    /// <summary>A probe of the API.</summary>
    public static RequestKind Probe { get; } = new ProbeRequest();

    /// <summary>What it is called; the verb, too.</summary>
    public abstract string Noun { get; }

    /// <summary>The annotation.</summary>
    public abstract string Annotation { get; }

    /// <summary>Why an answer of this connection, as it was seen last, may be late, as a sentence without a full stop.</summary>
    public abstract string WhyLate(VismaConnection connection);

    /// <summary>What makes the operator wait before it answers, as a sentence; null where nothing is known to.</summary>
    public virtual string? Obstacle(VismaConnection connection) => null;

    /// <summary>Why the operator would not answer; null where it would.</summary>
    public string? Objection(VismaConnection connection) =>
        connection switch
        {
            { Metadata.DeletionTimestamp: not null } => "it is being deleted.",
            { Spec.Suspend: true } => "it is suspended. Set spec.suspend to false first.",
            _ => OwnObjection(connection),
        };

    /// <summary>The value of the annotation; null when it is absent.</summary>
    public abstract string? Requested(VismaConnection connection);

    /// <summary>The value that was answered last; null when none was.</summary>
    public abstract string? Handled(VismaConnection connection);

    /// <summary>How long to wait by default for those that were asked.</summary>
    public abstract TimeSpan Patience(IReadOnlyList<VismaConnection> asked);

    /// <summary>What came of it, once it was answered.</summary>
    public abstract (bool IsGood, string Words) Outcome(VismaConnection before, VismaConnection after, DateTimeOffset now);

    /// <summary>An objection of this kind only.</summary>
    protected virtual string? OwnObjection(VismaConnection connection) => null;

    /// <summary>A minute, and the gap for each one of the group that has most of them.</summary>
    protected static TimeSpan Patience<TKey>(IReadOnlyList<VismaConnection> asked, Func<VismaConnection, TKey> group, TimeSpan gap) =>
        TimeSpan.FromMinutes(1) + (gap * asked.GroupBy(group).Max(one => one.Count()));

    private sealed class RefreshRequest : RequestKind
    {
        public override string Noun => "refresh";

        public override string Annotation => VismaNames.RequestedAtAnnotation;

        public override string WhyLate(VismaConnection connection) =>
            "Refreshes that are asked for are 10 s apart for all connections of a client";

        public override string? Requested(VismaConnection connection) => ConnectionRequests.RequestedAt(connection);

        public override string? Handled(VismaConnection connection) => connection.Status.LastHandledReconcileAt;

        public override TimeSpan Patience(IReadOnlyList<VismaConnection> asked) =>
            Patience(asked, connection => connection.ClientName(), RequestRules.Gap);

        public override (bool IsGood, string Words) Outcome(VismaConnection before, VismaConnection after, DateTimeOffset now)
        {
            if (after.Status is { Failure: null, Token: { } token } && IsAnother(token, before.Status.Token))
            {
                return (true, $"refreshed{(token.ExpirationTime is { } end ? $", valid until {TimeText.Full(end, now)}" : string.Empty)}");
            }

            var entry = ConnectionStatus.Of(after, now);
            return (false, $"not refreshed: {entry.Reason}: {entry.Message}");
        }

        // Times in status have whole seconds, and two tokens may come within one.
        private static bool IsAnother(TokenStatus token, TokenStatus? before) =>
            token.IssueTime != before?.IssueTime || token.Fingerprint != before?.Fingerprint;
    }

    private sealed class ProbeRequest : RequestKind
    {
        public override string Noun => "probe";

        public override string Annotation => VismaNames.ProbeRequestedAtAnnotation;

        public override string WhyLate(VismaConnection connection) =>
            Obstacle(connection)
            ?? "Probes are 15 s apart for all connections of a tenant, and wait for as long as the API asks one of them to (429)";

        public override string? Obstacle(VismaConnection connection) =>
            Refusal(connection) switch
            {
                null => null,
                { Reason: Reason.ApiRateLimited } limited =>
                    "The API asked for a pause (429), at most an hour, and the probe is made after it. The last one: "
                    + limited.Message,
                { } refused =>
                    $"The API refused the last probe ({refused.Reason}), and within {GoDuration.Format(ProbeLanes.GapAfterRefusal)} of it "
                    + "the same one is not made again",
            };

        public override string? Requested(VismaConnection connection) => ConnectionRequests.ProbeRequestedAt(connection);

        public override string? Handled(VismaConnection connection) => connection.Status.LastHandledProbeAt;

        public override TimeSpan Patience(IReadOnlyList<VismaConnection> asked) =>
            Patience(asked, connection => connection.Spec.TenantId, ProbeLanes.Gap)
            + (asked.Any(connection => Refusal(connection) is not null) ? ProbeLanes.GapAfterRefusal : TimeSpan.Zero);

        // A failure that makes the next probe wait.
        private static Condition? Refusal(VismaConnection connection) =>
            Conditions.Find(connection.Status.Conditions, ConditionType.TokenAccepted) is { Status: "False" } condition
            && condition.Reason
                is Reason.ApiRateLimited
                    or Reason.ApiUnauthorized
                    or Reason.ApiForbidden
                    or Reason.ApiPathNotFound
                    or Reason.ApiCompanyRefused
                ? condition
                : null;

        public override (bool IsGood, string Words) Outcome(VismaConnection before, VismaConnection after, DateTimeOffset now) =>
            Conditions.Find(after.Status.Conditions, ConditionType.TokenAccepted) switch
            {
                { Status: "True" } accepted => (true, $"probed: {accepted.Message}"),
                { } refused => (false, $"probed, and not accepted: {refused.Reason}: {refused.Message}"),
                null => (false, "probed, and there is no token any more"),
            };

        protected override string? OwnObjection(VismaConnection connection) =>
            connection switch
            {
                { Spec.Probe.Enabled: false } => "probes are off. Set spec.probe.enabled to true first.",
                { Status.Token: null } => "it has no token that could be probed; see why with status.",
                _ when Conditions.Find(connection.Status.Conditions, ConditionType.Ready) is { Status: not "True" } ready =>
                    $"it is not Ready ({ready.Reason}), and only a valid token is probed; see why with status.",
                _ => null,
            };
    }
}
