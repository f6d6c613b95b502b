namespace Kubernetes.Client.Http;

/// <summary>
/// Barks when nothing was heard for a while: cancels <see cref="Token"/>. The server ends each watch by itself and sends bookmarks
/// in between, so a longer silence means a connection that is dead without knowing it.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private readonly CancellationTokenSource cut; // Cut when: the silence lasted too long * the reader gave up
    private readonly CancellationToken reader;
    private readonly ITimer timer;
    private readonly TimeSpan patience;

    public Watchdog(TimeSpan patience, TimeProvider clock, CancellationToken reader)
    {
        this.patience = patience;
        this.reader = reader;
        cut = CancellationTokenSource.CreateLinkedTokenSource(reader);
        timer = clock.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), cut, patience, Timeout.InfiniteTimeSpan);
    }

    public CancellationToken Token => cut.Token;

    /// <summary>True when it was the silence, not the reader, that cancelled.</summary>
    public bool HasBarked => cut.IsCancellationRequested && !reader.IsCancellationRequested;

    /// <summary>Something was heard: the patience starts anew.</summary>
    public void Heard() => timer.Change(patience, Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        timer.Dispose();
        cut.Dispose();
    }
}
