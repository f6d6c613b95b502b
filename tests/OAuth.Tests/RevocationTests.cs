using System.Net;

namespace OAuth.Tests;

public sealed class RevocationTests
{
    private static readonly Uri endpoint = new("https://connect.example/connect/revocation");
    private readonly FakeTimeProvider time = new(Some.Noon);

    [Theory]
    [InlineData(200)]
    [InlineData(204)]
    public async Task A_good_status_is_enough_with_any_body(int status)
    {
        Assert.IsType<RevocationOutcome.Revoked>(await RevokeAsync("<html>", (HttpStatusCode)status));
        Assert.IsType<RevocationOutcome.Revoked>(await RevokeAsync(new string('x', 100_000), (HttpStatusCode)status));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(299)]
    public async Task A_good_status_counts_more_than_an_error_in_the_body(int status) =>
        Assert.IsType<RevocationOutcome.Revoked>(await RevokeAsync("""{"error":"invalid_client"}""", (HttpStatusCode)status));

    [Theory]
    [InlineData(199, false)]
    [InlineData(200, true)]
    [InlineData(299, true)]
    [InlineData(300, false)]
    public async Task Only_a_status_of_success_is_good_however_large_the_answer_is(int status, bool isGood)
    {
        Assert.Equal(isGood, await RevokeAsync("", (HttpStatusCode)status) is RevocationOutcome.Revoked);
        Assert.Equal(isGood, await RevokeAsync(new string('x', 100_000), (HttpStatusCode)status) is RevocationOutcome.Revoked);
    }

    [Theory]
    [InlineData(
        ClientAuthenticationMethod.ClientSecretPost,
        "client_id=isv_acme&client_secret=s3cret-of-acme&token=r3fresh-of-kari&token_type_hint=refresh_token",
        null
    )]
    [InlineData(
        ClientAuthenticationMethod.ClientSecretBasic,
        "token=r3fresh-of-kari&token_type_hint=refresh_token",
        "Basic aXN2X2FjbWU6czNjcmV0LW9mLWFjbWU="
    )]
    public async Task Sends_the_token_and_says_that_it_is_a_refresh_token(
        ClientAuthenticationMethod method,
        string form,
        string? authorization
    )
    {
        using var handler = new ScriptedHandler(() => Some.Answer(""));

        await RevokeAsync(handler, method);

        var sent = handler.Requests.Single();
        Assert.Equal(
            ("/connect/revocation", form, authorization),
            (sent.Path, string.Join('&', sent.Form.Split('&').Order(StringComparer.Ordinal)), sent.Authorization));
    }

    [Theory]
    [InlineData(400, """{"error":"unsupported_token_type","error_description":"No."}""", "unsupported_token_type", "No.")]
    [InlineData(401, """{"error":"invalid_client"}""", "invalid_client", null)]
    [InlineData(503, """{"error":"invalid_client"}""", "invalid_client", null)]
    [InlineData(
        400,
        """{"error":"odd","error_description":"token r3fresh-of-kari of s3cret-of-acme"}""",
        "odd",
        "(withheld: it repeated a credential)"
    )]
    [InlineData(400, """{"error":"odd","error_description":"no r3fresh-of-kari"}""", "odd", "(withheld: it repeated a credential)")]
    [InlineData(404, "<html>", "http_404", "revocation endpoint answered 404 without an OAuth error; is its URL right?")]
    [InlineData(302, "", "http_302", "revocation endpoint answered 302 without an OAuth error; is its URL right?")]
    [InlineData(400, """{"error":"\ud800"}""", "http_400", "revocation endpoint answered 400 without an OAuth error; is its URL right?")]
    public async Task A_no_is_a_refusal(int status, string body, string error, string? description) => Assert.Equal(
        new RevocationOutcome.Refused(error) { Description = description }, await RevokeAsync(body, (HttpStatusCode)status));

    [Theory]
    [InlineData(500, "oops", "revocation endpoint answered 500")]
    [InlineData(503, """{"error":"temporarily_unavailable"}""", "revocation endpoint answered 503 (temporarily_unavailable)")]
    [InlineData(429, "", "revocation endpoint answered 429")]
    [InlineData(408, "", "revocation endpoint answered 408")]
    public async Task Overload_and_outage_are_unavailable(int status, string body, string cause) => Assert.Equal(
        new RevocationOutcome.Unavailable(cause) { StatusCode = (HttpStatusCode)status }, await RevokeAsync(body, (HttpStatusCode)status));

    [Fact]
    public async Task A_lost_connection_is_unavailable() => Assert.Equal(
        new RevocationOutcome.Unavailable("revocation endpoint: the connection was closed before the answer was complete"),
        await RevokeAsync(new ScriptedHandler((_, _) => throw new HttpRequestException(HttpRequestError.ResponseEnded))));

    [Fact]
    public async Task A_server_that_does_not_answer_is_given_up_on()
    {
        var asked = new TaskCompletionSource();
        var revoking = RevokeAsync(new ScriptedHandler((_, cancellationToken) =>
        {
            asked.SetResult();
            return new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancellationToken);
        }));
        await asked.Task.WaitAsync(Some.Patience());

        time.Advance(TimeSpan.FromSeconds(8));

        Assert.Equal(new RevocationOutcome.Unavailable("revocation endpoint: no complete answer within 8 s"), await revoking);
    }

    [Fact]
    public async Task Refusals_do_not_close_the_door_on_token_requests()
    {
        var gate = new IssuerGate(new IssuerGateOptions(), time);

        await TimesAsync(50, () => RevokeAsync("<html>", HttpStatusCode.NotFound, gate));

        Assert.Null(Assert.Single(gate.States).ClosedFor);
    }

    [Fact]
    public async Task An_outage_closes_the_door_on_both()
    {
        var gate = new IssuerGate(new IssuerGateOptions(), time);
        using var http = ScriptedHandler.Client(() => Some.Answer(Some.TokenBody()));

        await TimesAsync(8, () => RevokeAsync("", HttpStatusCode.ServiceUnavailable, gate));

        var turnedAway = new RevocationOutcome.Unavailable("the authorization server has been failing; no request is sent for a moment")
        {
            RetryAfter = TimeSpan.FromSeconds(5),
        };
        Assert.Equal(turnedAway, await RevokeAsync("", HttpStatusCode.OK, gate));
        Assert.IsType<TokenOutcome.Unavailable>(
            await new TokenEndpoint(http, gate, time).RequestAsync(Some.Endpoint, Some.Client(), Some.Refresh(), Some.Patience()));
    }

    [Fact]
    public async Task A_429_with_Retry_After_pauses_both()
    {
        var gate = new IssuerGate(new IssuerGateOptions(), time);
        using var throttling = new ScriptedHandler(() =>
        {
            var answer = Some.Answer("", HttpStatusCode.TooManyRequests);
            answer.Headers.TryAddWithoutValidation("Retry-After", "30");
            return answer;
        });

        await RevokeAsync(throttling, gate: gate);

        Assert.Equal(TimeSpan.FromSeconds(30), Assert.Single(gate.States).ClosedFor);
    }

    [Fact]
    public async Task A_renewal_that_is_needed_sooner_goes_first()
    {
        var gate = new IssuerGate(new IssuerGateOptions { MaxConcurrency = 1 }, time);
        var busy = new TaskCompletionSource();
        using var handler = new ScriptedHandler(async (_, cancellationToken) =>
        {
            await busy.Task.WaitAsync(cancellationToken);
            return Some.Answer(Some.TokenBody());
        });
        using var http = new HttpClient(handler, disposeHandler: false);
        var tokens = new TokenEndpoint(http, gate, time);
        var running = tokens.RequestAsync(Some.Endpoint, Some.Client(), Some.Refresh(), Some.Patience());
        var revoking = RevokeAsync(handler, gate: gate);
        var needed = Some.Refresh() with { NeededBy = Some.Noon.AddSeconds(7) };
        var renewing = tokens.RequestAsync(Some.Endpoint, Some.Client(), needed, Some.Patience());

        busy.SetResult();
        await Task.WhenAll(running, revoking, renewing);

        Assert.Equal(
            ["/connect/token", "/connect/token", "/connect/revocation"],
            handler.Requests.Select(request => request.Path)
        );
    }

    [Fact]
    public async Task The_callers_cancellation_is_no_outcome()
    {
        using var caller = new CancellationTokenSource();
        using var http = new HttpClient(new ScriptedHandler((_, cancellationToken) =>
        {
            caller.Cancel();
            return new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancellationToken);
        }));
        var gate = new IssuerGate(new IssuerGateOptions(), time);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new RevocationEndpoint(http, gate, time).RevokeAsync(
            endpoint, Some.Client(), Sensitive.From(Some.RefreshToken), caller.Token));
    }

    private static async Task TimesAsync(int times, Func<Task> act)
    {
        for (var count = 0; count < times; count++)
        {
            await act();
        }
    }

    private async Task<RevocationOutcome> RevokeAsync(string body, HttpStatusCode status, IssuerGate? gate = null)
    {
        using var handler = new ScriptedHandler(() => Some.Answer(body, status, "text/html"));
        return await RevokeAsync(handler, gate: gate);
    }

    private async Task<RevocationOutcome> RevokeAsync(
        ScriptedHandler handler, ClientAuthenticationMethod method = ClientAuthenticationMethod.ClientSecretPost, IssuerGate? gate = null)
    {
        using var http = new HttpClient(handler, disposeHandler: false);
        var own = new IssuerGate(new IssuerGateOptions(), time);
        return await new RevocationEndpoint(http, gate ?? own, time).RevokeAsync(
            endpoint, Some.Client(method: method), Sensitive.From(Some.RefreshToken), Some.Patience());
    }
}
