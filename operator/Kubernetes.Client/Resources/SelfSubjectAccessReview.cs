using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>
/// Asks the API server whether the one who asks may do something
/// (<see href="https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/self-subject-access-review-v1/"/>). It is
/// created and answered, and stored nowhere.
/// </summary>
public sealed record SelfSubjectAccessReview : IResource<SelfSubjectAccessReview>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } =
        new("authorization.k8s.io", "v1", "SelfSubjectAccessReview", "selfsubjectaccessreviews", IsNamespaced: false);

    /// <inheritdoc/>
    public static JsonTypeInfo<SelfSubjectAccessReview> JsonTypeInfo => KubernetesJsonContext.Default.SelfSubjectAccessReview;

    /// <summary>Always <c>authorization.k8s.io/v1</c>.</summary>
    public string ApiVersion { get => field ?? "authorization.k8s.io/v1"; init; }

    /// <summary>Always <c>SelfSubjectAccessReview</c>.</summary>
    public string Kind { get => field ?? "SelfSubjectAccessReview"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>What is asked.</summary>
    public AccessReviewSpec Spec { get => field ?? new(); init; }

    /// <summary>The answer; null in a question.</summary>
    public AccessReviewStatus? Status { get; init; }

    /// <inheritdoc/>
    public SelfSubjectAccessReview WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>What is asked.</summary>
public sealed record AccessReviewSpec
{
    /// <summary>The access in question.</summary>
    public ResourceAttributes ResourceAttributes { get => field ?? new(); init; }
}

/// <summary>A verb on a resource.</summary>
public sealed record ResourceAttributes
{
    /// <summary>Namespace; null for cluster-scoped kinds.</summary>
    public string? Namespace { get; init; }

    /// <summary>Verb, for example <c>create</c>.</summary>
    public string? Verb { get; init; }

    /// <summary>API group; null for the core group.</summary>
    public string? Group { get; init; }

    /// <summary>Plural, for example <c>secrets</c>.</summary>
    public string? Resource { get; init; }

    /// <summary>Part of the object, for example <c>status</c>; null for the object itself.</summary>
    public string? Subresource { get; init; }

    /// <summary>One object; null for any.</summary>
    public string? Name { get; init; }
}

/// <summary>The answer.</summary>
public sealed record AccessReviewStatus
{
    /// <summary>True when it may be done.</summary>
    public bool Allowed { get; init; }
}
