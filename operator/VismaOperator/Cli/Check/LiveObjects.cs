using Kubernetes.Client;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Reporting;

namespace VismaOperator.Cli.Check;

/// <summary>The clients and connections of a cluster, for <c>check --cluster</c>. No other kind is read.</summary>
internal sealed record LiveObjects(IReadOnlyList<OAuthClient> Clients, IReadOnlyList<VismaConnection> Connections)
{
    /// <summary>Reads them.</summary>
    /// <exception cref="LiveObjectsException">They cannot be read; the message says what to do.</exception>
    public static async Task<LiveObjects> ReadAsync(IKubernetesClient cluster, string server, CancellationToken cancellationToken)
    {
        var reader = new ClusterReader(cluster, server);
        return new(
            await ListAsync<OAuthClient>(reader, cancellationToken),
            await ListAsync<VismaConnection>(reader, cancellationToken)
        );
    }

    private static async Task<IReadOnlyList<T>> ListAsync<T>(ClusterReader reader, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var look = await reader.ListAsync<T>(ResourceSelector.All, cancellationToken);
        return look.OrThrow((failure, cause) => new LiveObjectsException(
            cause is KubernetesException { IsForbidden: true }
                ? $"you may not list {T.ResourceKind.Plural} in all namespaces. It takes the verb list on two kinds: kubectl create "
                    + "clusterrole visma-check --verb=list "
                    + $"--resource=oauthclients.{VismaNames.Group},vismaconnections.{VismaNames.Group}, bound to you by a "
                    + "ClusterRoleBinding."
                : failure,
            cause
        ))!;
    }
}

/// <summary>The cluster cannot be compared with. The message names cause and remedy.</summary>
internal sealed class LiveObjectsException(string message, Exception? cause)
    : ExplainedException($"--cluster: {message}\nThe findings are those of the files alone.", cause);
