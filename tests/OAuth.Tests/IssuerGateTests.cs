using System.Net;

namespace OAuth.Tests;

public sealed class IssuerGateTests
{
    private static readonly TokenOutcome down = new TokenOutcome.Unavailable("down", null, MayHaveBeenProcessed: true);
    private static readonly TokenOutcome refused = new TokenOutcome.Refused("invalid_client", null, HttpStatusCode.BadRequest, null);

    private readonly SettableTime time = new(Some.Noon);
    private readonly IssuerGate gate;
    private int sent;

    public IssuerGateTests() => gate = new IssuerGate(new IssuerGateOptions { MaxConcurrency = 2, MinimumThroughput = 4 }, time);

    [Fact]
    public async Task Opens_after_an_outage_and_says_for_how_long()
    {
        await SendAsync(down, times: 4);
        time.Advance(TimeSpan.FromSeconds(2));

        var refusal = Assert.IsType<TokenOutcome.Unavailable>(await SendAsync(down));

        Assert.Equal(4, sent);
        Assert.False(refusal.MayHaveBeenProcessed);
        Assert.Equal(TimeSpan.FromSeconds(3), refusal.RetryAfter);
    }

    [Fact]
    public async Task An_open_circuit_says_for_how_long_and_the_next_request_may_be_the_trial()
    {
        await SendAsync(down, times: 4);
        time.Advance(TimeSpan.FromSeconds(2));
        var during = gate.LaneTo(Some.Endpoint).State.ClosedFor;
        time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal((TimeSpan.FromSeconds(3), null), (during, gate.LaneTo(Some.Endpoint).State.ClosedFor));
    }

    [Theory]
    [InlineData(-10)]
    [InlineData(-86_400)]
    [InlineData(4)]
    public async Task A_wall_clock_that_is_stepped_changes_nothing_about_how_long_it_is_open(int seconds)
    {
        await SendAsync(down, times: 4);
        time.Step(TimeSpan.FromSeconds(seconds));
        time.Advance(TimeSpan.FromSeconds(4));

        var refusal = Assert.IsType<TokenOutcome.Unavailable>(await SendAsync(refused));
        Assert.Equal(TimeSpan.FromSeconds(1), refusal.RetryAfter);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Same(refused, await SendAsync(refused));
    }

    [Fact]
    public async Task Stays_closed_for_refusals_and_for_odd_answers()
    {
        await SendAsync(refused, times: 50);
        await SendAsync(new TokenOutcome.Malformed("odd"), times: 50);

        Assert.Equal(100, sent);
    }

    [Fact]
    public async Task Stays_closed_for_a_few_failures_among_many_answers()
    {
        await SendAsync(refused, times: 10);
        await SendAsync(down, times: 5);

        Assert.Equal(15, sent);
    }

    [Fact]
    public async Task One_trial_goes_out_after_the_break_and_its_failure_keeps_it_open()
    {
        await SendAsync(down, times: 4);
        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Same(down, await SendAsync(down));
        await SendAsync(down, times: 10);

        Assert.Equal(5, sent);
    }

    [Fact]
    public async Task Others_wait_out_a_running_trial_and_a_good_one_closes_the_circuit()
    {
        await SendAsync(down, times: 4);
        time.Advance(TimeSpan.FromSeconds(5));
        var trial = new TaskCompletionSource<TokenOutcome>();
        var trying = gate.LaneTo(Some.Endpoint).RunAsync(null, _ => trial.Task, Some.Patience());

        Assert.IsType<TokenOutcome.Unavailable>(await SendAsync(refused));
        Assert.Equal(4, sent);
        trial.SetResult(refused);
        await trying;

        Assert.Same(refused, await SendAsync(refused));
    }

    [Fact]
    public async Task A_cancelled_trial_proves_nothing()
    {
        await SendAsync(down, times: 4);
        time.Advance(TimeSpan.FromSeconds(5));
        using var caller = new CancellationTokenSource();
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gate.LaneTo(Some.Endpoint).RunAsync(
            null, _ => Task.FromException<TokenOutcome>(new OperationCanceledException()), Some.Patience()));

        Assert.IsType<TokenOutcome.Unavailable>(await SendAsync(refused));
        Assert.Equal(4, sent);
    }

    [Fact]
    public async Task Those_who_queued_while_it_opened_are_turned_away()
    {
        var outage = new TaskCompletionSource<TokenOutcome>();
        await SendAsync(down, times: 3);
        var lane = gate.LaneTo(Some.Endpoint);
        var first = Enumerable.Range(0, 2).Select(_ => lane.RunAsync(null, _ => outage.Task, Some.Patience())).ToList();
        var queued = Enumerable.Range(0, 5).Select(_ => SendAsync(refused)).ToList();

        outage.SetResult(down);
        await Task.WhenAll(first);

        Assert.All(
            await Task.WhenAll(queued),
            outcome => Assert.False(Assert.IsType<TokenOutcome.Unavailable>(outcome).MayHaveBeenProcessed)
        );
        Assert.Equal(3, sent);
    }

    [Fact]
    public async Task A_burst_after_recovery_keeps_to_the_limit()
    {
        await SendAsync(down, times: 4);
        time.Advance(TimeSpan.FromSeconds(5));
        await SendAsync(refused);
        var (running, most) = (0, 0);
        var full = new TaskCompletionSource();
        var release = new TaskCompletionSource();

        var burst = Enumerable.Range(0, 30).Select(_ => gate.LaneTo(Some.Endpoint).RunAsync(null, HeldAsync, Some.Patience())).ToList();
        await full.Task.WaitAsync(Some.Patience());
        release.SetResult();
        await Task.WhenAll(burst);

        Assert.Equal(2, most);

        async Task<TokenOutcome> HeldAsync(CancellationToken cancellationToken)
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            if (most == 2)
            {
                full.TrySetResult();
            }

            await release.Task.WaitAsync(cancellationToken);
            Interlocked.Decrement(ref running);
            return refused;
        }
    }

    [Fact]
    public async Task A_429_with_Retry_After_pauses_the_issuer_for_that_time()
    {
        await SendAsync(Throttled(TimeSpan.FromSeconds(30)));
        time.Advance(TimeSpan.FromSeconds(10));

        var pause = Assert.IsType<TokenOutcome.Unavailable>(await SendAsync(refused));
        Assert.Equal((TimeSpan.FromSeconds(20), false), (pause.RetryAfter, pause.MayHaveBeenProcessed));
        Assert.Equal(TimeSpan.FromSeconds(20), gate.States.Single().ClosedFor);
        time.Advance(TimeSpan.FromSeconds(20));

        Assert.Same(refused, await SendAsync(refused));
    }

    [Fact]
    public async Task Why_nothing_is_sent_is_told()
    {
        await SendAsync(down, times: 4);
        Assert.Equal(
            "the authorization server has been failing; no request is sent for a moment",
            Assert.IsType<TokenOutcome.Unavailable>(await SendAsync(refused)).Cause
        );
        time.Advance(TimeSpan.FromSeconds(5));
        await SendAsync(Throttled(TimeSpan.FromSeconds(30)));

        Assert.Equal(
            "the authorization server asked for a pause (429); no request is sent until it is over",
            Assert.IsType<TokenOutcome.Unavailable>(await SendAsync(refused)).Cause
        );
    }

    [Fact]
    public async Task A_pause_that_a_failing_server_asked_for_is_told_before_the_break()
    {
        await SendAsync(down, times: 3);
        await SendAsync(Throttled(TimeSpan.FromSeconds(30)));

        Assert.Equal(TimeSpan.FromSeconds(30), gate.States.Single().ClosedFor);
    }

    [Fact]
    public async Task A_shorter_pause_does_not_end_a_longer_one()
    {
        var second = new TaskCompletionSource<TokenOutcome>();
        var running = gate.LaneTo(Some.Endpoint).RunAsync(null, _ => second.Task, Some.Patience());
        await SendAsync(Throttled(TimeSpan.FromSeconds(30)));
        second.SetResult(Throttled(TimeSpan.FromSeconds(1)));
        await running;
        time.Advance(TimeSpan.FromSeconds(5));

        Assert.IsType<TokenOutcome.Unavailable>(await SendAsync(refused));
    }

    [Fact]
    public async Task Issuers_do_not_share_a_gate()
    {
        await SendAsync(Throttled(TimeSpan.FromSeconds(30)));
        await SendAsync(down, times: 4);

        Assert.Same(
            refused,
            await gate.LaneTo(new Uri("https://other.example/token")).RunAsync(null, _ => Task.FromResult(refused), Some.Patience())
        );
    }

    [Fact]
    public async Task The_waiting_request_that_is_needed_first_goes_first()
    {
        var seconds = new Random(7).GetItems(Enumerable.Range(1, 3600).ToArray(), 200);

        var order = await WaitTogetherAsync([.. seconds.Select(second => (DateTimeOffset?)Some.Noon.AddSeconds(second)), null]);

        Assert.Equal([null, .. seconds.Order().Select(second => (DateTimeOffset?)Some.Noon.AddSeconds(second))], order);
    }

    [Fact]
    public async Task Nobody_waits_for_a_place_for_ever()
    {
        var single = new IssuerGate(new IssuerGateOptions { MaxConcurrency = 1 }, time).LaneTo(Some.Endpoint);
        var held = new TaskCompletionSource<TokenOutcome>();
        var running = single.RunAsync(null, _ => held.Task, Some.Patience());
        var patient = single.RunAsync(Some.Noon.AddDays(1), _ => Task.FromResult(refused), Some.Patience());
        for (var round = 0; !patient.IsCompleted; round++)
        {
            Assert.True(round < 40, "it was overtaken again and again");
            var (next, finished) = (new TaskCompletionSource<TokenOutcome>(), held);
            var begun = new TaskCompletionSource();
            var urgent = single.RunAsync(
                time.GetUtcNow().AddSeconds(1),
                _ =>
                {
                    begun.SetResult();
                    return next.Task;
                },
                Some.Patience());
            time.Advance(TimeSpan.FromSeconds(1));
            finished.SetResult(refused);
            await running;
            await begun.Task.WaitAsync(Some.Patience());
            (running, held) = (urgent, next);
        }

        held.SetResult(refused);
        await running;
    }

    [Fact]
    public async Task Waiting_for_a_slot_can_be_given_up()
    {
        var busy = new TaskCompletionSource<TokenOutcome>();
        var lane = gate.LaneTo(Some.Endpoint);
        var running = Enumerable.Range(0, 2).Select(_ => lane.RunAsync(null, _ => busy.Task, Some.Patience())).ToList();
        using var caller = new CancellationTokenSource();
        var waiting = gate.LaneTo(Some.Endpoint).RunAsync(null, _ => Task.FromResult(refused), caller.Token);
        Assert.Equal((2, 1), (gate.States.Single().InFlight, (int)gate.States.Single().Queued));

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        busy.SetResult(refused);
        await Task.WhenAll(running);
    }

    /// <summary>Has requests wait for the only place, then frees it; the order in which they were sent.</summary>
    private async Task<IReadOnlyList<DateTimeOffset?>> WaitTogetherAsync(IReadOnlyList<DateTimeOffset?> neededBy)
    {
        var single = new IssuerGate(new IssuerGateOptions { MaxConcurrency = 1 }, time).LaneTo(Some.Endpoint);
        var held = new TaskCompletionSource<TokenOutcome>();
        var first = single.RunAsync(null, _ => held.Task, Some.Patience());
        List<DateTimeOffset?> order = [];
        var waiting = neededBy
            .Select(instant => single.RunAsync(instant, _ => SentAsync(instant), Some.Patience()))
            .ToList();
        held.SetResult(refused);
        await Task.WhenAll([first, .. waiting]);
        return order;

        Task<TokenOutcome> SentAsync(DateTimeOffset? instant)
        {
            order.Add(instant);
            return Task.FromResult(refused);
        }
    }

    private static TokenOutcome.Unavailable Throttled(TimeSpan wait) =>
        new("429", wait, MayHaveBeenProcessed: true) { StatusCode = HttpStatusCode.TooManyRequests };

    private async Task<TokenOutcome> SendAsync(TokenOutcome outcome, int times = 1)
    {
        for (var count = 1; count < times; count++)
        {
            await SendAsync(outcome);
        }

        return await gate.LaneTo(Some.Endpoint).RunAsync(
            neededBy: null,
            _ =>
            {
                Interlocked.Increment(ref sent);
                return Task.FromResult(outcome);
            },
            Some.Patience());
    }
}

/// <summary>What a lane sends, in these tests, is a task that they hold.</summary>
internal static class SentTasks
{
    public static Task<TokenOutcome> RunAsync(
        this IssuerLane lane,
        DateTimeOffset? neededBy,
        Func<CancellationToken, Task<TokenOutcome>> send,
        CancellationToken cancellationToken
    ) => lane.RunAsync(neededBy, stop => new ValueTask<TokenOutcome>(send(stop)), cancellationToken);
}
