using Kubernetes.Client;
using Kubernetes.Client.Resources;

namespace VismaOperator.Cli.Cluster;

/// <summary>Asks the API server what the person at the terminal may do.</summary>
internal static class AccessQuestion
{
    /// <summary>True or false; null where the API server does not say.</summary>
    /// <param name="client">The API server.</param>
    /// <param name="access">The verb, the resource and where.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<bool?> MayAsync(IKubernetesClient client, ResourceAttributes access, CancellationToken cancellationToken)
    {
        try
        {
            var review = await client.CreateAsync(
                new SelfSubjectAccessReview { Spec = new AccessReviewSpec { ResourceAttributes = access } },
                cancellationToken
            );
            return review.Status?.Allowed;
        }
        catch (KubernetesException)
        {
            return null;
        }
    }
}
