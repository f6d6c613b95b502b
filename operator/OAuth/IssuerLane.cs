using Polly;
using Polly.CircuitBreaker;

namespace OAuth;

/// <summary>
/// The gate of one issuer. The limit lies outside the breaker, so that those who queued while the circuit opened are turned
/// away instead of sent, and so that a recovery lets out one trial and then at most the limit.
/// </summary>
internal sealed class IssuerLane
{
    private readonly string origin;
    private readonly IssuerGateOptions options;
    private readonly TimeProvider time;
    private readonly IssuerSlots slots;
    private readonly CircuitBreakerStateProvider circuit = new();
    private readonly ResiliencePipeline breaker;
    private readonly Lock gate = new();
    private long opened;
    private long pauseBegan;
    private TimeSpan pause = TimeSpan.Zero;

    public IssuerLane(string origin, IssuerGateOptions options, TimeProvider time)
    {
        this.origin = origin;
        this.options = options;
        this.time = time;
        slots = new IssuerSlots(options.MaxConcurrency, time);

        // It counts by the wall clock: set back by a day, that would keep the circuit open for a day.
        breaker = new ResiliencePipelineBuilder { TimeProvider = new MonotonicTime(time) }.AddCircuitBreaker(BreakerOptions()).Build();
    }

    public IssuerGateState State
    {
        get
        {
            var (taken, waiting) = slots.Count;
            return new(origin, taken, waiting, PauseLeft() ?? BreakLeft());
        }
    }

    /// <summary>
    /// Runs <paramref name="send"/> when the door is open and a slot is free; waits for a slot as long as
    /// <paramref name="cancellationToken"/> lets it. A closed door is Unavailable with the time left, and nothing is sent. Of those that
    /// wait, the one that is needed first goes first.
    /// </summary>
    public async Task<TOutcome> RunAsync<TOutcome>(
        DateTimeOffset? neededBy, Func<CancellationToken, ValueTask<TOutcome>> send, CancellationToken cancellationToken)
        where TOutcome : class, IGatedOutcome<TOutcome>
    {
        if (Paused<TOutcome>() is { } paused)
        {
            return paused;
        }

        await slots.EnterAsync(neededBy, cancellationToken);
        try
        {
            if (Paused<TOutcome>() is { } pausedMeanwhile)
            {
                return pausedMeanwhile;
            }

            var outcome = await breaker.ExecuteAsync(send, cancellationToken);
            PauseFor(outcome.Pause);
            return outcome;
        }
        catch (BrokenCircuitException broken)
        {
            return TOutcome.TurnedAway(
                "the authorization server has been failing; no request is sent for a moment",
                RetryAfter.Positive(broken.RetryAfter ?? options.BreakDuration));
        }
        finally
        {
            slots.Leave();
        }
    }

    private CircuitBreakerStrategyOptions BreakerOptions() => new()
    {
        FailureRatio = options.FailureRatio,
        MinimumThroughput = options.MinimumThroughput,
        SamplingDuration = options.SamplingDuration,
        BreakDuration = options.BreakDuration,
        OnOpened = _ =>
        {
            Volatile.Write(ref opened, time.GetTimestamp());
            return default;
        },
        StateProvider = circuit,
        ShouldHandle = arguments => ValueTask.FromResult(IsFailure(arguments.Outcome)),
    };

    /// <summary>
    /// Unavailable counts; a refusal is a healthy server's answer. A cancelled trial counts too while the circuit is half
    /// open, since otherwise a caller that gave up would close it without any proof of health.
    /// </summary>
    private bool IsFailure(Outcome<object> outcome) =>
        outcome.Result is IGatedOutcome { IsFailure: true }
        || (outcome.Exception is not null && circuit.CircuitState == CircuitState.HalfOpen);

    private TOutcome? Paused<TOutcome>() where TOutcome : class, IGatedOutcome<TOutcome> => PauseLeft() is { } left
        ? TOutcome.TurnedAway("the authorization server asked for a pause (429); no request is sent until it is over", left)
        : null;

    private TimeSpan? PauseLeft()
    {
        lock (gate)
        {
            return RetryAfter.Positive(pause - time.GetElapsedTime(pauseBegan));
        }
    }

    // Once the break is over the next request is the trial: it must not wait for somebody else to make it.
    private TimeSpan? BreakLeft() => circuit.CircuitState == CircuitState.Open
        ? RetryAfter.Positive(options.BreakDuration - time.GetElapsedTime(Volatile.Read(ref opened)))
        : null;

    private void PauseFor(TimeSpan? wait)
    {
        lock (gate)
        {
            if (wait > pause - time.GetElapsedTime(pauseBegan))
            {
                (pauseBegan, pause) = (time.GetTimestamp(), wait.Value);
            }
        }
    }
}

/// <summary>A wall clock that nobody can step: it is read once, and goes on with the monotonic clock. Makes no timers.</summary>
internal sealed class MonotonicTime(TimeProvider time) : TimeProvider
{
    private readonly DateTimeOffset start = time.GetUtcNow();
    private readonly long begun = time.GetTimestamp();

    /// <inheritdoc/>
    public override long TimestampFrequency => time.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => start + time.GetElapsedTime(begun);

    /// <inheritdoc/>
    public override long GetTimestamp() => time.GetTimestamp();
}
