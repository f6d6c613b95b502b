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
