using System.Text.Json.Serialization;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>The source-generated JSON contracts of the operator's own kinds.</summary>
/// <remarks>
/// The generated code assigns every init-only property, also one that the JSON leaves out, so an initializer would be
/// lost. Properties with a default therefore answer it from the getter.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeConverter), typeof(SharedStringConverter)])]
[JsonSerializable(typeof(OAuthClient))]
[JsonSerializable(typeof(VismaConnection))]
[JsonSerializable(typeof(VismaConnectionSet))]
public sealed partial class VismaJsonContext : JsonSerializerContext;
