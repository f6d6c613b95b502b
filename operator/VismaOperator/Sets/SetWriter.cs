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
    /// Makes the difference. What the API server refuses of one connection does not keep the others. A missing permission or a quota ends
    /// the writes of the same verb, and an outage ends all.
    /// </summary>
    /// <param name="difference">What is to be done.</param>
    /// <param name="removes">Whether what is surplus is removed.</param>
    /// <param name="cancellationToken">Ends it between two writes.</param>
    /// <returns>The writes that failed.</returns>
    /// <exception cref="LeadershipLostException">Another replica may lead.</exception>
    public async Task<IReadOnlyList<FailedWrite>> MakeAsync(SetDifference difference, bool removes, CancellationToken cancellationToken)
    {
        var (failures, refused) = (new List<FailedWrite>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var (verb, connection, write) in Writes(difference, removes))
        {
            if (refused.Contains(verb))
            {
                continue;
            }

            cancellationToken.ThrowIfCancellationRequested();
            leadership.EnsureLeader();
            try
            {
                await write(cancellationToken);
            }
            catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
            {
                failures.Add(new(connection, failure));
                if (IsOfVerb(failure))
                {
                    refused.Add(verb);
                }
                else if (!IsOfOneObject(failure))
                {
                    break;
                }
            }
        }

        return failures;
    }

    private IEnumerable<(string Verb, NamespacedName Connection, Func<CancellationToken, Task> Write)> Writes(
        SetDifference difference,
        bool removes
    ) =>
    [
        .. difference.Missing.Select(wanted => ("create", wanted.Metadata.NamespacedName, Creation(wanted))),
        .. difference.Changed.Select(change => ("patch", change.Present.Metadata.NamespacedName, Change(change))),
        .. removes ? difference.Surplus.Select(surplus => ("delete", surplus.Metadata.NamespacedName, Removal(surplus))) : [],
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
                await client.DeleteAsync<VismaConnection>(name, new DeletePreconditions(uid, surplus.Metadata.ResourceVersion), token);
            }
            catch (KubernetesException gone) when (gone.IsNotFound)
            {
                // Somebody else was faster.
            }

            connections.ObserveDeletion(name, uid);
        };

    // A role grants verbs, and only what is created counts for a quota.
    private static bool IsOfVerb(Exception failure) =>
        failure is KubernetesException { IsForbidden: true, DeniedBy: null or { Kind: AdmissionRuleKind.Quota } };

    // An outage and a pause concern the next write as well. A webhook or a policy may deny, or fail for, one connection only.
    private static bool IsOfOneObject(Exception failure) =>
        failure is KubernetesException { StatusCode: HttpStatusCode.Conflict or HttpStatusCode.NotFound or HttpStatusCode.BadRequest }
            or KubernetesException { StatusCode: HttpStatusCode.UnprocessableEntity }
            or KubernetesException { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.InternalServerError, DeniedBy: not null };
}
