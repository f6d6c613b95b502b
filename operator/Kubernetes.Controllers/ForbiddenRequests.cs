using System.Collections.Concurrent;
using Kubernetes.Client;

namespace Kubernetes.Controllers;

/// <summary>
/// Remembers which requests the API server forbids (403), and since when. A 403 is believed once it has lasted for
/// <see cref="ForbiddenPatience.Length"/>; before that it is an outage like any other. Safe for use by many threads.
/// </summary>
/// <typeparam name="TKey">
/// What is asked for. A role may grant one request and not another, so the answer to one says nothing about the next.
/// </typeparam>
/// <param name="time">A monotonic clock.</param>
public sealed class ForbiddenRequests<TKey>(TimeProvider time)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, long> since = new();

    /// <summary>
    /// Records how a request failed. True when it is forbidden and has been for long enough to be believed. Any other failure restarts the
    /// time.
    /// </summary>
    public bool IsBelieved(TKey key, Exception failure)
    {
        if (failure is KubernetesException { IsForbidden: true })
        {
            return time.GetElapsedTime(since.GetOrAdd(key, _ => time.GetTimestamp())) >= ForbiddenPatience.Length;
        }

        Forget(key);
        return false;
    }

    /// <summary>
    /// Sends a request. Returns a 403 that is to be believed, else null. Throws every other failure, and a 403 that has not lasted yet.
    /// </summary>
    public async Task<KubernetesException?> FindAsync(
        TKey key,
        Func<CancellationToken, Task> request,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await request(cancellationToken);
        }
        catch (Exception failure) when (IsBelieved(key, failure))
        {
            return (KubernetesException)failure;
        }

        Forget(key);
        return null;
    }

    /// <summary>The request succeeded, or nobody will make it again.</summary>
    public void Forget(TKey key) => since.TryRemove(key, out _);
}
