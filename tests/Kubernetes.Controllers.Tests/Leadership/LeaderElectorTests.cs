using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Tests.Doubles;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Kubernetes.Controllers.Tests.Leadership;

public sealed class LeaderElectorTests : IAsyncDisposable
{
    private static readonly TimeSpan retry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan look = TimeSpan.FromSeconds(1); // of one that waits
    private readonly LeaseServer server = new();
    private readonly SignallingTime time = new();
    private readonly CapturedMetrics metrics = new();
    private readonly CancellationTokenSource stop = new();
    private readonly LeaderElector elector;

    public LeaderElectorTests() => elector = Candidate("one", time);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        metrics.Dispose();
        stop.Dispose();
    }

    [Fact]
    public async Task Takes_a_free_lease_and_opens_the_fence()
    {
        Assert.False(elector.Leads());
        Assert.Equal(TimeSpan.Zero, elector.Remaining);
        Assert.Throws<LeadershipLostException>(elector.EnsureLeader);
        Assert.Equal(0, metrics["leader_election_master_status{name=operator}"]);

        await LeadAsync();
        Assert.True(elector.Leads());
        Assert.Equal(TimeSpan.FromSeconds(15), elector.Remaining);
        elector.EnsureLeader();
        Assert.Equal(1, metrics["leader_election_master_status{name=operator}"]);
        Assert.Equal("one", server.Holder);
    }

    [Fact]
    public async Task Renews_every_retry_period_and_counts_from_when_the_renewal_was_sent()
    {
        await LeadAsync();
        server.BeforeAnswer = _ =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Task.CompletedTask;
        };
        time.Advance(retry);
        var renewed = await server.NextWriteAsync();
        Assert.Equal(("one", 15, 0), (renewed.Spec.HolderIdentity, renewed.Spec.LeaseDurationSeconds, renewed.Spec.LeaseTransitions));
        await time.WaitOfAsync(retry);
        Assert.Equal(TimeSpan.FromSeconds(14), elector.Remaining);
    }

    [Fact]
    public async Task A_candidate_that_tries_nothing_any_more_is_noticed()
    {
        var frozen = new PausableTime();
        var paused = Candidate("paused", frozen);
        frozen.Pause(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.Zero, paused.Overdue);

        _ = paused.RunAsync(stop.Token);
        await Wait.For(paused.WaitUntilLeaderAsync(CancellationToken.None));
        frozen.Pause(TimeSpan.FromSeconds(12.4)); // as an attempt that hangs and the pause after it
        Assert.Equal(TimeSpan.Zero, paused.Overdue);

        frozen.Pause(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(1), paused.Overdue);
    }

    [Fact]
    public async Task Other_times_are_kept_and_written_into_the_lease()
    {
        var times = new LeaseTimes
        {
            LeaseDuration = TimeSpan.FromSeconds(6),
            RenewDeadline = TimeSpan.FromSeconds(4),
            RetryPeriod = TimeSpan.FromSeconds(1),
        };
        var candidate = Candidate("quick", time, times);
        var running = candidate.RunAsync(stop.Token);
        Assert.Equal(6, (await server.NextWriteAsync()).Spec.LeaseDurationSeconds);
        await time.WaitOfAsync(times.RetryPeriod);
        Assert.Equal(times.LeaseDuration, candidate.Remaining);

        server.Before = (_, _) => throw new HttpRequestException("connection refused");
        for (var attempt = 0; attempt < 3; attempt++)
        {
            time.Advance(times.RetryPeriod);
            await time.WaitOfAsync(times.RetryPeriod);
        }

        time.Advance(times.RetryPeriod);
        await Assert.ThrowsAsync<LeadershipLostException>(() => Wait.For(running));
    }

    [Fact]
    public async Task A_lease_is_taken_when_its_time_is_over_and_not_at_the_look_after_that()
    {
        var brief = new LeaseTimes { LeaseDuration = TimeSpan.FromSeconds(3) };
        var other = new LeaderElectionOptions(new("operators", "operator"), "other") { Times = brief };
        server.Change(_ => LeaseTerms.New(other, new(2001, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        var candidate = Candidate("one", time, new LeaseTimes { RetryPeriod = TimeSpan.FromSeconds(4) });
        _ = candidate.RunAsync(stop.Token);

        await time.WaitOfAsync(TimeSpan.FromSeconds(2));
        time.Advance(TimeSpan.FromSeconds(2));
        await time.WaitOfAsync(TimeSpan.FromSeconds(1));
        Assert.False(candidate.Leads());
        time.Advance(TimeSpan.FromSeconds(1));
        await Wait.For(candidate.WaitUntilLeaderAsync(CancellationToken.None));

        Assert.Equal("one", server.Holder);
    }

    [Fact]
    public async Task A_lease_that_was_stolen_is_lost_at_once()
    {
        var running = await LeadAsync();
        server.Change(lease => lease with { Spec = lease.Spec with { HolderIdentity = "thief" } });
        time.Advance(retry);

        var lost = await Assert.ThrowsAsync<LeadershipLostException>(() => Wait.For(running));
        Assert.Contains("thief", lost.Message, StringComparison.Ordinal);
        Assert.False(elector.Leads());
        Assert.Throws<LeadershipLostException>(elector.EnsureLeader);
        Assert.Equal("thief", server.Holder);
        Assert.Equal(0, metrics["leader_election_master_status{name=operator}"]);
    }

    [Fact]
    public async Task Somebody_who_merely_touches_the_lease_takes_nothing_away()
    {
        await LeadAsync();
        server.Change(lease => lease.WithMetadata(lease.Metadata with { Labels = new Dictionary<string, string> { ["a"] = "b" } }));
        await server.NextWriteAsync();
        time.Advance(retry);
        var renewed = await server.NextWriteAsync();
        Assert.Equal("b", renewed.Metadata.Label("a"));
        await time.WaitOfAsync(retry);
        Assert.True(elector.Leads());
    }

    [Fact]
    public async Task A_deleted_lease_is_created_again()
    {
        await LeadAsync();
        server.Remove();
        time.Advance(retry);
        await server.NextWriteAsync();
        await time.WaitOfAsync(retry);
        Assert.True(elector.Leads());
        Assert.Equal("one", server.Holder);
    }

    [Fact]
    public async Task An_outage_shorter_than_the_deadline_is_survived()
    {
        await LeadAsync();
        server.Before = (_, _) => throw new HttpRequestException("connection refused");
        for (var attempt = 0; attempt < 3; attempt++)
        {
            time.Advance(retry);
            await time.WaitOfAsync(retry);
        }

        server.Before = (_, _) => Task.CompletedTask;
        time.Advance(retry);
        await server.NextWriteAsync();
        await time.WaitOfAsync(retry);
        Assert.True(elector.Leads());
        Assert.Equal(TimeSpan.FromSeconds(15), elector.Remaining);
    }

    [Fact]
    public async Task Without_a_renewal_until_the_deadline_the_lease_is_lost_and_never_renewed_again()
    {
        var running = await LeadAsync();
        server.Before = (_, _) => throw new HttpRequestException("connection refused");
        for (var attempt = 0; attempt < 4; attempt++)
        {
            time.Advance(retry);
            await time.WaitOfAsync(retry);
        }

        Assert.True(elector.Leads());
        time.Advance(retry);
        await Assert.ThrowsAsync<LeadershipLostException>(() => Wait.For(running));

        server.Before = (_, _) => Task.CompletedTask;
        var version = server.Version;
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(version, server.Version);
        Assert.False(elector.Leads());
    }

    [Fact]
    public async Task A_renewal_that_hangs_is_cancelled_at_the_deadline_and_does_not_hold_up_the_loss()
    {
        var running = await LeadAsync();
        var cancelled = new TaskCompletionSource();
        server.Before = async (_, cancellationToken) =>
        {
            cancellationToken.Register(cancelled.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        };
        time.Advance(retry);
        await time.WaitOfAsync(TimeSpan.FromSeconds(8));
        Assert.True(elector.Leads());
        time.Advance(TimeSpan.FromSeconds(8));

        await Wait.For(cancelled.Task);
        await Assert.ThrowsAsync<LeadershipLostException>(() => Wait.For(running));
        Assert.False(elector.Leads());
    }

    [Fact]
    public async Task A_renewal_that_is_answered_after_the_deadline_does_not_open_the_fence_again()
    {
        var running = await LeadAsync();
        var answer = new TaskCompletionSource();
        server.BeforeAnswer = _ => answer.Task;
        time.Advance(retry);
        await server.NextWriteAsync();
        time.Advance(TimeSpan.FromSeconds(8));
        Assert.False(elector.Leads());
        answer.SetResult();

        await Assert.ThrowsAsync<LeadershipLostException>(() => Wait.For(running));
        Assert.False(elector.Leads());
        Assert.Equal(TimeSpan.Zero, elector.Remaining);
    }

    [Fact]
    public async Task A_process_that_was_paused_finds_its_fence_closed_before_any_timer_fires()
    {
        var frozen = new PausableTime();
        var paused = Candidate("paused", frozen);
        var running = paused.RunAsync(stop.Token);
        await Wait.For(paused.WaitUntilLeaderAsync(CancellationToken.None));
        frozen.Pause(TimeSpan.FromSeconds(9.9));
        Assert.True(paused.Leads());
        frozen.Pause(TimeSpan.FromSeconds(0.1));

        Assert.False(paused.Leads());
        Assert.Equal(TimeSpan.Zero, paused.Remaining);
        Assert.Throws<LeadershipLostException>(paused.EnsureLeader);
        Assert.False(running.IsCompleted);
    }

    [Fact]
    public async Task A_jump_of_the_wall_clock_changes_nothing()
    {
        await LeadAsync();
        time.WallClockJump = TimeSpan.FromDays(1);
        Assert.True(elector.Leads());
        Assert.Equal(TimeSpan.FromSeconds(15), elector.Remaining);
    }

    [Fact]
    public async Task A_lease_that_is_renewed_is_not_taken_and_one_that_is_not_is_taken_after_its_duration()
    {
        server.Change(_ => LeaseTerms.New(new(new("operators", "operator"), "other"), new(2001, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        _ = elector.RunAsync(stop.Token);
        await time.WaitOfAsync(look);
        for (var second = 0; second < 20; second++)
        {
            server.Change(lease =>
                LeaseTerms.Renewed(lease, new(new("operators", "operator"), "other"), new(2001, 1, 1, 0, 0, second, TimeSpan.Zero))
            );
            time.Advance(look);
            await time.WaitOfAsync(look);
        }

        Assert.Equal("other", server.Holder);
        for (var second = 0; second < 14; second++)
        {
            time.Advance(look);
            await time.WaitOfAsync(look);
        }

        Assert.Equal("other", server.Holder);
        time.Advance(look);
        await Wait.For(elector.WaitUntilLeaderAsync(CancellationToken.None));
        Assert.Equal("one", server.Holder);
    }

    [Fact]
    public async Task A_released_lease_lets_another_take_over_at_its_next_attempt()
    {
        var running = await LeadAsync();
        var secondTime = new SignallingTime();
        var second = Candidate("two", secondTime);
        _ = second.RunAsync(stop.Token);
        await secondTime.WaitOfAsync(look);
        Assert.False(second.Leads());

        await elector.ReleaseAsync(CancellationToken.None);
        Assert.False(elector.Leads());
        Assert.Null(server.Holder);
        secondTime.Advance(look);
        await Wait.For(second.WaitUntilLeaderAsync(CancellationToken.None));

        Assert.Equal("two", server.Holder);
        time.Advance(retry);
        await Wait.For(running);
        Assert.Equal("two", server.Holder);
    }

    [Fact]
    public async Task Stopping_keeps_the_lease_until_it_is_released()
    {
        var running = await LeadAsync();
        await stop.CancelAsync();
        await Wait.For(running);
        Assert.True(elector.Leads());
        Assert.Equal("one", server.Holder);
        await elector.ReleaseAsync(CancellationToken.None);
        Assert.Null(server.Holder);
    }

    [Fact]
    public async Task Releasing_takes_nothing_from_a_new_holder_and_survives_an_unreachable_server()
    {
        await LeadAsync();
        server.Change(lease => lease with { Spec = lease.Spec with { HolderIdentity = "thief" } });
        await elector.ReleaseAsync(CancellationToken.None);
        Assert.Equal("thief", server.Holder);

        server.Remove();
        var second = Candidate("two", time);
        _ = second.RunAsync(stop.Token);
        await Wait.For(second.WaitUntilLeaderAsync(CancellationToken.None));
        server.Before = (_, _) => throw new HttpRequestException("connection refused");
        await second.ReleaseAsync(CancellationToken.None);
        Assert.False(second.Leads());
    }

    [Fact]
    public async Task Releasing_in_no_time_is_given_up_quietly()
    {
        await LeadAsync();
        using var tooLate = new CancellationTokenSource();
        server.Before = async (_, cancellationToken) =>
        {
            await tooLate.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        };
        await Wait.For(elector.ReleaseAsync(tooLate.Token));
        Assert.False(elector.Leads());
        Assert.Equal("one", server.Holder);
    }

    [Fact]
    public async Task Releasing_what_was_never_held_asks_nothing()
    {
        await elector.ReleaseAsync(CancellationToken.None);
        Assert.Equal(0, server.Version);
    }

    [Fact]
    public async Task One_of_two_that_start_together_leads()
    {
        var second = Candidate("two", time);
        _ = elector.RunAsync(stop.Token);
        _ = second.RunAsync(stop.Token);
        await Wait.For(
            Task.WhenAny(elector.WaitUntilLeaderAsync(CancellationToken.None), second.WaitUntilLeaderAsync(CancellationToken.None))
        );
        await time.WaitOfAsync(retry);
        await time.WaitOfAsync(look);
        Assert.NotEqual(elector.Leads(), second.Leads());
    }

    [Fact]
    public void Always_leads_without_an_election()
    {
        var always = new AlwaysLeader();
        always.EnsureLeader();
        Assert.Equal(TimeSpan.MaxValue, always.Remaining);
        Assert.True(always.WaitUntilLeaderAsync(CancellationToken.None).IsCompleted);
    }

    private LeaderElector Candidate(string identity, TimeProvider clock, LeaseTimes? times = null)
    {
        var options = new LeaderElectionOptions(new("operators", "operator"), identity) { Times = times ?? new() };
        return new(server, options, clock, () => 0, NullLogger.Instance, metrics.Metrics);
    }

    /// <summary>Runs until it leads and waits for its next renewal.</summary>
    private async Task<Task> LeadAsync()
    {
        var running = elector.RunAsync(stop.Token);
        await Wait.For(elector.WaitUntilLeaderAsync(CancellationToken.None));
        await server.NextWriteAsync();
        await time.WaitOfAsync(retry);
        return running;
    }

    /// <summary>A clock that can move without its timers noticing, as when a process is stopped and its timers with it.</summary>
    private sealed class PausableTime : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new NoTimer();

        public void Pause(TimeSpan length) => ticks += length.Ticks;

        private sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
