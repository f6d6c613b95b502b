using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Kubernetes.Client.Http;

/// <summary>
/// The <c>Status</c> object (<see href="https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/"/>), as far as it is
/// read.
/// </summary>
internal sealed record ApiStatus
{
    public string? Kind { get; init; }

    public int? Code { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public ApiStatusDetails? Details { get; init; }
}

/// <summary>More about a refusal.</summary>
internal sealed record ApiStatusDetails
{
    public int? RetryAfterSeconds { get; init; }

    public IReadOnlyList<ApiStatusCause>? Causes { get; init; }
}

/// <summary>One thing that is wrong with an object.</summary>
internal sealed record ApiStatusCause
{
    public string? Reason { get; init; }

    public string? Field { get; init; }
}

/// <summary>Metadata of a list, or of the object of a bookmark.</summary>
internal sealed record ListMetadata
{
    public string? ResourceVersion { get; init; }

    public string? Continue { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>
/// What <c>/version</c> answers (<see href="https://kubernetes.io/docs/reference/kubernetes-api/definitions/info-version-apimachinery/"/>),
/// as far as it is read. A provider may add to the numbers, as in <c>32+</c>.
/// </summary>
internal sealed record ServerVersion
{
    public string? Major { get; init; }

    public string? Minor { get; init; }

    /// <summary>True from 1.32 on, the first version that streams lists unless an administrator switches it off.</summary>
    [JsonIgnore]
    public bool StreamsLists => Number(Major) > 1 || (Number(Major) == 1 && Number(Minor) >= 32);

    private static int Number(string? text) =>
        int.TryParse((text ?? string.Empty).TrimEnd('+'), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}

/// <summary>
/// An object of which only the version counts: that of a bookmark, which has nothing else and cannot be read as a whole object, and the
/// answer to a write of what is known.
/// </summary>
internal sealed record VersionedObject
{
    public ListMetadata? Metadata { get; init; }

    /// <exception cref="JsonException">The text is no object with a version.</exception>
    public static string VersionOf(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, ApiJsonContext.Default.VersionedObject)?.Metadata?.ResourceVersion
        ?? throw new JsonException("The answer has no metadata.resourceVersion.");
}

/// <summary>Body of a delete.</summary>
internal sealed record DeleteOptions
{
    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = "DeleteOptions";

    /// <summary>Dependents go after the owner, so that nothing holds up the delete.</summary>
    public string PropagationPolicy { get; init; } = "Background";

    public DeletePreconditions? Preconditions { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(ApiStatus))]
[JsonSerializable(typeof(ListMetadata))]
[JsonSerializable(typeof(ServerVersion))]
[JsonSerializable(typeof(VersionedObject))]
[JsonSerializable(typeof(DeleteOptions))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class ApiJsonContext : JsonSerializerContext;
