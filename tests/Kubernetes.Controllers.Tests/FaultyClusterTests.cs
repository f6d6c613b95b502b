using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Xunit;

namespace Kubernetes.Controllers.Tests;

public sealed class FaultyClusterTests
{
    private readonly FaultyCluster cluster = new(TimeProvider.System);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_fault_before_the_request_leaves_the_cluster_as_it_was()
    {
        cluster.Before = (verb, _, _) => verb == ClusterVerb.Create ? throw new HttpRequestException("refused") : Task.CompletedTask;

        await Assert.ThrowsAsync<HttpRequestException>(() => cluster.CreateAsync(Secret("one"), Ct));

        Assert.Null(await cluster.FindAsync<Secret>(Named("one"), Ct));
    }

    [Fact]
    public async Task A_fault_after_the_request_loses_only_the_answer()
    {
        cluster.After = (verb, _, _) => verb == ClusterVerb.Create ? throw new IOException("cut") : Task.CompletedTask;

        await Assert.ThrowsAsync<IOException>(() => cluster.CreateAsync(Secret("one"), Ct));

        Assert.NotNull(await cluster.FindAsync<Secret>(Named("one"), Ct));
    }

    [Fact]
    public async Task Every_request_is_reported_with_its_answer()
    {
        var requests = new List<ClusterRequest>();
        cluster.Answered = requests.Add;
        await cluster.FindAsync<Secret>(Named("one"), Ct);
        await cluster.CreateAsync(Secret("one"), Ct);
        await Assert.ThrowsAsync<KubernetesException>(() => cluster.CreateAsync(Secret("one"), Ct));
        await cluster.DeleteAsync<Secret>(Named("one"), preconditions: null, Ct);

        Assert.Equal(
            [
                (ClusterVerb.Get, HttpStatusCode.NotFound),
                (ClusterVerb.Create, HttpStatusCode.OK),
                (ClusterVerb.Create, HttpStatusCode.Conflict),
                (ClusterVerb.Delete, HttpStatusCode.OK),
            ],
            requests.Select(request => (request.Verb, request.StatusCode!.Value))
        );
        Assert.All(requests, request => Assert.Equal(Named("one"), request.Name));
    }

    [Fact]
    public async Task A_watch_is_reported_once_it_is_open_and_fails_at_once_where_it_cannot_be_opened()
    {
        var requests = new List<ClusterRequest>();
        cluster.Answered = requests.Add;
        await using var open = cluster.WatchAsync<Secret>(ResourceSelector.All, cluster.ResourceVersion, Ct).GetAsyncEnumerator(Ct);
        var next = open.MoveNextAsync();
        await using var unreadable = cluster.WatchAsync<Secret>(ResourceSelector.All, "none", Ct).GetAsyncEnumerator(Ct);

        await Assert.ThrowsAsync<KubernetesException>(async () => await unreadable.MoveNextAsync());

        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.BadRequest], requests.Select(request => request.StatusCode!.Value));
        await cluster.CreateAsync(Secret("one"), Ct);
        Assert.True(await next);
    }

    [Fact]
    public async Task A_slow_watch_delays_events_without_losing_any()
    {
        var release = new TaskCompletionSource();
        cluster.BeforeDelivery = (_, _, _) => release.Task;
        await using var watch = cluster.WatchAsync<Secret>(ResourceSelector.All, cluster.ResourceVersion, Ct).GetAsyncEnumerator(Ct);
        var first = watch.MoveNextAsync();
        await cluster.CreateAsync(Secret("one"), Ct);
        await cluster.CreateAsync(Secret("two"), Ct);
        var early = first.IsCompleted;

        release.SetResult();

        Assert.False(early);
        Assert.True(await first);
        Assert.Equal("one", NameIn(watch.Current));
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal("two", NameIn(watch.Current));
    }

    private static NamespacedName Named(string name) => new("team-a", name);

    private static Secret Secret(string name) => new() { Metadata = new ObjectMeta { Name = name, Namespace = "team-a" } };

    private static string NameIn(WatchEvent<Secret> item) => Assert.IsType<WatchEvent<Secret>.Applied>(item).Resource.Metadata.Name;
}
