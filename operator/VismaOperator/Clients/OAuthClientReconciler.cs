using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Clients;

/// <summary>Keeps a client's status true. Connections do not wait for it; it informs people, and warns of secrets that expire.</summary>
internal sealed class OAuthClientReconciler(
    Store<OAuthClient> clients,
    OAuthClientObserver observer,
    ClientSecretTracker tracker,
    OAuthClientReporter reporter,
    SecretRemovals removals,
    RequestTurns turns,
    ProblemLog problems,
    StatusWrites statusWrites,
    TimeProvider time) : IReconciler
{
    // The provider's metadata is behind a breaker of its own; this is how soon a person sees that it works again.
    private static readonly TimeSpan metadataRetry = TimeSpan.FromSeconds(30);

    // No event reports that the provider's metadata was corrected.
    private static readonly TimeSpan metadataRecheck = TimeSpan.FromMinutes(5);

    private readonly ProblemStarts starts = new(time);

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (clients.Find(key) is not { } client)
        {
            tracker.Forget(key);
            reporter.Forget(key);
            removals.Forget(key);
            turns.Forget(key);
            problems.Forget(key);
            starts.Forget(key);
            statusWrites.Forget(key);
            return Requeue.Never.Instance;
        }

        if (client.Metadata.DeletionTimestamp is not null)
        {
            return Requeue.Never.Instance;
        }

        var untold = AnnounceRemovals(client);
        var (situation, fault) = await ObserveAsync(client, cancellationToken);
        if (situation is null)
        {
            return new Requeue.At(time.GetUtcNow() + Policy.LeastGap);
        }

        situation = situation with { ProblemSince = ProblemSince(situation) };
        problems.Note(key, OAuthClientReport.Conditions(situation, time.GetUtcNow()));
        var requeue = await statusWrites.TryAsync(
            key,
            () => ReportAsync(situation, untold, cancellationToken),
            NextLook(situation, untold),
            cancellationToken
        );
        fault?.Throw();
        return requeue;
    }

    // A bug is reported and then passed on to the controller, which logs it with its stack and retries with a backoff. There is no
    // situation while the caches are not filled.
    private async Task<(OAuthClientSituation? Situation, ExceptionDispatchInfo? Fault)> ObserveAsync(
        OAuthClient client,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return (await observer.ObserveAsync(client, cancellationToken), null);
        }
#pragma warning disable CA1031 // Every exception is reported.
        catch (Exception bug) when (bug is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return (OAuthClientSituation.Unobserved(client, OperatorFault.ProblemOf(bug)), ExceptionDispatchInfo.Capture(bug));
        }
    }

    private async Task<Requeue> ReportAsync(OAuthClientSituation situation, DateTimeOffset? untold, CancellationToken cancellationToken)
    {
        var counterDue = await reporter.WriteAsync(situation, cancellationToken);
        return NextLook(situation, new[] { counterDue, untold }.Min()) is { } next ? new Requeue.At(next) : Requeue.Never.Instance;
    }

    // Returns when to look again for what is still being gathered.
    private DateTimeOffset? AnnounceRemovals(OAuthClient client) =>
        time.GetUtcNow() + removals.Tell(client.Metadata.NamespacedName, note => reporter.TellRemovals(client, note));

    private DateTimeOffset? ProblemSince(OAuthClientSituation situation)
    {
        if (situation.Problem is { } problem)
        {
            return starts.Of(situation.Client, problem);
        }

        starts.Forget(situation.Client.Metadata.NamespacedName);
        return null;
    }

    private DateTimeOffset? NextLook(OAuthClientSituation situation, DateTimeOffset? other)
    {
        var now = time.GetUtcNow();
        DateTimeOffset? retry = situation.LookupProblem switch
        {
            null => null,
            { Kind: FailureKind.Transient } => now + metadataRetry,
            _ => now + metadataRecheck,
        };
        return new[] { OAuthClientReport.NextChange(situation, now), situation.NextTrialLook, retry, other }.Min();
    }
}

/// <summary>The only writer of a client's status.</summary>
internal sealed class OAuthClientReporter(
    IKubernetesClient client,
    Store<OAuthClient> clients,
    EventRecorder events,
    ILeadership leadership,
    TimeProvider time
)
{
    private static readonly OwnedConditions ownedConditions = new(
        ConditionType.Ready,
        ConditionType.Reconciling,
        ConditionType.Stalled,
        ConditionType.SecretExpiring,
        ConditionType.SecretVerified
    );

    // Hundreds of connections that arrive together are one write, not hundreds.
    private static readonly TimeSpan counterInterval = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<NamespacedName, Moment> nextCount = new();

    // Clients that have an event about differing clocks from this process. Another process writes it once more.
    private readonly ConcurrentDictionary<NamespacedName, bool> toldOfClock = new();

    /// <summary>The client is gone.</summary>
    public void Forget(NamespacedName client)
    {
        nextCount.TryRemove(client, out _);
        toldOfClock.TryRemove(client, out _);
    }

    /// <summary>
    /// Reports to the client's owner which connections lost their Secret by a change of the client: in an event, since the status of the
    /// client does not list them.
    /// </summary>
    /// <returns>False when it must be reported later.</returns>
    public bool TellRemovals(OAuthClient about, string note) =>
        events.Record(about, EventKind.Warning, Reason.SecretsRemoved, "Reconcile", note, subject: note);

    /// <summary>
    /// Writes what changed; returns when the counter of connections may be written, if that is all that is left to write.
    /// </summary>
    public async Task<DateTimeOffset?> WriteAsync(OAuthClientSituation situation, CancellationToken cancellationToken)
    {
        var before = situation.Client;
        var now = time.GetUtcNow();
        var isCounterDue = !nextCount.TryGetValue(before.Metadata.NamespacedName, out var next) || next.HasCome;
        var after = before with { Status = StatusOf(situation, isCounterDue, now) };
        if (StatusPatch.Between(before, after) is { } patch)
        {
            leadership.EnsureLeader();
            var written = await client.PatchStatusAsync<OAuthClient>(before.Metadata.NamespacedName, patch, cancellationToken);
            clients.Observe(written);
            RememberCount(before, after, now);
            Announce(written, before, after);
        }

        TellOfClock(situation);
        return after.Status.Connections != situation.Connections ? next?.Instant : null;
    }

    // The count that goes along with a client's very first status does not begin the interval: most clients get their first connection a
    // moment later, and a restart would find it not yet counted.
    private void RememberCount(OAuthClient before, OAuthClient after, DateTimeOffset now)
    {
        if (before.Status.Connections is { } earlier && after.Status.Connections != earlier)
        {
            nextCount[before.Metadata.NamespacedName] = new Moment(now + counterInterval, time);
        }
    }

    private void Announce(OAuthClient written, OAuthClient before, OAuthClient after)
    {
        foreach (var type in NewsOf(before.Status.Conditions, after.Status.Conditions))
        {
            var now = Conditions.Find(after.Status.Conditions, type)!;
            var kind = IsWarning(now) ? EventKind.Warning : EventKind.Normal;
            events.Record(written, kind, now.Reason, "Reconcile", now.Message, subject: SaysMore(type) ? $"{type} {now.Message}" : type);
        }
    }

    // For these, another message needs another event.
    private static bool SaysMore(string type) => type is ConditionType.SecretExpiring or ConditionType.SecretVerified;

    private void TellOfClock(OAuthClientSituation situation)
    {
        var name = situation.Client.Metadata.NamespacedName;
        if (OAuthClientReport.ClockProblem(situation) is not { } problem)
        {
            toldOfClock.TryRemove(name, out _);
        }
        else if (!toldOfClock.GetValueOrDefault(name))
        {
            toldOfClock[name] = events.Record(situation.Client, EventKind.Warning, problem.Reason, "Reconcile", problem.Message);
        }
    }

    private static bool IsWarning(Condition condition) => condition.Type switch
    {
        ConditionType.Ready => condition.Status != "True" && FailureKinds.Of(condition.Reason) != FailureKind.NotThereYet,
        ConditionType.SecretVerified => condition.Status == "False",
        _ => condition.Status == "True",
    };

    // Stalled and Ready change together and say the same, as does SecretVerified when every secret is refused. A secret that expires is a
    // different problem and needs an event of its own.
    private static IEnumerable<string> NewsOf(IReadOnlyList<Condition> before, IReadOnlyList<Condition> after)
    {
        bool IsNew(string type) => Conditions.Find(after, type) is { } now && IsNews(type, Conditions.Find(before, type), now);
        return new[] { ConditionType.Stalled, ConditionType.Ready }
            .Where(IsNew)
            .Take(1)
            .Concat(new[] { ConditionType.SecretExpiring, ConditionType.SecretVerified }.Where(IsNew))
            .DistinctBy(type => Conditions.Find(after, type)!.Reason);
    }

    // The message of SecretExpiring changes at each threshold (30, 14, 7 and 1 day), and each deserves an event. That a secret works
    // deserves one after it did not, and that a client can be used, after it could not.
    private static bool IsNews(string type, Condition? earlier, Condition now) =>
        type switch
        {
            ConditionType.SecretExpiring => now.Status == "True" && (earlier?.Status, earlier?.Message) != (now.Status, now.Message),
            ConditionType.SecretVerified => now.Status == "False"
                ? (earlier?.Status, earlier?.Message) != (now.Status, now.Message)
                : now.Status == "True" && earlier?.Status == "False",
            _ => (earlier?.Status, earlier?.Reason) != (now.Status, now.Reason)
                && (IsWarning(now) || (earlier is not null && IsWarning(earlier))),
        };

    private static OAuthClientStatus StatusOf(OAuthClientSituation situation, bool isCounterDue, DateTimeOffset now)
    {
        var client = situation.Client;
        var active = situation.Working ?? client.Status.ActiveSecret;
        var listed = client.Spec.ClientSecrets.FirstOrDefault(secret => secret.SecretKeyRef == active);
        return client.Status with
        {
            ObservedGeneration = client.Metadata.Generation ?? 0,
            Conditions = ownedConditions.Apply(
                client.Status.Conditions,
                OAuthClientReport.Conditions(situation, now),
                client.Metadata.Generation,
                now
            ),
            Endpoints = situation.TokenEndpoint is { } endpoint ? EndpointsOf(situation, endpoint) : client.Status.Endpoints,
            ActiveSecret = listed?.SecretKeyRef,
            SecretExpirationTime = listed?.ExpirationTime,
            ClientSecrets = TrialsOf(situation),
            Refusal = situation.Refusal,
            Connections = isCounterDue ? situation.Connections : client.Status.Connections,
        };
    }

    private static IReadOnlyList<ClientSecretStatus>? TrialsOf(OAuthClientSituation situation)
    {
        var listed = situation
            .Client.Spec.ClientSecrets.Select(secret => situation.Trials.FirstOrDefault(trial => trial.Is(secret.SecretKeyRef)))
            .OfType<ClientSecretStatus>()
            .ToList();
        return listed.Count == 0 ? null : listed;
    }

    private static EndpointsStatus EndpointsOf(OAuthClientSituation situation, Uri tokenEndpoint) => new()
    {
        Token = tokenEndpoint.AbsoluteUri,
        Authorization = situation.AuthorizationEndpoint?.AbsoluteUri,
        Revocation = situation.RevocationEndpoint?.AbsoluteUri,
    };
}
