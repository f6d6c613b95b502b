using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>A namespace, as far as this project reads it: labels for selectors, tenant ids, and whether it is terminating.</summary>
public sealed record Namespace : IResource<Namespace>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } = new(string.Empty, "v1", "Namespace", "namespaces", IsNamespaced: false);

    /// <inheritdoc/>
    public static JsonTypeInfo<Namespace> JsonTypeInfo => KubernetesJsonContext.Default.Namespace;

    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion { get => field ?? "v1"; init; }

    /// <summary>Always <c>Namespace</c>.</summary>
    public string Kind { get => field ?? "Namespace"; init; }

    /// <summary>
    /// Standard object metadata. Of the annotations only those are kept whose value is a GUID, as the id of a tenant is: platforms write
    /// long ones, and nothing here reads others.
    /// </summary>
    public ObjectMeta Metadata
    {
        get => field ?? new();
        init => field = value?.Annotations is null ? value : value with { Annotations = Guids(value.Annotations) };
    }

    /// <inheritdoc/>
    public Namespace WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };

    private static Dictionary<string, string>? Guids(IReadOnlyDictionary<string, string> annotations)
    {
        Dictionary<string, string>? kept = null;
        foreach (var (key, value) in annotations)
        {
            if (Guid.TryParseExact(value, "D", out _))
            {
                (kept ??= new(StringComparer.Ordinal)).Add(key, value);
            }
        }

        return kept;
    }
}
