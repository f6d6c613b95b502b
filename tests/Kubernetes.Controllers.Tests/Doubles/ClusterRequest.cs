using System.Net;
using Kubernetes.Client;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>One request that an <see cref="FaultyCluster"/> answered.</summary>
/// <param name="Verb">One of <see cref="ClusterVerb"/>.</param>
/// <param name="Kind">The kind asked for.</param>
/// <param name="Name">The object; for a list or a watch the namespace with an empty name.</param>
/// <param name="StatusCode">The answer; null when it was an exception other than <see cref="KubernetesException"/>.</param>
internal sealed record ClusterRequest(string Verb, ResourceKind Kind, NamespacedName Name, HttpStatusCode? StatusCode = null);

/// <summary>The verbs of requests, as in RBAC rules.</summary>
internal static class ClusterVerb
{
    /// <summary>Read one object.</summary>
    public const string Get = "get";

    /// <summary>Read a page of a list.</summary>
    public const string List = "list";

    /// <summary>Open a watch.</summary>
    public const string Watch = "watch";

    /// <summary>Create an object.</summary>
    public const string Create = "create";

    /// <summary>Replace an object.</summary>
    public const string Update = "update";

    /// <summary>Patch an object.</summary>
    public const string Patch = "patch";

    /// <summary>Patch the status of an object; in RBAC this is <c>patch</c> of <c>resource/status</c>.</summary>
    public const string PatchStatus = "patch/status";

    /// <summary>Delete an object.</summary>
    public const string Delete = "delete";
}
