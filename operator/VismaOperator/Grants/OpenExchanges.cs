using System.Collections.Concurrent;
using Lifecycle;

namespace VismaOperator.Grants;

/// <summary>
/// What this process knows of exchanges that stand open in grant Secrets: that one of its own is over, and when it first saw one of another process. Whoever
/// holds a successor needs a moment to store it when the API server comes back, so one that was just seen is waited for even if it is old.
/// </summary>
internal sealed class OpenExchanges(TimeProvider time)
{
    private static readonly TimeSpan Courtesy = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, DateTimeOffset> seen = new();
    private readonly ConcurrentDictionary<string, bool> over = new();

    /// <summary>Until when another process may still store the successor; null when nothing is open, or it is known that nobody will.</summary>
    public DateTimeOffset? HeldElsewhereUntil(ExchangeIntent? intent)
    {
        if (intent is null || over.ContainsKey(intent.Id))
        {
            return null;
        }

        var firstSeen = seen.GetOrAdd(intent.Id, _ => time.GetUtcNow());
        var (byItsClock, byOurs) = (intent.Time + Policy.ExchangeDeadline, firstSeen + Courtesy);
        return byItsClock > byOurs ? byItsClock : byOurs;
    }

    /// <summary>An attempt of this process has ended: either its result is held by <see cref="UnstoredGrants"/>, or there is none.</summary>
    public void Ended(string attemptId) => over[attemptId] = true;

    /// <summary>The attempt no longer stands in any Secret.</summary>
    public void Forget(string attemptId)
    {
        over.TryRemove(attemptId, out _);
        seen.TryRemove(attemptId, out _);
    }
}
