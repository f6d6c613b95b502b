namespace VismaOperator.Testing.ApiServer;

/// <summary>
/// Waits for something outside this process (an API server, an operator binary, a garbage collector) that sends no
/// signal a test could await. It is the only place that polls; every wait has a deadline, and a wait that fails says
/// what it waited for and what it saw last.
/// </summary>
public static class Eventually
{
    /// <summary>How long a wait lasts unless the caller says otherwise. Generous: a loaded machine is no failure.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(90);

    // The longer the wait was, the longer the pauses, by a twentieth of it at most: asking costs the processor time that the tests wait
    // for. For the same reason whoever asks long pauses long.
    private static readonly TimeSpan shortestPause = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan longestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan longestPauseOfLongProbes = TimeSpan.FromSeconds(1);
    private const int PauseByProbe = 4;

    // What is told by news is asked for without them, too, in case that they are late or lost.
    private static readonly TimeSpan longestPauseForNews = TimeSpan.FromMilliseconds(500);

    /// <summary>Asks until the answer is not null, and returns it.</summary>
    /// <param name="expectation">Ends the sentence "waited for ...", for the failure text.</param>
    /// <param name="probe">Null means: not yet. An I/O failure means the same; any other exception ends the wait.</param>
    /// <param name="cancellationToken">Usually that of the running test.</param>
    /// <param name="within">The deadline; <see cref="Patience"/> where absent.</param>
    /// <exception cref="TimeoutException">The deadline passed; the message holds the last failure of the probe.</exception>
    public static Task<T> GetAsync<T>(
        string expectation, Func<CancellationToken, Task<T?>> probe, CancellationToken cancellationToken, TimeSpan? within = null)
        where T : class => GetOnNewsAsync(expectation, probe, news: null, cancellationToken, within);

    /// <summary>Asks whenever there is news, and now and then without, until the answer is not null, and returns it.</summary>
    /// <param name="expectation">Ends the sentence "waited for ...", for the failure text.</param>
    /// <param name="probe">Null means: not yet. An I/O failure means the same; any other exception ends the wait.</param>
    /// <param name="news">A task that completes with the next thing that may change the answer; null where nothing tells.</param>
    /// <param name="cancellationToken">Usually that of the running test.</param>
    /// <param name="within">The deadline; <see cref="Patience"/> where absent.</param>
    /// <exception cref="TimeoutException">The deadline passed; the message holds the last failure of the probe.</exception>
    public static async Task<T> GetOnNewsAsync<T>(
        string expectation,
        Func<CancellationToken, Task<T?>> probe,
        Func<Task>? news,
        CancellationToken cancellationToken,
        TimeSpan? within = null
    )
        where T : class
    {
        var clock = TimeProvider.System;
        var begun = clock.GetTimestamp();
        var deadline = within ?? Patience;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        Exception? last = null;
        var tries = 0;
        while (clock.GetElapsedTime(begun) < deadline)
        {
            tries++;
            var (asked, next) = (clock.GetTimestamp(), news?.Invoke()); // before the probe: what comes meanwhile is news, too
            try
            {
                if (await probe(limit.Token) is { } found)
                {
                    return found;
                }
            }
            catch (Exception exception) when (IsNotYet(exception) && !cancellationToken.IsCancellationRequested)
            {
                last = exception is OperationCanceledException ? last : exception;
            }

            await PauseAsync(PauseAfter(clock.GetElapsedTime(begun), clock.GetElapsedTime(asked)), next, cancellationToken);
        }

        throw new TimeoutException($"Waited {deadline.TotalSeconds:0.#} s for {expectation}, in vain (asked {tries} times)." +
            (last is null ? "" : $" The last answer was: {last.Message}"), last);
    }

    /// <summary>Asks until the answer is yes.</summary>
    /// <inheritdoc cref="GetAsync{T}" path="/param"/>
    /// <inheritdoc cref="GetAsync{T}" path="/exception"/>
    public static Task BecomesTrueAsync(
        string expectation, Func<CancellationToken, Task<bool>> probe, CancellationToken cancellationToken, TimeSpan? within = null) =>
        GetAsync(expectation, async token => await probe(token) ? yes : null, cancellationToken, within);

    /// <summary>Asks until the answer is yes, where the answer is known without waiting.</summary>
    /// <inheritdoc cref="GetAsync{T}" path="/param"/>
    /// <inheritdoc cref="GetAsync{T}" path="/exception"/>
    public static Task BecomesTrueAsync(
        string expectation, Func<bool> probe, CancellationToken cancellationToken, TimeSpan? within = null) =>
        GetAsync(expectation, _ => Task.FromResult(probe() ? yes : null), cancellationToken, within);

    private static readonly object yes = new();

    private static async Task PauseAsync(TimeSpan pause, Task? news, CancellationToken cancellationToken)
    {
        await Task.Delay(pause, TimeProvider.System, cancellationToken);
        if (news is not null)
        {
            await Task.WhenAny(news, Task.Delay(longestPauseForNews, TimeProvider.System, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static TimeSpan PauseAfter(TimeSpan waited, TimeSpan asked)
    {
        var byWait = TimeSpan.FromTicks(Math.Clamp(waited.Ticks / 20, shortestPause.Ticks, longestPause.Ticks));
        var byProbe = asked * PauseByProbe;
        return byProbe <= byWait ? byWait
            : byProbe <= longestPauseOfLongProbes ? byProbe
            : longestPauseOfLongProbes;
    }

    private static bool IsNotYet(Exception exception) =>
        exception is HttpRequestException or IOException or OperationCanceledException or System.Net.Sockets.SocketException;
}
