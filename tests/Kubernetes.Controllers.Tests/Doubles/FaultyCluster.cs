using System.Collections.Concurrent;
using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.InMemory;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>An in-memory cluster that can be made to fail and to be slow, and that reports every request.</summary>
internal sealed class FaultyCluster : TestClient
{
    private readonly InMemoryCluster cluster;
    private readonly ConcurrentDictionary<Task, bool> unreported = new();

    public FaultyCluster(TimeProvider clock, InMemoryClusterOptions? options = null)
        : this(new InMemoryCluster(clock, options))
    {
    }

    private FaultyCluster(InMemoryCluster cluster)
        : base(cluster) => this.cluster = cluster;

    /// <summary>
    /// Awaited before a request is carried out, with its verb (<see cref="ClusterVerb"/>), kind and name. An exception becomes the answer,
    /// and nothing happens to the cluster: an API server that forbids the request or cannot be reached.
    /// </summary>
    public Func<string, ResourceKind, NamespacedName, Task>? Before { get; set; }

    /// <summary>
    /// Awaited after a request was carried out. An exception becomes the answer although the request took effect: an answer that was lost.
    /// </summary>
    public Func<string, ResourceKind, NamespacedName, Task>? After { get; set; }

    /// <summary>Awaited before each watch event is delivered; a task that completes late is a slow watch.</summary>
    public Func<ResourceKind, NamespacedName, CancellationToken, Task>? BeforeDelivery { get; set; }

    /// <summary>Called with every request once it is answered, on the thread of the request.</summary>
    public Action<ClusterRequest>? Answered { get; set; }

    /// <summary>
    /// Completes when <see cref="Answered"/> was called for every request that has been carried out. What a request does can be seen a
    /// moment before. One that <see cref="After"/> holds is not waited for.
    /// </summary>
    public Task WhenReportedAsync() => Task.WhenAll(unreported.Keys);

    /// <summary>Answers who asks what it may do, as an authorizer would; null for an API server that does not say.</summary>
    public Func<ResourceAttributes, bool>? Reviews { get; set; }

    /// <summary>See <see cref="InMemoryCluster.ResourceVersion"/>.</summary>
    public string ResourceVersion => cluster.ResourceVersion;

    /// <summary>See <see cref="InMemoryCluster.Export"/>.</summary>
    public IReadOnlyList<ClusterObject> Export() => cluster.Export();

    /// <summary>See <see cref="InMemoryCluster.Restore"/>.</summary>
    public void Restore(ResourceKind kind, JsonObject json) => cluster.Restore(kind, json);

    /// <summary>See <see cref="InMemoryCluster.Compact"/>.</summary>
    public void Compact() => cluster.Compact();

    public override async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var events = cluster.WatchAsync<T>(selector, resourceVersion, stop.Token).GetAsyncEnumerator(stop.Token);
        var next = Task.FromResult(false);
        try
        {
            var request = new ClusterRequest(ClusterVerb.Watch, T.ResourceKind, Scope(selector));
            await AnswerAsync(request, () => Opened(next = events.MoveNextAsync().AsTask()), cancellationToken);
            while (await next)
            {
                await DelayAsync(events.Current, cancellationToken);
                yield return events.Current;
                next = events.MoveNextAsync().AsTask();
            }
        }
        finally
        {
            await stop.CancelAsync();
            await next.ContinueWith(_ => { }, TaskScheduler.Default);
            await events.DisposeAsync();
        }
    }

    public override Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken) =>
        AnswerAsync(
            new(ClusterVerb.Create, T.ResourceKind, resource.Metadata.NamespacedName),
            () => Reviewed(resource) is { } reviewed ? Task.FromResult(reviewed) : cluster.CreateAsync(resource, cancellationToken),
            cancellationToken
        );

    private T? Reviewed<T>(T resource)
        where T : class, IResource<T> =>
        (Reviews, resource) switch
        {
            ({ } judge, SelfSubjectAccessReview own) => own with { Status = Answer(judge, own.Spec.ResourceAttributes) } as T,
            ({ } judge, SubjectAccessReview other) => other with { Status = Answer(judge, other.Spec.ResourceAttributes!) } as T,
            _ => null,
        };

    private static AccessReviewStatus Answer(Func<ResourceAttributes, bool> judge, ResourceAttributes access) =>
        new() { Allowed = judge(access) };

    // The cluster opens a watch before its first wait, so a watch that cannot be opened has failed by now.
    private static Task<bool> Opened(Task<bool> first) => first.IsFaulted ? first : Task.FromResult(true);

    private Task DelayAsync<T>(WatchEvent<T> item, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        item switch
        {
            WatchEvent<T>.Applied applied => DelayAsync(applied.Resource, cancellationToken),
            WatchEvent<T>.Deleted deleted => DelayAsync(deleted.Resource, cancellationToken),
            _ => Task.CompletedTask,
        };

    private Task DelayAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        BeforeDelivery?.Invoke(T.ResourceKind, resource.Metadata.NamespacedName, cancellationToken) ?? Task.CompletedTask;

    protected override async Task<TAnswer> AnswerAsync<TAnswer>(
        ClusterRequest request,
        Func<Task<TAnswer>> carryOut,
        CancellationToken cancellationToken
    )
    {
        HttpStatusCode? code = null;
        var reported = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await (Before?.Invoke(request.Verb, request.Kind, request.Name) ?? Task.CompletedTask);
            cancellationToken.ThrowIfCancellationRequested();
            unreported[reported.Task] = true;
            var answer = await carryOut();
            if (After is { } after)
            {
                Forget(reported);
                await after(request.Verb, request.Kind, request.Name);
            }

            code = answer is null ? HttpStatusCode.NotFound : HttpStatusCode.OK;
            return answer;
        }
        catch (KubernetesException error)
        {
            code = error.StatusCode;
            throw;
        }
        finally
        {
            Answered?.Invoke(request with { StatusCode = code });
            Forget(reported);
        }
    }

    private void Forget(TaskCompletionSource reported)
    {
        unreported.TryRemove(reported.Task, out _);
        reported.TrySetResult();
    }
}
