using System.Globalization;
using System.Threading.Channels;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Telemetry;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers.Writing;

/// <summary>
/// Writes events about objects (<see href="https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/"/>) in the
/// background. Events are best effort: recording one never waits, and one that cannot be written is logged and dropped. Each object, kind,
/// reason and subject has at most one event in <see cref="Interval"/>. Of those that come within the interval, the last is written at its
/// end, so that the last event of an object is true.
/// </summary>
/// <param name="client">Where events are written.</param>
/// <param name="controller">Name of the reporting controller, for example <c>visma-operator.io/operator</c>.</param>
/// <param name="instance">Identity of this replica, for example the name of its pod; at most 128 characters.</param>
/// <param name="time">Wall clock.</param>
/// <param name="metrics">Counts what is dropped.</param>
/// <param name="logger">Log.</param>
public sealed partial class EventRecorder(
    IKubernetesClient client,
    string controller,
    string instance,
    TimeProvider time,
    ControllerMetrics metrics,
    ILogger logger
)
{
    /// <summary>The least time between two events about one object with one kind, reason and subject.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(5);

    /// <summary>Events that wait to be written; more are dropped. A megabyte or two, and a minute of writing.</summary>
    public const int Capacity = 1_000;

    /// <summary>The API server refuses longer notes, and counts bytes.</summary>
    private const int LongestNote = 1024;

    /// <summary>Names of objects have at most 253 characters; the suffix takes up to 33 of them.</summary>
    private const int LongestPrefix = 220;

    private static readonly TimeSpan sweepInterval = TimeSpan.FromSeconds(10);

    // A process that is asked to stop has little time, and an event is a courtesy.
    private static readonly TimeSpan flushGrace = TimeSpan.FromSeconds(1);

    private readonly Channel<Event> waiting = Channel.CreateBounded<Event>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.Wait, SingleReader = true });

    private readonly Lock gate = new();
    private readonly Dictionary<Topic, long> recorded = [];

    // Events that were repeated too soon. The newest of each subject is enough: an older one would look as if it were still true.
    private readonly Dictionary<Thing, (Topic Topic, Event Composed)> repeated = [];
    private readonly RestSignal rest = new();
    private Alarm? sweep; // while the recorder runs; set only while something is recorded, so that a quiet process wakes for nothing
    private int unwritten;
    private bool isFull;
    private long sequence;

    /// <summary>Has one event written. Never waits and never fails.</summary>
    /// <param name="about">The object that the event is about, as the API server knows it.</param>
    /// <param name="kind">Whether it needs attention.</param>
    /// <param name="reason">Why, in CamelCase, from a closed list.</param>
    /// <param name="action">What was done, in CamelCase.</param>
    /// <param name="note">What happened and what to do, for a person. Cut at 1024 bytes. Never a secret.</param>
    /// <param name="subject">Distinguishes it from other events of the object with the same reason; null without one.</param>
    /// <returns>False when so many wait to be written that this one was dropped.</returns>
    public bool Record<T>(T about, EventKind kind, string reason, string action, string note, string? subject = null)
        where T : class, IResource<T>
    {
        var topic = new Topic(new Thing(about.Metadata.NamespacedName, about.Metadata.Uid, subject), kind, reason);
        lock (gate)
        {
            var composed = Compose(about, kind, reason, action, note);
            if (repeated.Remove(topic.Thing))
            {
                metrics.EventDropped(EventDrop.Repeated);
            }

            if (recorded.TryGetValue(topic, out var last) && time.GetElapsedTime(last) < Interval)
            {
                repeated[topic.Thing] = (topic, composed);
                return true;
            }

            if (TryEnqueue(topic, composed))
            {
                return true;
            }

            Drop();
            return false;
        }
    }

    /// <summary>Writes what is recorded, until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var alarm = new Alarm(time, Sweep);
        lock (gate)
        {
            sweep = alarm;
            SetSweep();
        }

        await foreach (var recordedEvent in waiting.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            await WriteAsync(recordedEvent, cancellationToken).ConfigureAwait(false);
            lock (gate)
            {
                if (--unwritten == 0)
                {
                    isFull = false;
                    rest.Reached();
                }
            }
        }
    }

    /// <summary>Completes once every event that was recorded until then is written or given up.</summary>
    public Task WhenAtRestAsync()
    {
        lock (gate)
        {
            return rest.When(isAtRest: unwritten == 0);
        }
    }

    /// <summary>Waits a moment for the events that are not written yet, while <see cref="RunAsync"/> goes on. Throws nothing.</summary>
    public async Task FlushAsync(CancellationToken deadline)
    {
        using var grace = Deadline.After(flushGrace, time);
        await using var earlier = deadline.Register(() => grace.Set(TimeSpan.Zero));
        await WhenAtRestAsync().WaitAsync(grace.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WriteAsync(Event recordedEvent, CancellationToken cancellationToken)
    {
        try
        {
            await client.CreateAsync(recordedEvent, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // An event never fails the work that it reports.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            metrics.EventDropped(EventDrop.Failed);
            LogNotRecorded(recordedEvent.Reason ?? string.Empty, FailureText.Of(failure));
        }
    }

    // Under the lock.
    private bool TryEnqueue(Topic topic, Event composed)
    {
        if (!waiting.Writer.TryWrite(composed))
        {
            return false;
        }

        if (recorded.Count == 0)
        {
            sweep?.Set(sweepInterval);
        }

        recorded[topic] = time.GetTimestamp();
        unwritten++;
        return true;
    }

    // Under the lock.
    private void Drop()
    {
        metrics.EventDropped(EventDrop.QueueFull);
        if (!isFull)
        {
            LogFull(Capacity);
        }

        isFull = true;
    }

    // Forgets what was recorded an interval ago, and writes what was repeated since. Where there is no room, that waits for the next sweep.
    private void Sweep()
    {
        lock (gate)
        {
            foreach (var (topic, _) in recorded.Where(entry => time.GetElapsedTime(entry.Value) >= Interval).ToList())
            {
                recorded.Remove(topic);
            }

            var due = repeated.Values.Where(entry => !recorded.ContainsKey(entry.Topic)).ToList();
            foreach (var (topic, composed) in due.OrderBy(entry => entry.Composed.EventTime))
            {
                if (TryEnqueue(topic, composed))
                {
                    repeated.Remove(topic.Thing);
                }
            }

            SetSweep();
        }
    }

    // Under the lock.
    private void SetSweep()
    {
        if (recorded.Count + repeated.Count > 0)
        {
            sweep?.Set(sweepInterval);
        }
    }

    private Event Compose<T>(T about, EventKind kind, string reason, string action, string note)
        where T : class, IResource<T>
    {
        var now = time.GetUtcNow();
        return new()
        {
            Metadata = new() { Name = UniqueName(about.Metadata.Name, now), Namespace = about.Metadata.Namespace ?? "default" },
            EventTime = now,
            ReportingController = controller,
            ReportingInstance = instance,
            Action = action,
            Reason = reason,
            Type = kind.ToString(),
            Note = Cut(note),
            Regarding = ReferenceTo(about),
        };
    }

    private static string Cut(string note)
    {
        var bytes = 0;
        var characters = 0;
        foreach (var rune in note.EnumerateRunes())
        {
            bytes += rune.Utf8SequenceLength;
            if (bytes > LongestNote)
            {
                return note[..characters];
            }

            characters += rune.Utf16SequenceLength;
        }

        return note;
    }

    /// <summary>
    /// As client-go names events: the object and the time in hexadecimal. The sequence distinguishes events of the same instant.
    /// </summary>
    private string UniqueName(string about, DateTimeOffset now)
    {
        var prefix = about.Length <= LongestPrefix ? about : about[..LongestPrefix].TrimEnd('.', '-');
        return string.Create(CultureInfo.InvariantCulture, $"{prefix}.{now.UtcTicks:x}{++sequence:x4}");
    }

    private static ObjectReference ReferenceTo<T>(T about)
        where T : class, IResource<T> => new()
        {
            ApiVersion = T.ResourceKind.ApiVersion,
            Kind = T.ResourceKind.Kind,
            Namespace = about.Metadata.Namespace,
            Name = about.Metadata.Name,
            Uid = about.Metadata.Uid,
            ResourceVersion = about.Metadata.ResourceVersion,
        };

    private sealed record Thing(NamespacedName About, string? Uid, string? Subject);

    private sealed record Topic(Thing Thing, EventKind Kind, string Reason);

    [LoggerMessage(LogLevel.Warning, "Event {Reason} was not recorded: {Failure}", EventName = "EventNotRecorded")]
    private partial void LogNotRecorded(string reason, string failure);

    [LoggerMessage(
        LogLevel.Warning,
        "{Capacity} events wait to be written, so others are dropped",
        EventName = "EventsDropped"
    )]
    private partial void LogFull(int capacity);
}

/// <summary>How an event is shown.</summary>
public enum EventKind
{
    /// <summary>Something went as it should.</summary>
    Normal,

    /// <summary>Something needs attention.</summary>
    Warning,
}
