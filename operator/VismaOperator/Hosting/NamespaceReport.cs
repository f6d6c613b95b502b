using System.Diagnostics.Metrics;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Writing;
using Lifecycle;

namespace VismaOperator.Hosting;

/// <summary>
/// Says which of the listed namespaces cannot be served: one log line and one event when it begins and when it ends, and a metric in
/// between. In the namespace itself nothing could be written, so the event is about the operator's own Lease.
/// </summary>
internal sealed partial class NamespaceReport : IDisposable
{
    public const string MeterName = "VismaOperator.Namespaces";

    private readonly Lock gate = new();
    private readonly Dictionary<string, NamespaceNews> broken = new(StringComparer.Ordinal);
    private readonly EventRecorder recorder;
    private readonly OperatorContext context;
    private readonly ILogger log;
    private readonly IDisposable subscription;
    private bool tells;

    /// <summary>Listens from now on.</summary>
    public NamespaceReport(NamespaceSync served, EventRecorder recorder, OperatorContext context)
    {
        (this.recorder, this.context) = (recorder, context);
        log = context.Logs.CreateLogger("Namespaces");
        context.Meters.Create(MeterName).CreateObservableGauge(
            "visma_operator_namespace_served",
            () => served.Current.Select(Measured),
            description: "1 when a namespace of --namespaces can be read and is served, 0 when not.");
        subscription = served.Subscribe(OnNews);
    }

    /// <inheritdoc/>
    public void Dispose() => subscription.Dispose();

    /// <summary>While this process leads, events are recorded, too. Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Each replica sees the same, and one event is enough.
        await context.Leadership.WaitUntilLeaderAsync(cancellationToken);
        TellWhatStands();
        try
        {
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (gate)
            {
                tells = false; // another replica may lead from now on
            }
        }
    }

    private static Measurement<int> Measured(NamespaceNews news) =>
        new(news is { IsOpen: true, Problem: null, IsDoubted: false } ? 1 : 0, new KeyValuePair<string, object?>("namespace", news.Name));

    private void Record(Lease lease, NamespaceNews news)
    {
        var (kind, reason, note) = news.Problem is { } problem
            ? (EventKind.Warning, Reason.NamespaceNotServed, NotServed(news.Name, problem))
            : (EventKind.Normal, Reason.NamespaceServed, $"Namespace {news.Name} is served again.");
        recorder.Record(lease, kind, reason, "Watch", note, subject: news.Name);
    }

    // Earlier changes were reported by the leader of that time.
    private void TellWhatStands()
    {
        lock (gate)
        {
            tells = true;
            foreach (var news in broken.Values)
            {
                Tell(news);
            }
        }
    }

    private void OnNews(NamespaceNews news)
    {
        lock (gate)
        {
            if (news.Problem is { } problem && broken.TryAdd(news.Name, news))
            {
                LogNotServed(NotServed(news.Name, problem));
                Tell(news);
            }
            else if (news is { IsOpen: true, Problem: null } && broken.Remove(news.Name))
            {
                LogServed(news.Name);
                Tell(news);
            }
        }
    }

    // Under the lock, so that the events of a namespace are in order.
    private void Tell(NamespaceNews news)
    {
        if (tells && context.Lease is { } lease)
        {
            Record(new Lease { Metadata = new ObjectMeta { Name = lease.Name, Namespace = lease.Namespace } }, news);
        }
    }

    private static string NotServed(string name, string problem) =>
        $"Namespace {name} is not served; the others are. "
        + "Create the namespace and the operator's Role and RoleBinding in it, or take it out of --namespaces. "
        + $"Tokens that are published in it stay, and it is served as soon as it can be read. {problem}";

    [LoggerMessage(Level = LogLevel.Warning, EventName = "NamespaceNotServed", Message = "{Problem}")]
    private partial void LogNotServed(string problem);

    [LoggerMessage(Level = LogLevel.Information, EventName = "NamespaceServed", Message = "Namespace {Namespace} is served again")]
    private partial void LogServed(string @namespace);
}
