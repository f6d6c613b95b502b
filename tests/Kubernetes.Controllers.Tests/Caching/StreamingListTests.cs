using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Tests.Doubles;
using Xunit;

namespace Kubernetes.Controllers.Tests.Caching;

/// <summary>Lists that come as the beginning of a watch, where the server has them.</summary>
public sealed class StreamingListTests : IAsyncDisposable
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

    private readonly ScriptedCluster cluster = new() { StreamsLists = true };
    private readonly SignallingTime time = new();
    private readonly CapturedLog log = new();
    private readonly CancellationTokenSource stop = new();
    private readonly Informer<SecretMetadata> informer;
    private readonly Task running;

    public StreamingListTests()
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
    public async Task The_list_and_the_changes_after_it_come_on_one_watch()
    {
        var changes = new List<StoreChange<SecretMetadata>>();
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var subscription = informer.Store.Subscribe(change =>
        {
            changes.Add(change);
            if (change.Name.Name == "later")
            {
                changed.SetResult();
            }
        });
        var stream = await cluster.NextWatchAsync();
        Assert.Equal(string.Empty, stream.ResourceVersion);
        stream.Apply(Some.Secret("a", 1));
        stream.Apply(Some.Secret("b", 2));
        Assert.False(informer.Store.HasSynced);

        stream.EndInitialEvents("5");
        await Wait.For(informer.WaitUntilSyncedAsync(CancellationToken.None));
        stream.Apply(Some.Secret("later", 6));
        await Wait.For(changed.Task);

        Assert.Equal(["a", "b", "later"], changes.Select(change => change.Name.Name));
    }

    [Fact]
    public async Task A_watch_that_ends_later_is_resumed_and_not_listed_again()
    {
        var stream = await SyncAsync();
        stream.Bookmark("20");
        stream.Break(new IOException("connection reset"));
        await time.WaitOfAsync(TimeSpan.FromSeconds(0.1));
        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal("20", (await cluster.NextWatchAsync()).ResourceVersion);
    }

    [Fact]
    public async Task An_expired_watch_begins_with_a_streaming_list_again()
    {
        (await SyncAsync(Some.Secret("gone", 1))).Break(Some.Expired);
        await time.WaitOfAsync(TimeSpan.FromSeconds(0.1));
        time.Advance(TimeSpan.FromSeconds(0.1));
        var stream = await cluster.NextWatchAsync();
        Assert.Equal(string.Empty, stream.ResourceVersion);
        stream.Apply(Some.Secret("kept", 7));
        stream.EndInitialEvents("9");

        await Wait.For(UntilAsync(() => informer.Store.Find(new("team-a", "gone")) is null));
        Assert.Equal("kept", Assert.Single(informer.Store.List()).Metadata.Name);
    }

    [Fact]
    public async Task A_server_that_refuses_is_asked_for_pages_at_once_and_for_ever()
    {
        (await cluster.NextWatchAsync()).Break(
            new KubernetesException(HttpStatusCode.UnprocessableEntity, "Invalid", "sendInitialEvents is forbidden for watch")
        );
        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("a", 1)));
        (await cluster.NextWatchAsync()).Break(Some.Expired);
        await time.WaitOfAsync(TimeSpan.FromSeconds(0.1));
        time.Advance(TimeSpan.FromSeconds(0.1));

        (await cluster.NextListAsync()).Answer(Some.Page(9, Some.Secret("a", 1)));
        Assert.Equal("9", (await cluster.NextWatchAsync()).ResourceVersion);
        Assert.Single(log.Lines, line => line.Text.Contains("is read in pages", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stream_that_falls_silent_before_its_end_is_given_up_for_pages()
    {
        var stream = await cluster.NextWatchAsync();
        await time.WaitOfAsync(patience);
        stream.Apply(Some.Secret("a", 1));
        stream.Bookmark("4"); // as a server writes that does not know what was asked
        time.Advance(patience);

        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("a", 1)));
        await Wait.For(informer.WaitUntilSyncedAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_stream_that_ends_early_is_replaced_by_pages()
    {
        var stream = await cluster.NextWatchAsync();
        stream.Apply(Some.Secret("a", 1));
        stream.Close();

        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("a", 1)));
        await Wait.For(informer.WaitUntilSyncedAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden)]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.NotAcceptable)]
    [InlineData(HttpStatusCode.InternalServerError)]
    [InlineData(HttpStatusCode.GatewayTimeout)]
    [InlineData(null)]
    public async Task After_any_other_failure_of_a_stream_pages_are_read(HttpStatusCode? code)
    {
        var stream = await cluster.NextWatchAsync();
        stream.Apply(Some.Secret("of the first try", 1));
        stream.Break(code is { } status ? new KubernetesException(status, string.Empty, "no") : new IOException("connection reset"));
        await time.WaitOfAsync(TimeSpan.FromSeconds(0.1));
        time.Advance(TimeSpan.FromSeconds(0.1));

        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("a", 2)));
        await Wait.For(informer.WaitUntilSyncedAsync(CancellationToken.None));
        Assert.Equal("a", Assert.Single(informer.Store.List()).Metadata.Name);
    }

    [Fact]
    public async Task A_list_is_streamed_again_once_a_watch_was_opened_after_the_pages()
    {
        (await cluster.NextWatchAsync()).Close();
        (await cluster.NextListAsync()).Answer(Some.Page(5));
        var watch = await cluster.NextWatchAsync();
        watch.Bookmark("6");
        watch.Break(Some.Expired);
        await time.WaitOfAsync(TimeSpan.FromSeconds(0.1));
        time.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal(string.Empty, (await cluster.NextWatchAsync()).ResourceVersion);
    }

    [Fact]
    public async Task A_version_that_cannot_be_asked_for_means_pages()
    {
        var stream = await SyncAsync();
        cluster.VersionFailure = new TaskCanceledException("the connection timed out");
        stream.Break(Some.Expired);
        await time.WaitOfAsync(TimeSpan.FromSeconds(0.1));
        time.Advance(TimeSpan.FromSeconds(0.1));

        (await cluster.NextListAsync()).Answer(Some.Page(9, Some.Secret("a", 1)));
        await Wait.For(UntilAsync(() => informer.Store.Find(new("team-a", "a")) is not null));
    }

    [Fact]
    public async Task A_stream_that_talks_and_never_ends_the_list_is_given_up()
    {
        var stream = await cluster.NextWatchAsync();
        await time.WaitOfAsync(patience);
        for (var second = 0; second < 120; second += 5)
        {
            stream.Bookmark("4");
            await stream.IsReadAsync();
            time.Advance(TimeSpan.FromSeconds(5));
        }

        (await cluster.NextListAsync()).Answer(Some.Page(5, Some.Secret("a", 1)));
        await Wait.For(informer.WaitUntilSyncedAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_complete_list_may_be_followed_by_hours_of_silence()
    {
        var stream = await SyncAsync();
        stream.Apply(Some.Secret("a", 8));
        await Wait.For(UntilAsync(() => informer.Store.Find(new("team-a", "a")) is not null));
        time.Advance(TimeSpan.FromHours(3));
        stream.Apply(Some.Secret("b", 9));

        await Wait.For(UntilAsync(() => informer.Store.Find(new("team-a", "b")) is not null));
    }

    private async Task<ScriptedCluster.OpenWatch> SyncAsync(params SecretMetadata[] items)
    {
        var stream = await cluster.NextWatchAsync();
        Assert.Equal(string.Empty, stream.ResourceVersion);
        Array.ForEach(items, stream.Apply);
        stream.EndInitialEvents("5");
        await Wait.For(informer.WaitUntilSyncedAsync(CancellationToken.None));
        return stream;
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
}
