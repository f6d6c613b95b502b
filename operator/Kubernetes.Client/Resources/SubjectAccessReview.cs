using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>
/// Asks the API server whether somebody may do something
/// (<see href="https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/"/>). It is created
/// and answered, and stored nowhere.
/// </summary>
public sealed record SubjectAccessReview : IResource<SubjectAccessReview>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } =
        new("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", IsNamespaced: false);

    /// <inheritdoc/>
    public static JsonTypeInfo<SubjectAccessReview> JsonTypeInfo => KubernetesJsonContext.Default.SubjectAccessReview;

    /// <summary>Always <c>authorization.k8s.io/v1</c>.</summary>
    public string ApiVersion { get => field ?? "authorization.k8s.io/v1"; init; }

    /// <summary>Always <c>SubjectAccessReview</c>.</summary>
    public string Kind { get => field ?? "SubjectAccessReview"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>What is asked.</summary>
    public SubjectAccessReviewSpec Spec { get => field ?? new(); init; }

    /// <summary>The answer; null in a question.</summary>
    public AccessReviewStatus? Status { get; init; }

    /// <inheritdoc/>
    public SubjectAccessReview WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>Who, and what.</summary>
public sealed record SubjectAccessReviewSpec
{
    /// <summary>Name of the user.</summary>
    public string? User { get; init; }

    /// <summary>Identifies the user for ever.</summary>
    public string? Uid { get; init; }

    /// <summary>Groups of the user.</summary>
    public IReadOnlyList<string> Groups { get => field ?? []; init; }

    /// <summary>What the authenticator says besides.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Extra { get; init; }

    /// <summary>The access to a resource in question; null where a path is in question.</summary>
    public ResourceAttributes? ResourceAttributes { get; init; }

    /// <summary>The access to a path in question; null where a resource is in question.</summary>
    public NonResourceAttributes? NonResourceAttributes { get; init; }
}

/// <summary>A verb on a path that is no resource.</summary>
/// <param name="Path">For example <c>/metrics</c>.</param>
/// <param name="Verb">For example <c>get</c>.</param>
public sealed record NonResourceAttributes(string Path, string Verb);
