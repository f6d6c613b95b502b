using System.Text.Json.Serialization;

namespace Kubernetes.Client.Resources;

/// <summary>The source-generated JSON contracts of the built-in kinds.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeConverter), typeof(SecretValueConverter)])]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(SecretMetadata))]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(Event))]
internal sealed partial class KubernetesJsonContext : JsonSerializerContext;
