using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>
/// An event about an object (<see href="https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/"/>).
/// </summary>
public sealed record Event : IResource<Event>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } = new("events.k8s.io", "v1", "Event", "events", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<Event> JsonTypeInfo => KubernetesJsonContext.Default.Event;

    /// <summary>Always <c>events.k8s.io/v1</c>.</summary>
    public string ApiVersion { get => field ?? "events.k8s.io/v1"; init; }

    /// <summary>Always <c>Event</c>.</summary>
    public string Kind { get => field ?? "Event"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>When the event was first observed.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? EventTime { get; init; }

    /// <summary>Name of the controller, for example <c>visma-operator.io/operator</c>.</summary>
    public string? ReportingController { get; init; }

    /// <summary>Identity of the replica.</summary>
    public string? ReportingInstance { get; init; }

    /// <summary>What was done, in CamelCase.</summary>
    public string? Action { get; init; }

    /// <summary>Why, in CamelCase.</summary>
    public string? Reason { get; init; }

    /// <summary>The object that the event is about.</summary>
    public ObjectReference? Regarding { get; init; }

    /// <summary>What happened and what to do, for a person; at most 1024 characters.</summary>
    public string? Note { get; init; }

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public string? Type { get; init; }

    /// <inheritdoc/>
    public Event WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>Points at an object.</summary>
public sealed record ObjectReference
{
    /// <summary>API version of the object.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>Kind of the object.</summary>
    public string? Kind { get; init; }

    /// <summary>Namespace of the object; null for cluster-scoped kinds.</summary>
    public string? Namespace { get; init; }

    /// <summary>Name of the object.</summary>
    public string? Name { get; init; }

    /// <summary>UID of the object.</summary>
    public string? Uid { get; init; }

    /// <summary>Version of the object.</summary>
    public string? ResourceVersion { get; init; }
}
