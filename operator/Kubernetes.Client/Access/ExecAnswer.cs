using System.Text.Json.Serialization;

namespace Kubernetes.Client.Access;

/// <summary>What a plugin prints (<see href="https://kubernetes.io/docs/reference/config-api/client-authentication.v1/"/>).</summary>
internal sealed record ExecAnswer(string? ApiVersion, ExecStatus? Status);

/// <summary>The credentials of an answer. A class without a friendly text, since each of its values is a secret.</summary>
internal sealed class ExecStatus
{
    public string? Token { get; init; }

    public string? ClientCertificateData { get; init; }

    public string? ClientKeyData { get; init; }

    public DateTimeOffset? ExpirationTimestamp { get; init; }

    [JsonIgnore]
    public bool HasCertificate => !string.IsNullOrEmpty(ClientCertificateData) && !string.IsNullOrEmpty(ClientKeyData);

    [JsonIgnore]
    public bool IsUsable => !string.IsNullOrEmpty(Token) || HasCertificate;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ExecAnswer))]
internal sealed partial class ExecJsonContext : JsonSerializerContext;
