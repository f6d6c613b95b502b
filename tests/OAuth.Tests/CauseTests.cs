using System.Net;
using System.Security.Authentication;

namespace OAuth.Tests;

/// <summary>The words for everything that a server or a network can do. Conditions and events repeat them to people.</summary>
public sealed class CauseTests
{
    private const string Bug = "is a bug of this table";

    [Theory]
    [InlineData("<html>", "is not a JSON object")]
    [InlineData("[]", "is not a JSON object")]
    [InlineData("""{"error":"\ud800"}""", "has an error that cannot be read")]
    [InlineData("""{"token_type":"Bearer"}""", "has no usable access_token")]
    [InlineData("""{"access_token":"t"}""", "has no token_type Bearer")]
    [InlineData("""{"access_token":"t","token_type":"Bearer","refresh_token":"\ud800"}""", "has a refresh_token that cannot be read")]
    [InlineData(
        """{"access_token":"t","token_type":"Bearer","expires_in":0}""",
        "has an expires_in that is not a number of seconds between one and ten years' worth"
    )]
    [InlineData("""{"access_token":"t","token_type":"Bearer","scope":7}""", "has a scope that is not text")]
    public async Task An_answer_that_is_no_token_is_told_by_what_is_wrong_with_it(string body, string problem) =>
        Assert.Equal(
            $"the answer of the token endpoint {problem}",
            Assert.IsType<TokenOutcome.Malformed>(await Asking.OnceAsync(body)).Cause
        );

    [Theory]
    [InlineData(302, "token endpoint answered 302, a redirect, which is not followed; is its URL right?")]
    [InlineData(300, "token endpoint answered 300, a redirect, which is not followed; is its URL right?")]
    [InlineData(399, "token endpoint answered 399, a redirect, which is not followed; is its URL right?")]
    [InlineData(400, "token endpoint answered 400 (text/html) without an OAuth error; is its URL right?")]
    [InlineData(499, "token endpoint answered 499 (text/html) without an OAuth error; is its URL right?")]
    public async Task A_status_that_is_neither_a_token_nor_an_error_asks_whether_the_URL_is_right(int status, string cause) =>
        Assert.Equal(
            cause,
            Assert.IsType<TokenOutcome.Malformed>(await Asking.OnceAsync("<html>", (HttpStatusCode)status, "text/html")).Cause
        );

    [Theory]
    [InlineData(503, "oops", "token endpoint answered 503")]
    [InlineData(500, """{"error":"server_error"}""", "token endpoint answered 500 (server_error)")]
    public async Task An_outage_is_told_by_its_status_and_code(int status, string body, string cause) =>
        Assert.Equal(cause, Assert.IsType<TokenOutcome.Unavailable>(await Asking.OnceAsync(body, (HttpStatusCode)status)).Cause);

    [Fact]
    public async Task An_answer_above_the_limit_is_told_with_the_limit()
    {
        var outcome = await Asking.OnceAsync(new string('x', (64 * 1024) + 1));

        Assert.Equal(new TokenOutcome.Malformed("the answer of the token endpoint is larger than 64 KiB"), outcome);
    }

    [Fact]
    public async Task An_answer_without_a_media_type_says_so()
    {
        var outcome = await Asking.OnceAsync(
            () => new HttpResponseMessage(HttpStatusCode.BadRequest) { Content = new ByteArrayContent("no"u8.ToArray()) });

        Assert.Equal(
            "token endpoint answered 400 (no media type) without an OAuth error; is its URL right?",
            Assert.IsType<TokenOutcome.Malformed>(outcome).Cause
        );
    }

    [Theory]
    [InlineData(HttpRequestError.NameResolutionError, "the host name could not be resolved")]
    [InlineData(HttpRequestError.ConnectionError, "could not connect")]
    [InlineData(HttpRequestError.SecureConnectionError, "the TLS handshake failed")]
    [InlineData(HttpRequestError.ProxyTunnelError, "the proxy refused the connection")]
    [InlineData(HttpRequestError.ResponseEnded, "the connection was closed before the answer was complete")]
    [InlineData(HttpRequestError.InvalidResponse, "the answer is not HTTP")]
    [InlineData(HttpRequestError.HttpProtocolError, "the answer is not HTTP")]
    [InlineData(HttpRequestError.ConfigurationLimitExceeded, "the headers of the answer are too large")]
    [InlineData(HttpRequestError.Unknown, "the connection was lost before the answer was complete")]
    public async Task A_failure_of_the_network_is_told_without_the_words_of_the_platform(HttpRequestError error, string cause)
    {
        Assert.Equal($"token endpoint: {cause}", await CauseOfAsync(new HttpRequestException(error, "secret words")));
        Assert.Equal($"token endpoint: {cause}", await CauseOfAsync(new HttpIOException(error, "secret words")));
    }

    [Fact]
    public async Task Other_failures_of_the_network_are_told_as_well()
    {
        Assert.Equal(
            "token endpoint: the connection was lost before the answer was complete",
            await CauseOfAsync(new IOException("words"))
        );
        Assert.Equal("token endpoint: could not connect in time", await CauseOfAsync(new OperationCanceledException("words")));
        Assert.Equal(
            "token endpoint: host x is not allowed",
            await CauseOfAsync(new HttpRequestException("words", new HostNotAllowedException("host x is not allowed")))
        );
    }

    [Fact]
    public async Task A_failed_handshake_is_told_with_its_reason_short_and_printable()
    {
        var reason = new AuthenticationException("unknown\nauthority " + new string('x', 200));

        var cause = await CauseOfAsync(
            new HttpRequestException(HttpRequestError.SecureConnectionError, "words", new IOException("words", reason)));

        Assert.Equal($"token endpoint: the TLS handshake failed: unknown authority {new string('x', 160 - 18)}", cause);
    }

    [Fact]
    public async Task Nothing_but_a_failure_of_the_network_becomes_an_outcome() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => CauseOfAsync(new InvalidOperationException(Bug)));

    [Theory]
    [InlineData("{}", "metadata of the issuer: has no member issuer")]
    [InlineData("[]", "metadata of the issuer: answered 200 (application/json), not a JSON document; is its URL right?")]
    [InlineData(
        """{"issuer":"https://other.example"}""",
        "the metadata names the issuer https://other.example, but https://idp.example was asked for; "
            + "they must be the same, to the last slash"
    )]
    [InlineData("""{"issuer":"https://idp.example"}""", "metadata of the issuer: has no token_endpoint")]
    [InlineData(
        """{"issuer":"https://idp.example","token_endpoint":"token"}""",
        "token_endpoint of the metadata is not an absolute URL"
    )]
    [InlineData(
        """{"issuer":"https://idp.example","token_endpoint":"https://evil.example/"}""",
        "token_endpoint of the metadata may not be used: host evil.example is not allowed; an administrator can list it"
    )]
    public async Task Metadata_that_cannot_be_used_is_told_by_what_is_wrong_with_it(string body, string cause) =>
        Assert.Equal(cause, CauseOf(await LookAsync(() => Some.Answer(body))));

    [Theory]
    [InlineData(499, "metadata of the issuer: answered 499 (text/html), not a JSON document; is its URL right?")]
    [InlineData(199, "metadata of the issuer: answered 199 (text/html), not a JSON document; is its URL right?")]
    [InlineData(300, "metadata of the issuer: answered 300 (text/html), not a JSON document; is its URL right?")]
    [InlineData(500, "metadata of the issuer: answered 500")]
    [InlineData(429, "metadata of the issuer: answered 429")]
    [InlineData(408, "metadata of the issuer: answered 408")]
    [InlineData(404, "the issuer has no metadata document at either well-known path; is its URL right?")]
    public async Task A_status_without_metadata_is_told(int status, string cause) =>
        Assert.Equal(
            cause,
            CauseOf(
                await LookAsync(() => Some.Answer(
                    """{"issuer":"https://idp.example","token_endpoint":"https://idp.example/"}""", (HttpStatusCode)status, "text/html")))
        );

    [Fact]
    public async Task Metadata_that_are_too_large_or_that_do_not_come_are_told()
    {
        Assert.Equal(
            "the metadata document is larger than 256 KiB",
            CauseOf(await LookAsync(() => Some.Answer(new string(' ', (256 * 1024) + 1))))
        );
        Assert.Equal(
            "metadata of the issuer: could not connect",
            CauseOf(await LookAsync(() => throw new HttpRequestException(HttpRequestError.ConnectionError)))
        );
    }

    [Fact]
    public async Task Metadata_of_an_issuer_that_may_not_be_asked_are_not_asked_for() =>
        Assert.Equal(
            "issuer: host idp.example is not allowed; an administrator can list it",
            CauseOf(await LookAsync(() => throw new InvalidOperationException(Bug), new HostPolicy([], [], TransportRule.HttpsOnly)))
        );

    [Theory]
    [InlineData("token_endpoint", "authorization_endpoint", "revocation_endpoint")]
    [InlineData("authorization_endpoint", "revocation_endpoint")]
    [InlineData("revocation_endpoint")]
    public async Task Of_several_endpoints_that_may_not_be_used_the_first_is_told(params string[] members)
    {
        var endpoints = string.Join(',', members.Reverse().Select(member => $"\"{member}\":\"x\""));

        var outcome = await LookAsync(() => Some.Answer($$"""{"issuer":"https://idp.example",{{endpoints}}}"""));

        Assert.Equal($"{members[0]} of the metadata is not an absolute URL", CauseOf(outcome));
    }

    [Theory]
    [InlineData(2048, true)]
    [InlineData(2049, false)]
    public async Task An_endpoint_is_at_most_as_long_as_status_keeps(int length, bool isTaken)
    {
        var url = "https://idp.example/";
        url += new string('x', length - url.Length);

        var outcome = await LookAsync(() => Some.Answer($$"""{"issuer":"https://idp.example","token_endpoint":"{{url}}"}"""));

        Assert.Equal(isTaken ? null : "token_endpoint of the metadata is longer than 2048 characters", CauseOf(outcome));
    }

    [Fact]
    public async Task What_metadata_say_is_quoted_in_part()
    {
        var named = "https://other.example/" + new string('x', 300);

        var cause = CauseOf(await LookAsync(() => Some.Answer($$"""{"issuer":"{{named}}"}""")));

        Assert.StartsWith($"the metadata names the issuer {named[..200]}, but https://idp.example ", cause, StringComparison.Ordinal);
    }

    private static string? CauseOf(MetadataOutcome outcome) => outcome switch
    {
        MetadataOutcome.Malformed malformed => malformed.Cause,
        MetadataOutcome.Untrusted untrusted => untrusted.Cause,
        MetadataOutcome.Unavailable unavailable => unavailable.Cause,
        _ => null,
    };

    private static async Task<MetadataOutcome> LookAsync(Func<HttpResponseMessage> answer, HostPolicy? policy = null)
    {
        using var http = ScriptedHandler.Client(answer);
        return await new ServerMetadataEndpoint(
            http,
            policy ?? new HostPolicy([], ["idp.example"], TransportRule.HttpsOnly),
            new FakeTimeProvider(Some.Noon)
        ).GetAsync(new Uri("https://idp.example"), Some.Patience());
    }

    private static async Task<string> CauseOfAsync(Exception exception) =>
        Assert.IsType<TokenOutcome.Unavailable>(await Asking.OnceAsync(() => throw exception)).Cause;
}
