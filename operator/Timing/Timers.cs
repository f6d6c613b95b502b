namespace Timing;

#pragma warning disable RS0030 // The one place that arms timers: everything else goes through here.

/// <summary>
/// Arms every timer of the operator; <c>operator/BannedSymbols.txt</c> keeps other code from it. A wait that was computed may be below
/// zero, when the process was stalled or a clock was stepped, or longer than the timers of the system take: see <see cref="Alarm"/>.
/// </summary>
internal static class Timers
{
    /// <summary>The longest wait of one arming; longer ones are waited for in parts.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private static readonly TimeSpan shortestPeriod = TimeSpan.FromMilliseconds(1);

    /// <summary>Waits. Zero or less is over at once.</summary>
    public static Task DelayAsync(this TimeProvider time, TimeSpan wait, CancellationToken cancellationToken) =>
        wait > Longest ? InPartsAsync(time, wait, cancellationToken) : Task.Delay(Part(wait), time, cancellationToken);

    /// <summary>Waits for a task, at most this long.</summary>
    /// <exception cref="TimeoutException">The task is not done in time.</exception>
    public static async Task<T> WaitAsync<T>(this TimeProvider time, Task<T> task, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var deadline = Deadline.Linked(atMost, time, cancellationToken);
        try
        {
            return await task.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return task.IsCompleted ? await task : throw new TimeoutException(); // it may have ended just after the time was over
        }
    }

    /// <summary>Ticks again and again until disposed.</summary>
    /// <param name="time">Makes the timer.</param>
    /// <param name="period">At least a millisecond and at most <see cref="Longest"/>; what is outside is moved to the nearer end.</param>
    public static PeriodicTimer Every(this TimeProvider time, TimeSpan period) => new(Period(period), time);

    /// <summary>Calls back again and again until disposed.</summary>
    /// <param name="time">Makes the timer.</param>
    /// <param name="period">As for <see cref="Every"/>.</param>
    /// <param name="callback">Must not throw.</param>
    public static ITimer Repeat(this TimeProvider time, TimeSpan period, Action callback) =>
        time.CreateTimer(static callback => ((Action)callback!)(), callback, Period(period), Period(period));

    /// <summary>A timer that fires once.</summary>
    internal static ITimer Start(TimeProvider time, Action callback, TimeSpan part) =>
        time.CreateTimer(static callback => ((Action)callback!)(), callback, part, Timeout.InfiniteTimeSpan);

    /// <summary>Has a timer fire once more.</summary>
    internal static void Restart(ITimer timer, TimeSpan part) => timer.Change(part, Timeout.InfiniteTimeSpan);

    /// <summary>
    /// The part of a wait that one timer can cover. Timers truncate to whole milliseconds. Rounded up, none fires early, and no caller arms
    /// again and again for a remaining fraction.
    /// </summary>
    internal static TimeSpan Part(TimeSpan wait) =>
        wait <= TimeSpan.Zero ? TimeSpan.Zero
        : wait > Longest ? Longest
        : TimeSpan.FromMilliseconds((wait.Ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond);

    private static async Task InPartsAsync(TimeProvider time, TimeSpan wait, CancellationToken cancellationToken)
    {
        for (var left = wait; left > TimeSpan.Zero; left -= Part(left))
        {
            await Task.Delay(Part(left), time, cancellationToken);
        }
    }

    private static TimeSpan Period(TimeSpan period) => period < shortestPeriod ? shortestPeriod : Part(period);
}
