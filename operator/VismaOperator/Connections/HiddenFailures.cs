using System.Collections.Concurrent;
using Kubernetes.Client;
using Lifecycle;

namespace VismaOperator.Connections;

/// <summary>
/// Failures that status has no room for, since it records only one: the look that failed last, the failure that a failed look replaced in
/// status, and the failed attempt that a failed write replaced there (<see cref="Facts.EarlierAttempt"/>). In memory only: after a restart
/// the operator looks at once, and asks the provider once the write succeeds.
/// </summary>
internal sealed class HiddenFailures(TimeProvider time)
{
    private readonly ConcurrentDictionary<NamespacedName, Hidden> known = new();

    /// <summary>The facts with what status has no room for.</summary>
    public Facts Join(Facts facts, NamespacedName connection)
    {
        var hidden = Of(connection);
        var failure = facts.Failure is { IsOfLooking: true } ? hidden.BehindLook ?? facts.Failure : facts.Failure;
        return facts with
        {
            Failure = failure,
            EarlierAttempt = facts.EarlierAttempt ?? (failure is { IsOfWriting: true } ? hidden.BehindWrite : null),
        };
    }

    /// <summary>One more look failed.</summary>
    /// <param name="facts">What status says.</param>
    /// <param name="connection">Where it failed.</param>
    /// <param name="fail">Gives the facts as they are then.</param>
    public Facts LookFailed(Facts facts, NamespacedName connection, Func<Facts, Facts> fail)
    {
        var joined = Join(facts, connection);
        var failed = fail(joined with { FailedLook = LastLook(connection) });
        var look = failed.FailedLook!;
        known[connection] = new Hidden
        {
            Look = new Look(look, new Moment(look.LastFailureTime, time)),
            BehindLook = joined.Failure is { IsOfLooking: false } failure ? failure : null,
            BehindWrite = joined.EarlierAttempt,
        };
        return failed;
    }

    /// <summary>Everything was looked at, and this is how the facts are now.</summary>
    public void Looked(Facts facts, NamespacedName connection)
    {
        if (facts.EarlierAttempt is { } attempt)
        {
            known[connection] = new Hidden { BehindWrite = attempt };
        }
        else
        {
            Forget(connection);
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Forget(NamespacedName connection) => known.TryRemove(connection, out _);

    private Hidden Of(NamespacedName connection) => known.GetValueOrDefault(connection) ?? new Hidden();

    // A clock that was set back must not put the next look off.
    private FailureRecord? LastLook(NamespacedName connection)
    {
        if (Of(connection).Look is not var (failure, moment))
        {
            return null;
        }

        var back = failure.LastFailureTime - moment.Instant;
        return failure with { LastFailureTime = failure.LastFailureTime - back, NextAttemptTime = failure.NextAttemptTime - back };
    }

    private sealed record Hidden
    {
        public Look? Look { get; init; }

        public FailureRecord? BehindLook { get; init; }

        public FailureRecord? BehindWrite { get; init; }
    }

    private sealed record Look(FailureRecord Failure, Moment Moment);
}
