using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Caching;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kubernetes.Controllers.Tests.Caching;

/// <summary>Listed namespaces of which one cannot be read.</summary>
public sealed class NamespaceSyncTests : IAsyncDisposable
{
    private readonly ScriptedCluster cluster = new();
    private readonly SignallingTime time = new();
    private readonly CancellationTokenSource stop = new();
    private readonly NamespaceSync namespaces;
    private readonly List<NamespaceNews> news = [];
    private readonly Informer<SecretMetadata> informer;
    private Task running = Task.CompletedTask;

    public NamespaceSyncTests()
    {
        namespaces = new(time);
        informer = new(cluster, [new("a"), new("b")], time, NullLogger.Instance, () => 0) { Namespaces = namespaces };
        namespaces.Subscribe(news.Add);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Wait.For(running.ContinueWith(_ => { }, TaskScheduler.Default));
        stop.Dispose();
    }

    [Fact]
    public void Nothing_is_open_or_settled_before_its_lists_were_read()
    {
        Assert.False(namespaces.IsOpen("a"));
        Assert.True(namespaces.IsOpen("elsewhere"));
        Assert.False(namespaces.IsSettled);
        namespaces.Expect("a", "widgets");
        namespaces.Listed("a", "secrets");
        Assert.False(namespaces.IsOpen("a"));
        namespaces.Listed("a", "widgets");
        Assert.True(namespaces.IsOpen("a"));
        Assert.False(namespaces.IsSettled);
    }

    [Fact]
    public async Task A_namespace_that_cannot_be_read_does_not_count_where_the_others_are_heard_of()
    {
        running = informer.RunAsync(stop.Token);
        for (var list = 0; list < 2; list++)
        {
            var next = await cluster.NextListAsync();
            if (next.Selector.Namespace == "a")
            {
                next.Answer(Some.Page(5));
            }
        }

        await cluster.NextWatchAsync();
        Assert.Equal(DateTimeOffset.UnixEpoch, informer.LastContact);

        namespaces.Failed("b", "secrets", "no role", ListFailure.Forbidden);

        Assert.Equal(time.GetUtcNow(), informer.LastContact);
        namespaces.Failed("a", "secrets", "no role", ListFailure.Forbidden);
        Assert.Null(informer.LastContact); // the API server answers, and the namespaces tell what it refuses
    }

    [Fact]
    public void Namespaces_that_are_broken_by_an_outage_leave_the_watch_silent()
    {
        foreach (var name in new[] { "a", "b" })
        {
            namespaces.Failed(name, "secrets", "connection refused", ListFailure.Outage);
        }

        time.Advance(NamespaceSync.Patience);
        foreach (var name in new[] { "a", "b" })
        {
            namespaces.Failed(name, "secrets", "connection refused", ListFailure.Outage);
        }

        Assert.All(namespaces.Current, one => Assert.NotNull(one.Problem));
        Assert.Equal(DateTimeOffset.UnixEpoch, informer.LastContact);
    }

    [Fact]
    public async Task A_refusal_that_is_believed_settles_a_namespace_and_the_first_complete_list_opens_it()
    {
        namespaces.Listed("a", "secrets");
        var settled = namespaces.WaitUntilSettledAsync(CancellationToken.None);
        namespaces.Failed("b", "secrets", "no role", ListFailure.Outage);
        Assert.False(settled.IsCompleted);

        namespaces.Failed("b", "secrets", "no role", ListFailure.Forbidden);
        namespaces.Failed("b", "secrets", "still no role", ListFailure.Forbidden);
        await Wait.For(settled);
        Assert.False(namespaces.IsOpen("b"));
        namespaces.Listed("b", "secrets");

        Assert.Equal([new("a", true, null), new("b", false, "no role") { IsForbidden = true }, new("b", true, null)], news);
    }

    [Fact]
    public void A_namespace_that_breaks_later_stays_open_since_what_was_read_is_kept()
    {
        namespaces.Listed("a", "secrets");
        namespaces.Failed("a", "secrets", "the role was taken", ListFailure.Forbidden);
        Assert.True(namespaces.IsOpen("a"));
        namespaces.Listed("a", "secrets");

        Assert.Equal([new("a", true, null), new("a", true, "the role was taken") { IsForbidden = true }, new("a", true, null)], news);
    }

    [Fact]
    public void Another_failure_breaks_a_namespace_only_after_a_while_and_only_while_others_are_answered()
    {
        namespaces.Failed("b", "secrets", "500", ListFailure.Outage);
        time.Advance(NamespaceSync.Patience);
        namespaces.Failed("b", "secrets", "500", ListFailure.Outage);
        namespaces.Failed("a", "secrets", "500", ListFailure.Outage);
        time.Advance(NamespaceSync.Patience);
        namespaces.Failed("a", "secrets", "500", ListFailure.Outage);
        Assert.False(namespaces.IsSettled);

        namespaces.Listed("a", "secrets");

        Assert.True(namespaces.IsSettled);
        Assert.Equal(["500", null], namespaces.Current.OrderBy(now => now.IsOpen).Select(now => now.Problem));
    }

    [Fact]
    public void Refusals_everywhere_settle_too_since_any_of_the_namespaces_may_come_later()
    {
        namespaces.Failed("a", "secrets", "no role", ListFailure.Forbidden);
        namespaces.Failed("b", "secrets", "no role", ListFailure.Forbidden);

        Assert.True(namespaces.IsSettled);
    }

    [Fact]
    public async Task An_informer_fills_one_namespace_while_the_other_is_refused()
    {
        running = informer.RunAsync(stop.Token);
        var lists = new[] { await cluster.NextListAsync(), await cluster.NextListAsync() }
            .OrderBy(list => list.Selector.Namespace)
            .ToList();
        lists[0].Answer(Some.Page(5, Some.Secret("one", 2, @namespace: "a")));
        lists[1].Refuse(Some.Forbidden);
        await cluster.NextWatchAsync();
        var refused = await RefuseUntilBelievedAsync();
        await Wait.For(namespaces.WaitUntilSettledAsync(CancellationToken.None));

        Assert.True(informer.Store.HasSyncedIn("a"));
        Assert.False(informer.Store.HasSyncedIn("b"));
        Assert.True(informer.Store.HasSyncedIn("elsewhere"));
        Assert.NotNull(informer.Store.Find(new("a", "one")));

        refused.Answer(Some.Page(6, Some.Secret("two", 3, @namespace: "b")));
        await OpenedAsync("b");
        Assert.NotNull(informer.Store.Find(new("b", "two")));
    }

    [Fact]
    public async Task A_new_leader_does_not_wait_for_a_forbidden_namespace_and_keeps_it_closed_until_it_is_read_again()
    {
        running = informer.RunAsync(stop.Token);
        (await cluster.NextListAsync()).Answer(Some.Page(5));
        (await cluster.NextListAsync()).Answer(Some.Page(5));
        await cluster.NextWatchAsync();
        await cluster.NextWatchAsync();

        var caughtUp = informer.CatchUpAsync(CancellationToken.None);
        Assert.False(namespaces.IsOpen("a"));
        var lists = new[] { await cluster.NextListAsync(), await cluster.NextListAsync() }
            .OrderBy(list => list.Selector.Namespace)
            .ToList();
        lists[0].Answer(Some.Page(7));
        lists[1].Refuse(Some.Forbidden);
        var refused = await RefuseUntilBelievedAsync();
        await Wait.For(caughtUp);

        Assert.True(namespaces.IsOpen("a"));
        Assert.False(namespaces.IsOpen("b"));
        refused.Answer(Some.Page(8, Some.Secret("late", 8, @namespace: "b")));
        await OpenedAsync("b");
        Assert.NotNull(informer.Store.Find(new("b", "late")));
    }

    [Fact]
    public void A_refusal_is_doubt_at_once_and_a_problem_once_it_is_believed()
    {
        namespaces.Listed("a", "secrets");
        namespaces.Failed("a", "secrets", "500", ListFailure.Outage);
        Assert.DoesNotContain(namespaces.Current, now => now.IsDoubted);
        namespaces.Failed("a", "secrets", "no role", ListFailure.JustForbidden);
        var doubted = namespaces.Current.Single(now => now.Name == "a");
        namespaces.Listed("a", "secrets");

        Assert.Equal((true, null, true), (doubted.IsOpen, doubted.Problem, doubted.IsDoubted));
        Assert.DoesNotContain(namespaces.Current, now => now.IsDoubted);
        Assert.Equal([new("a", true, null)], news);
    }

    [Fact]
    public async Task Keys_of_a_closed_namespace_wait_until_it_opens()
    {
        using var queue = new WorkQueue(time, BackoffOptions.ForWatches, () => 0);
        var seen = new List<NamespacedName>();
        using var gate = new NamespaceGate(new Recording(seen), queue, namespaces);
        namespaces.Listed("a", "secrets");

        await gate.ReconcileAsync(new("a", "one"), CancellationToken.None);
        Assert.IsType<Requeue.Never>(await gate.ReconcileAsync(new("b", "two"), CancellationToken.None));
        Assert.Equal([new("a", "one")], seen);
        Assert.Equal(0, queue.Depth);

        namespaces.Listed("b", "secrets");
        Assert.Equal(new NamespacedName("b", "two"), await queue.TakeAsync(CancellationToken.None));
        await gate.ReconcileAsync(new("b", "two"), CancellationToken.None);
        Assert.Equal(new NamespacedName("b", "two"), seen[^1]);
    }

    // The list of b was refused once; after the second refusal it is believed, and the third list is the caller's to answer.
    private async Task<ScriptedCluster.PendingList> RefuseUntilBelievedAsync()
    {
        await time.PassNextWaitAsync();
        time.Advance(ForbiddenPatience.Length);
        (await cluster.NextListAsync()).Refuse(Some.Forbidden);
        await time.PassNextWaitAsync();
        return await cluster.NextListAsync();
    }

    private async Task OpenedAsync(string name)
    {
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var subscription = namespaces.Subscribe(news =>
        {
            if (news.Name == name && news.IsOpen)
            {
                opened.TrySetResult();
            }
        });
        await (namespaces.IsOpen(name) ? Task.CompletedTask : Wait.For(opened.Task));
    }

    private sealed class Recording(List<NamespacedName> seen) : IReconciler
    {
        public Task<Requeue> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
        {
            seen.Add(key);
            return Task.FromResult<Requeue>(Requeue.Never.Instance);
        }
    }
}
