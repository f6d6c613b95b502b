using System.Collections.Concurrent;
using System.Net;
using System.Runtime.ExceptionServices;
using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Queueing;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Api.Validation;
using VismaOperator.Clients;
using VismaOperator.Reporting;

namespace VismaOperator.Sets;

/// <summary>The caches that a set is judged by.</summary>
/// <param name="Sets">The sets.</param>
/// <param name="ConnectionsIn">The connections of a namespace.</param>
/// <param name="Clients">The clients that connections name.</param>
/// <param name="Namespaces">Which namespaces are terminating.</param>
internal sealed record SetCaches(
    Store<VismaConnectionSet> Sets,
    Func<string, IReadOnlyList<VismaConnection>> ConnectionsIn,
    Store<OAuthClient> Clients,
    INamespaces Namespaces
);

/// <summary>
/// Keeps the connections of a set as its tenants and its template say. It reads from caches only, writes what differs, and reports once. It
/// relies on nothing that an earlier reconcile did: a process that ends between two writes leaves a difference that the next one makes. So
/// does a pass whose time is over: status says how far it is, and the next pass follows.
/// </summary>
internal sealed class ConnectionSetReconciler(
    SetCaches caches,
    TenantSource tenants,
    SetWriter writer,
    SetReporter reporter,
    AllowLists allowLists,
    ProblemLog problems,
    StatusWrites statusWrites,
    TimeProvider time,
    Func<double> random
) : IReconciler
{
    /// <summary>For how long no further tenant must have left a list from namespaces before connections are removed.</summary>
    public static readonly TimeSpan RemovalWait = TimeSpan.FromSeconds(30);

    // When the API server did not answer what decides removals.
    private static readonly TimeSpan readAgain = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<NamespacedName, RenderedTemplate> rendered = new();
    private readonly ConcurrentDictionary<NamespacedName, (IReadOnlySet<string> Names, long Since)> leaving = new();
    private readonly ConcurrentDictionary<NamespacedName, int> failures = new();
    private readonly ForbiddenRequests<NamespacedName> forbidden = new(time);

    /// <inheritdoc/>
    public async Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (caches.Sets.Find(key) is not { } set)
        {
            Forget(key);
            return Requeue.Never.Instance;
        }

        // The garbage collector removes the connections of a set that is gone, by their owner reference.
        if (set.Metadata.DeletionTimestamp is not null || caches.Namespaces.IsTerminating(key.Namespace))
        {
            return Requeue.Never.Instance;
        }

        var (situation, retry, fault) = await ObserveAsync(set, cancellationToken);
        if (situation is null)
        {
            return Requeue.Never.Instance; // what is not read yet wakes the set when it is
        }

        var now = time.GetUtcNow();
        var reports = SetReport.ConditionsOf(situation, now);
        problems.Note(
            key,
            situation.Problem is null ? [.. reports.Where(report => report.Type == ConditionType.Stalled)] : reports
        );
        var next = new[] { retry, SetReport.NextChange(situation, now) }.Min();
        var requeue = await statusWrites.TryAsync(
            key,
            async () =>
            {
                await reporter.WriteAsync(situation, cancellationToken);
                return next is { } instant ? new Requeue.At(instant) : Requeue.Never.Instance;
            },
            next,
            cancellationToken
        );
        fault?.Throw();
        return requeue;
    }

    private void Forget(NamespacedName key)
    {
        rendered.TryRemove(key, out _);
        failures.TryRemove(key, out _);
        leaving.TryRemove(key, out _);
        writer.Forget(key);
        forbidden.Forget(key);
        tenants.Forget(key);
        problems.Forget(key);
        statusWrites.Forget(key);
    }

    // A bug is reported and then passed on to the controller, which logs it with its stack and retries with a backoff; so is a write that
    // lost a race, which is looked at again at once.
    private async Task<Outcome> ObserveAsync(VismaConnectionSet set, CancellationToken cancellationToken)
    {
        try
        {
            return await SettleAsync(set, cancellationToken);
        }
        catch (LeadershipLostException)
        {
            throw;
        }
#pragma warning disable CA1031 // Every exception is reported.
        catch (Exception bug) when (bug is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return new(Blocked(set, OperatorFault.ProblemOf(bug)), Fault: ExceptionDispatchInfo.Capture(bug));
        }
    }

    private async Task<Outcome> SettleAsync(VismaConnectionSet set, CancellationToken cancellationToken)
    {
        if (VismaConnectionSetRules.Check(set) is [var broken, ..])
        {
            return await BlockedAsync(set, SetProblems.Invalid(broken), cancellationToken);
        }

        return tenants.Of(set) switch
        {
            TenantList.Known list => await SettleAsync(set, list, isFresh: list.IsDeclared, cancellationToken),
            TenantList.Unknown unknown => await BlockedAsync(set, unknown.Problem, cancellationToken),
            _ => new(Situation: null),
        };
    }

    private async Task<Outcome> SettleAsync(
        VismaConnectionSet set,
        TenantList.Known list,
        bool isFresh,
        CancellationToken cancellationToken
    )
    {
        var template = Render(set, list.Tenants);
        if ((template.Problem ?? ClientProblem(set, template.Wanted)) is { } problem)
        {
            return await BlockedAsync(set, problem, cancellationToken);
        }

        var (wanted, unclear) = Allowed(set, list, template);
        var difference = SetDifference.Between(set, wanted, unclear.Keys.ToHashSet(StringComparer.Ordinal), Present(set));
        var hold = RemovalHold.Of(set, Of(set).Count, difference.Surplus.Count, list);
        var due = Due(set, difference.Surplus);
        var removes = !hold.IsHeld && !hold.IsToBeTold && difference.Surplus.Count > 0 && due is null;
        if (removes && !isFresh)
        {
            switch (await tenants.ReadAsync(set, cancellationToken))
            {
                case TenantList.Known fresh:
                    return await SettleAsync(set, fresh, isFresh: true, cancellationToken);
                case TenantList.Unknown unknown:
                    return await BlockedAsync(set, unknown.Problem, cancellationToken);
                default:
                    (removes, due) = (false, time.GetUtcNow() + readAgain);
                    break;
            }
        }

        var pass = await writer.MakeAsync(set, template, difference, removes, cancellationToken);
        var failed = pass.Failed;
        var (found, writing) = (SetProblems.OfConnections(set, unclear, difference, failed), WriteProblem(set, pass));
        if (hold.IsHeld && writing is { } hidden)
        {
            found.TryAdd(failed.First(SetProblems.IsOfMany).Connection.Name, hidden);
        }

        var situation = new SetSituation
        {
            Set = set,
            Connections = Of(set),
            Wanted = wanted.Select(one => one.Connection.Metadata.Name)
                .Concat(unclear.Keys.Select(tenant => SetConnections.NameOf(set.Metadata.Name, tenant)))
                .ToHashSet(StringComparer.Ordinal),
            Unwritten = pass.Left,
            Problem = hold.IsHeld ? SetProblems.Held(set, hold, pass.Left) : writing,
            Problems = found,
            ConfirmedRemovals = hold.Confirmed,
            RemovalsLeft = hold.Left is null ? null : Left(difference.Surplus),
        };
        var race = failed.FirstOrDefault(write => SetWriter.IsRace(write.Failure));
        var next = new[] { Retry(set, pass), hold.IsHeld ? null : hold.IsToBeTold ? time.GetUtcNow() : due }.Min();
        return new(situation, next, race is null ? null : ExceptionDispatchInfo.Capture(Conflict(race.Failure)));

        int? Left(IReadOnlyList<VismaConnection> surplus) =>
            Of(set).Count(connection => surplus.Any(one => one.Metadata.Uid == connection.Metadata.Uid)) is > 0 and var left ? left : null;
    }

    // The deletion policy needs neither tenants nor template: who wants to keep what is there must not wait for either.
    private async Task<Outcome> BlockedAsync(VismaConnectionSet set, Problem problem, CancellationToken cancellationToken)
    {
        var owners = SetDifference.OfOwners(set, Present(set));
        var pass = await writer.MakeAsync(set, template: null, owners, removes: false, cancellationToken);
        return new(Blocked(set, problem), Retry(set, pass));
    }

    // Each namespace that leaves is a change of its own. Many of them are seen as many only once no further one follows.
    private DateTimeOffset? Due(VismaConnectionSet set, IReadOnlyList<VismaConnection> surplus)
    {
        if (set.Spec.TenantsFrom?.NamespaceSelector is null)
        {
            return null;
        }

        var key = set.Metadata.NamespacedName;
        var names = surplus.Select(connection => connection.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        var since = leaving.TryGetValue(key, out var known) && names.IsSubsetOf(known.Names) ? known.Since : time.GetTimestamp();
        leaving[key] = (names, since);
        var left = RemovalWait - time.GetElapsedTime(since);
        return names.Count > 0 && left > TimeSpan.Zero ? time.GetUtcNow() + left : null;
    }

    private IReadOnlyList<VismaConnection> Present(VismaConnectionSet set) =>
        caches.ConnectionsIn(set.Metadata.Namespace ?? string.Empty);

    private List<VismaConnection> Of(VismaConnectionSet set) =>
        [.. Present(set).Where(connection => connection.Metadata.DeletionTimestamp is null && SetConnections.IsOf(connection, set))];

    private SetSituation Blocked(VismaConnectionSet set, Problem problem) =>
        new()
        {
            Set = set,
            Connections = Of(set),
            Problem = problem,
            ConfirmedRemovals = RemovalHold.CountOf(set) == set.Status.ConfirmedRemovals ? set.Status.ConfirmedRemovals : null,
            RemovalsLeft = RemovalHold.CountOf(set) == set.Status.ConfirmedRemovals ? set.Status.RemovalsLeft : null,
        };

    // A set and a list that did not change make the same connections: they are rendered and judged once.
    private RenderedTemplate Render(VismaConnectionSet set, IReadOnlyList<SetTenant> list)
    {
        var key = set.Metadata.NamespacedName;
        return rendered.TryGetValue(key, out var earlier) && earlier.IsOf(set, list)
            ? earlier
            : rendered[key] = RenderedTemplate.Of(set, list, allowLists);
    }

    // Whoever may annotate a namespace names a tenant. The list of the client is what bounds them, so without one nothing is made.
    private Problem? ClientProblem(VismaConnectionSet set, IReadOnlyList<WantedConnection> wanted) =>
        set.Spec.TenantsFrom?.NamespaceSelector is null
            ? null
            : wanted
                .Select(connection => connection.Connection.ClientName())
                .Distinct()
                .Where(name => caches.Clients.Find(name)?.Spec.Tenants is null)
                .Select(name => SetProblems.ClientWithoutList(set, name, exists: caches.Clients.Find(name) is not null))
                .FirstOrDefault();

    // A connection for a tenant that the client does not serve would get its token as soon as the client's list is lifted.
    private (IReadOnlyList<WantedConnection> Wanted, IReadOnlyDictionary<string, Problem> Unclear) Allowed(
        VismaConnectionSet set,
        TenantList.Known list,
        RenderedTemplate template
    )
    {
        // What the template makes of one tenant must not keep the others: for namespaces their names are not the set's to choose.
        var (wanted, unclear) = (template.Wanted, new Dictionary<string, Problem>(list.Unclear, StringComparer.Ordinal));
        foreach (var (tenant, problem) in template.Broken)
        {
            unclear[tenant] = problem;
        }

        if (set.Spec.TenantsFrom?.NamespaceSelector is null)
        {
            return (wanted, unclear);
        }

        foreach (var one in wanted.Where(one => !IsAllowed(one)))
        {
            unclear[one.Connection.Metadata.Label(VismaNames.TenantLabel)!] = SetProblems.TenantNotServed(one.Connection);
        }

        return ([.. wanted.Where(IsAllowed)], unclear);

        bool IsAllowed(WantedConnection one) =>
            ClientResolver.IsTenantAllowed(caches.Clients.Find(one.Connection.ClientName())?.Spec.Tenants, one.Connection);
    }

    // What is in the way of more than one connection.
    private Problem? WriteProblem(VismaConnectionSet set, WritePass pass)
    {
        var key = set.Metadata.NamespacedName;
        if (pass.Failed.FirstOrDefault(SetProblems.IsOfMany) is not { } first)
        {
            forbidden.Forget(key);
            return null;
        }

        return SetProblems.NotWritten(first, forbidden.Believed(key, first.Failure), pass.Left);
    }

    private DateTimeOffset? Retry(VismaConnectionSet set, WritePass pass)
    {
        var key = set.Metadata.NamespacedName;
        if (pass.Left > 0)
        {
            return time.GetUtcNow();
        }

        if (pass.Failed.Count == 0)
        {
            failures.TryRemove(key, out _);
            return null;
        }

        var count = failures.AddOrUpdate(key, 1, (_, before) => before + 1);
        return time.GetUtcNow() + BackoffOptions.ForKeys.DelayAfter(count, random());
    }

    // A name that the cache does not know yet, or an object that is gone: what is there now decides.
    private static Exception Conflict(Exception race) =>
        race is KubernetesException { IsConflict: true }
            ? race
            : new KubernetesException(HttpStatusCode.Conflict, "Conflict", "The connection is another one than the cache knows.");

    /// <summary>What came of a look at a set.</summary>
    /// <param name="Situation">What status is to say; null where something is not read yet, which wakes the set when it is.</param>
    /// <param name="Retry">When it is looked at again; null where only a change brings it back.</param>
    /// <param name="Fault">What is thrown once status says it; null for nothing.</param>
    private sealed record Outcome(SetSituation? Situation, DateTimeOffset? Retry = null, ExceptionDispatchInfo? Fault = null);
}
