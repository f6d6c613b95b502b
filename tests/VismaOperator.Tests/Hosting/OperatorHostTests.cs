using Kubernetes.Controllers.Leadership;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VismaOperator.Hosting;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Hosting;

public sealed class OperatorHostTests : IDisposable
{
    private static readonly TimeSpan patience = TestOperator.Patience;
    private readonly CancellationTokenSource stop = new();
    private readonly OperatorHealth health = new();
    private readonly Parts parts = new();

    public void Dispose() => stop.Dispose();

    [Fact]
    public async Task Controllers_start_only_after_the_caches_are_in_sync_and_this_replica_leads_and_servers_at_once()
    {
        var running = Run();
        await Task.WhenAll(parts.Started("cache"), parts.Started("server"));
        Assert.Equal("starting", health.NotReady);
        Assert.Equal(["cache", "server"], parts.Log.Order(StringComparer.Ordinal));

        parts.Synced.SetResult();
        await parts.Started("election");
        Assert.Null(health.NotReady); // a standby is ready
        Assert.DoesNotContain("controller", parts.Log);

        parts.Leads.SetResult();
        await parts.Started("controller");
        // what the former leader wrote last is known before anything is decided
        Assert.Equal(["election", "caught up", "controller"], parts.Log.TakeLast(3));
        await StopAsync(running);
    }

    [Fact]
    public async Task A_leader_without_an_election_has_nobody_to_catch_up_with()
    {
        parts.Synced.SetResult();
        var running = new OperatorHost(parts, Leader.Always(), health, TimeProvider.System, NullLogger<OperatorHost>.Instance).RunAsync(
            stop.Token
        );

        await parts.Started("controller");

        Assert.DoesNotContain("caught up", parts.Log);
        await StopAsync(running);
    }

    [Fact]
    public async Task A_stop_drains_controllers_and_servers_before_the_lease_is_released_and_the_caches_end_last()
    {
        var running = await RunLeadingAsync();

        await StopAsync(running);

        Assert.Equal(["controller stopped", "server stopped"], parts.Log.TakeLast(6).Take(2).Order(StringComparer.Ordinal));
        Assert.Equal(["flushed", "election stopped", "lease released", "cache stopped"], parts.Log.TakeLast(4));
        Assert.Equal("stopping", health.NotReady);
    }

    [Theory]
    [InlineData("cache")]
    [InlineData("election")]
    [InlineData("controller")]
    [InlineData("server")]
    public async Task A_part_that_fails_ends_the_whole_and_is_named(string part)
    {
        var running = await RunLeadingAsync();

        parts.Fail(part, new InvalidOperationException("boom"));

        var failure = await Assert.ThrowsAsync<BackgroundLoopException>(() =>
            running.WaitAsync(patience, TestContext.Current.CancellationToken)
        );
        Assert.StartsWith(
            $"The background loop '{part}' failed: System.InvalidOperationException",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("boom", failure.Message, StringComparison.Ordinal); // it may repeat a secret
        Assert.Contains("lease released", parts.Log); // another replica takes over at once, not after the lease's duration
    }

    [Fact]
    public async Task A_part_that_ends_by_itself_is_a_failure_too()
    {
        var running = await RunLeadingAsync();

        parts.End("cache");

        var failure = await Assert.ThrowsAsync<BackgroundLoopException>(() =>
            running.WaitAsync(patience, TestContext.Current.CancellationToken)
        );
        Assert.Contains("'cache' ended by itself", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bug_in_a_part_is_reported_in_one_line_with_its_position_and_without_a_stack()
    {
        var line = await OneErrorAsync(
            "cache",
            Thrown(new FormatException("The input 's3cret' is wrong", Thrown(new InvalidOperationException("s3cret"))))
        );

        Assert.Contains(
            "'cache' failed: System.FormatException caused by System.InvalidOperationException at "
            + "VismaOperator.Tests.Hosting.OperatorHostTests.Thrown",
            line,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("s3cret", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lost_lease_is_reported_in_one_line() =>
        Assert.Contains(
            "The lease ops/visma-operator is lost: another one holds it.",
            await OneErrorAsync(
                "election",
                Thrown(new LeadershipLostException("The lease ops/visma-operator is lost: another one holds it."))
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task A_cache_that_fails_before_it_is_in_sync_does_not_leave_the_operator_waiting()
    {
        var running = Run();
        await parts.Started("cache");

        parts.Fail("cache", new InvalidOperationException("forbidden"));

        await Assert.ThrowsAsync<BackgroundLoopException>(() => running.WaitAsync(patience, TestContext.Current.CancellationToken));
        await parts.SyncAbandoned.Task.WaitAsync(patience, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_stop_while_waiting_for_the_lease_ends_without_a_failure()
    {
        parts.Synced.SetResult();
        var running = Run();
        await parts.Started("election");

        await StopAsync(running);

        Assert.DoesNotContain("controller", parts.Log);
    }

    private static Exception Thrown(Exception exception)
    {
        try
        {
            throw exception;
        }
        catch (Exception thrown)
        {
            return thrown;
        }
    }

    /// <summary>The one line that the log has of warnings and worse once a part has failed.</summary>
    private async Task<string> OneErrorAsync(string part, Exception failure)
    {
        using var logs = new CapturedLogs();
        using var factory = new LoggerFactory([logs]);
        parts.Synced.SetResult();
        parts.Leads.SetResult();
        var running = new OperatorHost(parts, parts.Leader, health, TimeProvider.System, factory.CreateLogger<OperatorHost>()).RunAsync(
            stop.Token
        );
        await parts.Started("controller");

        parts.Fail(part, failure);

        await Assert.ThrowsAsync<BackgroundLoopException>(() => running.WaitAsync(patience, TestContext.Current.CancellationToken));
        var line = Assert.Single(
            logs.Lines,
            line => !line.StartsWith("Information", StringComparison.Ordinal) && !line.StartsWith("Debug", StringComparison.Ordinal)
        );
        Assert.Single(line.Trim().Split('\n'));
        return line;
    }

    private Task Run() =>
        new OperatorHost(parts, parts.Leader, health, TimeProvider.System, NullLogger<OperatorHost>.Instance).RunAsync(stop.Token);

    private async Task<Task> RunLeadingAsync()
    {
        parts.Synced.SetResult();
        parts.Leads.SetResult();
        var running = Run();
        await Task.WhenAll(parts.Started("cache"), parts.Started("server"), parts.Started("election"), parts.Started("controller"));
        return running;
    }

    private async Task StopAsync(Task running)
    {
        await stop.CancelAsync();
        await running.WaitAsync(patience, TestContext.Current.CancellationToken);
    }

    /// <summary>One cache, one election, one controller; each writes down when it starts and stops.</summary>
    private sealed class Parts : IControllerSet, ILeadership
    {
        private readonly Dictionary<string, TaskCompletionSource> started = new()
        {
            ["cache"] = Source(),
            ["election"] = Source(),
            ["controller"] = Source(),
            ["server"] = Source(),
        };
        private readonly Dictionary<string, TaskCompletionSource> ends = new()
        {
            ["cache"] = Source(),
            ["election"] = Source(),
            ["controller"] = Source(),
            ["server"] = Source(),
        };
        private readonly List<string> log = [];

        public TaskCompletionSource Synced { get; } = Source();

        public TaskCompletionSource Leads { get; } = Source();

        public IReadOnlyList<string> Log
        {
            get
            {
                lock (log)
                {
                    return [.. log];
                }
            }
        }

        public Leader Leader => new(this, [Loop("election")], _ => Task.FromResult(Write("lease released")));

        public IReadOnlyList<BackgroundLoop> Caches => [Loop("cache")];

        public Task FlushAsync(CancellationToken deadline) => Task.FromResult(Write("flushed"));

        public IReadOnlyList<BackgroundLoop> Controllers => [Loop("controller")];

        public IReadOnlyList<BackgroundLoop> Servers => [Loop("server")];

        public bool HasSynced => Synced.Task.IsCompleted;

        public TimeSpan Remaining => TimeSpan.MaxValue;

        public Task Started(string part) => started[part].Task.WaitAsync(patience, TestContext.Current.CancellationToken);

        public void Fail(string part, Exception exception) => ends[part].SetException(exception);

        public void End(string part) => ends[part].SetResult();

        /// <summary>Whoever waited for the caches was told to give up.</summary>
        public TaskCompletionSource SyncAbandoned { get; } = Source();

        public async Task WaitUntilSyncedAsync(CancellationToken cancellationToken)
        {
            try
            {
                await Synced.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                SyncAbandoned.TrySetResult();
                throw;
            }
        }

        public Task CatchUpAsync(CancellationToken cancellationToken) => Task.FromResult(Write("caught up"));

        public Task WaitUntilLeaderAsync(CancellationToken cancellationToken) => Leads.Task.WaitAsync(cancellationToken);

        public void EnsureLeader()
        {
        }

        private static TaskCompletionSource Source() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        private BackgroundLoop Loop(string part) => new(part, async cancellationToken =>
        {
            Write(part);
            started[part].SetResult();
            try
            {
                await ends[part].Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                Write(part + " stopped");
                throw;
            }
        });

        private bool Write(string line)
        {
            lock (log)
            {
                log.Add(line);
                return true;
            }
        }
    }
}
