using Kubernetes.Client.Resources;

namespace Kubernetes.Controllers.Writing;

/// <summary>
/// Reads and changes a list of conditions
/// (<see href="https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties"/>).
/// Lists are never changed in place; the order of the types that stay is kept, so that a patch shows only what changed.
/// </summary>
public static class Conditions
{
    /// <summary>The API server refuses longer messages.</summary>
    private const int LongestMessage = 32768;

    /// <summary>The condition of a type, or null.</summary>
    public static Condition? Find(IReadOnlyList<Condition>? conditions, string type)
    {
        for (var index = 0; index < conditions?.Count; index++)
        {
            if (conditions[index].Type == type)
            {
                return conditions[index];
            }
        }

        return null;
    }

    /// <summary>
    /// Sets a condition. <see cref="Condition.LastTransitionTime"/> stays as it was unless the status changed; what the argument says of it
    /// is ignored.
    /// </summary>
    /// <param name="conditions">The conditions so far; null is taken as none.</param>
    /// <param name="condition">The condition to set.</param>
    /// <param name="now">The time of a transition; stored in whole seconds, as the API server does.</param>
    public static IReadOnlyList<Condition> Set(IReadOnlyList<Condition>? conditions, Condition condition, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var present = Find(conditions, condition.Type);
        var set = condition with
        {
            LastTransitionTime = present is not null && present.Status == condition.Status ? present.LastTransitionTime : WholeSeconds(now),
        };
        if (set.Message.Length > LongestMessage)
        {
            set = set with { Message = set.Message[..LongestMessage] };
        }

        if (set == present)
        {
            return conditions!; // the same list, so that whoever compares sees at once that nothing changed
        }

        return present is null
            ? [.. conditions ?? [], set]
            : [.. conditions!.Select(other => other.Type == set.Type ? set : other)];
    }

    /// <summary>The conditions without those of a type.</summary>
    public static IReadOnlyList<Condition> Remove(IReadOnlyList<Condition>? conditions, string type) =>
        Find(conditions, type) is null ? conditions ?? [] : [.. conditions!.Where(condition => condition.Type != type)];

    private static DateTimeOffset WholeSeconds(DateTimeOffset instant) =>
        new(instant.UtcTicks - (instant.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
}
