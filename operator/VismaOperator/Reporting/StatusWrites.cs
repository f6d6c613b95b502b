using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Telemetry;

namespace VismaOperator.Reporting;

/// <summary>
/// Writes statuses of one kind, and retries failed writes: with a backoff for each object, logged and counted. A failed write does not
/// delay other work of the object.
/// </summary>
internal sealed partial class StatusWrites(
    string controller,
    ControllerMetrics metrics,
    ILogger logger,
    TimeProvider time,
    Func<double> random
)
{
    private readonly ConcurrentDictionary<NamespacedName, int> failures = new();
    private readonly ConcurrentDictionary<NamespacedName, bool> logged = new(); // the begin and the end of a problem are logged once

    /// <summary>Writes, and says when to look again.</summary>
    /// <param name="key">Whose status.</param>
    /// <param name="write">Writes it.</param>
    /// <param name="nextLook">When the object is due, even if the write fails; null when it is not.</param>
    /// <param name="cancellationToken">Fires when the process is asked to stop.</param>
    /// <exception cref="KubernetesException">Conflict: the status was decided on an old version, and the object must be read
    /// again.</exception>
    public async Task<Requeue> TryAsync(
        NamespacedName key,
        Func<Task<Requeue>> write,
        DateTimeOffset? nextLook,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var requeue = await write();
            if (logged.ContainsKey(key))
            {
                LogWritten();
            }

            Forget(key);
            return requeue;
        }
        catch (KubernetesException failure) when (failure.IsConflict)
        {
            metrics.StatusNotWritten(controller);
            throw;
        }
        catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
        {
            var count = failures.AddOrUpdate(key, 1, (_, before) => before + 1);

            // An object that was deleted a moment ago is no failure. One that still exists is: its status was not written.
            if (failure is not KubernetesException { IsNotFound: true })
            {
                metrics.StatusNotWritten(controller);
                var cause = FailureText.Of(failure);
                LogNotWritten(logged.TryAdd(key, true) ? LogLevel.Warning : LogLevel.Debug, cause);
            }

            var retry = time.GetUtcNow() + BackoffOptions.ForKeys.DelayAfter(count, random());
            return new Requeue.At(nextLook < retry ? nextLook.Value : retry);
        }
    }

    /// <summary>The object is gone.</summary>
    public void Forget(NamespacedName key)
    {
        failures.TryRemove(key, out _);
        logged.TryRemove(key, out _);
    }

    [LoggerMessage(Message = "Status not written; trying again until it is: {Failure}", EventName = "StatusNotWritten")]
    private partial void LogNotWritten(LogLevel level, string failure);

    [LoggerMessage(LogLevel.Information, "Status is written again", EventName = "StatusWritten")]
    private partial void LogWritten();
}
