using System.Diagnostics.Metrics;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Writing;
using Lifecycle;

namespace VismaOperator.Reporting;

/// <summary>What the conditions of an object say, as series.</summary>
internal static class ConditionSeries
{
    /// <summary>1 where the object is Ready, else 0.</summary>
    public static void Ready(ObjectMeta metadata, IReadOnlyList<Condition> conditions, ISeriesSink sink) =>
        sink.Add(
            Conditions.Find(conditions, ConditionType.Ready)?.Status == "True" ? 1 : 0,
            new("namespace", metadata.Namespace ?? string.Empty),
            new("name", metadata.Name)
        );

    /// <summary>A series for each condition that says that something is wrong; none where nothing is.</summary>
    /// <param name="metadata">Of the object.</param>
    /// <param name="conditions">Its conditions.</param>
    /// <param name="sink">Takes the series.</param>
    /// <param name="value">The value of each; null for 1.</param>
    public static void Problems(
        ObjectMeta metadata,
        IReadOnlyList<Condition> conditions,
        ISeriesSink sink,
        Func<Condition, long>? value = null
    )
    {
        foreach (var condition in conditions)
        {
            if (IsProblem(condition))
            {
                sink.Add(
                    value?.Invoke(condition) ?? 1,
                    new("namespace", metadata.Namespace ?? string.Empty),
                    new("name", metadata.Name),
                    new("condition", condition.Type),
                    new("reason", condition.Reason)
                );
            }
        }
    }

    // Reconciling says only that Ready=False may pass by itself.
    private static bool IsProblem(Condition condition) =>
        condition.Type switch
        {
            ConditionType.Stalled or ConditionType.ConsentExpiring or ConditionType.SecretExpiring => condition.Status == "True",
            ConditionType.Reconciling => false,
            _ => condition.Status == "False",
        };
}

/// <summary>
/// Counts objects by the status and the reason of their condition Ready. Every reason that is known, or was seen once, has a series, so
/// that a count which falls to zero says so.
/// </summary>
internal sealed class ReadinessCount
{
    /// <summary>The reason of objects that have no status yet.</summary>
    public const string NotObserved = nameof(NotObserved);

    private readonly Lock gate = new();
    private readonly SortedDictionary<(string Ready, string Reason), long> counts = [];

    /// <summary>Begins at zero.</summary>
    /// <param name="whenTrue">Reasons of objects that are Ready.</param>
    /// <param name="whenFalse">Reasons of objects that are not.</param>
    public ReadinessCount(IEnumerable<string> whenTrue, IEnumerable<string> whenFalse)
    {
        counts.Add(("Unknown", NotObserved), 0);
        foreach (var reason in whenTrue)
        {
            counts.Add(("True", reason), 0);
        }

        foreach (var reason in whenFalse)
        {
            counts.Add(("False", reason), 0);
        }
    }

    /// <summary>The counts over these conditions of objects.</summary>
    public IReadOnlyList<Measurement<long>> Over(IEnumerable<IReadOnlyList<Condition>> objects)
    {
        lock (gate)
        {
            foreach (var known in counts.Keys.ToList())
            {
                counts[known] = 0;
            }

            foreach (var conditions in objects)
            {
                var ready = Conditions.Find(conditions, ConditionType.Ready);
                var key = ready is null ? ("Unknown", NotObserved) : (ready.Status, ready.Reason);
                counts[key] = counts.GetValueOrDefault(key) + 1;
            }

            return
            [
                .. counts.Select(count => new Measurement<long>(
                    count.Value,
                    new("ready", count.Key.Ready),
                    new("reason", count.Key.Reason)
                )),
            ];
        }
    }
}
