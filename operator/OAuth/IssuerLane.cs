using System.Net;
using System.Threading.RateLimiting;
using Polly;
using Polly.CircuitBreaker;

namespace OAuth;

/// <summary>
/// The gate of one issuer. The limit lies outside the breaker, so that those who queued while the circuit opened are turned
/// away instead of sent, and so that a recovery lets out one trial and then at most the limit.
/// </summary>
internal sealed class IssuerLane : IDisposable
{
    private readonly string origin;
    private readonly IssuerGateOptions options;
    private readonly TimeProvider time;
    private readonly ConcurrencyLimiter limiter;
    private readonly CircuitBreakerStateProvider circuit = new();
    private readonly ResiliencePipeline limit;
    private readonly ResiliencePipeline<TokenOutcome> breaker;
    private readonly Lock gate = new();
    private long pauseBegan;
    private TimeSpan pause = TimeSpan.Zero;

    public IssuerLane(string origin, IssuerGateOptions options, TimeProvider time)
    {
        this.origin = origin;
        this.options = options;
        this.time = time;
        limiter = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = options.MaxConcurrency,
            QueueLimit = int.MaxValue, // the queue is bounded by the workers that wait in it
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        limit = new ResiliencePipelineBuilder { TimeProvider = time }.AddRateLimiter(limiter).Build();
        breaker = new ResiliencePipelineBuilder<TokenOutcome> { TimeProvider = time }.AddCircuitBreaker(BreakerOptions()).Build();
    }

    public IssuerGateState State => new(
        origin,
        options.MaxConcurrency - (int)(limiter.GetStatistics()?.CurrentAvailablePermits ?? options.MaxConcurrency),
        limiter.GetStatistics()?.CurrentQueuedCount ?? 0,
        PauseLeft() ?? (circuit.CircuitState == CircuitState.Closed ? null : options.BreakDuration));

    public async Task<TokenOutcome> RunAsync(Func<CancellationToken, Task<TokenOutcome>> send, CancellationToken cancellationToken) =>
        Paused() ?? await limit.ExecuteAsync(
            static async (state, token) => await state.Lane.SendAsync(state.Send, token),
            (Lane: this, Send: send),
            cancellationToken);

    public void Dispose() => limiter.Dispose();

    /// <summary>Looks at the pause once more, since it may have begun while this request queued.</summary>
    private async Task<TokenOutcome> SendAsync(Func<CancellationToken, Task<TokenOutcome>> send, CancellationToken cancellationToken)
    {
        if (Paused() is { } paused)
        {
            return paused;
        }

        try
        {
            var outcome = await breaker.ExecuteAsync(static async (send, token) => await send(token), send, cancellationToken);
            PauseIfAsked(outcome);
            return outcome;
        }
        catch (BrokenCircuitException broken)
        {
            return new TokenOutcome.Unavailable(
                "the authorization server has been failing; no request is sent for a moment",
                RetryAfter.Positive(broken.RetryAfter ?? options.BreakDuration),
                MayHaveBeenProcessed: false);
        }
    }

    private CircuitBreakerStrategyOptions<TokenOutcome> BreakerOptions() => new()
    {
        FailureRatio = options.FailureRatio,
        MinimumThroughput = options.MinimumThroughput,
        SamplingDuration = options.SamplingDuration,
        BreakDuration = options.BreakDuration,
        StateProvider = circuit,
        ShouldHandle = arguments => ValueTask.FromResult(IsFailure(arguments.Outcome)),
    };

    /// <summary>
    /// Unavailable counts; a refusal is a healthy server's answer. A cancelled trial counts too while the circuit is half
    /// open, since otherwise a caller that gave up would close it without any proof of health.
    /// </summary>
    private bool IsFailure(Outcome<TokenOutcome> outcome) =>
        outcome.Result is TokenOutcome.Unavailable
        || (outcome.Exception is not null && circuit.CircuitState == CircuitState.HalfOpen);

    private TokenOutcome.Unavailable? Paused() => PauseLeft() is { } left
        ? new TokenOutcome.Unavailable(
            "the authorization server asked for a pause (429); no request is sent until it is over", left, MayHaveBeenProcessed: false)
        : null;

    private TimeSpan? PauseLeft()
    {
        lock (gate)
        {
            return RetryAfter.Positive(pause - time.GetElapsedTime(pauseBegan));
        }
    }

    private void PauseIfAsked(TokenOutcome outcome)
    {
        if (outcome is not TokenOutcome.Unavailable { StatusCode: HttpStatusCode.TooManyRequests, RetryAfter: { } wait })
        {
            return;
        }

        lock (gate)
        {
            if (wait > pause - time.GetElapsedTime(pauseBegan))
            {
                (pauseBegan, pause) = (time.GetTimestamp(), wait);
            }
        }
    }
}
