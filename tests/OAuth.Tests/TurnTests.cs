using System.Net;

namespace OAuth.Tests;

/// <summary>Whether a request had its turn at the issuer: one that had none was no attempt.</summary>
public sealed class TurnTests
{
    private readonly FakeTimeProvider time = new(Some.Noon);
    private readonly IssuerGate gate;
    private int turns;

    public TurnTests() => gate = new IssuerGate(new IssuerGateOptions { MaxConcurrency = 1 }, time);

    [Fact]
    public async Task A_request_that_is_sent_is_told_of_its_turn_once()
    {
        using var handler = new ScriptedHandler(() =>
        {
            Assert.Equal(1, turns);
            return Some.Answer("", HttpStatusCode.ServiceUnavailable);
        });

        var outcome = Assert.IsType<TokenOutcome.Unavailable>(await AskAsync(handler));

        Assert.True(outcome.HadTurn);
        Assert.Equal(1, turns);
    }

    [Fact]
    public async Task What_is_thrown_at_its_turn_is_thrown_to_the_caller_and_nothing_is_sent()
    {
        using var handler = new ScriptedHandler(() => Some.Answer(Some.TokenBody()));
        var request = Some.Refresh() with { TurnCame = () => throw new InvalidOperationException("not now") };

        await Assert.ThrowsAsync<InvalidOperationException>(() => AskAsync(handler, request));

        Assert.Empty(handler.Requests);
    }

    [Fact]
    public async Task A_request_into_a_pause_has_no_turn()
    {
        using var throttling = new ScriptedHandler(() =>
        {
            var answer = Some.Answer("", HttpStatusCode.TooManyRequests);
            answer.Headers.TryAddWithoutValidation("Retry-After", "30");
            return answer;
        });
        await AskAsync(throttling);

        Assert.Equal(
            new TokenOutcome.Unavailable(
                "the authorization server asked for a pause (429); no request is sent until it is over",
                TimeSpan.FromSeconds(30),
                MayHaveBeenProcessed: false
            )
            {
                HadTurn = false,
            },
            await AskAsync(throttling)
        );
        Assert.Equal(1, turns);
    }

    [Fact]
    public async Task A_request_that_is_given_up_while_it_waits_has_no_turn()
    {
        var busy = new TaskCompletionSource();
        using var handler = new ScriptedHandler(async (_, cancellationToken) =>
        {
            await busy.Task.WaitAsync(cancellationToken);
            return Some.Answer(Some.TokenBody());
        });
        var running = AskAsync(handler);
        using var caller = new CancellationTokenSource();
        var waiting = AskAsync(handler, cancellationToken: caller.Token);

        await caller.CancelAsync();

        Assert.Equal(
            new TokenOutcome.Unavailable("given up before the request was sent", null, MayHaveBeenProcessed: false) { HadTurn = false },
            await waiting
        );
        busy.SetResult();
        await running;
        Assert.Equal(1, turns);
    }

    [Fact]
    public async Task A_request_that_is_given_up_while_it_connects_had_its_turn()
    {
        using var caller = new CancellationTokenSource();
        using var connecting = new Connecting(caller);

        Assert.Equal(
            new TokenOutcome.Unavailable("given up before the request was sent", null, MayHaveBeenProcessed: false),
            await AskAsync(connecting, cancellationToken: caller.Token)
        );
        Assert.Equal(1, turns);
    }

    private async Task<TokenOutcome> AskAsync(
        HttpMessageHandler handler, TokenRequest? request = null, CancellationToken? cancellationToken = null)
    {
        using var http = new HttpClient(handler, disposeHandler: false);
        return await new TokenEndpoint(http, gate, time).RequestAsync(
            Some.Endpoint,
            Some.Client(),
            request ?? (Some.Refresh() with { TurnCame = () => turns++ }),
            cancellationToken ?? Some.Patience());
    }

    /// <summary>A network on which the caller gives up while it connects.</summary>
    private sealed class Connecting(CancellationTokenSource caller) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await caller.CancelAsync();
            throw new OperationCanceledException(cancellationToken);
        }
    }
}
