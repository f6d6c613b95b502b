using Kubernetes.Client;
using Kubernetes.Controllers.Queueing;

namespace Kubernetes.Controllers.Caching;

/// <summary>Keeps one list and watch from asking too often, even if the server closes every watch.</summary>
internal sealed class ListWatchBackoff(TimeProvider time, Func<double> random)
{
    /// <summary>
    /// A watch that lived this long was healthy; the server may be asked again at once. Servers end watches after 5 to 10 minutes, so a
    /// shorter life is a fault, and the bound keeps a server that closes every watch at one request per backoff.
    /// </summary>
    private static readonly TimeSpan healthyLife = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Permissions come when a person or a GitOps tool gives them, and that person waits. 300 forbidden names ask at most some ten times a
    /// second together.
    /// </summary>
    private static readonly BackoffOptions forbidden = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));

    /// <summary>A server that asks for a longer pause than this is not believed.</summary>
    private static readonly TimeSpan longestRetryAfter = TimeSpan.FromMinutes(5);

    private readonly ForbiddenPatience patience = new(time);
    private int failures;
    private int forbiddenCount;

    /// <summary>True when the last failure was a 403 that is to be believed.</summary>
    public bool IsForbidden => forbiddenCount > 0;

    /// <summary>The kind of the failure that caused the last delay.</summary>
    public ListFailure KindOf(Exception failure) =>
        IsForbidden ? ListFailure.Forbidden
        : failure is KubernetesException { IsForbidden: true } ? ListFailure.JustForbidden
        : ListFailure.Outage;

    /// <summary>
    /// A watch was opened, so both the list and the watch are allowed: the next refusal is a first one again. A list that is answered does
    /// not say as much: a role may grant list and not watch.
    /// </summary>
    public void WatchWasOpened() => patience.Renew();

    /// <summary>Judges a watch that ended. True when it was healthy, and what happened before it is forgotten.</summary>
    public bool WasHealthy(long openedAt)
    {
        if (time.GetElapsedTime(openedAt) < healthyLife)
        {
            return false;
        }

        failures = 0;
        return true;
    }

    /// <summary>How long to wait after one more failure in a row; null is a watch that ended too soon.</summary>
    public TimeSpan NextDelay(Exception? failure)
    {
        failures++;
        var error = failure as KubernetesException;
        forbiddenCount = IsToBeBelieved(error) ? forbiddenCount + 1 : 0;
        var delay = IsForbidden ? forbidden.DelayAfter(forbiddenCount, random()) : BackoffOptions.ForWatches.DelayAfter(failures, random());
        var asked = error?.RetryAfter is { } retryAfter ? Min(retryAfter, longestRetryAfter) : TimeSpan.Zero;

        // Jitter is added to what the server asks for, too, since it asks every client for the same number of seconds.
        return asked > TimeSpan.Zero ? asked + Min(delay, asked) : delay;
    }

    private bool IsToBeBelieved(KubernetesException? error)
    {
        if (error is { IsForbidden: true })
        {
            return patience.IsOver();
        }

        patience.Renew();
        return false;
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
