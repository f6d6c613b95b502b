using System.Globalization;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Telemetry;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers.Writing;

/// <summary>
/// Writes events about objects (<see href="https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/"/>). An event is
/// a courtesy: one that cannot be written is logged and forgotten, and never fails what it tells of.
/// </summary>
/// <param name="client">Where events are written.</param>
/// <param name="controller">Name of the reporting controller, for example <c>visma-operator.io/operator</c>.</param>
/// <param name="instance">Identity of this replica, for example the name of its pod; at most 128 characters.</param>
/// <param name="time">Wall clock.</param>
/// <param name="logger">Log.</param>
public sealed partial class EventRecorder(IKubernetesClient client, string controller, string instance, TimeProvider time, ILogger logger)
{
    /// <summary>The API server refuses longer notes, and counts bytes.</summary>
    private const int LongestNote = 1024;

    /// <summary>Names of objects have at most 253 characters; the suffix takes up to 33 of them.</summary>
    private const int LongestPrefix = 220;

    private long sequence;

    /// <summary>Writes one event. Throws nothing but <see cref="OperationCanceledException"/>, and that only when asked to stop.</summary>
    /// <param name="about">The object that the event is about, as the API server knows it.</param>
    /// <param name="kind">Whether it needs attention.</param>
    /// <param name="reason">Why, in CamelCase, from a closed list.</param>
    /// <param name="action">What was done, in CamelCase.</param>
    /// <param name="note">What happened and what to do, for a person. Cut at 1024 bytes. Never a secret.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task RecordAsync<T>(
        T about,
        EventKind kind,
        string reason,
        string action,
        string note,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        try
        {
            await client.CreateAsync(Compose(about, kind, reason, action, note), cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // An event never fails what it tells of.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            LogNotRecorded(reason, FailureText.Of(failure));
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
    /// As client-go names events: the object and the time in hexadecimal. The sequence tells events of the same instant apart.
    /// </summary>
    private string UniqueName(string about, DateTimeOffset now)
    {
        var prefix = about.Length <= LongestPrefix ? about : about[..LongestPrefix].TrimEnd('.', '-');
        return string.Create(CultureInfo.InvariantCulture, $"{prefix}.{now.UtcTicks:x}{Interlocked.Increment(ref sequence):x4}");
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

    [LoggerMessage(LogLevel.Warning, "Event {Reason} was not recorded: {Failure}", EventName = "EventNotRecorded")]
    private partial void LogNotRecorded(string reason, string failure);
}

/// <summary>How an event is shown.</summary>
public enum EventKind
{
    /// <summary>Something went as it should.</summary>
    Normal,

    /// <summary>Something needs attention.</summary>
    Warning,
}
