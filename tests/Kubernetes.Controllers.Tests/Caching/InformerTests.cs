using Kubernetes.Client;
using Kubernetes.Client.Access;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Kubernetes.Controllers.Tests.Caching;

public sealed class InformerTests : IAsyncDisposable
{
    private readonly ScriptedCluster cluster = new();
    private readonly SignallingTime time = new();
    private readonly CapturedLog log = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Informer<SecretMetadata> informer;
    private readonly Task running;

    public InformerTests()
    {
        informer = new(cluster, [ResourceSelector.All], time, log, () => 0);
        running = informer.RunAsync(stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Wait.For(running.ContinueWith(_ => { }, TaskScheduler.Default));
        stop.Dispose();
    }

    [Fact]
    public async Task Reads_every_page_before_it_counts_as_in_sync()
    {
        var first = await cluster.NextListAsync();
        Assert.Equal((500, null), (first.Limit, first.ContinueToken));
        first.Answer(Some.PageWithMore(5, "page-2", Some.Secret("a", 1)));
        var second = await cluster.NextListAsync();
        Assert.Equal("page-2", second.ContinueToken);
        Assert.False(informer.Store.HasSynced);

        second.Answer(Some.Page(5, Some.Secret("b", 2)));
        await Wait.For(informer.WaitUntilSyncedAsync(CancellationToken.None));
        Assert.True(informer.Store.HasSynced);
        Assert.Equal(2, informer.Store.List().Count);
        Assert.Equal("5", (await cluster.NextWatchAsync()).ResourceVersion);
    }

    [Fact]
    public async Task Restarts_the_list_when_a_continue_token_expired()
    {
        (await cluster.NextListAsync()).Answer(Some.PageWithMore(5, "page-2", Some.Secret("gone", 1)));
        (await cluster.NextListAsync()).Refuse(Some.Expired);
        await time.PassNextWaitAsync();
        var again = await cluster.NextListAsync();
        Assert.Null(again.ContinueToken);
        again.Answer(Some.Page(9, Some.Secret("b", 2)));

        await cluster.NextWatchAsync();
        Assert.Equal("b", Assert.Single(informer.Store.List()).Metadata.Name);
    }

    [Fact]
    public async Task Resumes_where_it_stood_when_a_watch_breaks()
    {
        var watch = await SyncAsync();
        watch.Apply(Some.Secret("a", 7));
        watch.Bookmark("20");
        watch.Break(new IOException("connection reset"));

        await time.PassNextWaitAsync();
        Assert.Equal("20", (await cluster.NextWatchAsync()).ResourceVersion);
        Assert.NotNull(informer.Store.Find(new("team-a", "a")));
    }

    [Fact]
    public async Task A_watch_that_ends_in_good_order_is_a_sign_of_life_and_one_that_breaks_is_none()
    {
        var begun = time.GetUtcNow();
        var watch = await SyncAsync();
        time.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(begun, informer.LastContact);
        watch.Close();
        watch = await cluster.NextWatchAsync();
        Assert.Equal(begun + TimeSpan.FromMinutes(9), informer.LastContact);

        time.Advance(TimeSpan.FromMinutes(9));
        watch.Break(new IOException("connection reset"));
        await time.PassNextWaitAsync();
        await cluster.NextWatchAsync();

        Assert.Equal(begun + TimeSpan.FromMinutes(9), informer.LastContact);
    }

    [Fact]
    public async Task Notices_deletions_of_the_time_without_a_watch_when_it_has_to_list_again()
    {
        var changes = new List<StoreChange<SecretMetadata>>();
        using var subscription = informer.Store.Subscribe(changes.Add);
        var watch = await SyncAsync(Some.Secret("kept", 1), Some.Secret("deleted", 2));
        watch.Break(Some.Expired);
        await time.PassNextWaitAsync();
        (await cluster.NextListAsync()).Answer(Some.Page(9, Some.Secret("kept", 1)));
        await cluster.NextWatchAsync();

        Assert.Equal(new(new("team-a", "deleted"), Some.Secret("deleted", 2), null), changes[^1]);
        Assert.Equal(3, changes.Count);
    }

    [Fact]
    public async Task A_server_that_closes_every_watch_at_once_is_asked_ever_less_often()
    {
        var watch = await SyncAsync();
        var waits = new List<double>();
        for (var round = 0; round < 10; round++)
        {
            watch.Close();
            waits.Add((await time.PassNextWaitAsync()).TotalSeconds);
            watch = await cluster.NextWatchAsync();
        }

        Assert.Equal([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15, 15], waits);
    }

    [Fact]
    public async Task A_watch_that_ends_after_its_time_is_resumed_at_once_and_failures_before_it_are_forgotten()
    {
        var watch = await SyncAsync();
        watch.Close();
        Assert.Equal(0.1, (await time.PassNextWaitAsync()).TotalSeconds);
        watch = await cluster.NextWatchAsync();
        time.Advance(TimeSpan.FromMinutes(5));
        watch.Close();
        watch = await cluster.NextWatchAsync();
        watch.Break(Some.ServerError);
        Assert.Equal(0.1, (await time.NextWaitAsync()).TotalSeconds);
    }

    [Fact]
    public async Task Waits_as_long_as_the_server_asks()
    {
        (await cluster.NextListAsync()).Refuse(Some.TooManyRequests(TimeSpan.FromSeconds(7)));
        Assert.InRange((await time.PassNextWaitAsync()).TotalSeconds, 7, 14);
        (await cluster.NextListAsync()).Answer(Some.Page(1));
        await Wait.For(informer.WaitUntilSyncedAsync(CancellationToken.None));
    }

    [Fact]
    public async Task An_outage_while_listing_is_waited_out()
    {
        (await cluster.NextListAsync()).Refuse(new HttpRequestException("connection refused"));
        await time.PassNextWaitAsync();
        (await cluster.NextListAsync()).Refuse(Some.ServerError);
        await time.PassNextWaitAsync();
        (await cluster.NextListAsync()).Answer(Some.Page(1, Some.Secret("a", 1)));
        await Wait.For(informer.WaitUntilSyncedAsync(CancellationToken.None));
        Assert.Single(informer.Store.List());
    }

    [Fact]
    public async Task Credentials_that_cannot_be_had_are_waited_out_too()
    {
        (await cluster.NextListAsync()).Refuse(new ClusterAccessException("log in again"));
        await time.PassNextWaitAsync();
        (await cluster.NextListAsync()).Answer(Some.Page(1));
        await Wait.For(informer.WaitUntilSyncedAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_bug_ends_it()
    {
        using var subscription = informer.Store.Subscribe(_ => throw new InvalidCastException());
        (await cluster.NextListAsync()).Answer(Some.Page(1, Some.Secret("a", 1)));
        await Assert.ThrowsAsync<InvalidCastException>(() => Wait.For(running));
    }

    [Fact]
    public async Task Catching_up_takes_in_what_the_watch_has_yet_to_tell()
    {
        await SyncAsync(Some.Secret("changed", 1), Some.Secret("same", 2));
        var catchingUp = informer.CatchUpAsync(CancellationToken.None);
        (await cluster.NextListAsync()).Answer(Some.PageWithMore(9, "page-2", Some.Secret("changed", 7)));
        (await cluster.NextListAsync()).Answer(Some.Page(9, Some.Secret("same", 2), Some.Secret("new", 8)));
        await Wait.For(catchingUp);

        Assert.Equal(
            ["7", "8", "2"],
            informer.Store.List().OrderBy(secret => secret.Metadata.Name).Select(secret => secret.Metadata.ResourceVersion)
        );
    }

    [Fact]
    public async Task Catching_up_brings_nothing_back_that_the_watch_has_seen_deleted()
    {
        var watch = await SyncAsync(Some.Secret("gone", 1));
        var catchingUp = informer.CatchUpAsync(CancellationToken.None);
        var list = await cluster.NextListAsync();
        watch.Delete(Some.Secret("gone", 10));
        watch.Apply(Some.Secret("later", 11));
        await Wait.For(UntilAsync(() => informer.Store.Find(new("team-a", "later")) is not null));

        list.Answer(Some.Page(9, Some.Secret("gone", 1)));
        await Wait.For(catchingUp);

        Assert.Null(informer.Store.Find(new("team-a", "gone")));
    }

    [Fact]
    public async Task Catching_up_waits_an_outage_out()
    {
        await SyncAsync();
        var catchingUp = informer.CatchUpAsync(CancellationToken.None);
        (await cluster.NextListAsync()).Answer(Some.PageWithMore(9, "page-2"));
        (await cluster.NextListAsync()).Refuse(Some.Expired);
        await time.PassNextWaitAsync();
        var again = await cluster.NextListAsync();
        Assert.Null(again.ContinueToken);
        again.Answer(Some.Page(9, Some.Secret("a", 7)));

        await Wait.For(catchingUp);
        Assert.Single(informer.Store.List());
    }

    [Fact]
    public async Task A_fresh_list_that_fails_again_and_again_is_logged_when_that_begins_and_when_it_ends()
    {
        await SyncAsync();
        var catchingUp = informer.CatchUpAsync(CancellationToken.None);
        for (var attempt = 0; attempt < 3; attempt++)
        {
            (await cluster.NextListAsync()).Refuse(Some.Expired);
            await time.PassNextWaitAsync();
        }

        (await cluster.NextListAsync()).Answer(Some.Page(9));
        await Wait.For(catchingUp);
        var again = informer.CatchUpAsync(CancellationToken.None);
        (await cluster.NextListAsync()).Answer(Some.Page(9));
        await Wait.For(again);

        var told = log.Lines.Where(line => line.Text.Contains("Fresh list of secrets", StringComparison.Ordinal)).ToList();
        Assert.Equal(
            [LogLevel.Warning, LogLevel.Debug, LogLevel.Debug, LogLevel.Information],
            told.Select(line => line.Level)
        );
        Assert.EndsWith("was read, after 3 failed attempts", told[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Being_stopped_is_no_error()
    {
        await SyncAsync();
        await stop.CancelAsync();
        await Wait.For(running);
    }

    [Fact]
    public void Selectors_that_overlap_are_refused()
    {
        Assert.Throws<ArgumentException>(() => With(new("a"), ResourceSelector.All));
        Assert.Throws<ArgumentException>(() => With(new("a"), new("a", "x=y")));
        With(new("a"), new("b"));
    }

    private Task UntilAsync(Func<bool> isSo)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var subscription = informer.Store.Subscribe(_ => Look());
        Look();
        return reached.Task.ContinueWith(_ => subscription.Dispose(), TaskScheduler.Default);

        void Look()
        {
            if (isSo())
            {
                reached.TrySetResult();
            }
        }
    }

    private static Informer<SecretMetadata> With(params ResourceSelector[] selectors) =>
        new(new ScriptedCluster(), selectors, TimeProvider.System, new CapturedLog(), () => 0);

    private async Task<ScriptedCluster.OpenWatch> SyncAsync(params SecretMetadata[] items)
    {
        (await cluster.NextListAsync()).Answer(Some.Page(5, items));
        return await cluster.NextWatchAsync();
    }
}
