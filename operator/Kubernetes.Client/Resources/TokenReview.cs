using System.Text.Json.Serialization.Metadata;

namespace Kubernetes.Client.Resources;

/// <summary>
/// Asks the API server whose a bearer token is
/// (<see href="https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/"/>). It is created and
/// answered, and stored nowhere.
/// </summary>
public sealed record TokenReview : IResource<TokenReview>
{
    /// <inheritdoc/>
    public static ResourceKind ResourceKind { get; } =
        new("authentication.k8s.io", "v1", "TokenReview", "tokenreviews", IsNamespaced: false);

    /// <inheritdoc/>
    public static JsonTypeInfo<TokenReview> JsonTypeInfo => KubernetesJsonContext.Default.TokenReview;

    /// <summary>Always <c>authentication.k8s.io/v1</c>.</summary>
    public string ApiVersion { get => field ?? "authentication.k8s.io/v1"; init; }

    /// <summary>Always <c>TokenReview</c>.</summary>
    public string Kind { get => field ?? "TokenReview"; init; }

    /// <inheritdoc/>
    public ObjectMeta Metadata { get => field ?? new(); init; }

    /// <summary>What is asked.</summary>
    public TokenReviewSpec Spec { get => field ?? new(); init; }

    /// <summary>The answer; null in a question.</summary>
    public TokenReviewStatus? Status { get; init; }

    /// <inheritdoc/>
    public TokenReview WithMetadata(ObjectMeta metadata) => this with { Metadata = metadata };
}

/// <summary>What is asked.</summary>
public sealed record TokenReviewSpec
{
    /// <summary>The token.</summary>
    public string? Token { get; init; }

    /// <summary>Never the token.</summary>
    public override string ToString() => "***";
}

/// <summary>The answer.</summary>
public sealed record TokenReviewStatus
{
    /// <summary>True when the token is one of this cluster.</summary>
    public bool Authenticated { get; init; }

    /// <summary>Whose it is; null when it is nobody's.</summary>
    public ReviewedUser? User { get; init; }
}

/// <summary>A user, as the API server knows one.</summary>
public sealed record ReviewedUser
{
    /// <summary>Name, for example <c>system:serviceaccount:monitoring:prometheus</c>.</summary>
    public string? Username { get; init; }

    /// <summary>Identifies the user for ever.</summary>
    public string? Uid { get; init; }

    /// <summary>Groups.</summary>
    public IReadOnlyList<string> Groups { get => field ?? []; init; }

    /// <summary>What the authenticator says besides.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Extra { get; init; }
}
