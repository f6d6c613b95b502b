using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client.Resources;

namespace Kubernetes.Client.Contract;

/// <summary>
/// A custom resource with a status subresource, only for these tests; its definition is in <c>crds/</c> beside this file.
/// </summary>
public sealed record Widget : IResource<Widget>
{
    public static ResourceKind ResourceKind { get; } = new("contract.visma-operator.io", "v1", "Widget", "widgets", IsNamespaced: true);

    public static JsonTypeInfo<Widget> JsonTypeInfo => ContractJsonContext.Default.Widget;

    public string ApiVersion { get; init; } = "contract.visma-operator.io/v1";

    public string Kind { get; init; } = "Widget";

    public ObjectMeta Metadata { get; init; } = new();

    public WidgetSpec Spec { get; init; } = new();

    public WidgetStatus? Status { get; init; }

    public Widget WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>What is wanted of a widget.</summary>
public sealed record WidgetSpec
{
    public int? Size { get; init; }

    public string? Color { get; init; }
}

/// <summary>What became of a widget.</summary>
public sealed record WidgetStatus
{
    public string? Phase { get; init; }

    public string? Note { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeConverter)])]
[JsonSerializable(typeof(Widget))]
internal sealed partial class ContractJsonContext : JsonSerializerContext;
