using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;

namespace VismaOperator.Reporting;

/// <summary>The condition types of a kind that the operator writes; those of others on the same object are left as they are.</summary>
internal sealed class OwnedConditions(params IReadOnlyList<string> types)
{
    /// <summary>The conditions of an object with each of ours as reported, and absent where it is not.</summary>
    /// <param name="conditions">The present conditions, with those of other owners.</param>
    /// <param name="reports">The conditions that we report.</param>
    /// <param name="generation">The generation of the spec that the reports are about.</param>
    /// <param name="now">The time of a transition.</param>
    public IReadOnlyList<Condition> Apply(
        IReadOnlyList<Condition> conditions,
        IEnumerable<ConditionReport> reports,
        long? generation,
        DateTimeOffset now
    )
    {
        var wanted = reports.ToDictionary(report => report.Type);
        foreach (var type in types)
        {
            conditions = wanted.TryGetValue(type, out var report)
                ? Conditions.Set(conditions, ConditionOf(report, generation), now)
                : Conditions.Remove(conditions, type);
        }

        return conditions;
    }

    private static Condition ConditionOf(ConditionReport report, long? generation) => new()
    {
        Type = report.Type,
        Status = report.IsUnknown ? "Unknown" : report.IsTrue ? "True" : "False",
        Reason = report.Reason,
        Message = report.Message,
        ObservedGeneration = generation,
    };
}
