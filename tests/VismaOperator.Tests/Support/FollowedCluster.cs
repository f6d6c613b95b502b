using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Kubernetes.Client;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Tests.Doubles;

namespace VismaOperator.Tests.Support;

/// <summary>Passes everything on to the cluster, and knows of each list and watch how it stands and how far it has been read.</summary>
internal sealed class FollowedCluster(IKubernetesClient cluster, Action onProgress) : TestClient(cluster)
{
    private readonly ConcurrentDictionary<Request, (Followed What, long Position)> watches = new();
    private readonly ConcurrentDictionary<Followed, Request> asked = new(); // what was asked last

    /// <summary>
    /// Those of these that are neither read up to a version nor have just failed, so that what follows them waits for its time. What is
    /// asked for and not answered counts where a request may be held up.
    /// </summary>
    public IReadOnlyList<Followed> Missing(IEnumerable<Followed> expected, string version, bool mayBeHeldUp)
    {
        var open = watches.Values.Where(watch => watch.Position >= Number(version)).Select(watch => watch.What).ToHashSet();
        var waiting = asked.Where(last => last.Value.HasFailed ?? mayBeHeldUp).Select(last => last.Key).ToHashSet();
        return [.. expected.Where(what => !open.Contains(what) && !waiting.Contains(what) && !waiting.Any(what.IsNamedBy))];
    }

    /// <summary>True when the readers of all watches have taken in everything up to a version.</summary>
    public bool HasReached(string version) => watches.Values.All(watch => watch.Position >= Number(version));

    /// <summary>Forgets what an earlier process asked.</summary>
    public void Forget() => asked.Clear();

    public override async Task<ResourcePage<T>> ListPageAsync<T>(
        ResourceSelector selector,
        int limit,
        string? continueToken,
        CancellationToken cancellationToken
    )
    {
        var (request, isAnswered) = (asked[Followed.Of<T>(selector)] = new Request(), false);
        try
        {
            var page = await base.ListPageAsync<T>(selector, limit, continueToken, cancellationToken);
            isAnswered = true;
            return page;
        }
        finally
        {
            Ended(request, isAnswered || cancellationToken.IsCancellationRequested);
        }
    }

    public override async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceSelector selector,
        string resourceVersion,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (what, isRead) = (Followed.Of<T>(selector), false);
        var watch = asked[what] = new Request();
        watches[watch] = (what, 0);
        try
        {
            await foreach (var item in base.WatchAsync<T>(selector, resourceVersion, cancellationToken))
            {
                yield return item;

                // Whoever asks for the next one has dealt with this one.
                if (item is WatchEvent<T>.Bookmark bookmark)
                {
                    watches[watch] = (what, Number(bookmark.ResourceVersion));
                    onProgress();
                }
            }

            isRead = true;
        }
        finally
        {
            watches.TryRemove(watch, out _);
            Ended(watch, isRead || cancellationToken.IsCancellationRequested);
        }
    }

    private void Ended(Request request, bool isWell)
    {
        request.HasFailed = !isWell;
        onProgress();
    }

    private static long Number(string version) => long.Parse(version, CultureInfo.InvariantCulture);

    private sealed class Request
    {
        /// <summary>Null while it is under way.</summary>
        public bool? HasFailed { get; set; }
    }
}

/// <summary>What a list and its watch are about.</summary>
internal sealed record Followed(Type Kind, string? Namespace, string? Name)
{
    public static Followed Of<T>(ResourceSelector selector)
        where T : class, IResource<T> => new(typeof(T), selector.Namespace, ResourceSelectors.NameIn(selector)?.Name);

    /// <summary>True when an object of the list says that this is to be followed.</summary>
    public bool IsNamedBy(Followed list) => Name is not null && list.Name is null && (list.Namespace ?? Namespace) == Namespace;

    public static Followed Named<T>(NamespacedName name)
        where T : class, IResource<T> => new(typeof(T), name.Namespace, name.Name);
}
