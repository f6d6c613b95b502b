using Xunit;

namespace Kubernetes.Client.Contract;

/// <summary>Reads a watch one event at a time and fails instead of waiting for ever.</summary>
public sealed class WatchLog<T>(IAsyncEnumerable<WatchEvent<T>> events) : IAsyncDisposable
    where T : class, IResource<T>
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(90);

    private readonly CancellationTokenSource closed = new();
    private IAsyncEnumerator<WatchEvent<T>>? reader;

    /// <summary>The next event that is no bookmark, or null when the watch ended.</summary>
    public async Task<WatchEvent<T>?> NextAsync()
    {
        reader ??= events.GetAsyncEnumerator(closed.Token);
        while (await reader.MoveNextAsync().AsTask().WaitAsync(patience, TestContext.Current.CancellationToken))
        {
            if (reader.Current is not WatchEvent<T>.Bookmark)
            {
                return reader.Current;
            }
        }

        return null;
    }

    /// <summary>The object of the next event, which must be a creation or a change.</summary>
    public async Task<T> NextAppliedAsync() => Assert.IsType<WatchEvent<T>.Applied>(await NextAsync()).Resource;

    /// <summary>The object of the next event, which must be a deletion.</summary>
    public async Task<T> NextDeletedAsync() => Assert.IsType<WatchEvent<T>.Deleted>(await NextAsync()).Resource;

    /// <summary>Reads on until an object is deleted.</summary>
    public async Task<T> UntilDeletedAsync()
    {
        while (true)
        {
            if (await NextAsync() is WatchEvent<T>.Deleted deleted)
            {
                return deleted.Resource;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await closed.CancelAsync();
        if (reader is not null)
        {
            await reader.DisposeAsync();
        }

        closed.Dispose();
    }
}
