using System.Globalization;
using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>Builds objects.</summary>
internal static class Some
{
    public static NamespacedName Key { get; } = new("team-a", "acme");

    public static KubernetesException Expired => new(HttpStatusCode.Gone, "Expired", "too old resource version");

    public static KubernetesException Conflict => new(HttpStatusCode.Conflict, "Conflict", "the object has been modified");

    public static KubernetesException Forbidden => new(HttpStatusCode.Forbidden, "Forbidden", "secrets \"acme\" is forbidden");

    public static KubernetesException ServerError => new(HttpStatusCode.InternalServerError, "InternalError", "etcd is away");

    public static SecretMetadata Secret(string name, long version, string? uid = null, string @namespace = "team-a") => new()
    {
        Metadata = new()
        {
            Name = name,
            Namespace = @namespace,
            Uid = uid ?? $"uid-of-{name}",
            ResourceVersion = version.ToString(CultureInfo.InvariantCulture),
        },
    };

    public static KubernetesException TooManyRequests(TimeSpan retryAfter) =>
        new(HttpStatusCode.TooManyRequests, "TooManyRequests", "slow down", retryAfter);

    public static ResourcePage<SecretMetadata> Page(long version, params SecretMetadata[] items) =>
        new(items, version.ToString(CultureInfo.InvariantCulture), ContinueToken: null);

    public static ResourcePage<SecretMetadata> PageWithMore(long version, string continueToken, params SecretMetadata[] items) =>
        Page(version, items) with { ContinueToken = continueToken };
}
