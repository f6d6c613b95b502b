using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// One object that is followed by name: a store with one feed, and whether the object may be read.
/// </summary>
// A source without a timer holds nothing to dispose, and one that is disposed could no longer be asked whether it was stopped.
#pragma warning disable CA1001
internal sealed class FollowedResource<T> : IReflectorSink<T>
    where T : class, IResource<T>
#pragma warning restore CA1001
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Store<T> store = new();
    private readonly StoreFeed<T> feed;
    private readonly Action<NamespacedName> onChange;
    private string? refusal;
    private volatile Reflector<T>? reflector;

    /// <summary>Follows nothing before <see cref="RunAsync"/>.</summary>
    public FollowedResource(NamespacedName name, Action<NamespacedName> onChange)
    {
        (Name, this.onChange) = (name, onChange);
        feed = store.AddFeed(ResourceSelectors.ByName(name));
    }

    /// <summary>The object.</summary>
    public NamespacedName Name { get; }

    /// <summary>What is known of it.</summary>
    public Watched<T> Current { get; private set; } = Watched<T>.NotSynced.Instance;

    /// <summary>Since when it is followed.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When the server last sent something; before the first time, since when it is followed.</summary>
    public DateTimeOffset LastContact => reflector?.LastContact ?? Since;

    /// <summary>Ends its list and watch; later events are not delivered.</summary>
    public void Stop() => stop.Cancel();

    /// <summary>Lists and watches until <see cref="Stop"/> or until cancelled.</summary>
    public async Task RunAsync(Reflector<T> reflector, CancellationToken cancellationToken)
    {
        this.reflector = reflector;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, cancellationToken);
        try
        {
            await reflector.RunAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // Stopped as asked.
        }
    }

    /// <inheritdoc/>
    // Whatever a watch brings shows that the object may be read again.
    public bool Knows(NamespacedName name, string version) => false;

    /// <inheritdoc/>
    public void Found(CacheEvent<T> cacheEvent) => Change(() =>
    {
        feed.Found(cacheEvent);
        refusal = cacheEvent is CacheEvent<T>.Progress ? refusal : null;
    });

    /// <inheritdoc/>
    public void Forbidden(string cause) => Change(() => refusal = cause);

    /// <inheritdoc/>
    public void Failed(string cause, ListFailure failure)
    {
        // The last known state is kept.
    }

    private Watched<T> Known() => (refusal, store.Find(Name)) switch
    {
        ({ } cause, _) => new Watched<T>.Forbidden(cause),
        (_, { } present) => new Watched<T>.Present(present),
        _ => feed.HasSynced ? Watched<T>.Missing.Instance : Watched<T>.NotSynced.Instance,
    };

    private void Change(Action change)
    {
        lock (gate)
        {
            if (stop.IsCancellationRequested)
            {
                return;
            }

            change();
            var known = Known();
            if (known == Current)
            {
                return; // the same instance as before, so that who looks again sees at once that nothing changed
            }

            Current = known;
        }

        onChange(Name);
    }
}
