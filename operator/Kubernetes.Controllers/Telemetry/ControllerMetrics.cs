using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Kubernetes.Client;
using Kubernetes.Controllers.Queueing;

namespace Kubernetes.Controllers.Telemetry;

/// <summary>
/// The metrics of controllers, queues and the election, under the names that dashboards for controller-runtime expect
/// (<see href="https://book.kubebuilder.io/reference/metrics-reference"/>). Every label set exists from the start with the value 0, so that
/// a rate over the first failure is not lost. Labels come from closed sets; no object is ever named.
/// </summary>
public sealed class ControllerMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Kubernetes.Controllers";

    /// <summary>The buckets of controller-runtime in seconds, thinned out: a reconcile takes from half a millisecond to a minute.</summary>
    private static readonly double[] reconcileSeconds =
    [
        0.0005,
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        5,
        10,
        30,
        60,
    ];

    private readonly Meter meter;
    private readonly Counter<long> reconciles;
    private readonly Counter<long> reconcileErrors;
    private readonly Counter<long> statusFailures;
    private readonly Counter<long> droppedEvents;
    private readonly Histogram<double> reconcileTime;
    private readonly UpDownCounter<long> activeWorkers;
    private readonly ConcurrentDictionary<string, WorkQueue> queues = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Func<DateTimeOffset?>> caches = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> leaderships = new(StringComparer.Ordinal);

    /// <summary>Creates the instruments.</summary>
    public ControllerMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        meter = meters.Create(MeterName);
        reconciles = meter.CreateCounter<long>("controller_runtime_reconcile_total", description: "Reconciles per controller and result");
        reconcileErrors = meter.CreateCounter<long>(
            "controller_runtime_reconcile_errors_total",
            description: "Failed reconciles per controller"
        );
        statusFailures = meter.CreateCounter<long>(
            "controller_status_write_failures_total",
            description: "Writes of a status that the API server did not take, per controller"
        );
        droppedEvents = meter.CreateCounter<long>(
            "controller_events_dropped_total",
            description: "Events that were not written, by cause"
        );
        foreach (var cause in EventDrop.All)
        {
            droppedEvents.Add(0, new KeyValuePair<string, object?>("cause", cause));
        }

        reconcileTime = meter.CreateHistogram(
            "controller_runtime_reconcile_time_seconds",
            unit: "s",
            "Time per reconcile per controller",
            tags: null,
            new InstrumentAdvice<double> { HistogramBucketBoundaries = reconcileSeconds }
        );
        activeWorkers = meter.CreateUpDownCounter<long>(
            "controller_runtime_active_workers",
            description: "Workers that are reconciling per controller"
        );
        meter.CreateObservableGauge(
            "workqueue_depth",
            () => PerQueue(queue => queue.Depth),
            description: "Keys that are due and not yet taken"
        );
        meter.CreateObservableCounter("workqueue_adds_total", () => PerQueue(queue => queue.Adds), description: "Keys that became due");
        meter.CreateObservableCounter(
            "workqueue_retries_total",
            () => PerQueue(queue => queue.Retries),
            description: "Keys added after a failure"
        );
        meter.CreateObservableGauge(
            "controller_cache_last_contact_timestamp_seconds",
            PerCache,
            description: "When the API server last sent something on a list or watch, as Unix time"
        );
        meter.CreateObservableGauge("leader_election_master_status", PerLease, description: "1 while this process is the leader");
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    /// <summary>Announces a controller and its queue: all their label sets exist from now on.</summary>
    public void ControllerStarted(string controller, WorkQueue queue)
    {
        queues[controller] = queue;
        foreach (var result in ReconcileResult.All)
        {
            reconciles.Add(0, new("controller", controller), new("result", result));
        }

        reconcileErrors.Add(0, Named(controller));
        statusFailures.Add(0, Named(controller));
        activeWorkers.Add(0, Named(controller));
    }

    /// <summary>A cache is filled, or objects are followed one by one, from now on.</summary>
    /// <param name="resource">What they are.</param>
    /// <param name="lastContact">When the API server last sent something for them, see <see cref="Caching.Informer{T}.LastContact"/> and
    /// <see cref="Caching.WatchSet{T}.LastContact"/>; null for no series, while there is nothing to hear.</param>
    public void CacheStarted(string resource, Func<DateTimeOffset?> lastContact) => caches[resource] = lastContact;

    /// <summary>A worker took a key.</summary>
    public void ReconcileStarted(string controller) => activeWorkers.Add(1, Named(controller));

    /// <summary>A worker is done with a key.</summary>
    /// <param name="controller">Name of the controller.</param>
    /// <param name="result">One of <see cref="ReconcileResult"/>.</param>
    /// <param name="duration">How long the reconcile took.</param>
    public void ReconcileEnded(string controller, string result, TimeSpan duration)
    {
        activeWorkers.Add(-1, Named(controller));
        reconciles.Add(1, new("controller", controller), new("result", result));
        reconcileTime.Record(duration.TotalSeconds, Named(controller));
        if (result == ReconcileResult.Error)
        {
            reconcileErrors.Add(1, Named(controller));
        }
    }

    /// <summary>The API server did not take a status.</summary>
    public void StatusNotWritten(string controller) => statusFailures.Add(1, Named(controller));

    /// <summary>An event was not written.</summary>
    /// <param name="cause">One of <see cref="EventDrop"/>.</param>
    public void EventDropped(string cause) => droppedEvents.Add(1, new KeyValuePair<string, object?>("cause", cause));

    /// <summary>This process is a candidate for the lease and not its holder.</summary>
    public void NotLeading(string lease) => leaderships[lease] = 0;

    /// <summary>This process holds the lease.</summary>
    public void Leading(string lease) => leaderships[lease] = 1;

    private static KeyValuePair<string, object?> Named(string controller) => new("controller", controller);

    private IEnumerable<Measurement<long>> PerQueue(Func<WorkQueue, long> value) =>
        queues.Select(queue => new Measurement<long>(value(queue.Value), new("name", queue.Key), new("controller", queue.Key)));

    private IEnumerable<Measurement<long>> PerCache() =>
        from cache in caches
        let heard = cache.Value()
        where heard is not null
        select new Measurement<long>(heard.Value.ToUnixTimeSeconds(), new KeyValuePair<string, object?>("cache", cache.Key));

    private IEnumerable<Measurement<long>> PerLease() =>
        leaderships.Select(lease => new Measurement<long>(lease.Value, new KeyValuePair<string, object?>("name", lease.Key)));
}

/// <summary>The values of the label <c>result</c>, as controller-runtime names them.</summary>
public static class ReconcileResult
{
    /// <summary>Done; nothing to do until something changes.</summary>
    public const string Success = "success";

    /// <summary>Done; looked at again at a given time.</summary>
    public const string RequeueAfter = "requeue_after";

    /// <summary>Decided on an old state, or stopped half-way by the end of the process or of the leadership; looked at again.</summary>
    public const string Requeue = "requeue";

    /// <summary>Failed; tried again after a backoff.</summary>
    public const string Error = "error";

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<string> All { get; } = [Success, RequeueAfter, Requeue, Error];
}

/// <summary>Why an event was not written: the values of the label <c>cause</c>.</summary>
public static class EventDrop
{
    /// <summary>The same event of the same object was recorded a moment ago.</summary>
    public const string Repeated = "repeated";

    /// <summary>Too many wait to be written.</summary>
    public const string QueueFull = "queue_full";

    /// <summary>The API server did not take it.</summary>
    public const string Failed = "failed";

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<string> All { get; } = [Repeated, QueueFull, Failed];
}

/// <summary>The root of each trace: one reconcile. Costs nothing while nobody listens.</summary>
public static class ReconcileTrace
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "Kubernetes.Controllers";

    private static readonly ActivitySource source = new(SourceName);

    internal static Activity? Begin(string controller, NamespacedName key) =>
        source.HasListeners()
            ? source.StartActivity($"reconcile {controller}")
                ?.SetTag("k8s.namespace.name", key.Namespace)
                .SetTag("visma_operator.object", key.Name)
                .SetTag("visma_operator.controller", controller)
            : null;

    internal static void End(this Activity span, string result)
    {
        span.SetTag("visma_operator.result", result);
        if (result == ReconcileResult.Error)
        {
            span.SetStatus(ActivityStatusCode.Error);
        }
    }
}
