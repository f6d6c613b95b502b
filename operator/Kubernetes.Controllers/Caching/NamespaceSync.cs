namespace Kubernetes.Controllers.Caching;

/// <summary>
/// Which of the listed namespaces can be served. A namespace is open once each of its lists was read completely. Otherwise a reconcile
/// would take an object for missing that was not read yet. A namespace that cannot be read (it or its Role is missing) is reported and
/// tried again, and never holds up the others. Safe for use by many threads.
/// </summary>
/// <param name="time">A monotonic clock.</param>
public sealed class NamespaceSync(TimeProvider time)
{
    /// <summary>
    /// A refusal is believed after <see cref="ForbiddenPatience.Length"/>. Other failures are mostly the API server's, and the first list
    /// waits for it. After this time they count as the namespace's own. Longer than one request may take.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly Lock gate = new();
    private readonly Dictionary<string, Dictionary<string, ListState>> namespaces = new(StringComparer.Ordinal);
    private readonly Subscribers<NamespaceNews> subscribers = new();
    private readonly List<TaskCompletionSource> waiting = [];

    /// <summary>True once everything that is listed of the namespace was read; for a namespace that is not listed, too.</summary>
    public bool IsOpen(string name)
    {
        lock (gate)
        {
            return !namespaces.TryGetValue(name, out var lists) || AreListed(lists);
        }
    }

    /// <summary>The listed namespaces as they are now.</summary>
    public IReadOnlyList<NamespaceNews> Current
    {
        get
        {
            lock (gate)
            {
                return [.. namespaces.Select(entry => NewsOf(entry.Key))];
            }
        }
    }

    /// <summary>True when each namespace is open or known to be broken, and the API server has answered for at least one of them.</summary>
    public bool IsSettled
    {
        get
        {
            lock (gate)
            {
                return AreSettled();
            }
        }
    }

    /// <summary>
    /// Tells whenever a namespace opens, closes, breaks or is mended, in order, one at a time. The callback must be quick and must not
    /// throw.
    /// </summary>
    /// <returns>Ends the subscription when disposed.</returns>
    public IDisposable Subscribe(Action<NamespaceNews> onNews) => subscribers.Add(onNews);

    /// <summary>Completes when <see cref="IsSettled"/> is true.</summary>
    public Task WaitUntilSettledAsync(CancellationToken cancellationToken)
    {
        var settled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (AreSettled())
            {
                return Task.CompletedTask;
            }

            waiting.Add(settled);
        }

        return settled.Task.WaitAsync(cancellationToken);
    }

    /// <summary>A list that the namespace needs from now on: it is closed until the list was read.</summary>
    internal void Expect(string name, string list) => Change(name, lists => lists[list] = new ListState());

    /// <summary>The list was read completely.</summary>
    internal void Listed(string name, string list) => Change(name, lists => lists[list] = new ListState { IsListed = true });

    /// <summary>The list or its watch failed.</summary>
    /// <param name="name">The namespace.</param>
    /// <param name="list">The list.</param>
    /// <param name="cause">What happened, for people.</param>
    /// <param name="failure">What kind of failure it is.</param>
    internal void Failed(string name, string list, string cause, ListFailure failure) => Change(name, lists =>
    {
        var state = lists[list];
        var since = state.FailingSince ?? time.GetTimestamp();
        var isForbidden = failure == ListFailure.Forbidden;
        var isBroken = isForbidden || (!state.IsListed && time.GetElapsedTime(since) >= Patience);
        lists[list] = state with
        {
            FailingSince = since,
            Problem = isBroken ? cause : state.Problem,
            IsForbidden = state.IsForbidden || isForbidden,
            IsDoubted = state.IsDoubted || failure != ListFailure.Outage,
        };
    });

    private static bool AreListed(Dictionary<string, ListState> lists) => lists.Values.All(list => list.IsListed);

    private static string? ProblemOf(Dictionary<string, ListState> lists) =>
        lists.Values.Select(list => list.Problem).FirstOrDefault(problem => problem is not null);

    // Needs the lock. While the API server answers nothing at all, no namespace is broken by itself.
    private bool AreSettled() =>
        namespaces.Values.All(lists => AreListed(lists) || ProblemOf(lists) is not null)
        && namespaces.Values.Any(lists => AreListed(lists) || lists.Values.Any(list => list.IsForbidden));

    // Needs the lock.
    private NamespaceNews NewsOf(string name) =>
        new(name, AreListed(namespaces[name]), ProblemOf(namespaces[name]))
        {
            IsDoubted = ProblemOf(namespaces[name]) is null && namespaces[name].Values.Any(list => list.IsDoubted),
            IsForbidden = namespaces[name].Values.Any(list => list.IsForbidden),
        };

    private void Change(string name, Action<Dictionary<string, ListState>> change)
    {
        lock (gate)
        {
            if (!namespaces.TryGetValue(name, out var lists))
            {
                namespaces[name] = lists = new(StringComparer.Ordinal);
            }

            var before = NewsOf(name);
            change(lists);
            var after = NewsOf(name);
            if (before.IsOpen != after.IsOpen || before.Problem is null != after.Problem is null)
            {
                subscribers.Enqueue(after);
            }

            if (AreSettled())
            {
                waiting.ForEach(settled => settled.TrySetResult());
                waiting.Clear();
            }
        }

        subscribers.Deliver();
    }

    private sealed record ListState
    {
        public bool IsListed { get; init; }

        public long? FailingSince { get; init; }

        public string? Problem { get; init; }

        public bool IsForbidden { get; init; }

        public bool IsDoubted { get; init; }
    }
}

/// <summary>Why a list or its watch failed.</summary>
internal enum ListFailure
{
    /// <summary>The API server, or the way to it.</summary>
    Outage,

    /// <summary>A 403 that is not believed yet; see <see cref="ForbiddenPatience"/>.</summary>
    JustForbidden,

    /// <summary>A 403 that has lasted.</summary>
    Forbidden,
}

/// <summary>How one of the listed namespaces is.</summary>
/// <param name="Name">The namespace.</param>
/// <param name="IsOpen">Everything in it was read, so that it can be served. It stays so while a later list or watch is forbidden: what was
/// read is kept.</param>
/// <param name="Problem">Why it cannot be read now; null when it can, or when nothing is known yet.</param>
public sealed record NamespaceNews(string Name, bool IsOpen, string? Problem)
{
    /// <summary>
    /// Something in it was forbidden a moment ago: a permission was withdrawn, or the API server is still starting. A list finds out.
    /// </summary>
    public bool IsDoubted { get; init; }

    /// <summary>The API server answers, and refuses to have something in it read.</summary>
    public bool IsForbidden { get; init; }
}
