using System.Collections.Concurrent;
using System.Collections.Immutable;
using Kubernetes.Client;

namespace VismaOperator.Grants;

/// <summary>
/// What this process knows about open exchanges in grant Secrets: which ones are its own, and since when it waits for one of another
/// process. That process may still send the token, or hold the new one and wait until the API server accepts writes again.
/// <para>
/// The wait begins with a write, the announcement of the takeover: it shows that writes are accepted, so a process that holds the new token
/// has the whole wait to store it. That is the process whose intent is there, or an earlier one, from which that one had taken over: it may
/// store over an announced intent (<see cref="PendingGrant.Over"/>). The wait is measured by our own monotonic clock, as for a lease: the
/// clock of the other process may be wrong by seconds, and the token could be sent twice.
/// </para>
/// </summary>
/// <param name="time">Wall clock and durations.</param>
/// <param name="wait">How long it is; zero where no other process can be alive.</param>
internal sealed class ExchangeTracker(TimeProvider time, TimeSpan wait)
{
    // For each connection the attempts that may be in its Secret: null for one of this process, else when its takeover was announced.
    private readonly ConcurrentDictionary<NamespacedName, ImmutableDictionary<string, long?>> known = new();

    /// <summary>
    /// Until when another process may still spend the token or store the new one, since its takeover was announced; null when none was, and
    /// when the wait is over.
    /// </summary>
    public DateTimeOffset? OpenElsewhereUntil(NamespacedName connection, ExchangeIntent? intent)
    {
        if (intent is null || Of(connection).GetValueOrDefault(intent.Id) is not { } since)
        {
            return null;
        }

        var left = wait - time.GetElapsedTime(since);
        return left > TimeSpan.Zero ? time.GetUtcNow() + left : null;
    }

    /// <summary>True when the takeover of this exchange must be announced first: it is another process's, as far as we know.</summary>
    public bool IsToBeAnnounced(NamespacedName connection, ExchangeIntent intent) => !Of(connection).ContainsKey(intent.Id);

    /// <summary>The takeover is announced in the Secret.</summary>
    public void Announced(NamespacedName connection, string attemptId) => Note(connection, attemptId, time.GetTimestamp());

    /// <summary>
    /// This process writes an attempt of its own into the Secret. A reconcile that sees it there does so once the attempt has ended, and
    /// need not wait for it.
    /// </summary>
    public void Began(NamespacedName connection, string attemptId) => Note(connection, attemptId, announced: null);

    /// <summary>The Secret was read before a decision: an exchange that is not in it is over, with any outcome.</summary>
    public void Saw(NamespacedName connection, ExchangeIntent? intent)
    {
        var open = Of(connection).Where(attempt => attempt.Key == intent?.Id).ToImmutableDictionary();
        if (open.IsEmpty)
        {
            Forget(connection);
        }
        else
        {
            known[connection] = open;
        }
    }

    /// <summary>The connection is gone.</summary>
    public void Forget(NamespacedName connection) => known.TryRemove(connection, out _);

    private ImmutableDictionary<string, long?> Of(NamespacedName connection) =>
        known.GetValueOrDefault(connection, ImmutableDictionary<string, long?>.Empty);

    private void Note(NamespacedName connection, string attemptId, long? announced) =>
        known[connection] = Of(connection).SetItem(attemptId, announced);
}
