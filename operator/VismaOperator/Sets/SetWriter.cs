using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using VismaOperator.Api;
using VismaOperator.Reporting;

namespace VismaOperator.Sets;

/// <summary>A write of a connection that failed.</summary>
internal sealed record FailedWrite(string Verb, NamespacedName Connection, Exception Failure);

/// <summary>What came of a pass over the writes of a set.</summary>
/// <param name="Failed">The writes that failed, those of earlier passes included.</param>
/// <param name="Left">How many connections have a write that was not tried, since the time of a pass was over.</param>
internal sealed record WritePass(IReadOnlyList<FailedWrite> Failed, int Left);

/// <summary>
/// Makes a difference: creates, changes and removes connections, one after another. Each answer enters the store at once.
/// </summary>
internal sealed class SetWriter(IKubernetesClient client, Store<VismaConnection> connections, ILeadership leadership, TimeProvider time)
{
    /// <summary>
    /// For how long one pass begins writes. A reconcile that made 1,000 of them would show no progress meanwhile, and would be taken for
    /// one that is stuck where each takes a second.
    /// </summary>
    public static readonly TimeSpan PassLength = TimeSpan.FromSeconds(30);

    // What a patch left different, as the patch that would be sent again, and the generation that it left: a mutating webhook wants it so,
    // as long as nobody changes the spec. In memory, so that a restart costs one patch for each such connection.
    private readonly ConcurrentDictionary<NamespacedName, (long? Generation, string Patch)> unheeded = new();

    /// <summary>
    /// Makes the difference, as far as the time of a pass allows. What the API server refuses of one connection does not keep the others. A
    /// missing permission or a quota ends the writes of the same verb, and an outage ends all.
    /// </summary>
    /// <param name="difference">What is to be done.</param>
    /// <param name="removes">Whether what is surplus is removed.</param>
    /// <param name="earlier">What failed in the passes before this one: it is not tried again before all else was tried once.</param>
    /// <param name="cancellationToken">Ends it between two writes.</param>
    /// <returns>What failed, and how much is left.</returns>
    /// <exception cref="LeadershipLostException">Another replica may lead.</exception>
    public async Task<WritePass> MakeAsync(
        SetDifference difference,
        bool removes,
        IReadOnlyList<FailedWrite> earlier,
        CancellationToken cancellationToken
    )
    {
        var (begun, left) = (time.GetTimestamp(), new HashSet<NamespacedName>());
        var writes = Writes(difference, removes).ToList();
        var wanted = writes.Select(write => (write.Verb, write.Connection)).ToHashSet();
        var (failures, refused) = (new List<FailedWrite>(), new HashSet<string>(StringComparer.Ordinal));
        failures.AddRange(earlier.Where(write => wanted.Contains((write.Verb, write.Connection))));
        var tried = failures.Select(write => (write.Verb, write.Connection)).ToHashSet();
        foreach (var (verb, connection, write) in writes)
        {
            if (refused.Contains(verb) || tried.Contains((verb, connection)))
            {
                continue;
            }

            if (time.GetElapsedTime(begun) >= PassLength)
            {
                left.Add(connection);
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
                failures.Add(new(verb, connection, failure));
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

        return new(failures, left.Count);
    }

    /// <summary>A set is gone.</summary>
    public void Forget(NamespacedName set)
    {
        foreach (var name in unheeded.Keys.Where(name => name.Namespace == set.Namespace && SetConnections.MayBeOf(name.Name, set.Name)))
        {
            unheeded.TryRemove(name, out _);
        }
    }

    private IEnumerable<(string Verb, NamespacedName Connection, Func<CancellationToken, Task> Write)> Writes(
        SetDifference difference,
        bool removes
    ) =>
    [
        .. difference.Missing.Select(wanted => ("create", wanted.Metadata.NamespacedName, Creation(wanted))),
        .. difference.Changed
            .Where(change => !IsUnheeded(change.Present, change.Patch))
            .Select(change => ("patch", change.Present.Metadata.NamespacedName, Change(change))),
        .. removes ? difference.Surplus.Select(surplus => ("delete", surplus.Metadata.NamespacedName, Removal(surplus))) : [],
    ];

    private Func<CancellationToken, Task> Creation(VismaConnection wanted) =>
        async token => connections.Observe(await client.CreateAsync(wanted, token));

    private Func<CancellationToken, Task> Change(ConnectionChange change) =>
        async token =>
        {
            var name = change.Present.Metadata.NamespacedName;
            var written = await client.PatchAsync<VismaConnection>(name, change.Patch, token);
            connections.Observe(written);
            if (change.Rest(written) is { } rest)
            {
                unheeded[name] = (written.Metadata.Generation, WithoutVersion(rest));
            }
            else
            {
                unheeded.TryRemove(name, out _);
            }
        };

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

    private bool IsUnheeded(VismaConnection present, JsonObject patch) =>
        unheeded.TryGetValue(present.Metadata.NamespacedName, out var left)
        && left == (present.Metadata.Generation, WithoutVersion(patch));

    private static string WithoutVersion(JsonObject patch)
    {
        var text = patch.DeepClone().AsObject();
        (text["metadata"] as JsonObject)?.Remove("resourceVersion");
        return text.ToJsonString();
    }

    // A role grants verbs, and only what is created counts for a quota.
    private static bool IsOfVerb(Exception failure) =>
        failure is KubernetesException { IsForbidden: true, DeniedBy: null or { Kind: AdmissionRuleKind.Quota } };

    // An outage and a pause concern the next write as well. A webhook or a policy may deny, or fail for, one connection only.
    private static bool IsOfOneObject(Exception failure) =>
        failure is KubernetesException { StatusCode: HttpStatusCode.Conflict or HttpStatusCode.NotFound or HttpStatusCode.BadRequest }
            or KubernetesException { StatusCode: HttpStatusCode.UnprocessableEntity }
            or KubernetesException { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.InternalServerError, DeniedBy: not null };
}
