using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using Kubernetes.Client;

namespace VismaOperator.Tests.Support;

/// <summary>Passes everything on to the cluster, and knows how far each open watch has been read.</summary>
internal sealed class FollowedCluster(IKubernetesClient cluster, Action onProgress) : IKubernetesClient
{
    private readonly ConcurrentDictionary<object, long> positions = new();

    /// <summary>How many watches are open.</summary>
    public int OpenWatches => positions.Count;

    /// <summary>True when the readers of all watches have taken in everything up to a version.</summary>
    public bool HasReached(string version) => positions.Values.All(position => position >= Number(version));

    public Task<T?> FindAsync<T>(NamespacedName name, CancellationToken cancellationToken)
        where T : class, IResource<T> => cluster.FindAsync<T>(name, cancellationToken);

    public Task<ResourcePage<T>> ListPageAsync<T>(
        ResourceSelector selector,
        int limit,
        string? continueToken,
        CancellationToken cancellationToken
    )
        where T : class, IResource<T> => cluster.ListPageAsync<T>(selector, limit, continueToken, cancellationToken);

    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
        where T : class, IResource<T>
    {
        var watch = new object();
        positions[watch] = 0;
        try
        {
            await foreach (var item in cluster.WatchAsync<T>(selector, resourceVersion, cancellationToken))
            {
                yield return item;

                // Whoever asks for the next one has dealt with this one.
                if (item is WatchEvent<T>.Bookmark bookmark)
                {
                    positions[watch] = Number(bookmark.ResourceVersion);
                    onProgress();
                }
            }
        }
        finally
        {
            positions.TryRemove(watch, out _);
            onProgress();
        }
    }

    public Task<T> CreateAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T> => cluster.CreateAsync(resource, cancellationToken);

    public Task<T> ReplaceAsync<T>(T resource, CancellationToken cancellationToken)
        where T : class, IResource<T> => cluster.ReplaceAsync(resource, cancellationToken);

    public Task<T> PatchAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> => cluster.PatchAsync<T>(name, mergePatch, cancellationToken);

    public Task<T> PatchStatusAsync<T>(NamespacedName name, JsonObject mergePatch, CancellationToken cancellationToken)
        where T : class, IResource<T> => cluster.PatchStatusAsync<T>(name, mergePatch, cancellationToken);

    public Task DeleteAsync<T>(NamespacedName name, DeletePreconditions? preconditions, CancellationToken cancellationToken)
        where T : class, IResource<T> => cluster.DeleteAsync<T>(name, preconditions, cancellationToken);

    private static long Number(string version) => long.Parse(version, CultureInfo.InvariantCulture);
}
