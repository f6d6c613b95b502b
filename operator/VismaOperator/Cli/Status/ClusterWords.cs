using System.Net;
using Kubernetes.Client;

namespace VismaOperator.Cli.Status;

/// <summary>What a person is told whose request to a cluster failed.</summary>
internal static class ClusterWords
{
    /// <summary>True for what the API server or the network did.</summary>
    public static bool AreFor(Exception failure) =>
        failure is KubernetesException or HttpRequestException or IOException or TimeoutException;

    /// <summary>The cause and the remedy.</summary>
    /// <param name="failure">What happened.</param>
    /// <param name="server">Address of the API server.</param>
    /// <param name="verb">The verb of RBAC that was used.</param>
    /// <param name="kind">The kind of object.</param>
    /// <param name="namespaceName">The namespace; null for all.</param>
    public static string Of(Exception failure, string server, string verb, ResourceKind kind, string? namespaceName)
    {
        var resources = $"{kind.Plural}.{kind.Group}";
        var where = namespaceName is null ? "in all namespaces" : $"in namespace {namespaceName}";
        return failure switch
        {
            KubernetesException { IsForbidden: true } => $"You may not {verb} {resources} {where}. "
                + (
                    namespaceName is null
                        ? $"Name one namespace with -n, or have a ClusterRole with the verb {verb} bound to your account."
                        : $"Have a Role with the verb {verb} bound to your account."
                ),
            KubernetesException { StatusCode: HttpStatusCode.Unauthorized } =>
                $"The cluster {server} does not accept your credentials. Check kubeconfig and context, or log in again.",
            KubernetesException { IsNotFound: true } when verb == "patch" => "It is gone: somebody deleted it meanwhile.",
            KubernetesException { IsNotFound: true } => $"The cluster {server} does not know {resources}. Install the definitions: "
                + "visma-operator crds | kubectl apply --server-side -f -",
            KubernetesException refused => $"You cannot {verb} {resources} {where}: the cluster {server} says: {refused.Message}",
            _ => $"The cluster {server} cannot be reached ({failure.Message.TrimEnd('.')}). Check kubeconfig and context.",
        };
    }
}
