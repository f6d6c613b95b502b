using System.Net;
using System.Text.Json.Nodes;
using VismaOperator.Testing.ApiServer.Proxy;
using Xunit;

namespace VismaOperator.Testing.ApiServer.Tests;

public sealed class ApiProxyTests(WidgetServer shared) : IAsyncLifetime
{
    private ApiProxy proxy = null!;
    private ApiClient client = null!;
    private TestNamespace home = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        proxy = await ApiProxy.StartAsync(shared.Server, Ct);
        client = ApiClient.FromKubeconfig(proxy.KubeconfigPath);
        home = await TestNamespace.CreateAsync(shared.Server.Admin, Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await home.DisposeAsync();
        client.Dispose();
        await proxy.DisposeAsync();
    }

    [Fact]
    public async Task Requests_pass_and_stand_in_the_ledger()
    {
        await client.CreateAsync(home.Core("secrets"), Some.ObjectNamed("a"), Ct);
        await client.GetAsync(home.Core("secrets?limit=1"), Ct);

        var write = Assert.Single(proxy.Ledger.Writes);
        Assert.Equal(
            ("POST", home.Core("secrets"), 201, "visma-operator-tests"),
            (write.Method, write.Path, write.Status, write.UserAgent)
        );
        Assert.Equal("?limit=1", proxy.Ledger.Requests[1].Query);
        Assert.NotNull(await shared.Server.Admin.FindAsync(home.Core("secrets/a"), Ct));
    }

    [Fact]
    public async Task An_injected_answer_meets_as_many_requests_as_it_says()
    {
        using var fault = proxy.Inject(
            new FaultEffect.Answer(HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(3)), request => request.IsWrite, times: 1);

        var refusal = await Assert.ThrowsAsync<ApiException>(() => client.CreateAsync(home.Core("secrets"), Some.ObjectNamed("a"), Ct));
        await client.CreateAsync(home.Core("secrets"), Some.ObjectNamed("a"), Ct);

        Assert.Equal(HttpStatusCode.TooManyRequests, refusal.Status);
        Assert.Contains("\"retryAfterSeconds\":3", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1, fault.Applied);
    }

    [Fact]
    public async Task A_lost_answer_was_carried_out_nevertheless()
    {
        using var fault = proxy.Inject(new FaultEffect.LoseAnswer(), request => request.IsWrite);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => client.CreateAsync(home.Core("secrets"), Some.ObjectNamed("a"), Ct));

        Assert.NotNull(await shared.Server.Admin.FindAsync(home.Core("secrets/a"), Ct));
    }

    [Fact]
    public async Task A_held_request_goes_on_when_the_fault_is_lifted()
    {
        var fault = proxy.Inject(new FaultEffect.Hold(), request => request.IsWrite);
        var creation = client.CreateAsync(home.Core("secrets"), Some.ObjectNamed("a"), Ct);
        await fault.Reached.WaitAsync(Ct);
        Assert.Null(await shared.Server.Admin.FindAsync(home.Core("secrets/a"), Ct));

        fault.Dispose();

        await creation;
        Assert.NotNull(await shared.Server.Admin.FindAsync(home.Core("secrets/a"), Ct));
    }

    [Fact]
    public async Task Held_watches_say_nothing_until_they_are_released()
    {
        await using var events = Watch();
        var release = proxy.Watches.Hold();
        var next = events.MoveNextAsync().AsTask();
        await shared.Server.Admin.CreateAsync(home.Core("configmaps"), Some.ObjectNamed("a"), Ct);
        await SeenByAnotherWatchAsync();
        Assert.False(next.IsCompleted);

        release.Dispose();

        Assert.True(await next);
        Assert.Equal("ADDED", events.Current["type"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_delayed_watch_speaks_late_but_speaks()
    {
        var delay = TimeSpan.FromMilliseconds(400);
        proxy.Watches.Delay = delay;
        await using var events = Watch();
        var next = events.MoveNextAsync().AsTask();
        var begun = TimeProvider.System.GetTimestamp();
        await shared.Server.Admin.CreateAsync(home.Core("configmaps"), Some.ObjectNamed("a"), Ct);

        Assert.True(await next);

        Assert.True(TimeProvider.System.GetElapsedTime(begun) >= delay);
    }

    [Fact]
    public async Task A_cut_watch_breaks_and_an_ended_watch_ends()
    {
        await using var cut = Watch();
        var broken = cut.MoveNextAsync().AsTask();
        await OpenWatchesAsync(1);
        Assert.Equal(1, proxy.Watches.Cut());
        await Assert.ThrowsAnyAsync<Exception>(() => broken);

        await using var ended = Watch();
        var last = ended.MoveNextAsync().AsTask();
        await OpenWatchesAsync(1);
        Assert.Equal(1, proxy.Watches.End());
        Assert.False(await last);
    }

    [Fact]
    public async Task An_expired_watch_says_so_in_its_first_event()
    {
        using var fault = proxy.Inject(new FaultEffect.ExpireWatch(), request => request.IsWatch);
        await using var events = Watch();

        Assert.True(await events.MoveNextAsync());

        Assert.Equal(("ERROR", 410), (events.Current["type"]!.GetValue<string>(), events.Current["object"]!["code"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Dropped_connections_break_what_is_under_way_and_leave_the_proxy_in_service()
    {
        await using var events = Watch();
        var next = events.MoveNextAsync().AsTask();
        await OpenWatchesAsync(1);

        proxy.DropConnections();

        await Assert.ThrowsAnyAsync<Exception>(() => next);
        Assert.True(await client.IsReadyAsync(Ct));
    }

    [Fact]
    public async Task A_confined_client_sees_a_cluster_of_its_own_namespaces()
    {
        await using var other = await TestNamespace.CreateAsync(shared.Server.Admin, Ct);
        await client.CreateAsync(home.Core("configmaps"), Some.ObjectNamed("ours"), Ct);
        await client.CreateAsync(other.Core("configmaps"), Some.ObjectNamed("theirs"), Ct);
        proxy.Confine([home.Name]);

        var list = await client.GetAsync("/api/v1/configmaps", Ct);
        await using var watch = client
            .WatchAsync("/api/v1/configmaps?watch=true&resourceVersion=" + list["metadata"]!["resourceVersion"]!.GetValue<string>(), Ct)
            .GetAsyncEnumerator(Ct);
        var next = watch.MoveNextAsync().AsTask();
        await client.CreateAsync(other.Core("configmaps"), Some.ObjectNamed("theirs-later"), Ct);
        await client.CreateAsync(home.Core("configmaps"), Some.ObjectNamed("ours-later"), Ct);

        Assert.Equal("ours", Assert.Single(list["items"]!.AsArray())!["metadata"]!["name"]!.GetValue<string>());
        Assert.True(await next);
        Assert.Equal("ours-later", watch.Current["object"]!["metadata"]!["name"]!.GetValue<string>());
        Assert.NotNull(await client.FindAsync(other.Core("configmaps/theirs"), Ct));
    }

    [Fact]
    public async Task A_token_of_the_client_is_judged_by_itself()
    {
        var account = await TestServiceAccount.CreateAsync(shared.Server.Admin, home, "nobody", Ct);
        var kubeconfig = Path.Combine(Directory.CreateTempSubdirectory().FullName, "kubeconfig");
        account.WriteKubeconfig(proxy, kubeconfig);
        using var nobody = ApiClient.FromKubeconfig(kubeconfig);

        var refusal = await Assert.ThrowsAsync<ApiException>(() => nobody.GetAsync(home.Core("secrets"), Ct));

        Assert.Equal(HttpStatusCode.Forbidden, refusal.Status);
        Assert.Contains($"system:serviceaccount:{home.Name}:nobody", refusal.Message, StringComparison.Ordinal);
    }

    private IAsyncEnumerator<JsonNode> Watch() =>
        client.WatchAsync(home.Core("configmaps?watch=true&fieldSelector=metadata.name%3Da"), Ct).GetAsyncEnumerator(Ct);

    private Task OpenWatchesAsync(int count) =>
        Eventually.BecomesTrueAsync($"{count} open watches", () => proxy.Watches.Open == count, Ct);

    /// <summary>Once a watch that does not go through the proxy has seen the object, the other one had its chance too.</summary>
    private async Task SeenByAnotherWatchAsync()
    {
        await using var direct = shared.Server.Admin
            .WatchAsync(home.Core("configmaps?watch=true&fieldSelector=metadata.name%3Da"), Ct).GetAsyncEnumerator(Ct);
        Assert.True(await direct.MoveNextAsync());
    }
}
