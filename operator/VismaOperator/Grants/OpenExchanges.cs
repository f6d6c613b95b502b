using System.Collections.Concurrent;
using Lifecycle;

namespace VismaOperator.Grants;

/// <summary>
/// What this process knows of exchanges that stand open in grant Secrets: that one of its own is over, or since when it waits for one of another process. That one may
/// still send the token, or hold the successor and wait for an API server that takes writes again.
/// <para>
/// The wait begins with a write, the announcement of the takeover: from then on writes are taken, so whoever holds a successor has the whole wait to store it. And it is counted by our own
/// monotonic clock, as a lease is: by the clock of who began, which may be wrong by seconds, the token could be sent twice.
/// </para>
/// </summary>
internal sealed class OpenExchanges(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, long> announced = new();
    private readonly ConcurrentDictionary<string, bool> over = new();

    /// <summary>Until when another process may still spend the token or store the successor, since its takeover was announced; null when none was, and when the wait is over.</summary>
    public DateTimeOffset? HeldElsewhereUntil(ExchangeIntent? intent)
    {
        if (intent is null || !announced.TryGetValue(intent.Id, out var since))
        {
            return null;
        }

        var left = Policy.ExchangeDeadline - time.GetElapsedTime(since);
        return left > TimeSpan.Zero ? time.GetUtcNow() + left : null;
    }

    /// <summary>True when the takeover of this exchange must be announced first: it is another process's, as far as we know.</summary>
    public bool IsToBeAnnounced(ExchangeIntent intent) => !over.ContainsKey(intent.Id) && !announced.ContainsKey(intent.Id);

    /// <summary>The takeover stands in the Secret.</summary>
    public void Announced(string attemptId) => announced[attemptId] = time.GetTimestamp();

    /// <summary>An attempt of this process has ended: either its result is held by <see cref="UnstoredGrants"/>, or there is none.</summary>
    public void Ended(string attemptId) => over[attemptId] = true;

    /// <summary>The attempt no longer stands in any Secret.</summary>
    public void Forget(string attemptId)
    {
        over.TryRemove(attemptId, out _);
        announced.TryRemove(attemptId, out _);
    }
}
