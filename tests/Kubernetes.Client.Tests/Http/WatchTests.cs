using System.Net;
using Kubernetes.Client.Contract;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Kubernetes.Client.Tests.Http;

/// <summary>Watches over HTTP: lines, ends, cuts and silence.</summary>
public sealed class WatchTests
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_line_is_an_event_until_the_server_ends_the_watch()
    {
        var text = Answers.Event("ADDED", Answers.Widget("a", 8)) + Answers.Event("MODIFIED", Answers.Widget("a", 9, size: 2))
            + Answers.Bookmark(12) + Answers.Event("INVENTED", "{}") + "\n" + Answers.Event("DELETED", Answers.Widget("a", 13));
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(text));
        using var test = new ClientUnderTest(server);

        var events = await ReadAsync(test);

        Assert.Equal(["applied a 1", "applied a 2", "bookmark 12", "deleted a 1"], events.Select(Describe));
    }

    [Fact]
    public async Task A_line_may_arrive_in_pieces_and_its_members_in_any_order()
    {
        await using var server = await ScriptedApiServer.StartAsync(async (_, context) =>
        {
            foreach (var piece in $$"""{"object":{{Answers.Widget("ä", 8)}},"type":"ADDED"}{{"\n"}}""".Chunk(7))
            {
                await context.FlushAsync(new string(piece));
            }
        });
        using var test = new ClientUnderTest(server);

        Assert.Equal("applied ä 1", Describe(Assert.Single(await ReadAsync(test))));
    }

    // To read an object in full that an own write has brought already would cost more than all else of a watch.
    [Theory]
    [InlineData("ADDED", 8, "bookmark 8")]
    [InlineData("MODIFIED", 8, "bookmark 8")]
    [InlineData("MODIFIED", 9, "applied known 1")]
    [InlineData("DELETED", 8, "deleted known 1")]
    public async Task An_event_of_what_the_caller_knows_is_no_more_than_a_bookmark(string type, int version, string expected)
    {
        var text = Answers.Event(type, Answers.Widget("known", version)) + Answers.Event(type, Answers.Widget("unknown", 10));
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(text));
        using var test = new ClientUnderTest(server);

        var events = await ReadAsync(test, (name, seen) => name == new NamespacedName("home", "known") && seen == "8");

        Assert.Equal([expected, type == "DELETED" ? "deleted unknown 1" : "applied unknown 1"], events.Select(Describe));
    }

    [Theory]
    [InlineData("""{"kind":"Widget","spec":{"metadata":{"name":"known","resourceVersion":"8"}}}""")]
    [InlineData("""{"metadata":null}""")]
    [InlineData("""{"metadata":{"name":7,"resourceVersion":{"name":"known"}}}""")]
    [InlineData("""["metadata"]""")]
    public async Task An_object_without_name_or_version_is_known_to_nobody(string json)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(Answers.Event("ADDED", json)));
        using var test = new ClientUnderTest(server);
        var isAsked = false;

        await Record.ExceptionAsync(() => ReadAsync(test, (_, _) => isAsked = true));

        Assert.False(isAsked);
    }

    [Theory]
    [InlineData(0, "290")]
    [InlineData(0.5, "435")]
    public async Task A_watch_asks_for_bookmarks_and_an_end_at_a_time_of_its_own(double random, string seconds)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(string.Empty));
        using var test = new ClientUnderTest(server, random);

        Assert.Empty(await ReadAsync(test));

        var request = Assert.Single(server.Requests);
        Assert.Equal(
            ("true", "true", "7", seconds),
            (
                request.Query["watch"],
                request.Query["allowWatchBookmarks"],
                request.Query["resourceVersion"],
                request.Query["timeoutSeconds"]
            )
        );
    }

    [Fact]
    public async Task An_error_event_is_thrown_with_its_code()
    {
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) =>
                context.SendAsync(
                    Answers.Event("ADDED", Answers.Widget("a", 8))
                        + Answers.Event("ERROR", Answers.Status(410, "Expired", "too old resource version: 7 (9)"))
                )
        );
        using var test = new ClientUnderTest(server);

        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => ReadAsync(test))).IsExpired);
    }

    [Fact]
    public async Task A_refused_watch_is_thrown_with_its_wait()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) =>
        {
            context.Response.Headers.RetryAfter = "3";
            return context.SendAsync(Answers.Status(429, "TooManyRequests", "slow down"), 429);
        });
        using var test = new ClientUnderTest(server);

        var refused = await Assert.ThrowsAsync<KubernetesException>(() => ReadAsync(test));

        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(3)), (refused.StatusCode, refused.RetryAfter));
    }

    [Fact]
    public async Task A_connection_that_breaks_is_an_error()
    {
        await using var server = await ScriptedApiServer.StartAsync(async (_, context) =>
        {
            await context.FlushAsync(Answers.Event("ADDED", Answers.Widget("a", 8)));
            context.Abort();
        });
        using var test = new ClientUnderTest(server);

        var broken = await Assert.ThrowsAnyAsync<Exception>(() => ReadAsync(test));

        Assert.True(broken is IOException or HttpRequestException, broken.ToString());
    }

    [Theory]
    [InlineData("""{"type":"ADDED","obj""")]
    [InlineData("garbage\n")]
    [InlineData("{}\n")]
    [InlineData("[]\n")]
    [InlineData("""{"type":"ADDED","object":null}""" + "\n")]
    [InlineData("""{"type":"BOOKMARK","object":{}}""" + "\n")]
    [InlineData("""{"type":1,"object":{}}""" + "\n")]
    public async Task A_line_that_is_no_event_is_an_error_of_the_connection(string line)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(line));
        using var test = new ClientUnderTest(server);

        await Assert.ThrowsAnyAsync<IOException>(() => ReadAsync(test));
    }

    [Fact]
    public async Task A_line_without_end_is_an_error_of_the_connection()
    {
        await using var server = await ScriptedApiServer.StartAsync(async (_, context) =>
        {
            var block = new string('x', 64 * 1024);
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.FlushAsync(block);
            }
        });
        using var test = new ClientUnderTest(server);

        await Assert.ThrowsAsync<IOException>(() => ReadAsync(test));
    }

    [Fact]
    public async Task A_watch_that_falls_silent_is_cut_after_the_servers_own_limit()
    {
        await using var server = await ScriptedApiServer.StartAsync(
            (server, context) => HoldAsync(server, context, Answers.Event("ADDED", Answers.Widget("a", 8)))
        );
        using var test = new ClientUnderTest(server);
        await using var watch = new WatchLog<Widget>(Watch(test));
        await watch.NextAppliedAsync();
        var next = watch.NextAsync();

        test.Clock.Advance(TimeSpan.FromSeconds(294));
        var early = next.IsCompleted;
        test.Clock.Advance(TimeSpan.FromSeconds(1));

        var cut = await Assert.ThrowsAsync<IOException>(() => next);
        Assert.False(early);
        Assert.Contains("silent", cut.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_that_is_heard_of_is_not_cut()
    {
        var goOn = new SemaphoreSlim(0);
        await using var server = await ScriptedApiServer.StartAsync(async (server, context) =>
        {
            await context.FlushAsync(Answers.Event("ADDED", Answers.Widget("a", 8)));
            await goOn.WaitAsync(server.Stopping);
            await context.FlushAsync(Answers.Event("ADDED", Answers.Widget("b", 9)));
            await goOn.WaitAsync(server.Stopping);
            await context.FlushAsync(Answers.Event("ADDED", Answers.Widget("c", 10)));
        });
        using var test = new ClientUnderTest(server);
        await using var watch = new WatchLog<Widget>(Watch(test));
        await watch.NextAppliedAsync();

        test.Clock.Advance(TimeSpan.FromSeconds(200));
        goOn.Release();
        await watch.NextAppliedAsync();
        test.Clock.Advance(TimeSpan.FromSeconds(200));
        goOn.Release();

        Assert.Equal("c", (await watch.NextAppliedAsync()).Metadata.Name);
    }

    [Fact]
    public async Task A_watch_that_is_never_answered_is_given_up_in_time()
    {
        var asked = new TaskCompletionSource();
        await using var server = await ScriptedApiServer.StartAsync(async (server, _) =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, server.Stopping);
        });
        using var test = new ClientUnderTest(server);
        var reading = ReadAsync(test);
        await asked.Task.WaitAsync(patience, Cancellation);

        test.Clock.Advance(TimeSpan.FromSeconds(30));

        await Assert.ThrowsAsync<HttpRequestException>(() => reading);
    }

    [Fact]
    public async Task The_time_limit_of_requests_does_not_end_a_watch()
    {
        var goOn = new SemaphoreSlim(0);
        await using var server = await ScriptedApiServer.StartAsync(async (server, context) =>
        {
            await context.FlushAsync(Answers.Event("ADDED", Answers.Widget("a", 8)));
            await goOn.WaitAsync(server.Stopping);
            await context.FlushAsync(Answers.Event("ADDED", Answers.Widget("b", 9)));
        });
        using var test = new ClientUnderTest(server);
        await using var watch = new WatchLog<Widget>(Watch(test));
        await watch.NextAppliedAsync();

        test.Clock.Advance(TimeSpan.FromSeconds(31));
        goOn.Release();

        Assert.Equal("b", (await watch.NextAppliedAsync()).Metadata.Name);
    }

    [Fact]
    public async Task Three_hundred_watches_open_as_many_connections_as_they_need_and_hold_up_no_request()
    {
        using var certificates = new TestCertificates();
        await using var server = await ScriptedApiServer.StartAsync(
            (server, context) => context.Request.Query.ContainsKey("watch")
                ? HoldAsync(server, context, Answers.Event("ADDED", Answers.Widget("a", 8)))
                : context.SendAsync(Answers.Widget("one", 1)),
            new ScriptedTls(certificates.Server));
        using var test = new ClientUnderTest(ClientUnderTest.To(server) with { Authorities = [certificates.Authority] });
        var watches = Enumerable.Range(0, 300).Select(_ => new WatchLog<Widget>(Watch(test))).ToList();

        await Task.WhenAll(watches.Select(watch => watch.NextAppliedAsync()));
        var found = await test.Client.FindAsync<Widget>(Some.Named("one"), Cancellation);
        foreach (var watch in watches)
        {
            await watch.DisposeAsync();
        }

        Assert.Equal("one", found?.Metadata.Name);
        Assert.All(server.Requests, request => Assert.Equal("HTTP/2", request.Protocol));
        var connections = server
            .Requests.Where(request => request.Query.ContainsKey("watch"))
            .CountBy(request => request.Connection)
            .ToDictionary();
        Assert.True(connections.Count >= 3, $"300 watches share {connections.Count} connections of 100 streams.");
        Assert.DoesNotContain(server.Requests.Last().Connection, connections.Keys);
    }

    [Fact]
    public async Task A_watch_over_a_connection_that_died_in_silence_is_ended_by_pings()
    {
        using var certificates = new TestCertificates();
        await using var server = await ScriptedApiServer.StartAsync(
            (server, context) => HoldAsync(server, context, Answers.Event("ADDED", Answers.Widget("a", 8))),
            new ScriptedTls(certificates.Server));
        await using var network = new SilentRelay(server.Address);
        var second = TimeSpan.FromSeconds(1); // the shortest that the runtime takes
        using var test = new ClientUnderTest(
            ClientUnderTest.To(server) with { Server = network.Address, Authorities = [certificates.Authority] },
            ClientUnderTest.Options with { KeepAlivePingDelay = second, KeepAlivePingTimeout = second });
        await using var watch = new WatchLog<Widget>(Watch(test));
        await watch.NextAppliedAsync();

        network.FallSilent();

        // and the watch's own clock stands still
        await Assert.ThrowsAnyAsync<IOException>(() => watch.NextAppliedAsync().WaitAsync(patience, Cancellation));
    }

    private static IAsyncEnumerable<WatchEvent<Widget>> Watch(ClientUnderTest test, Func<NamespacedName, string, bool>? isKnown = null) =>
        isKnown is null
            ? test.Client.WatchAsync<Widget>(ResourceSelector.All, "7", Cancellation)
            : test.Client.WatchAsync<Widget>(ResourceSelector.All, "7", isKnown, Cancellation);

    private static async Task<List<WatchEvent<Widget>>> ReadAsync(
        ClientUnderTest test,
        Func<NamespacedName, string, bool>? isKnown = null
    )
    {
        var events = new List<WatchEvent<Widget>>();
        await foreach (var item in Watch(test, isKnown))
        {
            events.Add(item);
        }

        return events;
    }

    private static async Task HoldAsync(ScriptedApiServer server, HttpContext context, string first)
    {
        await context.FlushAsync(first);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(server.Stopping, context.RequestAborted);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, over.Token)
            .ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private static string Describe(WatchEvent<Widget> item) => item switch
    {
        WatchEvent<Widget>.Applied applied => $"applied {applied.Resource.Metadata.Name} {applied.Resource.Spec.Size}",
        WatchEvent<Widget>.Deleted deleted => $"deleted {deleted.Resource.Metadata.Name} {deleted.Resource.Spec.Size}",
        WatchEvent<Widget>.Bookmark bookmark => $"bookmark {bookmark.ResourceVersion}",
        _ => "unknown",
    };
}
