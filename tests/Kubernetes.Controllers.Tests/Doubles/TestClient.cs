using System.Text.Json;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.InMemory;

namespace Kubernetes.Controllers.Tests.Doubles;

/// <summary>
/// A client of tests. It overrides what it answers itself; the cluster behind it answers the rest, and where there is none, nobody does.
/// </summary>
internal abstract class TestClient(IKubernetesClient? cluster = null) : IKubernetesClient
{
    private IKubernetesClient Cluster => cluster ?? throw new NotSupportedException($"{GetType().Name} answers no such request.");

    public virtual Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.Get, T.ResourceKind, name),
            () => Cluster.FindAsync<T>(name, cancellationToken),
            cancellationToken
        );

    public virtual Task<ResourcePage<T>> ListPageAsync<T>(
        ResourceSelector selector,
        int limit,
        string? continueToken,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.List, T.ResourceKind, Scope(selector)),
            () => Cluster.ListPageAsync<T>(selector, limit, continueToken, cancellationToken),
            cancellationToken
        );

    public virtual IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T> => Cluster.WatchAsync<T>(selector, resourceVersion, cancellationToken);

    public virtual Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.Create, T.ResourceKind, resource.Metadata.NamespacedName),
            () => Cluster.CreateAsync(resource, cancellationToken),
            cancellationToken
        );

    public virtual Task<T> ReplaceAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.Update, T.ResourceKind, resource.Metadata.NamespacedName),
            () => Cluster.ReplaceAsync(resource, cancellationToken),
            cancellationToken
        );

    public Task<T> PatchAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.Patch, T.ResourceKind, name),
            () => Cluster.PatchAsync<T>(name, mergePatch, cancellationToken),
            cancellationToken
        );

    public Task<T> PatchStatusAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.PatchStatus, T.ResourceKind, name),
            () => Cluster.PatchStatusAsync<T>(name, mergePatch, cancellationToken),
            cancellationToken
        );

    public Task<T> PatchStatusAsync<T>(T wanted, ReadOnlyMemory<byte> mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.PatchStatus, T.ResourceKind, wanted.Metadata.NamespacedName),
            async () =>
            {
                var written = await Cluster.PatchStatusAsync(wanted, mergePatch, cancellationToken);
                await ThrowIfStoredIsAnotherAsync(written, cancellationToken);
                return written;
            },
            cancellationToken
        );

    public Task DeleteAsync<T>(NamespacedName name, DeletePreconditions? preconditions, CancellationToken cancellationToken)
        where T : class, IResource<T> =>
        AnswerAsync(
            new(ClusterVerb.Delete, T.ResourceKind, name),
            async () =>
            {
                await Cluster.DeleteAsync<T>(name, preconditions, cancellationToken);
                return true;
            },
            cancellationToken
        );

    // The writer of a status is told no more than its version: what it takes for written must be what is stored.
    private async Task ThrowIfStoredIsAnotherAsync<T>(T written, CancellationToken cancellationToken)
        where T : class, IResource<T>
    {
        if (
            cluster is InMemoryCluster memory
            && await memory.FindAsync<T>(written.Metadata.NamespacedName, cancellationToken) is { } stored
            && stored.Metadata.ResourceVersion == written.Metadata.ResourceVersion
            && (Text(stored), Text(written)) is var (found, taken)
            && found != taken
        )
        {
            throw new InvalidOperationException($"Stored is\n{found}\nand the writer takes for written\n{taken}");
        }
    }

    private static string Text<T>(T resource)
        where T : class, IResource<T> => JsonSerializer.Serialize(resource, T.JsonTypeInfo);

    /// <summary>A selector as the name of a request.</summary>
    protected static NamespacedName Scope(ResourceSelector selector) => new(selector.Namespace ?? string.Empty, string.Empty);

    /// <summary>Every request but a watch goes through here.</summary>
    protected virtual Task<TAnswer> AnswerAsync<TAnswer>(
        ClusterRequest request,
        Func<Task<TAnswer>> carryOut,
        CancellationToken cancellationToken
    ) => carryOut();
}
