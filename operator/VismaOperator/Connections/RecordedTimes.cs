using System.Collections.Concurrent;
using Kubernetes.Client;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Publishing;

namespace VismaOperator.Connections;

/// <summary>
/// Reads the token and the failure that status records, and corrects their times after the wall clock was set back. Without the correction
/// a renewal would be late by the size of the step, and the token would expire first. Only records that this process knew before the step
/// are corrected; the corrected times go into status.
/// </summary>
internal sealed class RecordedTimes(TimeProvider time)
{
    // A Secret is written once more where it says that its token lives for this much longer than it does.
    private static readonly TimeSpan tolerance = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<NamespacedName, Seen> tokens = new();
    private readonly ConcurrentDictionary<NamespacedName, Seen> failures = new();

    /// <summary>As <see cref="ConnectionFactsReader.Token"/>.</summary>
    public TokenRecord? Token(VismaConnection connection)
    {
        if (ConnectionFactsReader.Token(connection) is not { } token)
        {
            return null;
        }

        var back = SetBackSince(tokens, connection.Metadata.NamespacedName, token.IssueTime, See);
        return back == TimeSpan.Zero
            ? token
            : token with
            {
                IssueTime = token.IssueTime - back,
                ExpirationTime = token.ExpirationTime - back,
                RefreshTime = token.RefreshTime - back,

                // A token of a grant is rendered from the grant, whose times stay as they are.
                IsRewriteDue = token.IsRewriteDue || (back > tolerance && connection.Spec.Grant == Grant.ClientCredentials),
            };
    }

    /// <summary>As <see cref="ConnectionFactsReader.Failure"/>.</summary>
    public FailureRecord? Failure(VismaConnection connection)
    {
        if (ConnectionFactsReader.Failure(connection) is not { } failure)
        {
            return null;
        }

        var back = SetBackSince(failures, connection.Metadata.NamespacedName, failure.LastFailureTime, _ => SeeFailure(failure));
        return failure with { LastFailureTime = failure.LastFailureTime - back, NextAttemptTime = failure.NextAttemptTime - back };
    }

    /// <summary>Status is about to be written with this token and this failure, and may not be read again before they are due.</summary>
    public void Note(NamespacedName connection, TokenRecord? token, FailureRecord? failure)
    {
        if (token is not null)
        {
            SetBackSince(tokens, connection, token.IssueTime, See);
        }

        if (failure is not null)
        {
            SetBackSince(failures, connection, failure.LastFailureTime, _ => SeeFailure(failure));
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Forget(NamespacedName connection)
    {
        tokens.TryRemove(connection, out _);
        failures.TryRemove(connection, out _);
    }

    private static TimeSpan SetBackSince(
        ConcurrentDictionary<NamespacedName, Seen> records,
        NamespacedName key,
        DateTimeOffset recorded,
        Func<DateTimeOffset, Seen> see
    ) =>
        recorded
        - records.AddOrUpdate(key, _ => see(recorded), (_, seen) => seen.Recorded == recorded ? seen : see(recorded)).Moment.Instant;

    private Seen See(DateTimeOffset recorded) => new(recorded, new Moment(recorded, time));

    // A failure in the future was recorded by another machine, or before the clock was set back while nothing ran. Where it is near, its
    // wait begins now. Where it is far, nobody knows how much of the wait is over, so the wait ends now. Unchanged, the failure would make
    // the connection wait once more when the clock reaches it.
    private Seen SeeFailure(FailureRecord failure)
    {
        var (recorded, now) = (failure.LastFailureTime, WholeSeconds.Floor(time.GetUtcNow()));
        var wait = recorded < now + tolerance || failure.NextAttemptTime < recorded
            ? TimeSpan.Zero
            : failure.NextAttemptTime - recorded;
        var instant = recorded <= now ? recorded : now - (wait < now - DateTimeOffset.MinValue ? wait : TimeSpan.Zero);
        return new(recorded, new Moment(instant, time));
    }

    private sealed record Seen(DateTimeOffset Recorded, Moment Moment);
}
