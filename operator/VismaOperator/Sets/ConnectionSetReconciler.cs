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

    private readonly ConcurrentDictionary<NamespacedName, Rendered> rendered = new();
    private readonly ConcurrentDictionary<NamespacedName, (IReadOnlySet<string> Names, long Since)> leaving = new();
    private readonly ConcurrentDictionary<NamespacedName, int> failures = new();
    private readonly ConcurrentDictionary<NamespacedName, Round> rounds = new();
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
        rounds.TryRemove(key, out _);
        writer.Forget(key);
        forbidden.Forget(key);
        tenants.Forget(key);
        problems.Forget(key);
        statusWrites.Forget(key);
    }

    // A bug is reported and then passed on to the controller, which logs it with its stack and retries with a backoff; so is a write that
    // lost a race, which is looked at again at once.
    private async Task<(SetSituation? Situation, DateTimeOffset? Retry, ExceptionDispatchInfo? Fault)> ObserveAsync(
        VismaConnectionSet set,
        CancellationToken cancellationToken
    )
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
            return (Blocked(set, OperatorFault.ProblemOf(bug)), null, ExceptionDispatchInfo.Capture(bug));
        }
    }

    private async Task<(SetSituation? Situation, DateTimeOffset? Retry, ExceptionDispatchInfo? Fault)> SettleAsync(
        VismaConnectionSet set,
        CancellationToken cancellationToken
    )
    {
        if (VismaConnectionSetRules.Check(set) is [var broken, ..])
        {
            return await BlockedAsync(set, Invalid(broken), cancellationToken);
        }

        return tenants.Of(set) switch
        {
            TenantList.Known list => await SettleAsync(set, list, isFresh: list.IsDeclared, cancellationToken),
            TenantList.Unknown unknown => await BlockedAsync(set, unknown.Problem, cancellationToken),
            _ => (null, null, null),
        };
    }

    private async Task<(SetSituation? Situation, DateTimeOffset? Retry, ExceptionDispatchInfo? Fault)> SettleAsync(
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

        var pass = await WriteAsync(set, template, difference, removes, cancellationToken);
        var failed = pass.Failed;
        var (found, writing) = (ProblemsOf(set, unclear, difference, failed), WriteProblem(set, failed));
        if (hold.IsHeld && writing is { } hidden)
        {
            found.TryAdd(failed.First(IsOfMany).Connection.Name, hidden);
        }

        var situation = new SetSituation
        {
            Set = set,
            Connections = Of(set),
            Wanted = wanted.Select(one => one.Connection.Metadata.Name)
                .Concat(unclear.Keys.Select(tenant => SetConnections.NameOf(set.Metadata.Name, tenant)))
                .ToHashSet(StringComparer.Ordinal),
            Unwritten = pass.Left,
            Problem = hold.IsHeld ? Held(set, hold) : writing,
            Problems = found,
            ConfirmedRemovals = hold.Confirmed,
            RemovalsLeft = hold.Left is null ? null : Left(difference.Surplus),
        };
        var race = failed.FirstOrDefault(write => write.Failure is KubernetesException { IsLostRace: true });
        var next = new[] { Retry(set, pass), hold.IsHeld ? null : hold.IsToBeTold ? time.GetUtcNow() : due }.Min();
        return (situation, next, race is null ? null : ExceptionDispatchInfo.Capture(Conflict(race.Failure)));

        int? Left(IReadOnlyList<VismaConnection> surplus) =>
            Of(set).Count(connection => surplus.Any(one => one.Metadata.Uid == connection.Metadata.Uid)) is > 0 and var left ? left : null;
    }

    // The deletion policy needs neither tenants nor template: who wants to keep what is there must not wait for either.
    private async Task<(SetSituation? Situation, DateTimeOffset? Retry, ExceptionDispatchInfo? Fault)> BlockedAsync(
        VismaConnectionSet set,
        Problem problem,
        CancellationToken cancellationToken
    )
    {
        var pass = await WriteAsync(set, template: null, SetDifference.OfOwners(set, Present(set)), removes: false, cancellationToken);
        return (Blocked(set, problem), Retry(set, pass), null);
    }

    // What failed waits until all else was tried once, in as many passes as that takes: else the same failures would use up each of them.
    private async Task<WritePass> WriteAsync(
        VismaConnectionSet set,
        Rendered? template,
        SetDifference difference,
        bool removes,
        CancellationToken cancellationToken
    )
    {
        var (key, generation) = (set.Metadata.NamespacedName, set.Metadata.Generation);
        var isGoingOn = rounds.TryGetValue(key, out var round)
            && round.Generation == generation
            && ReferenceEquals(round.Template, template);
        var pass = await writer.MakeAsync(difference, removes, isGoingOn ? round!.Failed : [], cancellationToken);
        if (pass.Left > 0)
        {
            rounds[key] = new Round(
                generation,
                template,
                [.. pass.Failed.Where(write => write.Failure is not KubernetesException { IsLostRace: true })]
            );
        }
        else
        {
            rounds.TryRemove(key, out _);
        }

        return pass;
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
    private Rendered Render(VismaConnectionSet set, IReadOnlyList<SetTenant> list)
    {
        var key = set.Metadata.NamespacedName;
        if (
            rendered.TryGetValue(key, out var earlier)
            && (earlier.Uid, earlier.Generation) == (set.Metadata.Uid, set.Metadata.Generation)
            && earlier.Tenants.SequenceEqual(list)
        )
        {
            return earlier;
        }

        var (wanted, broken) = (new List<WantedConnection>(), new Dictionary<string, Problem>(StringComparer.Ordinal));
        foreach (var (connection, tenant) in SetConnections.Render(set, list).Zip(list))
        {
            if (SetConnections.Check(connection, allowLists) is [var first, ..])
            {
                broken[tenant.Name] = Invalid(first, tenant.Name);
            }
            else
            {
                wanted.Add(new WantedConnection(connection));
            }
        }

        return rendered[key] = new Rendered(set.Metadata.Uid, set.Metadata.Generation, list)
        {
            Wanted = wanted,
            Broken = broken,
            Problem = wanted.Count == 0 && list.Count > 0 ? broken[list[0].Name] : null,
        };
    }

    private static Problem Invalid(FieldError problem, string? tenant = null) =>
        new(problem.Reason, tenant is null ? $"{problem.Path}: {problem.Message}" : $"{problem.Path} (tenant {tenant}): {problem.Message}");

    // Whoever may annotate a namespace names a tenant. The list of the client is what bounds them, so without one nothing is made. For a
    // client of another namespace there is one answer for all cases: it must not tell which clients exist there.
    private Problem? ClientProblem(VismaConnectionSet set, IReadOnlyList<WantedConnection> wanted) =>
        set.Spec.TenantsFrom?.NamespaceSelector is null
            ? null
            : wanted
                .Select(connection => connection.Connection.ClientName())
                .Distinct()
                .Where(name => caches.Clients.Find(name)?.Spec.Tenants is null)
                .Select(name => new Problem(
                    Reason.ClientNotAvailable,
                    name.Namespace == set.Metadata.Namespace && caches.Clients.Find(name) is null
                        ? $"OAuthClient {name} does not exist: create it, or correct spec.template.spec.oauthClientRef."
                        : $"OAuthClient {name} {(name.Namespace == set.Metadata.Namespace ? string.Empty : "does not exist or ")}has no "
                            + "list of tenants (spec.tenants), which tenants from namespaces need: whoever may annotate a namespace could "
                            + "otherwise name any tenant. Have its owner list the tenants.",
                    FailureKind.NotThereYet
                ))
                .FirstOrDefault();

    // A connection for a tenant that the client does not serve would get its token as soon as the client's list is lifted.
    private (IReadOnlyList<WantedConnection> Wanted, IReadOnlyDictionary<string, Problem> Unclear) Allowed(
        VismaConnectionSet set,
        TenantList.Known list,
        Rendered template
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
            var connection = one.Connection;
            unclear[connection.Metadata.Label(VismaNames.TenantLabel)!] = new Problem(
                Reason.TenantNotAllowed,
                $"OAuthClient {connection.ClientName()} does not serve tenant {connection.Spec.TenantId ?? "(none)"} with these scopes to "
                + $"namespace {connection.Metadata.Namespace}: ask its owner to add the combination to spec.tenants, or correct the "
                + "namespace."
            );
        }

        return ([.. wanted.Where(IsAllowed)], unclear);

        bool IsAllowed(WantedConnection one) =>
            ClientResolver.IsTenantAllowed(caches.Clients.Find(one.Connection.ClientName())?.Spec.Tenants, one.Connection);
    }

    private static Problem Held(VismaConnectionSet set, RemovalHold hold)
    {
        var (name, annotation) = (set.Metadata.NamespacedName, VismaNames.ConfirmRemovalsAnnotation);
        var isUsed = hold.Confirmed == hold.Count;
        return new Problem(
            Reason.RemovalsHeld,
            (
                hold.IsEmptied
                    ? $"The list of tenants is empty, so every connection would be removed ({hold.Count})"
                    : $"{hold.Count} connections have no tenant any more, which is more than is removed without asking"
            )
            + "; they stay, and everything else goes on. If the list of tenants is wrong, correct it. "
            + (
                !isUsed && RemovalHold.CountOf(set) is { } other
                    ? $"The annotation says {other}, which does not confirm this count. "
                    : string.Empty
            )
            + (
                isUsed
                    ? $"The annotation confirmed an earlier removal: take it away first, with kubectl annotate vcs {name.Name} -n "
                        + $"{name.Namespace} {annotation}-"
                    : $"To remove them: kubectl annotate vcs {name.Name} -n {name.Namespace} --overwrite {annotation}={hold.Count}"
            )
        );
    }

    private static Dictionary<string, Problem> ProblemsOf(
        VismaConnectionSet set,
        IReadOnlyDictionary<string, Problem> unclear,
        SetDifference difference,
        IReadOnlyList<FailedWrite> failed
    )
    {
        var found = unclear.ToDictionary(
            pair => SetConnections.NameOf(set.Metadata.Name, pair.Key),
            pair => pair.Value,
            StringComparer.Ordinal
        );
        foreach (var taken in difference.Taken)
        {
            found[taken.Metadata.Name] = SetConnections.IsOfEarlierSet(taken, set)
                ? new Problem(
                    Reason.ConnectionNotWritten,
                    $"VismaConnection {taken.Metadata.NamespacedName} is of an earlier set of this name. The garbage collector of the "
                    + "cluster removes it, and it is made anew then.",
                    FailureKind.Transient
                )
                : new Problem(
                    Reason.ConnectionNotOwned,
                    $"VismaConnection {taken.Metadata.NamespacedName} is not of this set and is left as it is: give the tenant another "
                    + "name, or delete that connection."
                );
        }

        foreach (var write in failed.Where(write => IsRefused(write.Failure)))
        {
            found[write.Connection.Name] = Refused(write);
        }

        return found;
    }

    // The answer to one connection. A webhook that fails is one that passes.
    private static bool IsRefused(Exception failure) =>
        failure is KubernetesException refusal
        && (
            refusal.IsInvalid
            || (
                refusal.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.BadRequest
                && refusal.DeniedBy?.Kind is AdmissionRuleKind.Webhook or AdmissionRuleKind.Policy
            )
        );

    private static bool IsOfMany(FailedWrite write) =>
        !IsRefused(write.Failure) && write.Failure is not KubernetesException { IsLostRace: true };

    private static Problem Refused(FailedWrite write) =>
        new(
            Reason.ConnectionNotAccepted,
            $"The API server {ApiTrouble.Answer(write.Failure)} to VismaConnection {write.Connection}: see whether spec.template and the "
            + "installed definition fit this version of the operator, and whether an admission webhook denies it."
        );

    // What is in the way of more than one connection.
    private Problem? WriteProblem(VismaConnectionSet set, IReadOnlyList<FailedWrite> failed)
    {
        var key = set.Metadata.NamespacedName;
        if (failed.FirstOrDefault(IsOfMany) is not { } first)
        {
            forbidden.Forget(key);
            return null;
        }

        return forbidden.Believed(key, first.Failure) is { } denial
            ? new Problem(
                Reason.ConnectionNotAccepted,
                $"The operator may not write VismaConnection {first.Connection}: the API server {ApiTrouble.Answer(denial)}. "
                + ApiTrouble.Remedy(
                    denial,
                    "Grant its service account create, patch and delete on vismaconnections in the namespace (connectionSets.enabled in "
                    + "the chart), and see whether an admission policy denies it.",
                    "VismaConnections"
                )
            )
            : new Problem(
                Reason.ConnectionNotWritten,
                $"VismaConnection {first.Connection} was not written: the API server "
                + $"{ApiTrouble.Answer(first.Failure)}. It is tried again.",
                FailureKind.Transient
            );
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

    /// <summary>The passes over the writes of one generation and one list of tenants, before all was tried once.</summary>
    private sealed record Round(long? Generation, Rendered? Template, IReadOnlyList<FailedWrite> Failed);

    /// <summary>What the template of one generation makes of one list of tenants.</summary>
    private sealed record Rendered(string? Uid, long? Generation, IReadOnlyList<SetTenant> Tenants)
    {
        public required IReadOnlyList<WantedConnection> Wanted { get; init; }

        /// <summary>Tenants of which the template makes no valid connection, with the rule that it breaks.</summary>
        public required IReadOnlyDictionary<string, Problem> Broken { get; init; }

        /// <summary>Why no tenant has a valid connection; null where one has.</summary>
        public required Problem? Problem { get; init; }
    }
}
