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
        var words = new ClusterWords(server);
        return new(
            await ListAsync<OAuthClient>(cluster, words, cancellationToken),
            await ListAsync<VismaConnection>(cluster, words, cancellationToken)
        );
    }

    private static async Task<IReadOnlyList<T>> ListAsync<T>(
        IKubernetesClient cluster,
        ClusterWords words,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        try
        {
            return await cluster.ListAsync<T>(ResourceSelector.All, cancellationToken);
        }
        catch (KubernetesException exception) when (exception.IsForbidden)
        {
            throw new LiveObjectsException(
                $"you may not list {T.ResourceKind.Plural} in all namespaces. It takes the verb list on two kinds: kubectl create "
                + "clusterrole visma-check --verb=list "
                + $"--resource=oauthclients.{VismaNames.Group},vismaconnections.{VismaNames.Group}, bound to you by a ClusterRoleBinding.",
                exception
            );
        }
        catch (Exception exception) when (ClusterWords.AreFor(exception))
        {
            throw new LiveObjectsException(words.Of(exception, "list", T.ResourceKind, namespaceName: null), exception);
        }
    }
}

/// <summary>The cluster cannot be compared with. The message names cause and remedy.</summary>
internal sealed class LiveObjectsException(string message, Exception cause)
    : ExplainedException($"--cluster: {message}\nThe findings are those of the files alone.", cause);
