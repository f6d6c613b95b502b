using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OAuth.Tests;

/// <summary>
/// Whether a one-time refresh token may be spent after a request that gave none. Saying "not processed" of one that was processed costs a
/// consent: the token would be taken for good, and sent again later as a replay.
/// </summary>
public sealed class SpentOrNotTests
{
    private readonly FakeTimeProvider time = new(Some.Noon);
    private readonly IssuerGate gate;

    public SpentOrNotTests() => gate = new IssuerGate(new IssuerGateOptions { MaxConcurrency = 1, MinimumThroughput = 2 }, time);

    [Fact]
    public async Task Not_spent_when_nobody_listens()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var free = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        AssertNotSpent(await OverSocketsAsync(new Uri($"http://127.0.0.1:{free}/connect/token")));
    }

    [Fact]
    public async Task Not_spent_when_the_circuit_is_open()
    {
        using var down = new ScriptedHandler(() => Some.Answer("", HttpStatusCode.ServiceUnavailable));
        await AskAsync(down);
        await AskAsync(down);

        AssertNotSpent(await AskAsync(down));
        Assert.Equal(2, down.Requests.Count);
    }

    [Fact]
    public async Task Not_spent_while_the_server_asked_for_a_pause()
    {
        using var throttling = new ScriptedHandler(() =>
        {
            var answer = Some.Answer("", HttpStatusCode.TooManyRequests);
            answer.Headers.TryAddWithoutValidation("Retry-After", "30");
            return answer;
        });
        AssertPerhapsSpent(await AskAsync(throttling));

        AssertNotSpent(await AskAsync(throttling));
        Assert.Single(throttling.Requests);
    }

    [Fact]
    public async Task Not_spent_when_the_wait_for_a_turn_is_given_up()
    {
        var busy = new TaskCompletionSource<HttpResponseMessage>();
        using var handler = new ScriptedHandler((_, _) => busy.Task);
        var running = AskAsync(handler);
        using var caller = new CancellationTokenSource();
        var waiting = AskAsync(handler, caller.Token);
        Assert.Equal(1, gate.States.Single().Queued);

        await caller.CancelAsync();

        AssertNotSpent(await waiting);
        busy.SetResult(Some.Answer(Some.TokenBody()));
        Assert.IsType<TokenOutcome.Granted>(await running);
        Assert.Single(handler.Requests);
    }

    [Fact]
    public async Task Not_spent_when_it_is_cancelled_before_it_begins()
    {
        using var handler = new ScriptedHandler(() => Some.Answer(Some.TokenBody()));

        AssertNotSpent(await AskAsync(handler, new CancellationToken(canceled: true)));
        Assert.Empty(handler.Requests);
    }

    [Fact]
    public async Task Not_spent_when_connecting_is_given_up()
    {
        using var caller = new CancellationTokenSource();
        using var handler = OAuthHttp.CreateHandler(new HostPolicy([], ["127.0.0.1"], TransportRule.HttpsOnly), new OAuthHttpOptions());
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var asking = AskAsync(
            handler,
            caller.Token,
            new Uri($"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/connect/token")
        );
        using var connection = await listener.AcceptSocketAsync(Some.Patience()); // and never answers the handshake

        await caller.CancelAsync();

        AssertNotSpent(await asking);
    }

    [Fact]
    public async Task Perhaps_spent_when_the_answer_is_late()
    {
        var asked = new TaskCompletionSource();
        using var handler = new ScriptedHandler((_, cancellationToken) =>
        {
            asked.SetResult();
            return new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancellationToken);
        });
        var asking = AskAsync(handler);
        await asked.Task.WaitAsync(Some.Patience());

        time.Advance(TimeSpan.FromSeconds(8));

        AssertPerhapsSpent(await asking);
    }

    [Fact]
    public async Task Perhaps_spent_when_the_caller_gives_up_on_the_answer()
    {
        using var caller = new CancellationTokenSource();
        using var handler = new ScriptedHandler((_, cancellationToken) =>
        {
            caller.Cancel();
            return new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancellationToken);
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AskAsync(handler, caller.Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"access_token\":")]
    [InlineData("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 4\r\n\r\noops")]
    public async Task Perhaps_spent_when_the_answer_is_cut_garbage_or_an_outage(string answer)
    {
        using var server = new RawServer();
        var serving = server.ServeOnceAsync(Encoding.ASCII.GetBytes(answer));

        AssertPerhapsSpent(await OverSocketsAsync(new Uri(server.Url, "/connect/token")));
        await serving;
    }

    [Theory]
    [InlineData("<html>welcome</html>")]
    [InlineData("")]
    [InlineData("{}")]
    public async Task An_answer_that_says_nothing_promises_nothing(string body)
    {
        using var handler = new ScriptedHandler(() => Some.Answer(body));

        Assert.IsType<TokenOutcome.Malformed>(await AskAsync(handler));
    }

    private static void AssertNotSpent(TokenOutcome outcome) =>
        Assert.False(Assert.IsType<TokenOutcome.Unavailable>(outcome).MayHaveBeenProcessed);

    private static void AssertPerhapsSpent(TokenOutcome outcome) =>
        Assert.True(Assert.IsType<TokenOutcome.Unavailable>(outcome).MayHaveBeenProcessed);

    private async Task<TokenOutcome> OverSocketsAsync(Uri endpoint)
    {
        using var handler = OAuthHttp.CreateHandler(new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed), new OAuthHttpOptions());
        return await AskAsync(handler, endpoint: endpoint);
    }

    private async Task<TokenOutcome> AskAsync(HttpMessageHandler handler, CancellationToken? cancellationToken = null, Uri? endpoint = null)
    {
        using var http = new HttpClient(handler, disposeHandler: false);
        return await new TokenEndpoint(http, gate, time).RequestAsync(
            endpoint ?? Some.Endpoint, Some.Client(), Some.Refresh(), cancellationToken ?? Some.Patience());
    }
}
