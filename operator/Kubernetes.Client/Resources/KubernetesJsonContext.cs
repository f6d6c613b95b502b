using System.Text.Json.Serialization;

namespace Kubernetes.Client.Resources;

/// <summary>The source-generated JSON contracts of the built-in kinds.</summary>
/// <remarks>
/// The generated code assigns every init-only property, also one that the JSON leaves out (items of a list carry no kind), so an
/// initializer would be lost. Properties with a default therefore answer it from the getter.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeConverter), typeof(SecretValueConverter), typeof(SharedStringConverter)])]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(SecretMetadata))]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(ConfigMap))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(Event))]
[JsonSerializable(typeof(SelfSubjectAccessReview))]
[JsonSerializable(typeof(SubjectAccessReview))]
[JsonSerializable(typeof(TokenReview))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(Deployment))]
[JsonSerializable(typeof(StatefulSet))]
[JsonSerializable(typeof(DaemonSet))]
[JsonSerializable(typeof(NetworkPolicy))]
internal sealed partial class KubernetesJsonContext : JsonSerializerContext;
