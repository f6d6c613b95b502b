using System.Collections.Concurrent;
using System.Net;
using Kubernetes.Client;

namespace Kubernetes.Controllers;

/// <summary>
/// Remembers which requests the API server forbids, and since when: by 403, or by the 400 of an admission webhook that denies without a
/// code of its own. Either is believed once it has lasted for <see cref="ForbiddenPatience.Length"/>; before that it is an outage like any
/// other. Safe for use by many threads.
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
    /// Records how a request failed. Returns a 403, or a 400, that has lasted for long enough to be believed, else null. Any other failure
    /// restarts the time.
    /// </summary>
    public KubernetesException? Believed(TKey key, Exception failure)
    {
        if (failure is not KubernetesException { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.BadRequest } refusal)
        {
            Forget(key);
            return null;
        }

        return time.GetElapsedTime(since.GetOrAdd(key, _ => time.GetTimestamp())) >= ForbiddenPatience.Length ? refusal : null;
    }

    /// <summary>The request succeeded, or nobody will make it again.</summary>
    public void Forget(TKey key) => since.TryRemove(key, out _);
}

/// <summary>
/// Distinguishes a missing permission from an API server that is still starting. Until such a server has read its roles, it answers 403 to
/// every request. So a refusal is believed only once it has lasted; before that it counts as an outage.
/// </summary>
/// <param name="time">A monotonic clock.</param>
public sealed class ForbiddenPatience(TimeProvider time)
{
    /// <summary>An API server reads its roles within a second or two.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(5);

    private long? since;

    /// <summary>Records a 403. True when they have lasted for long enough to be believed.</summary>
    public bool IsOver()
    {
        since ??= time.GetTimestamp();
        return time.GetElapsedTime(since.Value) >= Length;
    }

    /// <summary>Something else was answered: the next refusal is a first one again.</summary>
    public void Renew() => since = null;
}
