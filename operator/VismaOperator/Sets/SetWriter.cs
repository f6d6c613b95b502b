using System.Net;
using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Sets;

/// <summary>A write of a connection that failed.</summary>
internal sealed record FailedWrite(NamespacedName Connection, Exception Failure);

/// <summary>
/// Makes a difference: creates, changes and removes connections, one after another. Each answer enters the store at once.
/// </summary>
internal sealed class SetWriter(IKubernetesClient client, Store<VismaConnection> connections, ILeadership leadership)
{
    /// <summary>
    /// Makes the difference. What the API server refuses of one connection does not keep the others; what it would refuse of each, or does
    /// not answer, ends it.
    /// </summary>
    /// <param name="difference">What is to be done.</param>
    /// <param name="removes">Whether what is surplus is removed.</param>
    /// <param name="cancellationToken">Ends it between two writes.</param>
    /// <returns>The writes that failed.</returns>
    /// <exception cref="LeadershipLostException">Another replica may lead.</exception>
    public async Task<IReadOnlyList<FailedWrite>> MakeAsync(SetDifference difference, bool removes, CancellationToken cancellationToken)
    {
        var failures = new List<FailedWrite>();
        foreach (var (connection, write) in Writes(difference, removes))
        {
            cancellationToken.ThrowIfCancellationRequested();
            leadership.EnsureLeader();
            try
            {
                await write(cancellationToken);
            }
            catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
            {
                failures.Add(new(connection, failure));
                if (!IsOfOneObject(failure))
                {
                    break;
                }
            }
        }

        return failures;
    }

    private IEnumerable<(NamespacedName Connection, Func<CancellationToken, Task> Write)> Writes(SetDifference difference, bool removes) =>
    [
        .. difference.Missing.Select(wanted => (wanted.Metadata.NamespacedName, Creation(wanted))),
        .. difference.Changed.Select(change => (change.Present.Metadata.NamespacedName, Change(change))),
        .. removes ? difference.Surplus.Select(surplus => (surplus.Metadata.NamespacedName, Removal(surplus))) : [],
    ];

    private Func<CancellationToken, Task> Creation(VismaConnection wanted) =>
        async token => connections.Observe(await client.CreateAsync(wanted, token));

    private Func<CancellationToken, Task> Change(ConnectionChange change) =>
        async token =>
            connections.Observe(
                await client.PatchAsync<VismaConnection>(change.Present.Metadata.NamespacedName, change.Patch, token)
            );

    private Func<CancellationToken, Task> Removal(VismaConnection surplus) =>
        async token =>
        {
            var (name, uid) = (surplus.Metadata.NamespacedName, surplus.Metadata.Uid);
            try
            {
                await client.DeleteAsync<VismaConnection>(name, new DeletePreconditions(uid), token);
            }
            catch (KubernetesException gone) when (gone.IsNotFound)
            {
                // Somebody else was faster.
            }

            connections.ObserveDeletion(name, uid);
        };

    // A missing permission, an outage and a pause concern the next write as well.
    private static bool IsOfOneObject(Exception failure) =>
        failure is KubernetesException { StatusCode: HttpStatusCode.Conflict or HttpStatusCode.NotFound or HttpStatusCode.BadRequest }
            or KubernetesException { StatusCode: HttpStatusCode.UnprocessableEntity };
}
