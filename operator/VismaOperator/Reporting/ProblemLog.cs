using System.Collections.Concurrent;
using Kubernetes.Client;
using Lifecycle;

namespace VismaOperator.Reporting;

/// <summary>
/// Logs the start and the end of every problem of an object once, not every attempt in between. The reason identifies the problem; another
/// message is no other problem. What was logged is kept in memory only, so a new process logs the problems that it finds. Its log can be
/// read without the log of the process before it.
/// </summary>
internal sealed partial class ProblemLog(ILogger logger, string kind)
{
    private readonly ConcurrentDictionary<NamespacedName, IReadOnlyList<string>> logged = new();

    /// <summary>Tells what began and what ended, by the conditions of the object.</summary>
    public void Note(NamespacedName name, IReadOnlyList<ConditionReport> conditions)
    {
        var present = Problems.In(conditions);
        var before = logged.GetValueOrDefault(name) ?? [];
        Remember(name, [.. present.Select(problem => problem.Reason)]);
        foreach (var problem in present.Where(problem => !before.Contains(problem.Reason)))
        {
            // A consent that was not given yet is no problem: every such connection begins without one.
            var level = problem.Reason == Reason.AwaitingConsent ? LogLevel.Information : LogLevel.Warning;
            LogBegan(logger, level, kind, name, problem.Reason, problem.Message);
        }

        foreach (var reason in before.Where(reason => present.All(problem => problem.Reason != reason)))
        {
            LogEnded(logger, kind, name, reason);
        }
    }

    /// <summary>The object is gone, and its problems with it.</summary>
    public void Forget(NamespacedName name) => Note(name, []);

    private void Remember(NamespacedName name, IReadOnlyList<string> reasons)
    {
        if (reasons.Count == 0)
        {
            logged.TryRemove(name, out _);
        }
        else
        {
            logged[name] = reasons;
        }
    }

    [LoggerMessage(Message = "{Kind} {Object} has a problem: {Reason}: {Detail}", EventName = "ProblemBegan")]
    private static partial void LogBegan(ILogger logger, LogLevel level, string kind, NamespacedName @object, string reason, string detail);

    [LoggerMessage(LogLevel.Information, "{Kind} {Object} no longer has the problem {Reason}", EventName = "ProblemEnded")]
    private static partial void LogEnded(ILogger logger, string kind, NamespacedName @object, string reason);
}
