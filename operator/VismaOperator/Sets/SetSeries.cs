using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Sets;

/// <summary>The metrics that name sets of connections.</summary>
internal static class SetSeries
{
    /// <summary>The gauges, over the sets of a store.</summary>
    public static IReadOnlyList<ObjectGauge> Over(Func<IEnumerable<VismaConnectionSet>> sets) =>
    [
        new ObjectGauge<VismaConnectionSet>(
            "visma_operator_connection_set_ready",
            "1 when the VismaConnectionSet is Ready, else 0.",
            sets,
            (set, sink) => ConditionSeries.Ready(set.Metadata, set.Status.Conditions, sink)
        ),
        new ObjectGauge<VismaConnectionSet>(
            "visma_operator_connection_set_problem",
            "1 for each condition of a VismaConnectionSet that says that something is wrong.",
            sets,
            (set, sink) => ConditionSeries.Problems(set.Metadata, set.Status.Conditions, sink)
        ),
    ];
}
