using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Cli.Dashboard;
using VismaOperator.Cli.Status;
using VismaOperator.Tests.Status;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Dashboard;

/// <summary>What the page is sent, as it happens.</summary>
public sealed class DashboardStreamTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_changes_is_sent_to_every_page_and_nothing_is_sent_twice()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"), Situations.Healthy("other"));
        using var browser = await scene.EnterAsync();
        using var one = await browser.FollowAsync();
        using var two = await browser.FollowAsync("?kind=VismaConnection");
        await one.UntilAsync(view => (int)view["total"]! == 2);

        await PatchAsync(scene, "acme", """{"spec":{"suspend":true}}""");
        var changed = await one.UntilAsync(view => (string)view["items"]![0]!["state"]! == "NotReady");
        await two.UntilAsync(view => (int)view["broken"]! == 1);
        await scene.Cluster.DeleteAsync<VismaConnection>(Named("acme"), null, Ct);
        await one.UntilAsync(view => (int)view["total"]! == 1);

        Assert.Equal("acme", (string)changed["items"]![0]!["name"]!);
        Assert.Equal("text/event-stream", one.Answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal("now", (await one.NextAsync(Ct)).Name);
        Assert.Equal("now", (await one.NextAsync(Ct)).Name); // nothing changes: only the time is told
    }

    [Fact]
    public async Task A_client_of_another_namespace_is_shown_with_its_state_which_follows_what_happens()
    {
        await using var scene = await DashboardScene.StartAsync(speed: 20, Using("acme", "lent"), Elsewhere("lent"));
        using var browser = await scene.EnterAsync();
        using var stream = await browser.FollowAsync("?kind=OAuthClient");

        var view = await stream.UntilAsync(view => (int)view["total"]! == 2);
        Assert.Equal("lent", (string)view["items"]![0]!["name"]!);

        const string Refused =
            """{"type":"Stalled","status":"True","reason":"ClientRefused","message":"No.","lastTransitionTime":"2026-11-30T12:00:01Z"}""";
        await scene.Cluster.PatchStatusAsync<OAuthClient>(
            new NamespacedName("elsewhere", "lent"),
            JsonNode.Parse($$$"""{"status":{"conditions":[{{{Refused}}}]}}""")!.AsObject(),
            Ct
        );
        await stream.UntilAsync(view => (string?)view["items"]![0]!["reason"] == "ClientRefused");
    }

    [Fact]
    public async Task A_client_of_another_namespace_comes_and_goes_as_connections_name_it()
    {
        await using var scene = await DashboardScene.StartAsync(speed: 20, Using("acme", "lent"), Elsewhere("lent"), Elsewhere("second"));
        using var browser = await scene.EnterAsync();
        using var stream = await browser.FollowAsync();
        await stream.UntilAsync(view => Names(view) == "acme lent");

        await scene.Cluster.DeleteAsync<OAuthClient>(new NamespacedName("elsewhere", "lent"), null, Ct);
        await stream.UntilAsync(view => Names(view) == "acme");
        await scene.Cluster.CreateAsync(New(Elsewhere("lent")), Ct);
        await stream.UntilAsync(view => Names(view) == "acme lent");
        await scene.Cluster.CreateAsync(New(Using("other", "second")), Ct);
        await stream.UntilAsync(view => Names(view) == "acme lent other second");
        await scene.Cluster.DeleteAsync<VismaConnection>(Named("acme"), null, Ct);
        await stream.UntilAsync(view => Names(view) == "other second");
    }

    [Fact]
    public async Task Clients_of_another_namespace_are_read_again_in_turn_and_not_all_at_once()
    {
        var clients = Enumerable.Range(0, 20).Select(number => $"client-{number:00}").ToList();
        List<string> read = [];
        var rounds = new List<int>();
        IResource[] all = [.. clients.Select(name => Using($"uses-{name}", name)), .. clients.Select(Elsewhere)];
        await using var scene = await DashboardScene.StartAsync(speed: 20, all);
        var everyOne = new TaskCompletionSource();
        scene.Cluster.Before = (verb, kind, name) =>
        {
            lock (read)
            {
                if (verb == ClusterVerb.List && kind == VismaConnection.ResourceKind)
                {
                    rounds.Add(0); // a turn begins with a look whether anything can be read
                }
                else if (verb == ClusterVerb.Get && kind == OAuthClient.ResourceKind && rounds.Count > 0)
                {
                    rounds[^1]++;
                    read.Add(name.Name);
                    _ = read.Count >= 2 * clients.Count && everyOne.TrySetResult();
                }
            }

            return Task.CompletedTask;
        };

        await everyOne.Task.WaitAsync(TimeSpan.FromSeconds(60), Ct);

        lock (read)
        {
            Assert.All(rounds, count => Assert.InRange(count, 0, 8));
            Assert.Equal(clients, read.Take(clients.Count).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task A_request_that_was_cancelled_by_nobody_is_an_outage_like_any_other()
    {
        await using var scene = await DashboardScene.StartAsync(speed: 20, Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();
        using var stream = await browser.FollowAsync();
        scene.Cluster.Before = (_, _, _) => throw new TaskCanceledException("A task was canceled.");
        await stream.UntilAsync(view => view["trouble"] is not null);

        scene.Cluster.Before = null;

        await stream.UntilAsync(view => view["trouble"] is null);
    }

    [Fact]
    public async Task Time_alone_makes_news()
    {
        await using var scene = await DashboardScene.StartAsync(speed: 600, Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();
        using var stream = await browser.FollowAsync();

        // The renewal is due after 18 minutes, the expiry after 38.
        var overdue = await stream.UntilAsync(view => (string)view["items"]![0]!["reason"]! == "RenewalOverdue");
        await stream.UntilAsync(view => (string)view["items"]![0]!["state"]! == "Expired");

        Assert.Equal(1, (int)overdue["broken"]!);
    }

    [Fact]
    public async Task A_cluster_that_goes_away_is_told_and_what_was_missed_is_shown_when_it_is_back()
    {
        await using var scene = await DashboardScene.StartAsync(speed: 20, Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();
        using var stream = await browser.FollowAsync();
        await stream.UntilAsync(view => (int)view["total"]! == 1);

        scene.Cluster.Before = (_, _, _) => throw new HttpRequestException("Connection refused");
        var away = await stream.UntilAsync(view => view["trouble"] is not null);
        scene.Cluster.Before = (verb, _, _) =>
            verb is ClusterVerb.List or ClusterVerb.Watch ? throw new HttpRequestException("Connection refused") : Task.CompletedTask;
        await PatchAsync(scene, "acme", """{"spec":{"suspend":true}}""");
        scene.Cluster.Before = null;
        var back = await stream.UntilAsync(view => view["trouble"] is null);

        Assert.Equal(
            "The cluster https://cluster.example.com/ cannot be reached (Connection refused). Check kubeconfig and context.",
            (string)away["trouble"]!
        );
        Assert.NotNull(away["troubleSince"]);
        Assert.Equal(1, (int)away["total"]!);
        Assert.Equal("NotReady", (string)back["items"]![0]!["state"]!);
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_at_all_is_noticed_although_the_watch_stays_open()
    {
        await using var scene = await DashboardScene.StartAsync(speed: 20, Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();
        using var stream = await browser.FollowAsync();
        await stream.UntilAsync(view => (int)view["total"]! == 1);

        var silence = new TaskCompletionSource();
        scene.Cluster.Before = (_, _, _) => silence.Task;
        await stream.UntilAsync(view => view["trouble"] is not null);
        scene.Cluster.Before = null;
        silence.SetResult();

        await stream.UntilAsync(view => view["trouble"] is null);
    }

    [Fact]
    public async Task Where_only_lists_are_allowed_everything_is_read_again_and_the_page_says_so()
    {
        await using var scene = await DashboardScene.StartAsync(
            speed: 60,
            cluster => cluster.Before = (verb, _, _) =>
                verb == ClusterVerb.Watch
                    ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no watch")
                    : Task.CompletedTask,
            Situations.Healthy("acme")
        );
        using var browser = await scene.EnterAsync();
        using var stream = await browser.FollowAsync();

        var view = await stream.UntilAsync(view => view["notes"]!.AsArray().Count > 0);
        await PatchAsync(scene, "acme", """{"spec":{"suspend":true}}""");
        await stream.UntilAsync(view => (string)view["items"]![0]!["state"]! == "NotReady");

        Assert.Contains("is read again every 30 seconds", (string)view["notes"]![0]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_may_be_read_of_one_kind_is_shown_and_the_gap_is_told_until_it_is_closed()
    {
        await using var scene = await DashboardScene.StartAsync(
            speed: 20,
            cluster => cluster.Before = (_, kind, _) =>
                kind == OAuthClient.ResourceKind
                    ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                    : Task.CompletedTask,
            Situations.Healthy("acme"),
            Situations.HealthyClient()
        );
        using var browser = await scene.EnterAsync();
        using var stream = await browser.FollowAsync();

        var gap = await stream.UntilAsync(view => view["notes"]!.AsArray().Count > 0);
        scene.Cluster.Before = null;
        var whole = await stream.UntilAsync(view => view["notes"]!.AsArray().Count == 0);

        Assert.Contains("You may not list oauthclients.visma-operator.io", (string)gap["notes"]![0]!, StringComparison.Ordinal);
        Assert.Equal((1, 2), ((int)gap["total"]!, (int)whole["total"]!));
    }

    [Fact]
    public async Task There_is_a_most_of_streams_and_a_browser_that_leaves_ends_its_own()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();

        List<DashboardStream> streams = [];
        for (var page = 0; page < 32; page++)
        {
            streams.Add(await browser.FollowAsync());
        }

        var refused = await browser.GetAsync(browser.Folder + "events");
        streams.ForEach(stream => stream.Dispose());
        var status = HttpStatusCode.ServiceUnavailable;
        while (status == HttpStatusCode.ServiceUnavailable)
        {
            using var answer = await browser.GetAsync(browser.Folder + "events"); // who left is noticed at once, but not before
            status = answer.StatusCode;
        }

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (refused.StatusCode, status));
    }

    [Fact]
    public async Task A_page_that_reads_slowly_gets_the_newest_state_and_no_queue()
    {
        const int Changes = 150;
        await using var scene = await DashboardScene.StartAsync(
            speed: 50,
            [.. Enumerable.Range(0, 200).Select(number => Situations.Stalled($"c{number:000}"))]
        );
        using var browser = await scene.EnterAsync();
        using var reading = await browser.FollowAsync("?count=1000");
        await reading.UntilAsync(view => (int)view["total"]! == 200);
        using var slow = new TcpClient { ReceiveBufferSize = 4096 };
        await slow.ConnectAsync(IPAddress.Loopback, scene.Address.Port, Ct);
        var asked = $"GET {browser.Folder}events?count=1000 HTTP/1.1\r\nHost: 127.0.0.1:{scene.Address.Port}\r\n"
            + $"Cookie: {browser.Cookie}\r\n\r\n";
        await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes(asked), Ct);

        // One change at a time, each seen by a page that reads: as many views as changes.
        for (var change = 0; change < Changes; change++)
        {
            await PatchAsync(scene, "c000", $$"""{"spec":{"displayName":"change-{{change}}"} }""");
            await reading.UntilAsync(view => view.ToJsonString().Contains($"change-{change}\"", StringComparison.Ordinal));
        }

        using var reader = new StreamReader(slow.GetStream());
        var views = 0;
        while (await reader.ReadLineAsync(Ct) is { } line && !line.Contains($"change-{Changes - 1}\"", StringComparison.Ordinal))
        {
            views += line.StartsWith("event: view", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.InRange(views, 1, Changes / 2);
    }

    [Fact]
    public async Task Ctrl_C_tells_the_pages_and_ends_at_once()
    {
        await using var scene = await DashboardScene.StartAsync(Situations.Healthy("acme"));
        using var browser = await scene.EnterAsync();
        using var stream = await browser.FollowAsync();
        await stream.UntilAsync(_ => true);

        await scene.StopAsync();

        var last = await stream.NextAsync(Ct);
        while (last.Name == "now")
        {
            last = await stream.NextAsync(Ct);
        }

        Assert.Equal("end", last.Name);
    }

    [Fact]
    public async Task A_request_that_is_cut_after_Ctrl_C_is_no_failure()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var scene = await DashboardScene.StartAsync(speed: 20, Situations.Healthy("acme"));
        scene.Cluster.Before = async (_, _, _) =>
        {
            reached.TrySetResult();
            await cut.Task;
            throw new IOException("the connection was cut");
        };
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), Ct);

        var stopping = scene.StopAsync();
        cut.SetResult();

        await stopping;
    }

    [Fact]
    public async Task Where_nothing_can_be_read_it_does_not_begin_and_says_why()
    {
        var refused = await Assert.ThrowsAsync<StatusException>(() =>
            DashboardScene.RunToEndAsync(
                cluster => cluster.Before = (_, _, _) =>
                    throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no"),
                new DashboardOptions(),
                null!,
                Ct
            )
        );

        Assert.Contains("You may not list vismaconnections.visma-operator.io in namespace integrations", refused.Message);
    }

    private static string Names(JsonNode view) =>
        string.Join(' ', view["items"]!.AsArray().Select(item => (string)item!["name"]!).Order(StringComparer.Ordinal));

    private static VismaConnection Using(string name, string client)
    {
        var connection = Situations.Healthy(name);
        var reference = new OAuthClientReference { Name = client, Namespace = "elsewhere" };
        return connection with { Spec = connection.Spec with { OAuthClientRef = reference } };
    }

    private static OAuthClient Elsewhere(string name)
    {
        var client = Some.OAuthClient("https://connect.visma.com");
        return client with { Metadata = client.Metadata with { Name = name, Namespace = "elsewhere" } };
    }

    private static OAuthClient New(OAuthClient client) =>
        client with { Metadata = client.Metadata with { Uid = null, ResourceVersion = null } };

    private static VismaConnection New(VismaConnection connection) =>
        connection with { Metadata = connection.Metadata with { Uid = null, ResourceVersion = null } };

    private static NamespacedName Named(string name) => new(Some.Namespace, name);

    private static Task PatchAsync(DashboardScene scene, string name, string patch) =>
        scene.Cluster.PatchAsync<VismaConnection>(Named(name), JsonNode.Parse(patch)!.AsObject(), Ct);
}
