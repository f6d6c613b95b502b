using System.Net;
using Kubernetes.Client;
using Kubernetes.Controllers.Telemetry;
using Microsoft.Extensions.Logging;

namespace Kubernetes.Controllers.Caching;

/// <summary>
/// Runs <see cref="ListWatch{T}"/> against a cluster: asks what the state calls for, passes on what was found, and waits after failures.
/// </summary>
/// <param name="client">The cluster.</param>
/// <param name="selector">What is listed and watched.</param>
/// <param name="sink">Where findings and failures go.</param>
/// <param name="time">Clock of the waits.</param>
/// <param name="random">A random number in [0, 1).</param>
/// <param name="logger">Log.</param>
internal sealed partial class Reflector<T>(
    IKubernetesClient client, ResourceSelector selector, IReflectorSink<T> sink, TimeProvider time, Func<double> random, ILogger logger)
    where T : class, IResource<T>
{
    /// <summary>As client-go: large enough for few round trips, small enough that a page of large objects fits in memory twice.</summary>
    private const int PageSize = 500;

    /// <summary>How long a streaming list may be silent before its end is no longer waited for: as long as any request may take.</summary>
    private static readonly TimeSpan streamPatience = TimeSpan.FromSeconds(30);

    /// <summary>How long a streaming list may take in all: what talks and never ends is no list.</summary>
    private static readonly TimeSpan streamLimit = TimeSpan.FromMinutes(2);

    private readonly ListWatchBackoff backoff = new(time, random);
    private bool readsPages; // once a stream failed, until a watch was opened after the pages
    private string lastFailure = string.Empty;
    private long lastContact;

    /// <summary>
    /// When the server last gave a sign of life, be it a page of a list, a change, a bookmark or the orderly end of a watch; null before
    /// the first time.
    /// </summary>
    public DateTimeOffset? LastContact =>
        Volatile.Read(ref lastContact) is var ticks and > 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>
    /// Runs until cancelled. Failures of the server or the network are waited out; any other exception is a bug and ends it.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        ListWatchState<T> state = ListWatchState<T>.Listing.Anew;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            state = state switch
            {
                ListWatchState<T>.Listing { ContinueToken: null } when await CanStreamAsync(cancellationToken).ConfigureAwait(false) =>
                    await StreamAsync(cancellationToken).ConfigureAwait(false),
                ListWatchState<T>.Listing listing => await ListAsync(listing, cancellationToken).ConfigureAwait(false),
                ListWatchState<T>.Watching watching => await WatchAsync(watching, cancellationToken).ConfigureAwait(false),
                _ => throw new InvalidOperationException("A state without a request."),
            };
        }
    }

    private static bool IsOutage(Exception exception, CancellationToken cancellationToken) =>
        exception is OperationCanceledException ? !cancellationToken.IsCancellationRequested : Outage.Caused(exception);

    private async Task<ListWatchState<T>> ListAsync(ListWatchState<T>.Listing listing, CancellationToken cancellationToken)
    {
        try
        {
            var page = await client.ListPageAsync<T>(selector, PageSize, listing.ContinueToken, cancellationToken).ConfigureAwait(false);
            Heard();
            return Step(listing, new ListWatchSignal<T>.Page(page));
        }
        catch (Exception failure) when (IsOutage(failure, cancellationToken))
        {
            return await WaitOutAsync(listing, failure, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> CanStreamAsync(CancellationToken cancellationToken)
    {
        try
        {
            return !readsPages && await client.CanStreamListsAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception unknown) when (IsOutage(unknown, cancellationToken))
        {
            return false; // the list shows what is wrong
        }
    }

    // A server whose version streams lists may have it switched off (422), and what stands between may know nothing of it: then the end of
    // the list is never told. Pages are always served, so they are tried after every failure of a stream.
    private async Task<ListWatchState<T>> StreamAsync(CancellationToken cancellationToken)
    {
        using var silence = Deadline.After(streamPatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        var watch = new Watch(ListWatchState<T>.Streaming.Anew, time.GetTimestamp());
        await FollowAsync(
            watch,
            client.ListAndWatchAsync<T>(selector, either.Token),
            () => silence.Set(watch.State is ListWatchState<T>.Streaming ? Patience(watch.OpenedAt) : TimeSpan.MaxValue),
            cancellationToken
        ).ConfigureAwait(false);
        if (watch.State is not ListWatchState<T>.Streaming)
        {
            return await AfterWatchAsync(watch, cancellationToken).ConfigureAwait(false);
        }

        readsPages = true;
        LogPages(T.ResourceKind.Plural, selector, watch.Failure is null ? "it ended early" : FailureText.Of(watch.Failure));
        return silence.IsCancellationRequested
            || watch.Failure is null or KubernetesException { StatusCode: HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest }
            ? ListWatchState<T>.Listing.Anew
            : await WaitOutAsync(watch.State, watch.Failure, cancellationToken).ConfigureAwait(false);
    }

    private TimeSpan Patience(long openedAt)
    {
        var left = streamLimit - time.GetElapsedTime(openedAt);
        return left < streamPatience ? left : streamPatience;
    }

    private async Task<ListWatchState<T>> WatchAsync(ListWatchState<T>.Watching watching, CancellationToken cancellationToken)
    {
        var watch = new Watch(watching, time.GetTimestamp());
        var lines = client.WatchAsync<T>(selector, watching.ResourceVersion, sink.Knows, cancellationToken);
        await FollowAsync(watch, lines, () => readsPages = false, cancellationToken).ConfigureAwait(false);
        return await AfterWatchAsync(watch, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes in the lines of a watch until it ends, and keeps with the watch where it stands and why it ended.</summary>
    private async Task FollowAsync(Watch watch, IAsyncEnumerable<WatchEvent<T>> lines, Action heard, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var line in lines.ConfigureAwait(false))
            {
                Opened();
                watch.State = Step(watch.State, new ListWatchSignal<T>.Line(line));
                heard();
            }

            Opened();
        }
        catch (Exception cause) when (IsOutage(cause, cancellationToken))
        {
            watch.Failure = cause;
        }
    }

    private async Task<ListWatchState<T>> AfterWatchAsync(Watch watch, CancellationToken cancellationToken) =>
        backoff.WasHealthy(watch.OpenedAt) && watch.Failure is null
            ? watch.State
            : await WaitOutAsync(watch.State, watch.Failure, cancellationToken).ConfigureAwait(false);

    private void Heard() => Volatile.Write(ref lastContact, time.GetUtcNow().UtcTicks);

    // Of a watch that the server ended in good order, too: without changes and bookmarks, that is its only sign of life.
    private void Opened()
    {
        Heard();
        lastFailure = string.Empty;
        backoff.WatchWasOpened();
    }

    private async Task<ListWatchState<T>> WaitOutAsync(ListWatchState<T> state, Exception? failure, CancellationToken cancellationToken)
    {
        var delay = backoff.NextDelay(failure);
        if (backoff.IsForbidden)
        {
            sink.Forbidden(failure!.Message);
        }
        else if (failure is not null)
        {
            sink.Failed(FailureText.Of(failure), backoff.KindOf(failure));
        }

        if (failure is not null)
        {
            Tell(failure, delay);
            state = Step(state, new ListWatchSignal<T>.Failure(failure));
        }

        await time.DelayAsync(delay, cancellationToken).ConfigureAwait(false);
        return state;
    }

    private ListWatchState<T> Step(ListWatchState<T> state, ListWatchSignal<T> signal)
    {
        var (next, cacheEvent) = ListWatch<T>.Step(state, signal);
        if (cacheEvent is not null)
        {
            sink.Found(cacheEvent);
        }

        return next;
    }

    /// <summary>The same failure again is worth a line at Debug only: an outage of an hour would fill the log.</summary>
    private void Tell(Exception failure, TimeSpan delay)
    {
        var text = FailureText.Of(failure);
        var level = text == lastFailure || failure is KubernetesException { IsExpired: true } ? LogLevel.Debug : LogLevel.Warning;
        lastFailure = text;
        LogFailure(level, T.ResourceKind.Plural, selector, delay, text);
    }

    [LoggerMessage(
        LogLevel.Debug,
        "The list of {Plural} ({Selector}) was not streamed, so it is read in pages: {Failure}",
        EventName = "ListNotStreamed"
    )]
    private partial void LogPages(string plural, ResourceSelector selector, string failure);

    [LoggerMessage(
        Message = "List and watch of {Plural} ({Selector}) failed, trying again in {Delay}: {Failure}",
        EventName = "ListWatchFailed"
    )]
    private partial void LogFailure(LogLevel level, string plural, ResourceSelector selector, TimeSpan delay, string failure);

    /// <summary>One watch, from when it is asked for until it ended.</summary>
    private sealed class Watch(ListWatchState<T> state, long openedAt)
    {
        public long OpenedAt => openedAt;

        public ListWatchState<T> State { get; set; } = state;

        public Exception? Failure { get; set; }
    }
}

/// <summary>Where a reflector passes on what it finds. Called from one thread at a time.</summary>
internal interface IReflectorSink<T>
    where T : class, IResource<T>
{
    /// <summary>True where an event of this object at this version would bring nothing new.</summary>
    bool Knows(NamespacedName name, string version);

    /// <summary>The server sent something new.</summary>
    void Found(CacheEvent<T> cacheEvent);

    /// <summary>
    /// The server forbids to list or to watch, and has for longer than it needs to read its roles; it will be asked again.
    /// </summary>
    /// <param name="cause">What it says.</param>
    void Forbidden(string cause);

    /// <summary>A list or a watch failed for another reason, or for one that is not believed yet; it will be tried again.</summary>
    /// <param name="cause">What happened.</param>
    /// <param name="failure">An outage, or a refusal that is not believed yet.</param>
    void Failed(string cause, ListFailure failure);
}
