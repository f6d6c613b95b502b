using Kubernetes.Client.Resources;
using VismaConnect.StandIn;

namespace VismaOperator.Tests.Consent;

public sealed class ConsentServerTests
{
    [Theory]
    [InlineData("GET", "/", 404)]
    [InlineData("GET", "/metrics", 404)]
    [InlineData("GET", "/livez", 404)]
    [InlineData("GET", "/connect/integrations", 404)]
    [InlineData("GET", "/connect/integrations/acme-production/", 404)]
    [InlineData("GET", "/connect/Integrations/..%2Fsecrets", 404)]
    [InlineData("GET", "/connect//acme-production", 404)]
    [InlineData("PUT", "/connect/integrations/acme-production", 405)]
    [InlineData("POST", "/oauth2/callback", 405)]
    [InlineData("HEAD", "/oauth2/callback", 405)]
    [InlineData("GET", "/visma/oauth2/callback", 400)]
    [InlineData("GET", "/oauth2/callback", 400)] // a proxy took the prefix of the public URL off
    [InlineData("POST", "/connect/integrations/acme-production", 400)]
    public async Task Unserved_paths_get_a_plain_answer(string method, string path, int status)
    {
        await using var scene = await ConsentScene.StartAsync();

        Assert.Equal(status, (await scene.Browser.SendAsync(scene.Replica, new HttpMethod(method), path)).Status);
    }

    [Fact]
    public async Task A_form_that_is_too_large_is_not_read()
    {
        await using var scene = await ConsentScene.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/connect/integrations/acme-production")
        {
            Content = new FormUrlEncodedContent([KeyValuePair.Create("start", new string('a', 64 * 1024))]),
        };

        var page = await scene.Browser.SendAsync(scene.Replica, request);

        Assert.Equal((400, "This request cannot be read"), (page.Status, page.Heading));
    }

    [Fact]
    public async Task Before_the_caches_are_filled_the_person_is_asked_to_come_again()
    {
        await using var scene = await ConsentScene.StartAsync();
        await using var starting = await ConsentReplica.StartWithoutCachesAsync(scene.Test);

        var page = await scene.Browser.OpenAsync(starting, await scene.LinkAsync());

        Assert.Equal((503, "The operator is starting", "5"), (page.Status, page.Heading, page.Header("Retry-After")));
    }

    [Fact]
    public async Task An_address_that_asks_too_often_must_wait()
    {
        await using var scene = await ConsentScene.StartAsync();
        await using var narrow = await ConsentReplica.StartAsync(scene.Test, options => options with { Burst = 2, PerSecond = 1 });
        var link = await scene.LinkAsync();

        var statuses = new List<int>();
        while (statuses.Count < 100 && !statuses.Contains(429))
        {
            statuses.Add((await scene.Browser.OpenAsync(narrow, link)).Status);
        }

        Assert.Equal(200, statuses[0]);
        Assert.Equal(429, statuses[^1]);
        Assert.Equal("5", scene.Browser.Visits[^1].Header("Retry-After"));
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_is_reported_and_costs_nothing()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        scene.Test.Cluster.Before = (_, kind, _) =>
            kind == Secret.ResourceKind ? throw new HttpRequestException("away") : Task.CompletedTask;

        var page = await scene.ComeBackAsync(back);
        scene.Test.Cluster.Before = null;

        Assert.Equal((503, "This does not work at the moment"), (page.Status, page.Heading));
        Assert.Equal(200, (await scene.ComeBackAsync(back)).Status);
    }

    [Fact]
    public async Task A_bug_is_reported_to_the_person_without_its_message_and_to_the_log_with_it()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        scene.Test.Cluster.Before = (_, kind, _) =>
            kind == Secret.ResourceKind ? throw new InvalidOperationException("a bug of this test") : Task.CompletedTask;

        var page = await scene.ComeBackAsync(back);
        scene.Test.Cluster.Before = null;

        Assert.Equal((500, "Something went wrong here"), (page.Status, page.Heading));
        Assert.DoesNotContain("a bug of this test", page.Text, StringComparison.Ordinal);
        Assert.Contains(scene.Test.Logs.Lines, line => line.Contains("a bug of this test", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_person_who_comes_back_while_the_replica_stops_is_served_to_the_end()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        var hold = new TaskCompletionSource();
        scene.Test.Provider.Faults.Next(new Fault.Hold(hold.Task));

        var coming = scene.ComeBackAsync(back);
        await scene.Test.Provider.Ledger.WaitForInFlightAsync(1, TestContext.Current.CancellationToken);
        var stopping = scene.OtherReplica.StopAsync();
        Assert.False(stopping.IsCompleted);
        hold.SetResult();

        Assert.Equal(200, (await coming).Status);
        await stopping;
        await scene.Test.UntilReadyAsync();
    }

    [Fact]
    public async Task A_person_who_closes_the_browser_at_the_end_has_consented_all_the_same()
    {
        await using var scene = await ConsentScene.StartAsync();
        var back = await scene.ConsentAsync();
        var hold = new TaskCompletionSource();
        scene.Test.Provider.Faults.Next(new Fault.Hold(hold.Task));

        using (var closing = new CancellationTokenSource())
        {
            var coming = scene.Browser.OpenUntilAsync(scene.OtherReplica, back, closing.Token);
            await scene.Test.Provider.Ledger.WaitForInFlightAsync(1, TestContext.Current.CancellationToken);
            await closing.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => coming);
        }

        hold.SetResult();
        await scene.Test.UntilReadyAsync();
    }
}
