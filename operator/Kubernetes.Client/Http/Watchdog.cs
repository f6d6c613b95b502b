namespace Kubernetes.Client.Http;

/// <summary>
/// Barks when nothing was heard for a while: cancels <see cref="Token"/>. The server ends each watch by itself and sends bookmarks
/// in between, so a longer silence means a connection that is dead without knowing it. It also cancels when the connection must not be
/// used any more.
/// </summary>
internal sealed class Watchdog : IDisposable
{
    private readonly Deadline silence;
    // cancelled when: the silence lasted too long * the reader gave up * the connection must not be used any more
    private readonly CancellationTokenSource either;
    private readonly CancellationToken reader;
    private readonly CancellationToken connection;
    private readonly TimeSpan patience;

    public Watchdog(TimeSpan patience, TimeProvider clock, CancellationToken reader, CancellationToken connection)
    {
        this.patience = patience;
        this.reader = reader;
        this.connection = connection;
        silence = Deadline.After(patience, clock);
        either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, reader, connection);
    }

    public CancellationToken Token => either.Token;

    /// <summary>True when it was the silence, not the reader, that cancelled.</summary>
    public bool HasBarked => silence.IsCancellationRequested && !reader.IsCancellationRequested;

    /// <summary>True when it was the end of the connection, not the reader, that cancelled.</summary>
    public bool IsOver => connection.IsCancellationRequested && !reader.IsCancellationRequested;

    /// <summary>Something was heard: the wait starts again.</summary>
    public void Heard() => silence.Set(patience);

    public void Dispose()
    {
        either.Dispose();
        silence.Dispose();
    }
}
