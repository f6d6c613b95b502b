using Kubernetes.Client;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Queueing;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Kubernetes.Controllers.Tests;

public sealed class ControllerTests : IAsyncDisposable
{
    private static readonly NamespacedName a = new("ns", "a");
    private static readonly NamespacedName b = new("ns", "b");
    private static readonly NamespacedName c = new("ns", "c");
    private readonly ControllerRig rig = new(workers: 1);

    private SignallingTime Time => rig.Time;

    private CapturedLog Log => rig.Log;

    private CapturedMetrics Metrics => rig.Metrics;

    private ScriptedReconciler Reconciler => rig.Reconciler;

    private WorkQueue Queue => rig.Queue;

    public ValueTask DisposeAsync() => rig.DisposeAsync();

    [Fact]
    public async Task Runs_as_many_keys_at_once_as_it_has_workers()
    {
        await using var wide = new ControllerRig(workers: 2);
        wide.Queue.Add(a);
        wide.Queue.Add(b);
        wide.Queue.Add(c);
        var first = await wide.Reconciler.NextAsync();
        var second = await wide.Reconciler.NextAsync();
        Assert.Equal(2, wide.Metrics["controller_runtime_active_workers{controller=widget}"]);
        Assert.Equal(1, wide.Metrics["workqueue_depth{name=widget,controller=widget}"]);

        first.Done();
        Assert.Equal(c, (await wide.Reconciler.NextAsync()).Key);
        Assert.Equal([a, b], new HashSet<NamespacedName> { first.Key, second.Key });
    }

    [Fact]
    public async Task Says_for_how_long_the_oldest_reconcile_has_been_running()
    {
        await using var wide = new ControllerRig(workers: 2);
        Assert.Equal(TimeSpan.Zero, wide.Controller.LongestReconcile);
        wide.Queue.Add(a);
        var first = await wide.Reconciler.NextAsync();
        wide.Time.Advance(TimeSpan.FromMinutes(11));
        wide.Queue.Add(b);
        var second = await wide.Reconciler.NextAsync();

        Assert.Equal(TimeSpan.FromMinutes(11), wide.Controller.LongestReconcile);

        first.Done();
        second.Done();
        wide.Queue.Add(c);
        await wide.Reconciler.NextAsync();
        Assert.True(wide.Controller.LongestReconcile < TimeSpan.FromMinutes(11));
    }

    [Fact]
    public async Task Says_for_how_long_a_key_that_is_due_was_given_to_nobody()
    {
        await using var wide = new ControllerRig(workers: 1);
        wide.Queue.AddAt(b, wide.Time.GetUtcNow().AddHours(1));
        wide.Time.Advance(TimeSpan.FromMinutes(20));
        Assert.Equal(TimeSpan.Zero, wide.Controller.LongestNeglect); // nothing is due

        wide.Queue.Add(a);
        var first = await wide.Reconciler.NextAsync();
        wide.Queue.Add(c);
        wide.Time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(TimeSpan.Zero, wide.Controller.LongestNeglect); // the worker is busy, which is told otherwise
        first.Done();
        (await wide.Reconciler.NextAsync()).Done();
        await wide.SettledAsync();
        while (wide.Metrics["controller_runtime_active_workers{controller=widget}"] > 0)
        {
            await Task.Yield();
        }

        wide.Queue.Dispose(); // its timer is dead
        wide.Time.Advance(TimeSpan.FromMinutes(60));
        Assert.Equal(TimeSpan.FromMinutes(31), wide.Controller.LongestNeglect);
    }

    [Fact]
    public async Task A_key_is_never_reconciled_twice_at_the_same_time()
    {
        await using var wide = new ControllerRig(workers: 2);
        wide.Queue.Add(a);
        var first = await wide.Reconciler.NextAsync();
        wide.Queue.Add(a);
        wide.Queue.Add(b);
        Assert.Equal(b, (await wide.Reconciler.NextAsync()).Key);
        Assert.False(wide.Reconciler.HasNext);

        first.Done();
        Assert.Equal(a, (await wide.Reconciler.NextAsync()).Key);
    }

    [Fact]
    public async Task Looks_again_at_the_time_that_was_asked_for()
    {
        Queue.Add(a);
        (await Reconciler.NextAsync()).Return(new Requeue.At(Time.GetUtcNow().AddMinutes(20)));
        await rig.SettledAsync();
        Time.Advance(TimeSpan.FromMinutes(20) - TimeSpan.FromSeconds(1));
        Assert.Equal(0, Queue.Depth);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(a, (await Reconciler.NextAsync()).Key);
    }

    [Fact]
    public async Task A_time_in_the_past_does_not_spin()
    {
        Queue.Add(a);
        (await Reconciler.NextAsync()).Return(new Requeue.At(Time.GetUtcNow().AddSeconds(-5)));
        await rig.SettledAsync();
        Time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(Reconciler.HasNext);
        Time.Advance(TimeSpan.FromSeconds(0.1));
        await Reconciler.NextAsync();
    }

    [Fact]
    public async Task A_conflict_is_looked_at_again_at_once_and_not_counted_as_failure()
    {
        Queue.Add(a);
        (await Reconciler.NextAsync()).Throw(Some.Conflict);
        (await Reconciler.NextAsync()).Done();
        await rig.SettledAsync();

        Assert.Equal(1, Metrics["controller_runtime_reconcile_total{controller=widget,result=requeue}"]);
        Assert.Equal(0, Metrics["controller_runtime_reconcile_errors_total{controller=widget}"]);
        Assert.Equal(0, Metrics["workqueue_retries_total{name=widget,controller=widget}"]);
        Assert.DoesNotContain(Log.Lines, line => line.Level > LogLevel.Information);
    }

    [Fact]
    public async Task Conflicts_without_end_do_not_spin()
    {
        Queue.Add(a);
        for (var conflict = 0; conflict < 6; conflict++)
        {
            (await Reconciler.NextAsync()).Throw(Some.Conflict);
        }

        await rig.SettledAsync();
        await rig.SettledAsync();
        Assert.False(Reconciler.HasNext);
        Time.Advance(TimeSpan.FromSeconds(0.1));
        await Reconciler.NextAsync();
    }

    [Fact]
    public async Task A_failure_delays_its_key_alone_and_longer_each_time()
    {
        Queue.Add(a);
        foreach (var wait in new[] { 0.1, 0.2, 0.4 })
        {
            (await Reconciler.NextAsync()).Throw(Some.ServerError);
            await rig.SettledAsync();
            Time.Advance(TimeSpan.FromSeconds(wait - 0.01));
            await rig.SettledAsync();
            Time.Advance(TimeSpan.FromSeconds(0.01));
        }

        Assert.Equal(a, (await Reconciler.NextAsync()).Key);
    }

    [Fact]
    public async Task Success_forgets_earlier_failures()
    {
        Queue.Add(a);
        (await Reconciler.NextAsync()).Throw(Some.ServerError);
        await rig.SettledAsync();
        Queue.Add(a);
        (await Reconciler.NextAsync()).Done();
        await rig.SettledAsync();
        Queue.Add(a);
        (await Reconciler.NextAsync()).Throw(Some.ServerError);
        await rig.SettledAsync();
        Time.Advance(TimeSpan.FromSeconds(0.1));
        await Reconciler.NextAsync();
    }

    [Fact]
    public async Task The_pause_that_the_server_asks_for_is_kept()
    {
        Queue.Add(a);
        (await Reconciler.NextAsync()).Throw(Some.TooManyRequests(TimeSpan.FromSeconds(40)));
        await rig.SettledAsync();
        Time.Advance(TimeSpan.FromSeconds(39));
        Assert.False(Reconciler.HasNext);
        Time.Advance(TimeSpan.FromSeconds(1));
        await Reconciler.NextAsync();
    }

    [Fact]
    public async Task A_failure_is_logged_with_its_object_and_without_what_a_foreign_message_may_repeat()
    {
        Queue.Add(a);
        (await Reconciler.NextAsync()).Throw(new FormatException("The input string 'eyJhbGciOi' was not in a correct format."));
        await rig.SettledAsync();

        var line = Assert.Single(Log.Lines, line => line.Level == LogLevel.Error);
        Assert.Contains("System.FormatException", line.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJhbGciOi", Log.Text, StringComparison.Ordinal);
        Assert.Equal(
            [new("kind", "Widget"), new("namespace", "ns"), new("name", "a"), new("reconcileId", 1L)],
            Assert.IsType<IEnumerable<KeyValuePair<string, object?>>>(line.Scope, exactMatch: false));
        Assert.Equal(1, Metrics["controller_runtime_reconcile_errors_total{controller=widget}"]);
    }

    [Fact]
    public async Task A_closed_fence_is_no_failure()
    {
        Queue.Add(a);
        (await Reconciler.NextAsync()).Throw(new LeadershipLostException("lost"));
        await rig.SettledAsync();
        Assert.Equal(0, Metrics["controller_runtime_reconcile_errors_total{controller=widget}"]);
        Assert.Equal(1, Metrics["controller_runtime_reconcile_total{controller=widget,result=requeue}"]);
    }

    [Fact]
    public async Task A_timeout_inside_a_reconcile_is_a_failure_and_not_a_stop()
    {
        Queue.Add(a);
        (await Reconciler.NextAsync()).Throw(new OperationCanceledException());
        await rig.SettledAsync();
        Assert.Equal(1, Metrics["controller_runtime_reconcile_errors_total{controller=widget}"]);
        Assert.False(rig.Running.IsCompleted);
    }

    [Fact]
    public async Task When_stopped_it_hands_out_no_more_keys_and_waits_for_running_reconciles()
    {
        Queue.Add(a);
        var last = await Reconciler.NextAsync();
        Assert.False(last.Stop.IsCancellationRequested);
        await rig.StopAsync();
        Queue.Add(b);
        Assert.True(last.Stop.IsCancellationRequested);
        Assert.False(rig.Running.IsCompleted);

        last.Done();
        await Wait.For(rig.Running);
        Assert.False(Reconciler.HasNext);
    }

    [Fact]
    public async Task When_stopped_it_does_not_wait_longer_than_it_may()
    {
        Queue.Add(a);
        await Reconciler.NextAsync();
        await rig.StopAsync();
        await Time.WaitOfAsync(TimeSpan.FromSeconds(9));
        Time.Advance(TimeSpan.FromSeconds(9));
        await Wait.For(rig.Running);
        Assert.Contains(Log.Lines, line => line.Level == LogLevel.Warning);
    }

    [Fact]
    public void Every_label_set_exists_from_the_start()
    {
        Assert.Equal(0, Metrics["controller_runtime_reconcile_errors_total{controller=widget}"]);
        Assert.Equal(0, Metrics["controller_runtime_active_workers{controller=widget}"]);
        Assert.Equal(0, Metrics["workqueue_adds_total{name=widget,controller=widget}"]);
        Assert.All(
            ["success", "requeue", "requeue_after", "error"],
            result => Assert.Equal(0, Metrics[$"controller_runtime_reconcile_total{{controller=widget,result={result}}}"]));
    }
}
