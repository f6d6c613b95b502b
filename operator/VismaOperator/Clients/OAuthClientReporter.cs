using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Clients;

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
            var written = await client.PatchStatusAsync(after, patch, cancellationToken);
            clients.Observe(written);
            RememberCount(before, after, now);
            ConditionEvents.OfClients.Record(events, written, before.Status.Conditions, after.Status.Conditions);
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
            Problem = situation.Problem is { } problem
                ? new ClientProblemStatus { Reason = problem.Reason, StartTime = WholeSeconds.Floor(situation.ProblemSince ?? now) }
                : null,
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
