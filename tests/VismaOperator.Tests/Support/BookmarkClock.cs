using System.Collections.Concurrent;

namespace VismaOperator.Tests.Support;

/// <summary>
/// The clock of a test's cluster. A cluster sends bookmarks by timers, one of each watch: here they fire when the test says so, and never
/// by the time that passes. A test that lets a year pass would else send half a million bookmarks a watch.
/// </summary>
internal sealed class BookmarkClock(TimeProvider time, Action onWatch) : TimeProvider
{
    private readonly ConcurrentDictionary<BookmarkTimer, bool> timers = new();
    private int opened;

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new BookmarkTimer(() => callback(state), timer => timers.TryRemove(timer, out _));
        timers[timer] = true;
        Interlocked.Increment(ref opened);
        onWatch();
        return timer;
    }

    /// <summary>Sends a bookmark to each watch, unless none was opened since this was last called with the same count.</summary>
    public void SendBookmarks(ref int bookmarked)
    {
        var count = Volatile.Read(ref opened) + 1; // read first: a watch that is opened meanwhile gets one more
        if (bookmarked != count)
        {
            bookmarked = count;
            timers.Keys.ToList().ForEach(timer => timer.Fire());
        }
    }

    private sealed class BookmarkTimer(Action fire, Action<BookmarkTimer> forget) : ITimer
    {
        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose() => forget(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
