using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using OAuth;
using VismaOperator.Api;
using VismaOperator.Publishing;

namespace VismaOperator.Probing;

/// <summary>
/// Makes the probes of all connections, beside the work that keeps tokens fresh: it has a queue and workers of its own, so that an API that
/// hangs holds up nothing else. What came of a probe is kept in memory, and wakes the connection, whose reconcile reports it and says when
/// the next one is due. Nothing is kept of a connection that is not probed. Safe for use by many threads.
/// </summary>
/// <param name="client">Where a token is read right before it is used; none is kept.</param>
/// <param name="connections">The connections.</param>
/// <param name="probe">Makes one probe; made when the first one is due.</param>
/// <param name="leadership">Only the leader probes.</param>
/// <param name="time">The clock.</param>
/// <param name="metrics">Counts what came of it.</param>
/// <param name="logger">Told of each probe, at level debug.</param>
internal sealed partial class ConnectionProbes(
    IKubernetesClient client,
    Store<VismaConnection> connections,
    Lazy<ApiProbe> probe,
    ILeadership leadership,
    TimeProvider time,
    ProbeMetrics metrics,
    ILogger logger
) : IReconciler
{
    /// <summary>How many probes are made at the same time.</summary>
    public const int Workers = 4;

    // So many of them at one host, so that a host that hangs does not hold up the connections of other hosts.
    private const int MostPerHost = 2;

    private readonly Lock gate = new();
    private readonly Dictionary<NamespacedName, Probed> probed = [];
    private readonly Dictionary<string, Host> hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly ProbeLanes lanes = new(time);
    private readonly TaskCompletionSource wanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTimeOffset? begun;

    /// <summary>Completes when the first connection asks for probes.</summary>
    public Task Wanted => wanted.Task;

    /// <summary>Keys whose probe may be due; taken from by the controller that runs this.</summary>
    public required WorkQueue Queue { private get; init; }

    /// <summary>Told when a probe of a connection has an outcome.</summary>
    public required Action<NamespacedName> Wake { private get; init; }

    /// <summary>What a decision about probes rests on; null when the connection is not probed.</summary>
    public ProbeFacts? FactsOf(VismaConnection connection)
    {
        if (connection.Spec.DeclaredProbe is not { Enabled: true } spec)
        {
            return null;
        }

        lock (gate)
        {
            begun ??= time.GetUtcNow();
            var known = Known(connection);
            var recorded = Recorded(connection);
            if (known?.Result is { } result && IsReported(result, recorded, connection))
            {
                probed[connection.Metadata.NamespacedName] = known = known with { Result = null };
            }

            return new ProbeFacts
            {
                Interval = spec.IntervalSpan(),
                Since = known?.Since ?? begun.Value,
                Recorded = recorded,
                Result = known?.Result,
                Fingerprint = known?.Fingerprint,
                IsSameTarget = known?.Target == ProbeTarget.Of(connection.Spec),
                RequestedAt = ConnectionRequests.ProbeRequestedAt(connection),
                HandledRequest = connection.Status.LastHandledProbeAt,
            };
        }
    }

    /// <summary>
    /// A reconcile has reported, and says when the next probe is due. Not before: the probe reads from status which token is published.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="facts">What the report rested on.</param>
    /// <param name="due">When; null for not at all.</param>
    public void Arrange(VismaConnection connection, Facts facts, DateTimeOffset? due)
    {
        var key = connection.Metadata.NamespacedName;
        if (facts.Probe is not { } reported)
        {
            Forget(key);
            return;
        }

        lock (gate)
        {
            var known = Known(connection);
            if (known is not null && known.Since != reported.Since)
            {
                return; // another probe has ended since, and wakes the connection
            }

            probed[key] = (known ?? new Probed(connection.Metadata.Uid, reported.Since, due)) with
            {
                Due = due,
                Generation = connection.Metadata.Generation,
                Target = reported.Recorded?.Generation == connection.Metadata.Generation ? ProbeTarget.Of(connection.Spec) : known?.Target,
            };
        }

        if (due is { } instant)
        {
            metrics.Begin(HostOf(connection));
            wanted.TrySetResult();
            Queue.AddAt(key, instant);
        }
    }

    /// <summary>
    /// How many of the last probes of a connection, one after the other, had no usable answer; zero where this process has made none.
    /// </summary>
    public int LostAnswers(VismaConnection connection) =>
        Arranged(connection.Metadata.NamespacedName) is { } known && known.Uid == connection.Metadata.Uid ? known.Lost : 0;

    /// <summary>The connection is gone, or no longer probed.</summary>
    public void Forget(NamespacedName connection)
    {
        lock (gate)
        {
            probed.Remove(connection);
        }
    }

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (Arranged(key) is not { Due: { } due } arranged || connections.Find(key) is not { } connection || !IsOf(arranged, connection))
        {
            return Requeue.Never.Instance;
        }

        var now = time.GetUtcNow();
        if (due > now)
        {
            return new Requeue.At(due);
        }

        if (now - due > ProbeSchedule.Punctual && !IsAsked(connection, arranged))
        {
            return Later(connection, arranged, now);
        }

        var host = HostOf(connection);
        if (ApiProbe.InvalidOf(connection) is { } invalid)
        {
            leadership.EnsureLeader();
            Ended(connection, host, now, invalid); // nothing is sent, so no turn is needed
            return Requeue.Never.Instance;
        }

        if (!TryEnter(host, key))
        {
            return Requeue.Never.Instance; // its turn comes when another probe of this host has ended
        }

        try
        {
            return await ProbeAsync(connection, host, cancellationToken);
        }
        finally
        {
            Leave(host);
        }
    }

    // After a long silence of the API, a pause that it asked for, or a sleep of the machine, many are late at once.
    private Requeue Later(VismaConnection connection, Probed arranged, DateTimeOffset now)
    {
        var isNew =
            arranged.Target != ProbeTarget.Of(connection.Spec)
            || (arranged.Fingerprint is { } last && last != connection.Status.Token?.Fingerprint);
        var due = ProbeSchedule.Later(isNew, connection.Spec.Probe.IntervalSpan(), ConnectionFactsReader.Identity(connection), now);
        lock (gate)
        {
            var key = connection.Metadata.NamespacedName;
            if (probed.GetValueOrDefault(key) == arranged)
            {
                probed[key] = arranged with { Due = due };
            }
        }

        return new Requeue.At(due);
    }

    private async Task<Requeue> ProbeAsync(VismaConnection connection, string host, CancellationToken cancellationToken)
    {
        var lane = LaneOf(connection, host);
        if (lanes.ClosedUntil(lane) is { } closed)
        {
            return new Requeue.At(closed);
        }

        leadership.EnsureLeader();
        if (await TokenAsync(connection, cancellationToken) is not { } token)
        {
            return Requeue.Never.Instance; // whatever mends it is reported, and arranges another time
        }

        if (lanes.TryTake(lane) is { } taken)
        {
            return new Requeue.At(taken);
        }

        leadership.EnsureLeader();
        var begins = time.GetUtcNow();
        var outcome = await probe.Value.SendAsync(connection, token, cancellationToken);
        lanes.Note(lane, outcome.Pause, outcome.IsRefused);
        Ended(connection, host, begins, outcome);
        return Requeue.Never.Instance;
    }

    private void Ended(VismaConnection connection, string host, DateTimeOffset begins, ProbeOutcome outcome)
    {
        metrics.Count(host, outcome);
        LogProbed(outcome.Label, host, outcome.Limits.Remaining);
        var key = connection.Metadata.NamespacedName;
        var result = new ProbeResult(
            outcome.IsAccepted,
            outcome.Explain(ApiProbe.ContextOf(connection) with { PausedUntil = time.GetUtcNow() + outcome.Pause }),
            connection.Metadata.Generation ?? 0,
            ConnectionRequests.ProbeRequestedAt(connection)
        );
        lock (gate)
        {
            if (Known(connection) is not { } known)
            {
                return; // switched off, or deleted, meanwhile
            }

            probed[key] = known with
            {
                Since = begins,
                Due = null,
                Result = result,
                Target = ProbeTarget.Of(connection.Spec),
                Fingerprint = connection.Status.Token?.Fingerprint,
                // Of the process before, status has only the last outcome.
                Lost = !outcome.IsLost ? 0 : LostProbe.IsLastIn(connection) ? Math.Max(known.Lost, 1) + 1 : 1,
            };
        }

        Wake(key);
    }

    // Only the token that status says is published: what somebody else wrote into the Secret is never sent.
    private async Task<Sensitive?> TokenAsync(VismaConnection connection, CancellationToken cancellationToken) =>
        ConnectionFactsReader.Token(connection) is { } recorded
        && await client.FindAsync<Secret>(connection.SecretName(), cancellationToken) is { } secret
        && SecretInspector.Whose(secret, connection) is SecretFacts.Owned
        && SecretInspector.Judge(secret, connection, recorded) is ContentFacts.Intact or ContentFacts.Healable
            ? SecretInspector.TokenIn(secret, recorded)?.AccessToken
            : null;

    private static ConditionReport? Recorded(VismaConnection connection) =>
        Conditions.Find(connection.Status.Conditions, ConditionType.TokenAccepted) is { } condition
            ? new ConditionReport(condition.Type, condition.Status == "True", condition.Reason, condition.Message)
            {
                Generation = condition.ObservedGeneration,
            }
            : null;

    private static bool IsAsked(VismaConnection connection, Probed arranged) =>
        ConnectionRequests.ProbeRequestedAt(connection) is { Length: > 0 } asked
        && asked != connection.Status.LastHandledProbeAt
        && asked != arranged.Result?.Request;

    private static string HostOf(VismaConnection connection) =>
        Uri.TryCreate(connection.Spec.EffectiveBaseUrl(), UriKind.Absolute, out var url) ? url.Authority : string.Empty;

    private static bool IsReported(ProbeResult result, ConditionReport? recorded, VismaConnection connection) =>
        recorded?.Generation >= result.Generation
        && result.Condition with { Generation = recorded.Generation } == recorded
        && (result.Request is null || result.Request == connection.Status.LastHandledProbeAt);

    // Needs the lock. An object that was deleted and made again is another one.
    private Probed? Known(VismaConnection connection) =>
        probed.TryGetValue(connection.Metadata.NamespacedName, out var known) && known.Uid == connection.Metadata.Uid ? known : null;

    // Limits are per company and application; what has no company is one of its own.
    private static ProbeLane LaneOf(VismaConnection connection, string host) =>
        new(
            host,
            connection.Spec.TenantId?.ToLowerInvariant() ?? connection.Metadata.Uid ?? string.Empty,
            connection.Spec.EffectiveBaseUrl() + connection.Spec.Probe.Path
        );

    // Only what the last reconcile decided about: a spec that has changed since is looked at by the next one first.
    private static bool IsOf(Probed arranged, VismaConnection connection) =>
        arranged.Uid == connection.Metadata.Uid
        && arranged.Generation == connection.Metadata.Generation
        && connection is { Spec: { DeclaredProbe.Enabled: true, Suspend: false }, Metadata.DeletionTimestamp: null };

    private Probed? Arranged(NamespacedName key)
    {
        lock (gate)
        {
            return probed.GetValueOrDefault(key);
        }
    }

    private bool TryEnter(string name, NamespacedName key)
    {
        lock (gate)
        {
            var host = hosts.TryGetValue(name, out var known) ? known : hosts[name] = new Host();
            if (host.UnderWay < MostPerHost)
            {
                host.UnderWay++;
                return true;
            }

            if (host.IsWaiting.Add(key))
            {
                host.Waiting.Enqueue(key);
            }

            return false;
        }
    }

    private void Leave(string name)
    {
        lock (gate)
        {
            var host = hosts[name];
            host.UnderWay--;

            // A woken key may no longer need a probe, so the last probe of a host wakes all that wait.
            for (var woken = 0; host.Waiting.Count > 0 && (woken == 0 || host.UnderWay == 0); woken++)
            {
                var next = host.Waiting.Dequeue();
                host.IsWaiting.Remove(next);
                Queue.Add(next);
            }

            if (host.UnderWay == 0)
            {
                hosts.Remove(name);
            }
        }
    }

    /// <summary>The probes of one host.</summary>
    private sealed class Host
    {
        public int UnderWay { get; set; }

        public Queue<NamespacedName> Waiting { get; } = [];

        public HashSet<NamespacedName> IsWaiting { get; } = [];
    }

    /// <summary>What is kept of a connection that is probed.</summary>
    /// <param name="Uid">Which object of this name.</param>
    /// <param name="Since">See <see cref="ProbeFacts.Since"/>.</param>
    /// <param name="Due">When the next probe is due; null while one is to be reported, and where none is.</param>
    private sealed record Probed(string? Uid, DateTimeOffset Since, DateTimeOffset? Due)
    {
        /// <summary>The generation of the spec that the time was decided for.</summary>
        public long? Generation { get; init; }

        /// <summary>The content of the Secret whose token was probed last; null before the first probe of this process.</summary>
        public string? Fingerprint { get; init; }

        /// <summary>Where the last probe went, of this process or of the one before; null where that is not known.</summary>
        public ProbeTarget? Target { get; init; }

        /// <summary>How many in a row had no usable answer.</summary>
        public int Lost { get; init; }

        /// <summary>What came of the last one, until it is reported.</summary>
        public ProbeResult? Result { get; init; }
    }

    [LoggerMessage(LogLevel.Debug, "Probed: {Outcome} at {Host}, {Remaining} requests left", EventName = "Probed")]
    private partial void LogProbed(string outcome, string host, long? remaining);
}
