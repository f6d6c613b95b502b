using System.Collections.Concurrent;
using Kubernetes.Client;
using Lifecycle;

namespace VismaOperator.Connections;

/// <summary>
/// Looks that failed at a connection and did not succeed since. Status records one failure, and a failed attempt goes first: so the count
/// of failed looks is kept here, and the attempt that was overdue when a failed look took its place in status. Memory only: a process that
/// has just been started looks at once.
/// </summary>
internal sealed class FailedLooks(TimeProvider time)
{
    private readonly ConcurrentDictionary<NamespacedName, Failed> known = new();

    /// <summary>The facts with the failed attempt on record that status has no room for.</summary>
    public Facts WithAttempt(Facts facts, NamespacedName connection) =>
        facts.Failure is { IsOfLooking: true } && known.GetValueOrDefault(connection)?.Attempt is { } attempt
            ? facts with { Failure = attempt }
            : facts;

    /// <summary>One more look failed.</summary>
    /// <param name="facts">What is known, with the failed attempt on record.</param>
    /// <param name="connection">Where it failed.</param>
    /// <param name="fail">Gives the facts as they are then.</param>
    public Facts Add(Facts facts, NamespacedName connection, Func<Facts, Facts> fail)
    {
        var failed = fail(facts with { FailedLook = LastOf(connection) });
        var look = failed.FailedLook!;
        known[connection] = new Failed(look, new Moment(look.LastFailureTime, time))
        {
            Attempt = facts.Failure is { IsOfLooking: false } attempt ? attempt : null,
        };
        return failed;
    }

    /// <summary>A look succeeded, or the connection is gone.</summary>
    public void Forget(NamespacedName connection) => known.TryRemove(connection, out _);

    // A clock that was set back must not put the next look off.
    private FailureRecord? LastOf(NamespacedName connection)
    {
        if (known.GetValueOrDefault(connection) is not { } failed)
        {
            return null;
        }

        var back = failed.Look.LastFailureTime - failed.Time.Instant;
        return failed.Look with
        {
            LastFailureTime = failed.Look.LastFailureTime - back,
            NextAttemptTime = failed.Look.NextAttemptTime - back,
        };
    }

    private sealed record Failed(FailureRecord Look, Moment Time)
    {
        public FailureRecord? Attempt { get; init; }
    }
}
