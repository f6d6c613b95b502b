using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using VismaOperator.Api;

namespace VismaOperator.Cli.Rotate;

/// <summary>Who writes an object from a declaration elsewhere, so that a change of it would be undone.</summary>
/// <param name="Kind">Which way the declaration comes.</param>
/// <param name="Words">Its name, and the sign that it was told by.</param>
internal sealed record Keeper(KeeperKind Kind, string Words)
{
    private static readonly (string Key, string Words)[] labels =
    [
        ("kustomize.toolkit.fluxcd.io/name", "Flux"),
        ("helm.toolkit.fluxcd.io/name", "Flux"),
        ("argocd.argoproj.io/instance", "Argo CD"),
    ];

    private static readonly (string Key, string Words)[] annotations =
    [
        ("argocd.argoproj.io/tracking-id", "Argo CD"),
        ("meta.helm.sh/release-name", "Helm"),
    ];

    // As each of them names itself when it writes.
    private static readonly (string Manager, string Words)[] managers =
    [
        ("argocd-controller", "Argo CD"),
        ("argocd-application-controller", "Argo CD"),
        ("kustomize-controller", "Flux"),
        ("helm-controller", "Flux"),
        ("helm", "Helm"),
    ];

    /// <summary>True where people apply it from a file, so that the next apply puts back what stands there.</summary>
    /// <param name="writers">Who wrote fields of it.</param>
    public static bool IsAppliedFromFile(IReadOnlyList<string> writers) =>
        writers.Any(one => one is "kubectl-client-side-apply" or "kubectl");

    /// <summary>Finds it; null for an object that people write themselves.</summary>
    /// <param name="metadata">The object.</param>
    /// <param name="writers">Who wrote fields of it.</param>
    public static Keeper? Of(ObjectMeta metadata, IReadOnlyList<string> writers)
    {
        var owners = metadata.OwnerReferences ?? [];
        return owners.Select(OfOwner).FirstOrDefault()
            ?? OfExternalSecrets(metadata, writers)
            ?? labels.Where(one => metadata.Label(one.Key) is not null)
                .Select(one => new Keeper(KeeperKind.GitOps, $"{one.Words} (label {one.Key})"))
                .FirstOrDefault()
            ?? annotations.Where(one => metadata.Annotation(one.Key) is not null)
                .Select(one => new Keeper(KeeperKind.GitOps, $"{one.Words} (annotation {one.Key})"))
                .FirstOrDefault()
            ?? managers.Where(one => writers.Contains(one.Manager, StringComparer.Ordinal))
                .Select(one => new Keeper(KeeperKind.GitOps, $"{one.Words} (field manager {one.Manager})"))
                .FirstOrDefault();
    }

    // Not every maker of a Secret marks itself as the controller.
    private static Keeper OfOwner(OwnerReference owner) =>
        owner.Kind switch
        {
            "ExternalSecret" when owner.ApiVersion.StartsWith("external-secrets.io/", StringComparison.Ordinal) =>
                new Keeper(KeeperKind.ExternalSecrets, $"ExternalSecret {owner.Name}"),
            "SealedSecret" when owner.ApiVersion.StartsWith("bitnami.com/", StringComparison.Ordinal) =>
                new Keeper(KeeperKind.SealedSecrets, $"SealedSecret {owner.Name}"),
            _ => new Keeper(KeeperKind.GitOps, $"{owner.Kind} {owner.Name} (owner reference)"),
        };

    // Without an owner reference where its creationPolicy is Orphan or Merge.
    private static Keeper? OfExternalSecrets(ObjectMeta metadata, IReadOnlyList<string> writers)
    {
        const string Prefix = "reconcile.external-secrets.io/";
        const string Manager = "externalsecrets.external-secrets.io/";
        var sign = (metadata.Labels ?? new Dictionary<string, string>())
            .Concat(metadata.Annotations ?? new Dictionary<string, string>())
            .Select(pair => pair.Key)
            .FirstOrDefault(key => key.StartsWith(Prefix, StringComparison.Ordinal));
        var writer = writers.FirstOrDefault(one =>
            one is "external-secrets" || one.StartsWith(Manager, StringComparison.Ordinal)
        );
        return sign is not null ? new Keeper(KeeperKind.ExternalSecrets, $"External Secrets ({sign})")
            : writer is not null ? new Keeper(KeeperKind.ExternalSecrets, $"External Secrets (field manager {writer})")
            : null;
    }
}

/// <summary>Which way a declaration comes into the cluster.</summary>
internal enum KeeperKind
{
    /// <summary>From a repository, or from an object above.</summary>
    GitOps,

    /// <summary>From a vault, by the External Secrets Operator.</summary>
    ExternalSecrets,

    /// <summary>Encrypted, by Sealed Secrets.</summary>
    SealedSecrets,
}

/// <summary>Who wrote fields of an object. Nothing else of it is asked for; caches and everything else do without this member.</summary>
/// <typeparam name="T">Its kind.</typeparam>
internal sealed record WrittenBy<T> : IResource<WrittenBy<T>>
    where T : class, IResource<T>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind => T.ResourceKind;

    /// <inheritdoc/>
    public static JsonTypeInfo<WrittenBy<T>> JsonTypeInfo =>
        (JsonTypeInfo<WrittenBy<T>>)RotateJsonContext.Default.GetTypeInfo(typeof(WrittenBy<T>))!;

    /// <inheritdoc/>
    public static bool IsMetadataOnly => true;

    /// <summary>The metadata as far as it is read.</summary>
    [JsonPropertyName("metadata")]
    public WritersMeta Writers { get => field ?? new(); init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public ObjectMeta Metadata => new() { Name = Writers.Name ?? string.Empty, Namespace = Writers.Namespace };

    /// <inheritdoc/>
    public WrittenBy<T> WithMetadata(ObjectMeta metadata) => this;
}

/// <summary>Metadata of an object: its names, and who wrote fields of it.</summary>
internal sealed record WritersMeta
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>Its namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>Who wrote which fields.</summary>
    public IReadOnlyList<FieldWriter>? ManagedFields { get; init; }

    /// <summary>Who wrote any.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Names => [.. (ManagedFields ?? []).Select(one => one.Manager ?? string.Empty)];
}

/// <summary>One that wrote fields.</summary>
internal sealed record FieldWriter
{
    /// <summary>How it named itself.</summary>
    public string? Manager { get; init; }
}

/// <summary>The source-generated JSON contracts of the above.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(WrittenBy<Secret>))]
[JsonSerializable(typeof(WrittenBy<OAuthClient>))]
internal sealed partial class RotateJsonContext : JsonSerializerContext;
