using System.Collections.Concurrent;
using Polly;
using Polly.CircuitBreaker;

namespace OAuth;

/// <summary>
/// The gate to the authorization servers. Each has a lane of its own: a concurrency limit with a queue, a circuit breaker, and the pause a
/// 429 asks for. An issuer is identified by the origin (scheme, host, port) of its endpoint. Share one gate in a process; a second one
/// would double every limit.
/// </summary>
public sealed class IssuerGate(IssuerGateOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Lazy<IssuerLane>> lanes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The state of the lane of each issuer.</summary>
    public IReadOnlyList<IssuerGateState> States => [.. lanes.Values.Select(lane => lane.Value.State)];

    /// <summary>The lane to the server of an endpoint.</summary>
    internal IssuerLane LaneTo(Uri endpoint) => lanes.GetOrAdd(
        endpoint.GetLeftPart(UriPartial.Authority),
        origin => new Lazy<IssuerLane>(() => new IssuerLane(origin, options, time))).Value;
}

/// <summary>What <see cref="IssuerGate"/> must know of the outcome of a request.</summary>
internal interface IGatedOutcome
{
    /// <summary>
    /// Whether the issuer gave no usable answer; enough of these close the lane. A refusal is the answer of a healthy server.
    /// </summary>
    bool IsFailure { get; }

    /// <summary>How long a 429 asks to send nothing; null when the answer was no such thing.</summary>
    TimeSpan? Pause { get; }
}

/// <summary>An outcome that the gate can make itself.</summary>
internal interface IGatedOutcome<TSelf> : IGatedOutcome where TSelf : class, IGatedOutcome<TSelf>
{
    /// <summary>The outcome of a request that is not sent, because the lane is closed for <paramref name="wait"/>.</summary>
    static abstract TSelf TurnedAway(string cause, TimeSpan? wait);
}

/// <summary>Limits of <see cref="IssuerGate"/>, each per issuer.</summary>
public sealed record IssuerGateOptions
{
    /// <summary>
    /// Requests in flight at once. The default is 8: at 100 ms an answer that is 80 tokens a second, and no burst worth the name.
    /// </summary>
    public int MaxConcurrency { get; init; } = 8;

    /// <summary>
    /// Requests within <see cref="SamplingDuration"/> before the circuit may open. The default is 8: one full round of
    /// the concurrency limit, so that a single failing connection, which backs off, never closes the lane for the others.
    /// </summary>
    public int MinimumThroughput { get; init; } = 8;

    /// <summary>Share of unavailable outcomes that opens the circuit. The default is 0.5.</summary>
    public double FailureRatio { get; init; } = 0.5;

    /// <summary>Time over which outcomes are counted. The default is 30 s: several rounds of requests that time out.</summary>
    public TimeSpan SamplingDuration { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long an open circuit refuses before one request tries again. The default is 5 s: an outage's end is seen soon, at 12 requests a
    /// minute.
    /// </summary>
    public TimeSpan BreakDuration { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>The state of the lane to one issuer at a moment.</summary>
/// <param name="Origin">Scheme, host and port.</param>
/// <param name="InFlight">Requests on the wire.</param>
/// <param name="Queued">Requests waiting for a slot.</param>
/// <param name="ClosedFor">Time until requests are let through again; null while they are.</param>
public sealed record IssuerGateState(string Origin, int InFlight, long Queued, TimeSpan? ClosedFor);

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
    /// Runs <paramref name="send"/> when the lane is open and a slot is free; waits for a slot as long as
    /// <paramref name="cancellationToken"/> lets it. A closed lane is Unavailable with the time left, and nothing is sent. Of those that
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

/// <summary>
/// The slots of one issuer: so many requests are on the wire at once. Of those that wait for a slot, the one that is needed first goes
/// first, and none waits for ever; see <see cref="ReadyKeys{TKey}"/>. Safe for use by many threads.
/// </summary>
internal sealed class IssuerSlots(int count, TimeProvider time)
{
    private readonly Lock gate = new();
    private readonly ReadyKeys<TaskCompletionSource> waiting = new(time);
    private int taken;

    /// <summary>How many slots are taken, and how many requests wait for one.</summary>
    public (int Taken, int Waiting) Count
    {
        get
        {
            lock (gate)
            {
                return (taken, waiting.Count);
            }
        }
    }

    /// <summary>Takes a slot. Give it back by <see cref="Leave"/>.</summary>
    /// <param name="neededBy">By when the outcome is needed; null for as soon as possible.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task EnterAsync(DateTimeOffset? neededBy, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Queue(neededBy) is { } turn)
        {
            await using var registration = cancellationToken.UnsafeRegister(_ => GiveUp(turn, cancellationToken), null);
            await turn.Task;
        }
    }

    /// <summary>Gives a slot back, to the next request that waits.</summary>
    public void Leave() => Next()?.SetResult();

    // Null where a slot was free.
    private TaskCompletionSource? Queue(DateTimeOffset? neededBy)
    {
        lock (gate)
        {
            if (taken < count)
            {
                taken++;
                return null;
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting.Add(turn, neededBy);
            return turn;
        }
    }

    private TaskCompletionSource? Next()
    {
        lock (gate)
        {
            if (waiting.Count > 0)
            {
                return waiting.Take();
            }

            taken--;
            return null;
        }
    }

    private void GiveUp(TaskCompletionSource turn, CancellationToken cancellationToken)
    {
        bool waited;
        lock (gate)
        {
            waited = waiting.Remove(turn);
        }

        if (waited)
        {
            turn.SetCanceled(cancellationToken);
        }
    }
}
