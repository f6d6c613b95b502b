using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.Controllers.Tests.Writing;

/// <summary>A kind with a status.</summary>
public sealed record Widget : IResource<Widget>
{
    public static ResourceKind ResourceKind { get; } = new("example.com", "v1", "Widget", "widgets", IsNamespaced: true);

    public static JsonTypeInfo<Widget> JsonTypeInfo => WidgetJsonContext.Default.Widget;

    public ObjectMeta Metadata { get; init; } = new();

    public WidgetStatus? Status { get; init; }

    public Widget WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

public sealed record WidgetStatus
{
    public long? ObservedGeneration { get; init; }

    public string? Phase { get; init; }

    public WidgetStatus? Inner { get; init; }

    public IReadOnlyList<Condition>? Conditions { get; init; }

    public IReadOnlyDictionary<string, string>? Counts { get; init; }

    public IReadOnlyList<string>? Names { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeConverter)])]
[JsonSerializable(typeof(Widget))]
internal sealed partial class WidgetJsonContext : JsonSerializerContext;
