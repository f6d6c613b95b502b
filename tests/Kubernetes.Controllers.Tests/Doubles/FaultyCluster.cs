using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.InMemory;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>An in-memory cluster that can be made to fail and to be slow, and that reports every request.</summary>
internal sealed class FaultyCluster(TimeProvider clock, InMemoryClusterOptions? options = null) : IKubernetesClient
{
    private readonly InMemoryCluster cluster = new(clock, options);

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

    /// <summary>See <see cref="InMemoryCluster.ResourceVersion"/>.</summary>
    public string ResourceVersion => cluster.ResourceVersion;

    /// <summary>See <see cref="InMemoryCluster.Export"/>.</summary>
    public IReadOnlyList<ClusterObject> Export() => cluster.Export();

    /// <summary>See <see cref="InMemoryCluster.Restore"/>.</summary>
    public void Restore(ResourceKind kind, JsonObject json) => cluster.Restore(kind, json);

    /// <summary>See <see cref="InMemoryCluster.Compact"/>.</summary>
    public void Compact() => cluster.Compact();

    public Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.Get, T.ResourceKind, name),
            () => cluster.FindAsync<T>(name, cancellationToken),
            cancellationToken
        );

    public Task<ResourcePage<T>> ListPageAsync<T>(
        ResourceSelector selector,
        int limit,
        string? continueToken,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.List, T.ResourceKind, Scope(selector)),
            () => cluster.ListPageAsync<T>(selector, limit, continueToken, cancellationToken),
            cancellationToken
        );

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where T : class, IResource<T>
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

    public Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.Create, T.ResourceKind, resource.Metadata.NamespacedName),
            () => cluster.CreateAsync(resource, cancellationToken),
            cancellationToken
        );

    public Task<T> ReplaceAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.Update, T.ResourceKind, resource.Metadata.NamespacedName),
            () => cluster.ReplaceAsync(resource, cancellationToken),
            cancellationToken
        );

    /// <summary>See <see cref="InMemoryCluster.PatchAsync"/>.</summary>
    public Task<T> PatchAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.Patch, T.ResourceKind, name),
            () => cluster.PatchAsync<T>(name, mergePatch, cancellationToken),
            cancellationToken
        );

    public Task<T> PatchStatusAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.PatchStatus, T.ResourceKind, name),
            () => cluster.PatchStatusAsync<T>(name, mergePatch, cancellationToken),
            cancellationToken
        );

    public Task DeleteAsync<T>(NamespacedName name, DeletePreconditions? preconditions, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.Delete, T.ResourceKind, name),
            async () =>
            {
                await cluster.DeleteAsync<T>(name, preconditions, cancellationToken);
                return true;
            },
            cancellationToken
        );

    private static NamespacedName Scope(ResourceSelector selector) => new(selector.Namespace ?? string.Empty, string.Empty);

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

    private async Task<TAnswer> AnswerAsync<TAnswer>(
        ClusterRequest request,
        Func<Task<TAnswer>> carryOut,
        CancellationToken cancellationToken
    )
    {
        HttpStatusCode? code = null;
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            await (Before?.Invoke(request.Verb, request.Kind, request.Name) ?? Task.CompletedTask);
            cancellationToken.ThrowIfCancellationRequested();
            var answer = await carryOut();
            await (After?.Invoke(request.Verb, request.Kind, request.Name) ?? Task.CompletedTask);
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
        }
    }
}
