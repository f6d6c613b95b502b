using System.Net;
using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Cluster;

/// <summary>What a person is told when a request to the cluster fails.</summary>
/// <param name="server">Address of the API server.</param>
internal sealed class ClusterWords(string server)
{
    /// <summary>Address of the API server.</summary>
    public string Server => server;

    /// <summary>True for what the API server or the network did.</summary>
    public static bool AreFor(Exception failure) =>
        failure is KubernetesException or HttpRequestException or IOException or TimeoutException;

    /// <summary>The cause and the remedy.</summary>
    /// <param name="failure">What happened.</param>
    /// <param name="verb">The verb of RBAC that was used.</param>
    /// <param name="kind">The kind of object.</param>
    /// <param name="namespaceName">The namespace; null for all.</param>
    /// <param name="what">
    /// What did not happen, where the API server's own words may not be repeated: they may quote a Secret. Null where they may.
    /// </param>
    public string Of(Exception failure, string verb, ResourceKind kind, string? namespaceName, string? what = null) =>
        failure switch
        {
            KubernetesException { IsForbidden: true } => Forbidden(verb, kind, namespaceName),
            KubernetesException { StatusCode: HttpStatusCode.Unauthorized } =>
                $"The cluster {server} does not accept your credentials. Check kubeconfig and context, or log in again.",
            KubernetesException { IsNotFound: true } when verb == "patch" => "It is gone: somebody deleted it meanwhile.",
            KubernetesException { IsNotFound: true } when kind.Group == VismaNames.Group =>
                $"The cluster {server} does not know {Resources(kind)}. Install the definitions: "
                    + "visma-operator crds | kubectl apply --server-side -f -",
            KubernetesException when what is not null => $"{what}: the API server {ApiTrouble.Answer(failure)}.",
            KubernetesException refused =>
                $"You cannot {verb} {Resources(kind)}{Where(namespaceName)}: the cluster {server} says: {refused.Message}",
            _ => $"{(what is null ? "The" : $"{what}: the")} cluster {server} cannot be reached ({failure.Message.TrimEnd('.')}). "
                + "Check kubeconfig and context.",
        };

    /// <summary>A permission is missing.</summary>
    public static string Forbidden(string verb, ResourceKind kind, string? namespaceName) =>
        $"You may not {verb} {Resources(kind)}{Where(namespaceName)}. "
        + (
            namespaceName is null ? $"Name one namespace with -n, or have a ClusterRole with the verb {verb} bound to your account."
            : $"Have a {(namespaceName.Length == 0 ? "ClusterRole" : "Role")} with the verb {verb} bound to your account."
        );

    private static string Resources(ResourceKind kind) => kind.Group.Length == 0 ? kind.Plural : $"{kind.Plural}.{kind.Group}";

    // Objects outside namespaces have an empty one.
    private static string Where(string? namespaceName) =>
        namespaceName switch
        {
            null => " in all namespaces",
            "" => string.Empty,
            _ => $" in namespace {namespaceName}",
        };
}
