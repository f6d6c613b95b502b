using System.Text.Json.Serialization.Metadata;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace VismaOperator.Api;

/// <summary>An application registered with an OAuth provider: its id, its secrets, and who may use it.</summary>
public sealed record OAuthClient : IResource<OAuthClient>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } =
        new(VismaNames.Group, VismaNames.Version, "OAuthClient", "oauthclients", IsNamespaced: true);

    /// <inheritdoc/>
    public static JsonTypeInfo<OAuthClient> JsonTypeInfo => VismaJsonContext.Default.OAuthClient;

    /// <summary>Always <c>visma-operator.io/v1</c>.</summary>
    public string ApiVersion { get => field ?? VismaNames.ApiVersion; init; }

    /// <summary>Always <c>OAuthClient</c>.</summary>
    public string Kind { get => field ?? "OAuthClient"; init; }

    /// <summary>Standard object metadata. What kubectl applied is left out: it repeats the spec, and nothing here reads it.</summary>
    public ObjectMeta Metadata { get => field ?? new(); init => field = value?.WithoutLastApplied(); }

    /// <summary>What the user declares.</summary>
    public required OAuthClientSpec Spec { get; init; }

    /// <summary>What the operator reports; <c>observedGeneration: -1</c> until it has looked for the first time.</summary>
    public OAuthClientStatus Status { get => field ?? OAuthClientStatus.Unseen; init; }

    /// <inheritdoc/>
    public OAuthClient WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}
