using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers.Writing;
using Lifecycle;
using VismaOperator.Api;

namespace VismaOperator.Copies;

/// <summary>
/// What became of the copies of each connection, for its status, which has one writer. In memory only: a new process looks at every copy,
/// and until it has, what status says stays. Safe for use by many threads.
/// </summary>
internal sealed class CopyReports
{
    private readonly ConcurrentDictionary<NamespacedName, CopyReport> reports = new();

    /// <summary>The report; null where nobody has looked, or of an earlier connection of that name.</summary>
    public CopyReport? Of(VismaConnection connection) =>
        reports.TryGetValue(connection.Metadata.NamespacedName, out var report) && report.Uid == connection.Metadata.Uid ? report : null;

    /// <summary>Keeps a report for the next status.</summary>
    public void Keep(NamespacedName connection, CopyReport report) => reports[connection] = report;

    /// <summary>The connection is gone, or has no copies any more.</summary>
    public void Forget(NamespacedName connection) => reports.TryRemove(connection, out _);
}

/// <summary>What became of the copies of a connection.</summary>
/// <param name="Uid">UID of the connection.</param>
/// <param name="Held">Copies that hold a token, also one that is to be deleted and could not be.</param>
/// <param name="Condition">What to say of them; null where none is asked for.</param>
internal sealed record CopyReport(string? Uid, IReadOnlyList<SecretCopy> Held, ConditionReport? Condition)
{
    // As many as the schema takes.
    private const int MaxHeld = 32;

    /// <summary>The report of what became of the copies of a connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="wanted">How many copies there should be; their outcomes come last.</param>
    /// <param name="outcomes">What became of each, also of those that are to be deleted.</param>
    public static CopyReport Of(VismaConnection connection, int wanted, IReadOnlyList<CopyOutcome> outcomes)
    {
        var problems = outcomes.Select(outcome => outcome.Problem).OfType<Problem>().ToList();
        var held = outcomes.Where(outcome => outcome.IsHeld).Select(outcome => outcome.Copy).Take(MaxHeld).ToList();
        if (wanted == 0 && problems.Count == 0)
        {
            return new CopyReport(connection.Metadata.Uid, held, Condition: null);
        }

        var filled = outcomes.TakeLast(wanted).Count(outcome => outcome.Problem is null);
        var message = problems.Count == 0
            ? $"Copies of the token Secret: {wanted}; each holds the token."
            : $"{filled} of {wanted} copies of the token Secret hold the token. "
                + string.Join(' ', problems.Select(problem => problem.Message));
        var reason = problems.Count == 0 ? Reason.AllCopied : problems[0].Reason;
        var condition = new ConditionReport(ConditionType.CopiesWritten, problems.Count == 0, reason, Report.Fitting(message))
        {
            Generation = connection.Metadata.Generation,
        };
        return new CopyReport(connection.Metadata.Uid, held, condition);
    }

    /// <summary>True when status says the same already.</summary>
    public bool IsIn(VismaConnectionStatus status) =>
        Held.SequenceEqual(status.Copies ?? [])
        && (Condition, Conditions.Find(status.Conditions, ConditionType.CopiesWritten)) switch
        {
            (null, null) => true,
            ({ } wanted, { } present) => (wanted.IsTrue ? "True" : "False") == present.Status
                && wanted.Message == present.Message
                && wanted.Generation == present.ObservedGeneration
                && new Problem(wanted.Reason, wanted.Message).IsStill(present.Reason),
            _ => false,
        };
}
