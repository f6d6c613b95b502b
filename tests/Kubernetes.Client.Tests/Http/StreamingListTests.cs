using System.Net;
using System.Net.Sockets;
using Kubernetes.Client.Access;
using Kubernetes.Client.Contract;
using Kubernetes.Client.Http;
using Xunit;

namespace Kubernetes.Client.Tests.Http;

/// <summary>
/// Streaming lists over HTTP, as Kubernetes documents them: the real API server of the other tests is too old to have them.
/// </summary>
public sealed class StreamingListTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("1", "31", false)]
    [InlineData("1", "32", true)]
    [InlineData("1", "36+", true)]
    [InlineData("1", "9", false)]
    [InlineData("2", "0", true)]
    [InlineData("", "", false)]
    public async Task The_version_of_the_server_says_whether_lists_are_streamed(string major, string minor, bool streams)
    {
        await using var server = await ScriptedApiServer.StartAsync(
            (_, context) => context.SendAsync($$"""{"major":"{{major}}","minor":"{{minor}}","gitVersion":"v{{major}}.{{minor}}.2-eks-1"}""")
        );
        using var test = new ClientUnderTest(server);

        Assert.Equal(streams, await test.Client.CanStreamListsAsync(Cancellation));
        Assert.Equal(streams, await test.Client.CanStreamListsAsync(Cancellation));
        Assert.Equal("/version", Assert.Single(server.Requests).Path);
    }

    [Theory]
    [InlineData(403, "Forbidden")]
    [InlineData(500, "InternalError")]
    public async Task A_version_that_cannot_be_read_is_asked_for_again(int code, string reason)
    {
        var refuses = true;
        await using var server = await ScriptedApiServer.StartAsync((_, context) => refuses
            ? context.SendAsync(Answers.Status(code, reason, "no"), code)
            : context.SendAsync("""{"major":"1","minor":"36"}"""));
        using var test = new ClientUnderTest(server);

        Assert.False(await test.Client.CanStreamListsAsync(Cancellation));
        refuses = false;
        Assert.True(await test.Client.CanStreamListsAsync(Cancellation));
    }

    [Fact]
    public async Task Credentials_that_cannot_be_read_yet_do_not_decide_it_for_ever()
    {
        var support = new StreamingSupport(TimeProvider.System);

        Assert.False(await support.IsServedAsync(_ => throw new ClusterAccessException("no token file"), Cancellation));
        Assert.True(await support.IsServedAsync(_ => Task.FromResult(new ServerVersion { Major = "1", Minor = "36" }), Cancellation));
    }

    [Fact]
    public async Task A_version_that_is_no_json_means_pages()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync("<html>", type: "text/html"));
        using var test = new ClientUnderTest(server);

        Assert.False(await test.Client.CanStreamListsAsync(Cancellation));
    }

    [Fact]
    public async Task A_streaming_list_is_a_watch_that_asks_for_what_there_is()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(
            Answers.Event("ADDED", Answers.Widget("a", 8)) + Answers.Bookmark(9) + EndOfList(12)
                + Answers.Event("MODIFIED", Answers.Widget("a", 13))));
        using var test = new ClientUnderTest(server);

        var events = new List<WatchEvent<Widget>>();
        await foreach (var item in test.Client.ListAndWatchAsync<Widget>(new ResourceSelector("home", "a=b"), Cancellation))
        {
            events.Add(item);
        }

        Assert.Equal(
            [false, true],
            events.OfType<WatchEvent<Widget>.Bookmark>().Select(bookmark => bookmark.EndsInitialEvents)
        );
        Assert.Equal(4, events.Count);
        var query = Assert.Single(server.Requests).Query;
        Assert.Equal(
            ("true", "true", "true", "NotOlderThan", "a=b", false),
            (
                query["watch"],
                query["allowWatchBookmarks"],
                query["sendInitialEvents"],
                query["resourceVersionMatch"],
                query["labelSelector"],
                query.ContainsKey("resourceVersion")
            )
        );
    }

    [Fact]
    public async Task A_watch_that_goes_on_from_a_version_asks_for_no_list()
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.SendAsync(string.Empty));
        using var test = new ClientUnderTest(server);

        await foreach (var _ in test.Client.WatchAsync<Widget>(ResourceSelector.All, "7", Cancellation))
        {
        }

        Assert.DoesNotContain("sendInitialEvents", Assert.Single(server.Requests).Query.Keys);
    }

    [Fact]
    public async Task A_server_that_is_silent_is_not_waited_for()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var test = new ClientUnderTest(new ClusterAccess
        {
            Server = new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/"),
            Source = "test",
            Credential = _ => new FixedCredential(null, null),
        });

        var asking = test.Client.CanStreamListsAsync(Cancellation).AsTask();
        test.Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.False(await asking.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Cancellation));
    }

    [Theory]
    [InlineData(422, "Invalid")]
    [InlineData(400, "BadRequest")]
    public async Task A_server_with_the_feature_switched_off_is_asked_once_for_all_caches(int code, string reason)
    {
        await using var server = await ScriptedApiServer.StartAsync((_, context) => context.Request.Path == "/version"
            ? context.SendAsync("""{"major":"1","minor":"33"}""")
            : context.SendAsync(Answers.Status(code, reason, "sendInitialEvents: Forbidden"), code));
        using var test = new ClientUnderTest(server);
        Assert.True(await test.Client.CanStreamListsAsync(Cancellation));

        var refused = await Assert.ThrowsAsync<KubernetesException>(async () =>
        {
            await foreach (var _ in test.Client.ListAndWatchAsync<Widget>(ResourceSelector.All, Cancellation))
            {
            }
        });

        Assert.Equal((int)refused.StatusCode, code);
        Assert.False(await test.Client.CanStreamListsAsync(Cancellation));
    }

    private static string EndOfList(int version) => Answers.Event(
        "BOOKMARK",
        $$$$"""{"kind":"Widget","metadata":{"resourceVersion":"{{{{version}}}}","annotations":{"k8s.io/initial-events-end":"true"}}}"""
    );
}
