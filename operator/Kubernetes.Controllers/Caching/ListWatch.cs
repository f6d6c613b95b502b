using System.Collections.Immutable;
using System.Net;
using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>The state of a list and watch, which determines its next request to the API server.</summary>
internal abstract record ListWatchState<T>
{
    private ListWatchState()
    {
    }

    /// <summary>The list is being read. Ask for the page after <paramref name="ContinueToken"/>.</summary>
    /// <param name="SoFar">The pages that were read.</param>
    /// <param name="ResourceVersion">Version of the list, from its first page; null before it.</param>
    /// <param name="ContinueToken">Null for the first page.</param>
    public sealed record Listing(ImmutableList<T> SoFar, string? ResourceVersion, string? ContinueToken) : ListWatchState<T>
    {
        /// <summary>Before the first page.</summary>
        public static Listing Anew { get; } = new([], ResourceVersion: null, ContinueToken: null);
    }

    /// <summary>The list comes as the beginning of a watch. It cannot be resumed: any end of it restarts the list.</summary>
    /// <param name="SoFar">What has come, the last on top.</param>
    public sealed record Streaming(ImmutableStack<WatchEvent<T>> SoFar) : ListWatchState<T>
    {
        /// <summary>Before the first line.</summary>
        public static Streaming Anew { get; } = new([]);
    }

    /// <summary>The list is complete. Watch from this version on.</summary>
    public sealed record Watching(string ResourceVersion) : ListWatchState<T>;
}

/// <summary>What the API server answered.</summary>
internal abstract record ListWatchSignal<T>
{
    private ListWatchSignal()
    {
    }

    /// <summary>A page of the list.</summary>
    public sealed record Page(ResourcePage<T> Content) : ListWatchSignal<T>;

    /// <summary>A line of the watch.</summary>
    public sealed record Line(WatchEvent<T> Event) : ListWatchSignal<T>;

    /// <summary>The request failed, or the watch broke.</summary>
    public sealed record Failure(Exception Cause) : ListWatchSignal<T>;
}

/// <summary>What follows for the store.</summary>
internal abstract record CacheEvent<T>
{
    private CacheEvent()
    {
    }

    /// <summary>These objects and no others exist at this version.</summary>
    public sealed record Complete(IReadOnlyList<T> Items, string ResourceVersion) : CacheEvent<T>;

    /// <summary>The object was created or changed.</summary>
    public sealed record Applied(T Resource) : CacheEvent<T>;

    /// <summary>The object is gone; this is its last state.</summary>
    public sealed record Deleted(T Resource) : CacheEvent<T>;

    /// <summary>Nothing happened up to this version.</summary>
    public sealed record Progress(string ResourceVersion) : CacheEvent<T>;
}

/// <summary>
/// List and watch as a pure function: from the state and the answer of the server to the next state and what the store learns. The next
/// request follows from the state alone, so every fault is a row in a table test.
/// </summary>
internal static class ListWatch<T>
    where T : class, IResource<T>
{
    /// <summary>One step. A signal that does not fit the state (a line while listing) changes nothing.</summary>
    public static (ListWatchState<T> State, CacheEvent<T>? CacheEvent) Step(ListWatchState<T> state, ListWatchSignal<T> signal) =>
        (state, signal) switch
        {
            (ListWatchState<T>.Listing listing, ListWatchSignal<T>.Page page) => AfterPage(listing, page.Content),
            (ListWatchState<T>.Streaming streaming, ListWatchSignal<T>.Line line) => AfterInitialLine(streaming, line.Event),
            (ListWatchState<T>.Watching watching, ListWatchSignal<T>.Line line) => AfterLine(watching, line.Event),
            (_, ListWatchSignal<T>.Failure failure) => (AfterFailure(state, failure.Cause), null),
            _ => (state, null),
        };

    private static (ListWatchState<T> State, CacheEvent<T>? CacheEvent) AfterPage(ListWatchState<T>.Listing listing, ResourcePage<T> page)
    {
        var items = listing.SoFar.AddRange(page.Items);

        // All pages of a list are of one version. Should a server say otherwise, the first page's is the safe one: a watch from
        // there repeats what later pages showed already, whereas a watch from a later one would skip changes of the first page.
        var version = listing.ResourceVersion ?? page.ResourceVersion;
        return page.ContinueToken is { Length: > 0 } token
            ? (new ListWatchState<T>.Listing(items, version, token), null)
            : (new ListWatchState<T>.Watching(version), new CacheEvent<T>.Complete(items, version));
    }

    private static (ListWatchState<T> State, CacheEvent<T>? CacheEvent) AfterInitialLine(
        ListWatchState<T>.Streaming streaming,
        WatchEvent<T> line
    ) =>
        line switch
        {
            WatchEvent<T>.Bookmark { EndsInitialEvents: true } end => (
                new ListWatchState<T>.Watching(end.ResourceVersion),
                new CacheEvent<T>.Complete(Remaining(streaming.SoFar), end.ResourceVersion)
            ),
            WatchEvent<T>.Bookmark => (streaming, null),
            _ => (new ListWatchState<T>.Streaming(streaming.SoFar.Push(line)), null),
        };

    // Changes may come between the objects: the last line of each counts.
    private static List<T> Remaining(ImmutableStack<WatchEvent<T>> lastFirst)
    {
        var seen = new HashSet<NamespacedName>();
        var remaining = new List<T>();
        foreach (var line in lastFirst)
        {
            if (line is WatchEvent<T>.Applied applied && seen.Add(applied.Resource.Metadata.NamespacedName))
            {
                remaining.Add(applied.Resource);
            }
            else if (line is WatchEvent<T>.Deleted deleted)
            {
                seen.Add(deleted.Resource.Metadata.NamespacedName);
            }
        }

        remaining.Reverse();
        return remaining;
    }

    private static (ListWatchState<T> State, CacheEvent<T>? CacheEvent) AfterLine(
        ListWatchState<T>.Watching watching,
        WatchEvent<T> line
    ) =>
        line switch
        {
            WatchEvent<T>.Applied applied => (
                Resume(watching, applied.Resource.Metadata.ResourceVersion),
                new CacheEvent<T>.Applied(applied.Resource)
            ),
            WatchEvent<T>.Deleted deleted => (
                Resume(watching, deleted.Resource.Metadata.ResourceVersion),
                new CacheEvent<T>.Deleted(deleted.Resource)
            ),
            WatchEvent<T>.Bookmark bookmark => (
                Resume(watching, bookmark.ResourceVersion),
                new CacheEvent<T>.Progress(bookmark.ResourceVersion)
            ),
            _ => (watching, null),
        };

    private static ListWatchState<T>.Watching Resume(ListWatchState<T>.Watching watching, string? version) =>
        ResourceVersions.IsNewer(version, watching.ResourceVersion) ? new(version!) : watching;

    /// <summary>
    /// 410: the version or the continue token is too old. 504 on a watch: the server does not know the version yet, which after a restored
    /// backup it never will. 403: only a new list shows that the permission is back, since a watch may stay silent for minutes. These start
    /// with a new list; anything else is retried from the same state; a streaming list starts again.
    /// </summary>
    private static ListWatchState<T> AfterFailure(ListWatchState<T> state, Exception cause) => (state, cause) switch
    {
        (ListWatchState<T>.Streaming, _) => ListWatchState<T>.Listing.Anew,
        (_, KubernetesException { IsExpired: true }) => ListWatchState<T>.Listing.Anew,
        (ListWatchState<T>.Watching, KubernetesException { StatusCode: HttpStatusCode.GatewayTimeout }) => ListWatchState<T>.Listing.Anew,
        (ListWatchState<T>.Watching, KubernetesException { IsForbidden: true }) => ListWatchState<T>.Listing.Anew,
        _ => state,
    };
}

/// <summary>
/// Compares resource versions. They are decimal numbers that grow with every write
/// (<see href="https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions"/>), comparable within one kind. They are
/// compared without parsing, so no number is too large; as text, "9" would be newer than "10".
/// </summary>
internal static class ResourceVersions
{
    /// <summary>True when <paramref name="version"/> is newer. An unknown version (null or empty) is older than any other.</summary>
    public static bool IsNewer(string? version, string? than) => Compare(version, than) > 0;

    /// <summary>The newer one of two.</summary>
    public static string? Newer(string? left, string? right) => Compare(left, right) >= 0 ? left : right;

    private static int Compare(string? left, string? right)
    {
        var l = left.AsSpan().TrimStart('0');
        var r = right.AsSpan().TrimStart('0');
        return l.Length != r.Length ? l.Length.CompareTo(r.Length) : l.SequenceCompareTo(r);
    }
}
