using System.Collections.Concurrent;
using Kubernetes.Client;

namespace Kubernetes.Controllers;

/// <summary>
/// Remembers which requests the API server refuses (403), and since when. A refusal is believed once it has lasted for
/// <see cref="ForbiddenPatience.Length"/>; before that it is an outage like any other. Safe for use by many threads.
/// </summary>
/// <typeparam name="TKey">
/// What is asked for. A role may grant one request and not another, so the answer to one says nothing about the next.
/// </typeparam>
/// <param name="time">A monotonic clock.</param>
public sealed class Refusals<TKey>(TimeProvider time)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, long> refused = new();

    /// <summary>
    /// Takes note of how a request failed. True when it is refused and that is to be believed. Any other failure makes the next refusal a
    /// first one again.
    /// </summary>
    public bool IsBelieved(TKey key, Exception failure)
    {
        if (failure is KubernetesException { IsForbidden: true })
        {
            return time.GetElapsedTime(refused.GetOrAdd(key, _ => time.GetTimestamp())) >= ForbiddenPatience.Length;
        }

        Forget(key);
        return false;
    }

    /// <summary>
    /// Carries a request out. The refusal when it is to be believed, else null. Every other failure is thrown, and so is a refusal that has
    /// not lasted yet.
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
    public void Forget(TKey key) => refused.TryRemove(key, out _);
}
