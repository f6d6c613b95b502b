using Kubernetes.Client;

namespace Kubernetes.Controllers.Caching;

/// <summary>One object that is followed by name: a small store for one, with the same promise never to go back in time.</summary>
#pragma warning disable CA1001 // A source without a timer holds nothing to dispose, and one that is disposed could no longer be asked whether it was stopped.
internal sealed class FollowedResource<T>(NamespacedName name, Action<NamespacedName> onChange) : IReflectorSink<T>
    where T : class, IResource<T>
#pragma warning restore CA1001
{
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stop = new();
    private string? progress;

    /// <summary>The object.</summary>
    public NamespacedName Name => name;

    /// <summary>What is known of it.</summary>
    public Watched<T> Current { get; private set; } = Watched<T>.NotSynced.Instance;

    /// <summary>Ends its list and watch; nothing it still brings is told.</summary>
    public void Stop() => stop.Cancel();

    /// <summary>Lists and watches until <see cref="Stop"/> or until cancelled.</summary>
    public async Task RunAsync(Reflector<T> reflector, CancellationToken cancellationToken)
    {
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

    /// <summary>The answer of an own write. One that its watch has passed already is old, whether the object is there or gone.</summary>
    public void Observe(T written) => Become(() =>
        ResourceVersions.IsNewer(written.Metadata.ResourceVersion, progress) ? Newest(written) : Current);

    /// <inheritdoc/>
    public void Found(Finding<T> finding) => Become(() => finding switch
    {
        Finding<T>.Complete complete => Listed(complete.Items.SingleOrDefault(item => item.Metadata.NamespacedName == name), complete.ResourceVersion),
        Finding<T>.Applied applied => Reached(applied.Resource.Metadata.ResourceVersion, Newest(applied.Resource)),
        Finding<T>.Deleted deleted => Reached(deleted.Resource.Metadata.ResourceVersion, WithoutOlder(deleted.Resource.Metadata.ResourceVersion)),
        Finding<T>.Progress later => Reached(later.ResourceVersion, Current),
        _ => Current,
    });

    /// <inheritdoc/>
    public void Forbidden(string cause) => Become(() => new Watched<T>.Forbidden(cause));

    /// <inheritdoc/>
    public void Failed(string cause)
    {
        // What was known of it still stands.
    }

    private Watched<T> Listed(T? resource, string version) =>
        Reached(version, resource is null ? WithoutOlder(version) : Newest(resource));

    private Watched<T> Newest(T resource) =>
        Current is Watched<T>.Present present && !ResourceVersions.IsNewer(resource.Metadata.ResourceVersion, present.Resource.Metadata.ResourceVersion)
            ? present
            : new Watched<T>.Present(resource);

    private Watched<T> WithoutOlder(string? version) =>
        Current is Watched<T>.Present present && ResourceVersions.IsNewer(present.Resource.Metadata.ResourceVersion, version)
            ? present
            : Watched<T>.Missing.Instance;

    private Watched<T> Reached(string? version, Watched<T> next)
    {
        progress = ResourceVersions.Newer(version, progress);
        return next;
    }

    private void Become(Func<Watched<T>> next)
    {
        lock (gate)
        {
            var before = Current;
            Current = stop.IsCancellationRequested ? before : next();
            if (Current == before)
            {
                return;
            }
        }

        onChange(name);
    }
}
