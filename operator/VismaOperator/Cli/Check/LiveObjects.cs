using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Check;

/// <summary>The clients and connections of a cluster, for <c>check --cluster</c>. No other kind is read.</summary>
internal sealed record LiveObjects(IReadOnlyList<OAuthClient> Clients, IReadOnlyList<VismaConnection> Connections)
{

    /// <summary>Reads them.</summary>
    /// <exception cref="LiveObjectsException">They cannot be read; the message says what to do.</exception>
    public static async Task<LiveObjects> ReadAsync(IKubernetesClient cluster, CancellationToken cancellationToken) =>
        new(await ListAsync<OAuthClient>(cluster, cancellationToken), await ListAsync<VismaConnection>(cluster, cancellationToken));

    private static async Task<IReadOnlyList<T>> ListAsync<T>(IKubernetesClient cluster, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        try
        {
            return await cluster.ListAsync<T>(ResourceSelector.All, cancellationToken);
        }
        catch (KubernetesException exception) when (exception.StatusCode == System.Net.HttpStatusCode.Forbidden)
        {
            throw new LiveObjectsException(
                $"--cluster: you may not list {T.ResourceKind.Plural} in all namespaces. It takes the verb list on two kinds: kubectl "
                + "create clusterrole visma-check --verb=list "
                + $"--resource=oauthclients.{VismaNames.Group},vismaconnections.{VismaNames.Group}, bound to you by a ClusterRoleBinding",
                exception);
        }
        catch (KubernetesException exception) when (exception.StatusCode == System.Net.HttpStatusCode.NotFound)
        {
            throw new LiveObjectsException(
                $"--cluster: the cluster does not know {T.ResourceKind.Plural}: install the definitions (visma-operator crds | kubectl "
                + "apply -f -), or leave --cluster out",
                exception
            );
        }
    }
}

/// <summary>The cluster cannot be compared with. The message names cause and remedy.</summary>
internal sealed class LiveObjectsException(string message, Exception cause) : ExplainedException(message, cause);
