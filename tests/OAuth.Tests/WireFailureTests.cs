using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OAuth.Tests;

/// <summary>Failures below HTTP, from a real socket or a scripted network.</summary>
public sealed class WireFailureTests
{
    [Theory]
    [InlineData(HttpRequestError.NameResolutionError)]
    [InlineData(HttpRequestError.ConnectionError)]
    [InlineData(HttpRequestError.SecureConnectionError)]
    [InlineData(HttpRequestError.ProxyTunnelError)]
    public async Task A_failure_before_the_form_is_written_means_not_processed(HttpRequestError error)
    {
        var outcome = await AskAsync(new Failing(new HttpRequestException(error, "no " + Some.Secret)));

        var unavailable = Assert.IsType<TokenOutcome.Unavailable>(outcome);
        Assert.False(unavailable.MayHaveBeenProcessed);
        Assert.DoesNotContain(Some.Secret, unavailable.Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deadline_that_ends_while_connecting_means_not_processed()
    {
        var time = new FakeTimeProvider(Some.Noon);
        var connecting = new TaskCompletionSource();
        var asking = AskAsync(new Connecting(connecting), time);
        await connecting.Task.WaitAsync(Some.Patience());

        time.Advance(TimeSpan.FromSeconds(30));

        Assert.False(Assert.IsType<TokenOutcome.Unavailable>(await asking).MayHaveBeenProcessed);
    }

    [Fact]
    public async Task A_failure_after_the_form_was_written_may_have_been_processed()
    {
        var handler = new ScriptedHandler((_, _) => throw new HttpRequestException(HttpRequestError.ResponseEnded));

        Assert.True(Assert.IsType<TokenOutcome.Unavailable>(await AskAsync(handler)).MayHaveBeenProcessed);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 500\r\nContent-Type: application/json\r\n\r\n{\"access_token\":")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("SSH-2.0-OpenSSH_9.6\r\n")]
    [InlineData("")]
    public async Task An_answer_cut_short_or_in_another_protocol_may_have_been_processed(string answer)
    {
        var outcome = await AskRawAsync(Encoding.ASCII.GetBytes(answer));

        Assert.True(Assert.IsType<TokenOutcome.Unavailable>(outcome).MayHaveBeenProcessed);
    }

    [Fact]
    public async Task Headers_without_end_are_refused()
    {
        var outcome = await AskRawAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + new string('x', 40_000) + ": y\r\n\r\n"));

        Assert.Contains("headers", Assert.IsType<TokenOutcome.Unavailable>(outcome).Cause, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_good_answer_over_the_same_socket_is_granted()
    {
        var body = Some.TokenBody();

        Assert.IsType<TokenOutcome.Granted>(
            await AskRawAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}"))
        );
    }

    [Fact]
    public async Task No_trace_context_and_no_baggage_is_sent_to_a_server()
    {
        using var browser = new Activity("a request that a browser made");
        browser.SetIdFormat(ActivityIdFormat.W3C).AddBaggage("chosen", "by-the-browser").Start();
        using var server = new RawServer();
        var serving = server.ServeOnceAsync(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
        using var handler = OAuthHttp.CreateHandler(new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed), new OAuthHttpOptions());

        await AskAsync(handler, endpoint: new Uri(server.Url, "/connect/token"));
        await serving;

        Assert.DoesNotContain("traceparent", server.Received, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("by-the-browser", server.Received, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_request_says_how_long_it_is()
    {
        using var server = new RawServer();
        var serving = server.ServeOnceAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        using var handler = OAuthHttp.CreateHandler(new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed), new OAuthHttpOptions());

        await AskAsync(handler, endpoint: new Uri(server.Url, "/connect/token"));
        await serving;

        Assert.Contains("Content-Length: ", server.Received, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Transfer-Encoding", server.Received, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task No_cookie_of_a_server_is_sent_back_to_it()
    {
        using var server = new RawServer();
        using var handler = OAuthHttp.CreateHandler(new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed), new OAuthHttpOptions());
        using var http = new HttpClient(handler);
        for (var request = 0; request < 2; request++)
        {
            var serving = server.ServeOnceAsync("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
            var time = new FakeTimeProvider(Some.Noon);
            await new TokenEndpoint(http, new IssuerGate(new IssuerGateOptions(), time), time).RequestAsync(
                new Uri(server.Url, "/connect/token"), Some.Client(), Some.Request(), Some.Patience());
            await serving;
        }

        Assert.DoesNotContain("cookie", server.Received, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_server_that_never_finishes_the_TLS_handshake_means_not_processed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var handler = OAuthHttp.CreateHandler(
            new HostPolicy([], ["127.0.0.1"], TransportRule.HttpsOnly),
            new OAuthHttpOptions { ConnectTimeout = TimeSpan.FromMilliseconds(50) }
        );

        var outcome = await AskAsync(handler, endpoint: new Uri($"https://127.0.0.1:{port}/connect/token"));

        Assert.Equal(new TokenOutcome.Unavailable("token endpoint: could not connect in time", null, MayHaveBeenProcessed: false), outcome);
    }

    private static async Task<TokenOutcome> AskRawAsync(byte[] answer)
    {
        using var server = new RawServer();
        var serving = server.ServeOnceAsync(answer);
        using var handler = OAuthHttp.CreateHandler(new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed), new OAuthHttpOptions());
        var outcome = await AskAsync(handler, endpoint: new Uri(server.Url, "/connect/token"));
        await serving;
        return outcome;
    }

    private static async Task<TokenOutcome> AskAsync(HttpMessageHandler handler, FakeTimeProvider? time = null, Uri? endpoint = null)
    {
        time ??= new FakeTimeProvider(Some.Noon);
        using var http = new HttpClient(handler);
        var gate = new IssuerGate(new IssuerGateOptions(), time);
        return await new TokenEndpoint(http, gate, time).RequestAsync(
            endpoint ?? Some.Endpoint,
            Some.Client(),
            Some.Request(),
            Some.Patience()
        );
    }

    /// <summary>A network that fails before it takes the form.</summary>
    private sealed class Failing(Exception exception) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromException<HttpResponseMessage>(exception);
    }

    /// <summary>A network that never finishes connecting.</summary>
    private sealed class Connecting(TaskCompletionSource begun) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            begun.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            throw new InvalidOperationException("a delay without end has ended");
        }
    }
}
