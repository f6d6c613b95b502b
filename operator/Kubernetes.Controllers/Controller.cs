using System.Collections;
using System.Collections.Concurrent;
using Kubernetes.Client;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Telemetry;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers;

/// <summary>Takes keys from a queue and has them reconciled, by a bounded number of workers.</summary>
/// <param name="name">Name in logs and metrics, for example <c>vismaconnection</c>.</param>
/// <param name="queue">Where the keys come from; not owned.</param>
/// <param name="reconciler">What is done with each key. See <see cref="IReconciler"/> for the contract.</param>
/// <param name="workers">How many keys are reconciled at the same time; at least 1.</param>
/// <param name="logger">Log of this controller.</param>
/// <param name="metrics">Metrics of all controllers.</param>
/// <param name="time">Wall clock and durations.</param>
public sealed partial class Controller(
    string name, WorkQueue queue, IReconciler reconciler, int workers, ILogger logger, ControllerMetrics metrics, TimeProvider time)
{
    /// <summary>A requeue in the past is put off by this much: see <see cref="Requeue.At"/>.</summary>
    private static readonly TimeSpan shortestRequeue = TimeSpan.FromSeconds(1);

    /// <summary>
    /// One conflict is settled by looking again. So many in a row mean that the cache lags behind, and asking at the speed of the network
    /// would only make that worse: from then on the key waits as after a failure.
    /// </summary>
    private const int ConflictsAtOnce = 5;

    private readonly ConcurrentDictionary<NamespacedName, int> conflicts = new();
    private readonly long[] begun = new long[workers]; // when each worker took the key that it has; 0 for none
    private long idleSince; // when a key was given back last, or the workers began
    private volatile bool isWorking;
    private long reconcileId;

    /// <summary>For how long the oldest of the running reconciles has been running; zero where none is.</summary>
    public TimeSpan LongestReconcile => Enumerable.Range(0, begun.Length)
        .Select(worker => Volatile.Read(ref begun[worker]))
        .Where(since => since != 0)
        .Select(since => time.GetElapsedTime(since))
        .DefaultIfEmpty()
        .Max();

    /// <summary>
    /// For how long keys have been due while no worker had one: what hands them out has ended. Zero while the workers do not run.
    /// </summary>
    public TimeSpan LongestNeglect
    {
        get
        {
            if (!isWorking || LongestReconcile > TimeSpan.Zero)
            {
                return TimeSpan.Zero;
            }

            var (idle, wait) = (time.GetElapsedTime(Volatile.Read(ref idleSince)), queue.LongestWait);
            return idle < wait ? idle : wait;
        }
    }

    /// <summary>Name in logs and metrics.</summary>
    public string Name { get; } = name;

    /// <summary>Kind of the objects, for the log scope; the name of the controller when not set.</summary>
    public string Kind { get => field ?? Name; init; }

    /// <summary>
    /// How long <see cref="RunAsync"/> waits for running reconciles once it is asked to stop. 20 s: more than the deadlines of a
    /// token request, its write and its report together, less than the 30 s that Kubernetes grants a pod.
    /// </summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Works until asked to stop. Then no more keys are handed out, running reconciles see their token fire, and the method returns when
    /// they are done or <see cref="DrainTimeout"/> has passed. An exception from here is a bug, never a failed reconcile.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        metrics.ControllerStarted(Name, queue);
        LogStarted(Name, workers);
        var working = new LoopGroup();
        NoteIdle();
        isWorking = true;
        foreach (var worker in Enumerable.Range(0, workers))
        {
            working.Start(token => WorkAsync(worker, token));
        }

        await working.Failed.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        isWorking = false;
        await DrainAsync(working).ConfigureAwait(false);
    }

    private async Task DrainAsync(LoopGroup working)
    {
        using var enough = Deadline.After(DrainTimeout, time);
        if (await working.StopAsync(enough.Token).ConfigureAwait(false))
        {
            await working.ThrowIfFailedAsync().ConfigureAwait(false);
            LogStopped(Name);
        }
        else
        {
            LogAbandoned(Name, queue.Held, DrainTimeout);
        }
    }

    private async Task WorkAsync(int worker, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var key = await queue.TakeAsync(cancellationToken).ConfigureAwait(false);
            using var scope = logger.BeginScope(new ReconcileScope(Kind, key, Interlocked.Increment(ref reconcileId)));
            using var span = ReconcileTrace.Begin(Name, key);
            metrics.ReconcileStarted(Name);
            var (started, result) = (time.GetTimestamp(), ReconcileResult.Error);
            Volatile.Write(ref begun[worker], Math.Max(started, 1));
            try
            {
                result = Succeeded(key, await reconciler.ReconcileAsync(key, cancellationToken).ConfigureAwait(false));
            }
#pragma warning disable CA1031 // An exception of a reconcile concerns its key alone.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                result = Failed(key, failure, cancellationToken);
            }
            finally
            {
                try
                {
                    NoteIdle();
                    Volatile.Write(ref begun[worker], 0);
                    span?.End(result);
                    metrics.ReconcileEnded(Name, result, time.GetElapsedTime(started));
                }
                finally
                {
                    queue.Done(key); // whatever fails: a key that is never given back is never reconciled again
                }
            }
        }
    }

    private void NoteIdle() => Volatile.Write(ref idleSince, time.GetTimestamp());

    private string Succeeded(NamespacedName key, Requeue requeue)
    {
        queue.Forget(key);
        conflicts.TryRemove(key, out _);
        if (requeue is not Requeue.At at)
        {
            return ReconcileResult.Success;
        }

        if (at.Instant > time.GetUtcNow())
        {
            queue.AddAt(key, at.Instant);
        }
        else
        {
            queue.AddAfter(key, shortestRequeue);
        }

        return ReconcileResult.RequeueAfter;
    }

    private string Failed(NamespacedName key, Exception failure, CancellationToken cancellationToken)
    {
        switch (failure)
        {
            case OperationCanceledException when cancellationToken.IsCancellationRequested:
                queue.Add(key);
                return ReconcileResult.Requeue;
            case KubernetesException { IsConflict: true }:
                Conflicted(key);
                return ReconcileResult.Requeue;
            case LeadershipLostException:
                LogLeadershipLost();
                queue.AddAfterFailure(key, retryAfter: null);
                return ReconcileResult.Requeue;
            default:
                LogFailed(FailureText.Of(failure));
                queue.AddAfterFailure(key, (failure as KubernetesException)?.RetryAfter);
                return ReconcileResult.Error;
        }
    }

    private void Conflicted(NamespacedName key)
    {
        LogConflict();
        if (conflicts.AddOrUpdate(key, 1, (_, count) => count + 1) <= ConflictsAtOnce)
        {
            queue.Add(key);
        }
        else
        {
            queue.AddAfterFailure(key, retryAfter: null);
        }
    }

    [LoggerMessage(LogLevel.Information, "Controller {Controller} started with {Workers} workers", EventName = "ControllerStarted")]
    private partial void LogStarted(string controller, int workers);

    [LoggerMessage(LogLevel.Information, "Controller {Controller} stopped", EventName = "ControllerStopped")]
    private partial void LogStopped(string controller);

    [LoggerMessage(
        LogLevel.Warning,
        "Controller {Controller} stopped with {Running} reconciles still running after {DrainTimeout}",
        EventName = "ReconcilesAbandoned"
    )]
    private partial void LogAbandoned(string controller, int running, TimeSpan drainTimeout);

    [LoggerMessage(LogLevel.Debug, "Conflict: the object changed meanwhile; looking again", EventName = "ReconcileConflict")]
    private partial void LogConflict();

    [LoggerMessage(LogLevel.Information, "Nothing done: this process is no longer the leader", EventName = "ReconcileNotLeader")]
    private partial void LogLeadershipLost();

    [LoggerMessage(LogLevel.Error, "Reconcile failed; trying again later: {Failure}", EventName = "ReconcileFailed")]
    private partial void LogFailed(string failure);
}

/// <summary>What every log line of one reconcile carries: which object, and which of its reconciles (unique in this process).</summary>
internal sealed class ReconcileScope(string kind, NamespacedName key, long reconcileId) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 4;

    public KeyValuePair<string, object?> this[int index] =>
        index switch
        {
            0 => new("kind", kind),
            1 => new("namespace", key.Namespace),
            2 => new("name", key.Name),
            3 => new("reconcileId", reconcileId),
            _ => throw new ArgumentOutOfRangeException(nameof(index)),
        };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() =>
        Enumerable.Range(0, Count).Select(index => this[index]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>What a text log prints.</summary>
    public override string ToString() => $"{kind} {key} #{reconcileId}";
}
