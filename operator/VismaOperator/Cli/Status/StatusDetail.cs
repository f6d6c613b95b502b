using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Connect;

namespace VismaOperator.Cli.Status;

/// <summary>One object in full: what is held, what happens next, why it waits, and what to do.</summary>
/// <param name="called">What the person types to run this program.</param>
/// <param name="source">Where it was read.</param>
/// <param name="isColoured">With colours of a terminal.</param>
internal sealed class StatusDetail(string called, NamedSource source, bool isColoured)
{
    private const int LabelWidth = 11;

    /// <summary>The lines.</summary>
    /// <param name="entry">The object.</param>
    /// <param name="client">The client that a connection uses; null where nobody looked.</param>
    /// <param name="now">The time.</param>
    public IEnumerable<string> Lines(StatusEntry entry, ClientLook? client, DateTimeOffset now)
    {
        var since = entry.Since is { } time ? $" since {TimeText.Full(time, now)}" : string.Empty;
        yield return TerminalText.Printable($"{entry.Kind} {entry.Namespace}/{entry.Name}");
        yield return "State".PadRight(LabelWidth)
            + (isColoured ? StatusColour.Of(entry.State, $"{entry.State}") : $"{entry.State}")
            + since;
        foreach (var (label, text) in Parts(entry, client, now).Where(part => part.Text is not null))
        {
            yield return label.PadRight(LabelWidth) + TerminalText.Printable(text!);
        }
    }

    /// <summary>What is said of it below its state; a part without a text does not apply.</summary>
    public IEnumerable<(string Label, string? Text)> Parts(StatusEntry entry, ClientLook? client, DateTimeOffset now)
    {
        yield return ("Known as", entry.DisplayName);
        yield return ("Held", Held(entry, now));
        yield return ("Copies", entry.Copies is { } copies ? $"in Secrets {string.Join(", ", copies)}" : null);
        yield return ("Why", $"{entry.Reason}: {entry.Message}");
        yield return ("Probe", Probe(entry, now));
        yield return ("Next", Next(entry, client?.Client, now));
        yield return ("Asked for", Pending(entry));
        yield return ("Asked for", PendingProbe(entry));
        yield return ("Ends", entry.Ends is { } end ? $"{Words(end)} {TimeText.Full(entry.EndsTime!.Value, now)}" : null);
        yield return ("Consent", entry.GrantedBy is { } person ? $"of {person}" : null);
        yield return ("Tenant", entry.TenantId);
        yield return ("Client", Client(entry, client));
        yield return (
            "Used by",
            entry is { Kind: not "VismaConnectionSet", Connections: { } count }
                ? $"{count} {(count == 1 ? "connection" : "connections")}"
                : null
        );
        foreach (var failure in entry.Failures ?? [])
        {
            yield return ("Failing", $"vc/{failure.Name}: {failure.Reason}: {failure.Message ?? "nothing was said."}");
        }

        yield return ("To do", ToDo(entry, client?.Client));
    }

    private static string? Held(StatusEntry entry, DateTimeOffset now) =>
        entry switch
        {
            { Kind: "OAuthClient", SecretName: { } secret } => $"client secret in Secret {entry.Namespace}/{secret}, which worked last",
            { Kind: "OAuthClient" } => "no client secret was accepted yet",
            { Kind: "VismaConnectionSet", Connections: { } count } => $"{count} connections, {entry.ReadyConnections ?? 0} of them Ready",
            { Kind: "VismaConnectionSet" } => null,
            { ExpirationTime: { } expiry } => $"token in Secret {entry.Namespace}/{entry.SecretName}"
                + $"{(entry.IssueTime is { } issued ? $", issued {TimeText.Full(issued, now)}" : string.Empty)}, "
                + $"{(expiry > now ? "valid until" : "expired")} {TimeText.Full(expiry, now)}",
            _ => "no token",
        };

    private static string? Probe(StatusEntry entry, DateTimeOffset now) =>
        entry.Probe switch
        {
            null => null,
            { Accepted: true } probe => $"the API accepts the token, since {TimeText.Full(probe.Since, now)}",
            { } probe => $"the API did not accept the token, since {TimeText.Full(probe.Since, now)}: "
                + (probe.Reason == entry.Reason ? "see Why" : $"{probe.Reason}: {probe.Message}"),
        };

    private static string Words(EndingThing end) => end switch
    {
        EndingThing.Consent => "the consent,",
        EndingThing.ClientSecret => "the client secret, by its stated expiry,",
        _ => "the token, unless it can be renewed before,",
    };

    private static string Next(StatusEntry entry, StatusEntry? client, DateTimeOffset now)
    {
        var time = entry.NextTime is { } instant ? TimeText.Full(instant, now) : string.Empty;
        return entry switch
        {
            { NextAction: NextAction.Renewal } when entry.NextTime <= now => $"renewal, which was due at {time}.",
            { NextAction: NextAction.Renewal } => $"renewal at {time}. It is not due before; spec.refresh decides when.",
            { NextAction: NextAction.Attempt } when entry.NextTime <= now => $"attempt, which was due at {time}.",
            { NextAction: NextAction.Attempt, Kind: "OAuthClient" } =>
                $"the secrets are tried again at {time}, or at once when one of them is replaced.",
            { NextAction: NextAction.Attempt, Attempts: { } attempts } =>
                $"attempt {attempts + 1} at {time}. Each failure makes the next wait longer.",
            { Reason: Reason.ClientRefused } when client?.NextTime is { } retry && retry > now =>
                $"the secrets of the client are tried again at {TimeText.Full(retry, now)}, or at once when one of them is replaced.",
            { State: StatusState.Suspended } => "nothing, as long as spec.suspend is true.",
            { Reason: StatusReason.Terminating } => "nothing.",
            { Kind: "VismaConnectionSet", Reason: not StatusReason.NotObserved } =>
                "it is looked at again when the set, its list of tenants or one of its connections changes.",
            { Reason: StatusReason.NotObserved } => "the operator looks at it within seconds, where it runs.",
            { State: StatusState.Ready or StatusState.Warning, Kind: "OAuthClient" } => "its connections use it.",
            { Reason: var reason } when RecordedProblem.KindOf(reason) == FailureKind.NeedsConsent => "nothing, until a person consents.",
            { Kind: "OAuthClient", Reason: var reason } when RecordedProblem.KindOf(reason) == FailureKind.Transient =>
                "it is tried again by itself.",
            { Kind: "OAuthClient" } => "it is looked at again when its spec or one of its Secrets changes.",
            _ => "it is looked at again when its spec, its client or a Secret of the client changes.",
        };
    }

    private string? Pending(StatusEntry entry) =>
        entry.PendingRequest is { } request
            ? $"a refresh (requestedAt {request}), not attempted yet"
                + (
                    entry.State == StatusState.Suspended
                        ? ": nothing is while spec.suspend is true"
                        : ": attempts that are asked for are 10 s apart, for one connection and for all of a client. "
                            + $"If it stays so for minutes, see that the operator runs{Causes(entry)}"
                )
            : null;

    private string? PendingProbe(StatusEntry entry) =>
        entry.PendingProbe is { } request
            ? $"a probe (probeRequestedAt {request}), not made yet: probes are 15 s apart for all connections of a tenant, and later "
                + $"after a refusal. If it stays so for minutes, see that the operator runs{Causes(entry)}"
            : null;

    private static string? Client(StatusEntry entry, ClientLook? look) =>
        look switch
        {
            { Failure: { } failure } => $"{entry.Client}: {failure}",
            { Client: { State: not StatusState.Ready } client } => $"{entry.Client}, {client.State}: {client.Reason}: {client.Message}",
            { Client: not null } => $"{entry.Client}, Ready",
            _ => entry.Client,
        };

    /// <summary>What a person can do.</summary>
    public string ToDo(StatusEntry entry, StatusEntry? client) =>
        entry switch
        {
            { State: StatusState.Ready } => "nothing",
            { State: StatusState.Suspended } => "set spec.suspend to false when it shall be renewed again",
            { Reason: StatusReason.Terminating } => "nothing; where it does not go away, look for finalizers",
            { Reason: StatusReason.NotObserved or StatusReason.RenewalOverdue or StatusReason.AttemptOverdue } or
            { Reason: Reason.TokenPending or Reason.TokenExpired } =>
                $"see that the operator runs and serves this namespace{Causes(entry)}",
            { State: StatusState.Warning, Probe: { Accepted: false } probe } when probe.Reason == entry.Reason && !source.IsLocal =>
                $"see Why; then ask for another probe: {called} probe {entry.Namespace}/{entry.Name} --wait{source}",
            { State: StatusState.Warning } => "see Why, in good time",
            { Kind: "VismaConnectionSet", Reason: Reason.ConnectionsNotReady } when !source.IsLocal =>
                $"nothing, unless it lasts; its connections: kubectl{source} -n {entry.Namespace} get vc -l "
                + $"{VismaNames.SetLabel}={entry.Name}",
            { Kind: "VismaConnectionSet", Reason: Reason.ConnectionsStalled } => $"what is said of each connection{Causes(entry)}",
            { Kind: "VismaConnectionSet" }
                when RecordedProblem.KindOf(entry.Reason) is not (FailureKind.Transient or FailureKind.NotThereYet) =>
                $"see Why; it is tried again at once when the set or its list of tenants changes{Causes(entry)}",
            { Kind: "VismaConnection", Reason: Reason.ClientRefused } when client is not null =>
                $"see the client: {called} status oac/{client.Name} -n {client.Namespace}{source}",
            _ => ToDo(entry, RecordedProblem.KindOf(entry.Reason)),
        };

    private string ToDo(StatusEntry entry, FailureKind kind)
    {
        var name = $"{entry.Namespace}/{entry.Name}";
        return kind switch
        {
            FailureKind.NeedsConsent when !source.IsLocal =>
                $"have a person consent: {called} connect {name}{source}. The link for a browser, if the operator serves one, is in "
                + $"status: kubectl{source} -n {entry.Namespace} get vc {entry.Name} -o jsonpath='{{.status.authorization.url}}'",
            FailureKind.NeedsConsent => $"have a person consent: {called} connect {name}{source}",
            FailureKind.Transient when entry.Kind == VismaConnection.ResourceKind.Kind && !source.IsLocal =>
                $"nothing: it is tried again by itself. At once: {called} refresh {name}{source}",
            FailureKind.Transient => "nothing: it is tried again by itself",
            FailureKind.NotThereYet => "create what is missing; it is taken up within seconds",
            _ => "see Why; it is tried again at once when the spec, the client or a Secret of the client changes" + AtOnce(entry),
        };
    }

    private string Causes(StatusEntry entry) =>
        source.IsLocal ? string.Empty
            : entry.Kind == VismaConnection.ResourceKind.Kind
                ? $"; {called} doctor {entry.Namespace}/{entry.Name}{source} goes through the causes"
            : entry.Kind == VismaConnectionSet.ResourceKind.Kind
                ? $"; {called} doctor vcs/{entry.Name} -n {entry.Namespace}{source} goes through the causes"
            : string.Empty;

    // What is mended at Visma changes nothing that the operator watches.
    private string AtOnce(StatusEntry entry) =>
        entry.Kind == VismaConnection.ResourceKind.Kind && !source.IsLocal && entry.NextAction == NextAction.Attempt
            ? $"; after a change at Visma: {called} refresh {entry.Namespace}/{entry.Name}{source}"
            : string.Empty;
}
