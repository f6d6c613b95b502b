using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Lifecycle;
using VismaOperator.Cli.Cluster;

namespace VismaOperator.Cli.Doctor;

/// <summary>A cluster, as the account of the kubeconfig may see it.</summary>
/// <param name="client">The API server.</param>
/// <param name="server">Its address, for messages.</param>
internal sealed class ClusterObjects(IKubernetesClient client, string server) : IDoctorSource
{
    private readonly ClusterWords words = new(server);
    private readonly ClusterReader reader = new(client, server);

    /// <inheritdoc/>
    public string Name => $"the cluster {words.Server}";

    /// <inheritdoc/>
    public bool IsCluster => true;

    /// <inheritdoc/>
    public bool HasStatus => true;

    /// <inheritdoc/>
    public async Task<DoctorLook<T>> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var look = await reader.FindAsync<T>(name, cancellationToken);
        return new DoctorLook<T>(look.Found, ProblemOf(look));
    }

    /// <inheritdoc/>
    public async Task<Listing<T>> ListAsync<T>(ResourceSelector selector, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        var look = await reader.ListAsync<T>(selector, cancellationToken);
        return new Listing<T>(look.Found ?? [], ProblemOf(look));
    }

    /// <inheritdoc/>
    public async Task<DoctorAnswer> MayAsync(SubjectAccessReviewSpec access, CancellationToken cancellationToken)
    {
        try
        {
            var review = await client.CreateAsync(new SubjectAccessReview { Spec = access }, cancellationToken);
            return review.Status is { } status
                ? new DoctorAnswer(status.Allowed)
                : new DoctorAnswer(IsYes: false, new Problem(DoctorReason.NotFound, "The API server does not say what an account may do."));
        }
        catch (Exception failure) when (ClusterWords.AreFor(failure))
        {
            return new DoctorAnswer(
                IsYes: false,
                new Problem(ReasonOf(failure), words.Of(failure, "create", SubjectAccessReview.ResourceKind, null))
            );
        }
    }

    private static Problem? ProblemOf<T>(Lookup<T> look)
        where T : class => look.Failure is { } words ? new Problem(ReasonOf(look.Cause), words) : null;

    private static string ReasonOf(Exception? failure) =>
        failure is KubernetesException { IsForbidden: true } ? DoctorReason.Forbidden : DoctorReason.ClusterNotReached;

    /// <inheritdoc/>
    public IReadOnlyList<Problem> ProblemsOf(ResourceKind kind, NamespacedName name) => []; // the API server refused them
}
