using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kubernetes.Controllers.Tests;

/// <summary>The parts against a whole cluster that runs in memory: what its answers look like is not the test's idea.</summary>
public sealed class InMemoryClusterTests : IAsyncDisposable
{
    private readonly SignallingTime time = new();
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> running = [];
    private readonly FaultyCluster cluster;

    public InMemoryClusterTests() => cluster = new(time);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Wait.For(Task.WhenAll(running));
        stop.Dispose();
    }

    [Fact]
    public async Task A_list_longer_than_a_page_is_read_to_its_end()
    {
        for (var index = 0; index < 1203; index++)
        {
            await CreateAsync($"secret-{index}");
        }

        var informer = await InformAsync();
        Assert.Equal(1203, informer.Store.List().Count);
    }

    [Fact]
    public async Task With_a_watch_that_is_late_an_own_write_is_seen_at_once_and_never_taken_back()
    {
        var informer = await InformAsync();
        var late = new TaskCompletionSource();
        cluster.BeforeDelivery = (_, _, _) => late.Task;
        var changes = new List<StoreChange<Secret>>();
        var caughtUp = new TaskCompletionSource();
        using var subscription = informer.Store.Subscribe(change =>
        {
            changes.Add(change);
            if (change.Name.Name == "last")
            {
                caughtUp.SetResult();
            }
        });
        var created = await CreateAsync("acme");
        informer.Store.Observe(created);
        var replaced = await cluster.ReplaceAsync(
            created with
            {
                Data = new Dictionary<string, SecretValue> { ["key"] = SecretValue.FromText("new") },
            },
            stop.Token
        );
        informer.Store.Observe(replaced);
        Assert.Equal(replaced.Metadata.ResourceVersion, informer.Store.Find(Some.Key)?.Metadata.ResourceVersion);

        late.SetResult();
        await CreateAsync("last");
        await Wait.For(caughtUp.Task);
        Assert.Equal(["acme", "acme", "last"], changes.Select(change => change.Name.Name));
    }

    [Fact]
    public async Task A_deletion_during_a_disconnect_is_noticed_after_a_410()
    {
        await CreateAsync("acme");
        var informer = await InformAsync();
        var deleted = new TaskCompletionSource<StoreChange<Secret>>();
        using var subscription = informer.Store.Subscribe(change => _ = change.After is null && deleted.TrySetResult(change));
        cluster.BeforeDelivery = (_, _, _) => throw new IOException("cut");
        await CreateAsync("other");
        var wait = await time.NextWaitAsync();
        cluster.BeforeDelivery = null;
        await cluster.DeleteAsync<Secret>(Some.Key, preconditions: null, stop.Token);
        cluster.Compact();
        time.Advance(wait);
        await time.WaitOfAsync(2 * wait);
        time.Advance(2 * wait);

        var change = await Wait.For(deleted.Task);
        Assert.Equal((Some.Key, "acme", null), (change.Name, change.Before?.Metadata.Name, change.After));
    }

    [Fact]
    public async Task A_secret_followed_by_name_is_reported_from_creation_to_deletion()
    {
        var set = new WatchSet<SecretMetadata>(cluster, time, NullLogger.Instance, () => 0);
        var states = System.Threading.Channels.Channel.CreateUnbounded<Watched<SecretMetadata>>();
        set.Subscribe(name => states.Writer.TryWrite(set.Find(name)));
        set.Follow(new HashSet<NamespacedName> { Some.Key });
        running.Add(set.RunAsync(stop.Token));

        Assert.IsType<Watched<SecretMetadata>.Missing>(await Wait.For(states.Reader.ReadAsync(TestContext.Current.CancellationToken)));
        await CreateAsync("other");
        await CreateAsync("acme");
        var present = Assert.IsType<Watched<SecretMetadata>.Present>(
            await Wait.For(states.Reader.ReadAsync(TestContext.Current.CancellationToken))
        );
        Assert.Equal("acme", present.Resource.Metadata.Name);
        await cluster.DeleteAsync<Secret>(Some.Key, preconditions: null, stop.Token);
        Assert.IsType<Watched<SecretMetadata>.Missing>(await Wait.For(states.Reader.ReadAsync(TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task A_released_lease_is_taken_over_by_the_next_attempt()
    {
        using var metrics = new CapturedMetrics();
        var first = Candidate("one", metrics);
        var second = Candidate("two", metrics);
        running.Add(first.RunAsync(stop.Token));
        await Wait.For(first.WaitUntilLeaderAsync(stop.Token));
        running.Add(second.RunAsync(stop.Token));
        await time.WaitOfAsync(TimeSpan.FromSeconds(2)); // until it renews
        await time.WaitOfAsync(TimeSpan.FromSeconds(1)); // until the other one looks again

        await first.ReleaseAsync(stop.Token);
        time.Advance(TimeSpan.FromSeconds(1));
        await Wait.For(second.WaitUntilLeaderAsync(stop.Token));
        var lease = await cluster.FindAsync<Lease>(new("operators", "operator"), stop.Token);
        Assert.Equal(("two", 1), (lease?.Spec.HolderIdentity, lease?.Spec.LeaseTransitions));
        Assert.False(first.Leads());
    }

    private LeaderElector Candidate(string identity, CapturedMetrics metrics) =>
        new(cluster, new(new("operators", "operator"), identity), time, () => 0, NullLogger.Instance, metrics.Metrics);

    private Task<Secret> CreateAsync(string name) =>
        cluster.CreateAsync(new Secret { Metadata = new() { Name = name, Namespace = "team-a" } }, stop.Token);

    private async Task<Informer<Secret>> InformAsync()
    {
        var informer = new Informer<Secret>(cluster, [new("team-a")], time, NullLogger.Instance, () => 0);
        running.Add(informer.RunAsync(stop.Token));
        await Wait.For(informer.WaitUntilSyncedAsync(stop.Token));
        await time.WaitOfAsync(TimeSpan.FromMinutes(1)); // the timer of the bookmarks: the watch is open
        return informer;
    }
}
