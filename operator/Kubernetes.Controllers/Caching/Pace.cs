using Kubernetes.Client;
using Kubernetes.Controllers.Queueing;

namespace Kubernetes.Controllers.Caching;

/// <summary>Keeps one list and watch from asking too often, whatever the server does.</summary>
internal sealed class Pace(TimeProvider time, Func<double> random)
{
    /// <summary>
    /// A watch that lived this long was healthy; the server may be asked anew at once. Servers end watches after 5 to 10 minutes, so a shorter
    /// life is a fault, and the bound keeps a server that closes every watch at one request per backoff.
    /// </summary>
    private static readonly TimeSpan healthyLife = TimeSpan.FromSeconds(10);

    /// <summary>Permissions come back when a person gives them. 300 forbidden names ask at most some three times a second together.</summary>
    private static readonly BackoffOptions forbidden = new(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(2));

    /// <summary>A server that asks for a longer pause than this is not believed.</summary>
    private static readonly TimeSpan longestRetryAfter = TimeSpan.FromMinutes(5);

    private int failures;

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
        var refused = failure as KubernetesException;
        var options = refused is { IsForbidden: true } ? forbidden : BackoffOptions.ForWatches;
        var delay = options.DelayAfter(failures, random());
        var asked = refused?.RetryAfter is { } retryAfter ? Min(retryAfter, longestRetryAfter) : TimeSpan.Zero;

        // Jitter is added to what the server asks for, too: it tells every client the same number of seconds.
        return asked > TimeSpan.Zero ? asked + Min(delay, asked) : delay;
    }

    private static TimeSpan Min(TimeSpan left, TimeSpan right) => left < right ? left : right;
}
