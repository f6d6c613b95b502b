using System.Globalization;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Sets;

/// <summary>What a reconcile found of a set and left behind.</summary>
internal sealed record SetSituation
{
    /// <summary>The set, as it was read.</summary>
    public required VismaConnectionSet Set { get; init; }

    /// <summary>Its connections as they are now.</summary>
    public required IReadOnlyList<VismaConnection> Connections { get; init; }

    /// <summary>The names of the connections of its tenants, also of those that cannot be made; empty where they are not known.</summary>
    public IReadOnlySet<string> Wanted { get; init; } = new HashSet<string>();

    /// <summary>What is in the way of the set as a whole; null where nothing is.</summary>
    public Problem? Problem { get; init; }

    /// <summary>What is in the way of single connections, by their names.</summary>
    public IReadOnlyDictionary<string, Problem> Problems { get; init; } = new Dictionary<string, Problem>();

    /// <summary>How many of its connections are to be written in the next pass.</summary>
    public int Unwritten { get; init; }

    /// <summary>The count of removals that is confirmed; null where none is.</summary>
    public int? ConfirmedRemovals { get; init; }

    /// <summary>How many of them are left; null where none is.</summary>
    public int? RemovalsLeft { get; init; }
}

/// <summary>
/// Says in status what is there of a set: a pure function of the situation, so that nothing is written while nothing changes.
/// </summary>
internal static class SetReport
{
    private const int LongestMessage = 1024;
    private const int LongestQuote = 400;

    /// <summary>The conditions; a type that is not among them must be absent.</summary>
    public static IReadOnlyList<ConditionReport> ConditionsOf(SetSituation situation, DateTimeOffset now)
    {
        if (situation.Problem is { } problem)
        {
            var isWaitedFor = problem.Kind == FailureKind.Transient
                || (problem.Kind == FailureKind.NotThereYet && now < GraceEnd(situation.Set, problem, now));
            return
            [
                new(ConditionType.Ready, IsTrue: false, problem.Reason, Cut(problem.Message, LongestMessage)),
                new(
                    isWaitedFor ? ConditionType.Reconciling : ConditionType.Stalled,
                    IsTrue: true,
                    problem.Reason,
                    Cut(problem.Message, LongestMessage)
                ),
            ];
        }

        // What every number is one of: the connections that tenants ask for, and those that are there without a tenant.
        var all = situation.Connections.Select(connection => connection.Metadata.Name)
            .Concat(situation.Problems.Keys)
            .Concat(situation.Wanted)
            .Distinct(StringComparer.Ordinal)
            .Count();
        var (ready, failures) = (situation.Connections.Count(IsReady), Failures(situation));
        var leaving = situation.Connections.Count(connection => !situation.Wanted.Contains(connection.Metadata.Name));
        var isReady = ready == all && leaving == 0 && situation is { Unwritten: 0, Problems.Count: 0 };
        List<ConditionReport> conditions = [isReady ? AllReady(all) : NotReady(ConditionType.Ready, isTrue: false)];
        if (failures.Where(failure => failure.IsForAPerson).ToList() is [var stalled, ..] many)
        {
            conditions.Add(new(
                ConditionType.Stalled,
                IsTrue: true,
                Reason.ConnectionsStalled,
                $"{Number(many.Count)} of {Number(all)} connections need a person: kubectl get vc -n {situation.Set.Metadata.Namespace} -l "
                + $"{VismaNames.SetLabel}={situation.Set.Metadata.Name}. {Quoted(stalled)}"
            ));
        }
        else if (!isReady)
        {
            conditions.Add(NotReady(ConditionType.Reconciling, isTrue: true));
        }

        return conditions;

        ConditionReport NotReady(string type, bool isTrue) =>
            new(
                type,
                isTrue,
                Reason.ConnectionsNotReady,
                string.Join(
                    ' ',
                    [
                        $"{Number(ready)} of {Number(all)} connections are Ready.",
                        .. leaving > 0 ? [$"To be removed, since they have no tenant any more: {Number(leaving)}."] : Array.Empty<string>(),
                        .. situation.Unwritten > 0 ? [$"{Number(situation.Unwritten)} {SetProblems.Unwritten}."] : Array.Empty<string>(),
                        .. failures is [var first, ..] ? [Quoted(first)] : Array.Empty<string>(),
                    ]
                )
            );
    }

    /// <summary>When a problem of the set that is waited for begins to need a person; null where there is none.</summary>
    public static DateTimeOffset? NextChange(SetSituation situation, DateTimeOffset now) =>
        situation.Problem is { Kind: FailureKind.NotThereYet } problem && GraceEnd(situation.Set, problem, now) is var end && end > now
            ? end
            : null;

    /// <summary>The status.</summary>
    /// <param name="situation">What was found.</param>
    /// <param name="conditions">The conditions, those of others included.</param>
    public static VismaConnectionSetStatus StatusOf(SetSituation situation, IReadOnlyList<Condition> conditions)
    {
        var failures = Failures(situation).Take(VismaConnectionSetStatus.MostFailures).Select(failure => new SetFailure
        {
            Name = failure.Name,
            Reason = failure.Reason,
            Message = failure.Message is { } message ? Cut(message, LongestMessage) : null,
        }).ToList();
        return situation.Set.Status with
        {
            ObservedGeneration = situation.Set.Metadata.Generation ?? 0,
            Conditions = conditions,
            Connections = situation.Connections.Count,
            Ready = situation.Connections.Count(IsReady),
            Failures = failures.Count == 0 ? null : failures,
            ConfirmedRemovals = situation.ConfirmedRemovals,
            RemovalsLeft = situation.RemovalsLeft,
        };
    }

    private static bool IsReady(VismaConnection connection) =>
        IsObserved(connection)
        && Conditions.Find(connection.Status.Conditions, ConditionType.Ready)?.Status == "True";

    private static bool IsObserved(VismaConnection connection) =>
        connection.Status.ObservedGeneration == connection.Metadata.Generation;

    // By name: what is in the way of a connection itself, else what it says of itself.
    private static List<Failure> Failures(SetSituation situation) =>
    [
        .. situation.Problems
            .Select(pair => new Failure(pair.Key, pair.Value.Reason, pair.Value.Message, pair.Value.Kind != FailureKind.Transient))
            .Concat(situation.Connections
                .Where(connection => !situation.Problems.ContainsKey(connection.Metadata.Name))
                .Select(OwnFailure)
                .OfType<Failure>())
            .OrderBy(failure => failure.Name, StringComparer.Ordinal),
    ];

    private static Failure? OwnFailure(VismaConnection connection)
    {
        var conditions = connection.Status.Conditions;
        if (!IsObserved(connection))
        {
            return null;
        }

        var name = connection.Metadata.Name;
        return Find(ConditionType.Stalled) is { } stalled ? new(name, stalled.Reason, stalled.Message, IsForAPerson: true)
            : Find(ConditionType.Reconciling) is { } waiting ? new(name, waiting.Reason, waiting.Message, IsForAPerson: false)
            : null;

        Condition? Find(string type) =>
            Conditions.Find(conditions, type) is { Status: "True" } found ? found : null;
    }

    // A status of an earlier look says since when it was waited for, also to another process.
    private static DateTimeOffset GraceEnd(VismaConnectionSet set, Problem problem, DateTimeOffset now)
    {
        var conditions = set.Status.Conditions;
        return Find(ConditionType.Stalled) is not null ? now
            : (Find(ConditionType.Reconciling)?.LastTransitionTime ?? now) + Policy.DependencyGrace;

        Condition? Find(string type) =>
            Conditions.Find(conditions, type) is { Status: "True" } found && problem.IsStill(found.Reason)
                ? found
                : null;
    }

    private static ConditionReport AllReady(int count) =>
        new(
            ConditionType.Ready,
            IsTrue: true,
            Reason.ConnectionsReady,
            count == 0 ? "The list of tenants is empty." : $"All {Number(count)} connections are Ready."
        );

    private static string Quoted(Failure failure) => $"{failure.Name}: {Cut(failure.Message ?? failure.Reason, LongestQuote)}";

    private static string Number(int count) => count.ToString(CultureInfo.InvariantCulture);

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";

    private sealed record Failure(string Name, string Reason, string? Message, bool IsForAPerson);
}
