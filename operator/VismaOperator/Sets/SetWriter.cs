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
internal sealed record FailedWrite(string Verb, NamespacedName Connection, Exception Failure)
{
    /// <summary>Which write it was.</summary>
    public (string Verb, NamespacedName Connection) Key => (Verb, Connection);
}

/// <summary>What came of a pass over the writes of a set.</summary>
/// <param name="Failed">The writes that failed, those included that failed in an earlier pass and were not tried again in this one.</param>
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
    private readonly ConcurrentDictionary<NamespacedName, (string? Uid, long? Generation, string Patch)> unheeded = new();

    private readonly ConcurrentDictionary<NamespacedName, Round> rounds = new();

    /// <summary>
    /// Makes the difference, as far as the time of a pass allows. What the API server refuses of one connection does not keep the others. A
    /// missing permission or a quota ends the writes of the same verb, and an outage ends all. What failed is tried again once all else was
    /// tried, in as many passes as that takes: else the same failures would use up each of them.
    /// </summary>
    /// <param name="set">The set.</param>
    /// <param name="template">What its template makes: what failed with another one says nothing; null where that is not known.</param>
    /// <param name="difference">What is to be done.</param>
    /// <param name="removes">Whether what is surplus is removed.</param>
    /// <param name="cancellationToken">Ends it between two writes.</param>
    /// <returns>What failed, and how much is left.</returns>
    /// <exception cref="LeadershipLostException">Another replica may lead.</exception>
    public async Task<WritePass> MakeAsync(
        VismaConnectionSet set,
        RenderedTemplate? template,
        SetDifference difference,
        bool removes,
        CancellationToken cancellationToken
    )
    {
        var (begun, left) = (time.GetTimestamp(), new HashSet<NamespacedName>());
        var writes = Writes(difference, removes);
        var round = RoundOf(set, template).Narrowed(writes);
        var (failures, refused) = (new List<FailedWrite>(), new HashSet<string>(StringComparer.Ordinal));
        var attempted = new HashSet<(string Verb, NamespacedName Connection)>();
        foreach (var write in round.Order(writes))
        {
            if (refused.Contains(write.Verb))
            {
                continue;
            }

            if (time.GetElapsedTime(begun) >= PassLength)
            {
                left.Add(write.Connection);
                continue;
            }

            cancellationToken.ThrowIfCancellationRequested();
            leadership.EnsureLeader();
            attempted.Add(write.Key);
            try
            {
                await write.MakeAsync(cancellationToken);
            }
            catch (Exception failure) when (ApiTrouble.Is(failure) && !cancellationToken.IsCancellationRequested)
            {
                failures.Add(new(write.Verb, write.Connection, failure));
                if (IsOfVerb(failure))
                {
                    refused.Add(write.Verb);
                }
                else if (!IsOfOneObject(failure))
                {
                    break;
                }
            }
        }

        var earlier = round.Earlier.Where(write => !attempted.Contains(write.Key)).ToList();
        // A lost race is decided anew by the next look. A refused verb is tried again with its first write.
        List<FailedWrite> tried = [.. round.Tried, .. failures.Where(write => !IsRace(write.Failure) && !IsOfVerb(write.Failure))];
        rounds[set.Metadata.NamespacedName] =
            left.Count > 0 ? round with { Tried = tried, Earlier = earlier } : round with { Tried = [], Earlier = [.. earlier, .. tried] };
        // An outage is told while a pass meets it.
        return new([.. round.Tried, .. failures, .. earlier.Where(write => IsOfOneObject(write.Failure))], left.Count);
    }

    /// <summary>A set is gone.</summary>
    public void Forget(NamespacedName set)
    {
        rounds.TryRemove(set, out _);
        foreach (var name in unheeded.Keys.Where(name => name.Namespace == set.Namespace && SetConnections.MayBeOf(name.Name, set.Name)))
        {
            unheeded.TryRemove(name, out _);
        }
    }

    private Round RoundOf(VismaConnectionSet set, RenderedTemplate? template) =>
        rounds.TryGetValue(set.Metadata.NamespacedName, out var round)
        && round.Generation == set.Metadata.Generation
        && ReferenceEquals(round.Template, template)
            ? round
            : new Round(set.Metadata.Generation, template, Tried: [], Earlier: []);

    private List<Write> Writes(SetDifference difference, bool removes) =>
    [
        .. difference.Missing.Select(wanted => new Write("create", wanted.Metadata.NamespacedName, Creation(wanted))),
        .. difference.Changed
            .Where(change => !IsUnheeded(change.Present, change.Patch))
            .Select(change => new Write("patch", change.Present.Metadata.NamespacedName, Change(change))),
        .. removes ? difference.Surplus.Select(surplus => new Write("delete", surplus.Metadata.NamespacedName, Removal(surplus))) : [],
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
                unheeded[name] = (written.Metadata.Uid, written.Metadata.Generation, WithoutVersion(rest));
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
        && left == (present.Metadata.Uid, present.Metadata.Generation, WithoutVersion(patch));

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

    /// <summary>True where the object is another one than the cache knows: it is looked at again at once.</summary>
    public static bool IsRace(Exception failure) => failure is KubernetesException { IsLostRace: true };

    private sealed record Write(string Verb, NamespacedName Connection, Func<CancellationToken, Task> MakeAsync)
    {
        public (string Verb, NamespacedName Connection) Key => (Verb, Connection);
    }

    /// <summary>What the passes over the writes of one generation and one list of tenants know, one after another.</summary>
    /// <param name="Generation">Of the set.</param>
    /// <param name="Template">What its template makes.</param>
    /// <param name="Tried">What failed since all was tried: it waits until all else was tried.</param>
    /// <param name="Earlier">What failed before that, and was not tried again; the oldest failure is the first.</param>
    private sealed record Round(
        long? Generation,
        RenderedTemplate? Template,
        IReadOnlyList<FailedWrite> Tried,
        IReadOnlyList<FailedWrite> Earlier
    )
    {
        /// <summary>The same without what is not to be written any more.</summary>
        public Round Narrowed(IReadOnlyList<Write> writes)
        {
            var wanted = writes.Select(write => write.Key).ToHashSet();
            return this with { Tried = Among(Tried), Earlier = Among(Earlier) };

            IReadOnlyList<FailedWrite> Among(IReadOnlyList<FailedWrite> failed) =>
                [.. failed.Where(write => wanted.Contains(write.Key))];
        }

        /// <summary>What a pass tries, in this order.</summary>
        public IEnumerable<Write> Order(IReadOnlyList<Write> writes)
        {
            var tried = Tried.Select(write => write.Key).ToHashSet();
            var places = Earlier.Index().ToDictionary(one => one.Item.Key, one => one.Index + 1);
            return writes.Where(write => !tried.Contains(write.Key)).OrderBy(write => places.GetValueOrDefault(write.Key));
        }
    }
}
