using System.Globalization;
using System.Net;
using System.Text;

namespace OAuth.Tests;

public sealed class TokenAnswerTests
{
    [Fact]
    public async Task A_token_is_read_with_all_its_members()
    {
        var outcome = await Asking.OnceAsync(Some.TokenBody(
            "\"expires_in\":3599,\"scope\":\"a:read  b:write\",\"refresh_token\":\"r3fresh\",\"refresh_token_expires_in\":86400"));

        var tokens = Assert.IsType<TokenOutcome.Granted>(outcome).Tokens;
        Assert.Equal(Some.Token, tokens.AccessToken.Reveal());
        Assert.Equal("Bearer", tokens.TokenType);
        Assert.Equal(TimeSpan.FromSeconds(3599), tokens.Lifetime);
        Assert.Equal(["a:read", "b:write"], tokens.GrantedScopes!);
        Assert.Equal("r3fresh", tokens.RefreshToken!.Reveal());
        Assert.Equal(TimeSpan.FromDays(1), tokens.RefreshTokenLifetime);
        Assert.Null(tokens.IdToken);
    }

    [Theory]
    [InlineData("\"id_token\":\"e.y.J\"", "e.y.J")]
    [InlineData("\"id_token\":\"\"", null)]
    [InlineData("\"id_token\":7", null)]
    [InlineData("\"id_token\":\"\\ud800\"", null)]
    [InlineData("\"id_token\":null", null)]
    public async Task An_ID_token_is_kept_and_an_odd_one_spoils_nothing(string member, string? expected)
    {
        var granted = Assert.IsType<TokenOutcome.Granted>(await Asking.OnceAsync(Some.TokenBody(member)));

        Assert.Equal(expected, granted.Tokens.IdToken?.Reveal());
    }

    [Theory]
    [InlineData("\"expires_in\":3600", 3600)]
    [InlineData("\"expires_in\":\"3600\"", 3600)]
    [InlineData("\"expires_in\":3600.9", 3600)]
    [InlineData("\"expires_in\":3.6e3", 3600)]
    [InlineData("\"expires_in\":1", 1)]
    [InlineData("\"expires_in\":315576000", 315_576_000)]
    [InlineData("\"expires_in\":null", null)]
    [InlineData("\"scope\":\"a\"", null)]
    public async Task A_lifetime_may_be_a_number_a_text_or_absent(string member, int? seconds)
    {
        var granted = Assert.IsType<TokenOutcome.Granted>(await Asking.OnceAsync(Some.TokenBody(member)));

        Assert.Equal(seconds is { } value ? TimeSpan.FromSeconds(value) : null, granted.Tokens.Lifetime);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("\"-3600\"")]
    [InlineData("\"soon\"")]
    [InlineData("\"\"")]
    [InlineData("\"3,600\"")]
    [InlineData("\"NaN\"")]
    [InlineData("\"Infinity\"")]
    [InlineData("1e999")]
    [InlineData("0.99")]
    [InlineData("315576001")]
    [InlineData("1795400000")]
    [InlineData("99999999999999999999")]
    [InlineData("true")]
    [InlineData("[3600]")]
    public async Task A_lifetime_that_makes_no_sense_is_malformed(string value)
    {
        var malformed = Assert.IsType<TokenOutcome.Malformed>(await Asking.OnceAsync(Some.TokenBody($"\"expires_in\":{value}")));

        Assert.Contains("expires_in", malformed.Cause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bearer")]
    [InlineData("BEARER")]
    public async Task The_token_type_is_read_in_any_case_and_written_in_one(string type)
    {
        var outcome = await Asking.OnceAsync($$"""{"access_token":"t","token_type":"{{type}}"}""");

        Assert.Equal("Bearer", Assert.IsType<TokenOutcome.Granted>(outcome).Tokens.TokenType);
    }

    [Theory]
    [InlineData("""{"access_token":"t","token_type":"DPoP"}""")]
    [InlineData("""{"access_token":"t"}""")]
    [InlineData("""{"access_token":"","token_type":"Bearer"}""")]
    [InlineData("""{"token_type":"Bearer"}""")]
    [InlineData("""{"access_token":["t"],"token_type":"Bearer"}""")]
    [InlineData("""{"access_token":"a\r\nX-Injected: b","token_type":"Bearer"}""")]
    [InlineData("""{"access_token":"a b","token_type":"Bearer"}""")]
    [InlineData("""{"access_token":"t","access_token":"u","token_type":"Bearer"}""")]
    [InlineData("""{"access_token":"\ud800","token_type":"Bearer"}""")]
    [InlineData("""{"access_token":"t","token_type":"Bearer","scope":7}""")]
    [InlineData("""["t"]""")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("<!doctype html><title>Sorry</title>")]
    public async Task A_token_of_another_type_is_malformed(string body) =>
        Assert.IsType<TokenOutcome.Malformed>(await Asking.OnceAsync(body));

    [Theory]
    [InlineData("\"refresh_token\":\"\"", null)]
    [InlineData("\"refresh_token\":null", null)]
    [InlineData("\"expires_in\":3600", null)]
    [InlineData("\"refresh_token\":\"with space/+=\"", "with space/+=")]
    public async Task A_refresh_token_is_taken_as_it_is_and_an_empty_one_is_none(string member, string? expected)
    {
        var granted = Assert.IsType<TokenOutcome.Granted>(await Asking.OnceAsync(Some.TokenBody(member)));

        Assert.Equal(expected, granted.Tokens.RefreshToken?.Reveal());
    }

    [Theory]
    [InlineData("""{"refresh_token":"r2","token_type":"Bearer"}""")]
    [InlineData("""{"refresh\u005ftoken":"r2","token_type":"Bearer"}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t"}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"Bearer","expires_in":0}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"Bearer","scope":7}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"Bearer","scope":"\ud800"}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"Bearer","scope":["a","\udc00"]}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"\ud800","token_type":"Bearer"}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"\ud800"}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"Bearer","expires_in":"\ud800"}""")]
    [InlineData("""{"error":"\ud800","refresh_token":"r2","access_token":"t","token_type":"Bearer"}""")]
    [InlineData("""{"error":"a","error":"a","refresh_token":"r2","access_token":"t","token_type":"Bearer"}""")]
    [InlineData("""{"access_token":"t","access_token":"u","refresh_token":"r2","token_type":"Bearer"}""")]
    [InlineData("""{"refresh_token":"r1","refresh_token":"r2","access_token":"t","token_type":"Bearer"}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"Bearer","expires_in":1,"expires_in":2}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"Bearer","expires_in":1e999}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"Bearer",}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"Bearer"}}""")]
    [InlineData("""{"refresh_token":"r2","access_token":"t","token_type":"Bearer" """)]
    [InlineData("""{"access_token":"t","refresh_token" : "r2","token_""")]
    [InlineData("""{"refresh_token":"r1","refresh_token":"r2","access_token":"t",}""")]
    [InlineData("""{"refresh_token":"r2","refresh_token":null,"access_token":"t",}""")]
    [InlineData("""{"x":"\"","refresh_token":"r2","access_token":"t",}""")]
    [InlineData("{\"x\":\"\0\",\"refresh_token\":\"r2\",\"access_token\":\"t\",\"token_type\":\"Bearer\"}")]
    [InlineData("{\"refresh_token\":\"r2\",\"access_token\":\"t\",\"token_type\":\"Bearer\"}\0")]
    [InlineData("\uFEFF{\"x\":01,\"refresh_token\":\"r2\",\"access_token\":\"t\",\"token_type\":\"Bearer\"}")]
    public async Task The_refresh_token_beside_an_unusable_access_token_is_not_lost(string body)
    {
        var malformed = Assert.IsType<TokenOutcome.Malformed>(await Asking.OnceAsync(body));

        Assert.Equal("r2", malformed.RefreshToken?.Reveal());
        Assert.DoesNotContain("r2", malformed.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"refresh_token_expires_in\":60", 60)]
    [InlineData("\"refresh_expires_in\":120", 120)]
    [InlineData("\"refresh_expires_in\":120,\"refresh_token_expires_in\":60", 60)]
    [InlineData("\"refresh_token_expires_in\":0", null)]
    [InlineData("\"refresh_token_expires_in\":\"never\"", null)]
    public async Task The_lifetime_of_a_refresh_token_has_two_names_and_an_odd_one_is_none(string member, int? seconds)
    {
        var granted = Assert.IsType<TokenOutcome.Granted>(await Asking.OnceAsync(Some.TokenBody(member)));

        Assert.Equal(seconds is { } value ? TimeSpan.FromSeconds(value) : null, granted.Tokens.RefreshTokenLifetime);
    }

    [Fact]
    public async Task Scopes_may_be_a_list()
    {
        var granted = Assert.IsType<TokenOutcome.Granted>(await Asking.OnceAsync(Some.TokenBody("\"scope\":[\"a\",\"b c\"]")));

        Assert.Equal(["a", "b", "c"], granted.Tokens.GrantedScopes!);
    }

    [Fact]
    public async Task A_byte_order_mark_is_no_harm() =>
        Assert.IsType<TokenOutcome.Granted>(await Asking.OnceAsync("\uFEFF" + Some.TokenBody()));

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(429)]
    [InlineData(500)]
    public async Task The_error_member_decides_at_any_status(int status)
    {
        var outcome = await Asking.OnceAsync("""{"error":"invalid_client"}""", (HttpStatusCode)status);

        Assert.Equal(new TokenOutcome.Refused("invalid_client", null, (HttpStatusCode)status, null), outcome);
    }

    [Theory]
    [InlineData("invalid_tenant")]
    [InlineData("company_closed")]
    public async Task Unknown_codes_are_passed_through(string code)
    {
        var outcome = await Asking.OnceAsync($$"""{"error":"{{code}}","error_description":"Ask Kari."}""", HttpStatusCode.BadRequest);

        Assert.Equal(new TokenOutcome.Refused(code, "Ask Kari.", HttpStatusCode.BadRequest, null), outcome);
    }

    [Theory]
    [InlineData(400, "server_error")]
    [InlineData(400, "temporarily_unavailable")]
    [InlineData(500, "Internal Server Error")]
    [InlineData(429, "rate_limit_exceeded")]
    public async Task Codes_about_the_server_itself_are_no_refusal(int status, string code)
    {
        var outcome = await Asking.OnceAsync($$"""{"error":"{{code}}"}""", (HttpStatusCode)status);

        var unavailable = Assert.IsType<TokenOutcome.Unavailable>(outcome);
        Assert.True(unavailable.MayHaveBeenProcessed);
        Assert.Equal((HttpStatusCode)status, unavailable.StatusCode);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(429)]
    [InlineData(408)]
    public async Task Overload_and_outage_are_unavailable(int status)
    {
        var unavailable = Assert.IsType<TokenOutcome.Unavailable>(await Asking.OnceAsync("oops", (HttpStatusCode)status, "text/html"));

        Assert.True(unavailable.MayHaveBeenProcessed);
        Assert.Contains(status.ToString(CultureInfo.InvariantCulture), unavailable.Cause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(302)]
    [InlineData(307)]
    public async Task Other_answers_without_an_OAuth_error_are_malformed(int status)
    {
        var malformed = Assert.IsType<TokenOutcome.Malformed>(await Asking.OnceAsync("<html>", (HttpStatusCode)status, "text/html"));

        Assert.Contains(status.ToString(CultureInfo.InvariantCulture), malformed.Cause, StringComparison.Ordinal);
        Assert.DoesNotContain("<", malformed.Cause, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("30", 30.0)]
    [InlineData("1.5", 1.5)]
    [InlineData("999999999999", 3600.0)]
    [InlineData("Mon, 23 Nov 2026 12:02:00 GMT", 120.0)]
    [InlineData("Mon, 23 Nov 2026 15:00:00 GMT", 3600.0)]
    [InlineData("Mon, 23 Nov 2026 11:59:00 GMT", null)]
    [InlineData("0", null)]
    [InlineData("-5", null)]
    [InlineData("later", null)]
    [InlineData("NaN", null)]
    [InlineData("Infinity", 3600.0)]
    [InlineData("-Infinity", null)]
    public async Task Retry_After_is_read_as_seconds_or_date_and_capped(string header, double? seconds)
    {
        var outcome = await Asking.OnceAsync(() =>
        {
            var answer = Some.Answer("", HttpStatusCode.ServiceUnavailable);
            answer.Headers.TryAddWithoutValidation("Retry-After", header);
            return answer;
        });

        var expected = seconds is { } value ? TimeSpan.FromSeconds(value) : (TimeSpan?)null;
        Assert.Equal(expected, Assert.IsType<TokenOutcome.Unavailable>(outcome).RetryAfter);
    }

    [Fact]
    public async Task Error_and_description_become_short_printable_ASCII()
    {
        var outcome = await Asking.OnceAsync(
            $$"""{"error":"{{new string('e', 70)}}","error_description":"a\u001b[31mb\r\nc\u2024{{new string('d', 300)}}"}""",
            HttpStatusCode.BadRequest
        );

        var refused = Assert.IsType<TokenOutcome.Refused>(outcome);
        Assert.Equal(new string('e', 64), refused.Error);
        Assert.Equal(200, refused.Description!.Length);
        Assert.StartsWith("a?[31mb  c?ddd", refused.Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_description_keeps_every_printable_character()
    {
        const string printable = " !#$%&'()*+,-./09:;<=>?@AZ[]^_`az{|}~";

        var outcome = await Asking.OnceAsync(
            $$"""{"error":"odd","error_description":"{{printable}}\u0000\u007f\u00a0\t\r\n"}""", HttpStatusCode.BadRequest);

        Assert.Equal(printable + "???   ", Assert.IsType<TokenOutcome.Refused>(outcome).Description);
    }

    [Theory]
    [InlineData("the secret {0} is wrong")]
    [InlineData("form: client_secret={1}&x")]
    [InlineData("Basic {2}")]
    public async Task A_description_that_repeats_the_secret_is_withheld(string template)
    {
        const string secret = "p+q %41/æ=";
        var echo = string.Format(
            CultureInfo.InvariantCulture, template, secret, Uri.EscapeDataString(secret), Convert.ToBase64String("p+q %41/æ="u8));

        var outcome = await Asking.OnceAsync(
            () => Some.Answer($$"""{"error":"invalid_client","error_description":"{{echo}}"}""", HttpStatusCode.BadRequest), secret);

        var refused = Assert.IsType<TokenOutcome.Refused>(outcome);
        Assert.Equal("invalid_client", refused.Error);
        Assert.DoesNotContain("p+q", refused.ToString(), StringComparison.Ordinal);
        Assert.Contains("withheld", refused.Description, StringComparison.Ordinal);
    }

    // A constant of the protocol gives nothing away, even where it is somebody's secret. What only looks like one does.
    [Theory]
    [InlineData("invalid_request", true)]
    [InlineData("invalid_client", true)]
    [InlineData("invalid_grant", true)]
    [InlineData("invalid_scope", true)]
    [InlineData("invalid_target", true)]
    [InlineData("unauthorized_client", true)]
    [InlineData("unsupported_grant_type", true)]
    [InlineData("unsupported_token_type", true)]
    [InlineData("unsupported_response_type", true)]
    [InlineData("access_denied", true)]
    [InlineData("invalid_moon", false)]
    public async Task A_code_of_the_protocol_is_quoted_as_it_is(string code, bool isQuoted)
    {
        var outcome = await Asking.OnceAsync(() => Some.Answer($$"""{"error":"{{code}}"}""", HttpStatusCode.InternalServerError), code);

        Assert.Equal(
            isQuoted ? code : "(withheld: it repeated a credential)",
            Assert.IsType<TokenOutcome.Refused>(outcome).Error
        );
    }

    [Theory]
    [InlineData("server_error")]
    [InlineData("temporarily_unavailable")]
    public async Task So_is_a_code_about_the_server_itself(string code)
    {
        var outcome = await Asking.OnceAsync(() => Some.Answer($$"""{"error":"{{code}}"}""", HttpStatusCode.BadRequest), code);

        Assert.Equal($"token endpoint answered 400 ({code})", Assert.IsType<TokenOutcome.Unavailable>(outcome).Cause);
    }

    [Theory]
    [InlineData("access_token")]
    [InlineData("refresh_token")]
    [InlineData("id_token")]
    public async Task A_description_beside_an_error_repeats_nothing_that_was_issued(string member)
    {
        var issued = await Asking.OnceAsync(
            $$"""{"error":"odd","{{member}}":"t0ken","error_description":"not t0ken"}""", HttpStatusCode.BadRequest);
        var unreadable = await Asking.OnceAsync(
            $$"""{"error":"odd","{{member}}":"\ud800","error_description":"not t0ken"}""", HttpStatusCode.BadRequest);

        Assert.Equal("(withheld: it repeated a credential)", Assert.IsType<TokenOutcome.Refused>(issued).Description);
        Assert.Null(Assert.IsType<TokenOutcome.Refused>(unreadable).Description);
    }

    [Fact]
    public async Task A_description_that_repeats_the_Basic_header_is_withheld()
    {
        var time = new FakeTimeProvider(Some.Noon);
        using var http = new HttpClient(new ScriptedHandler((request, _) => Task.FromResult(
            Some.Answer($$"""{"error":"odd","error_description":"got {{request.Headers.Authorization}}"}""", HttpStatusCode.BadRequest))));
        var gate = new IssuerGate(new IssuerGateOptions(), time);

        var outcome = await new TokenEndpoint(http, gate, time).RequestAsync(
            Some.Endpoint,
            // Not a multiple of three characters with its colon: otherwise the pair would end with the Base64 of the secret alone.
            Some.Client(method: ClientAuthenticationMethod.ClientSecretBasic, id: "isv_acme7"),
            Some.Request(),
            Some.Patience());

        Assert.Equal("(withheld: it repeated a credential)", Assert.IsType<TokenOutcome.Refused>(outcome).Description);
    }

    [Fact]
    public async Task A_token_beside_an_error_is_not_repeated()
    {
        var outcome = await Asking.OnceAsync(
            """{"error":"odd","access_token":"t0ken","error_description":"not t0ken"}""", HttpStatusCode.BadRequest);

        Assert.DoesNotContain("t0ken", Assert.IsType<TokenOutcome.Refused>(outcome).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(64 * 1024, false)]
    [InlineData((64 * 1024) + 1, true)]
    public async Task Answers_above_64_KiB_are_malformed(int size, bool isTooLarge)
    {
        var body = Some.TokenBody("\"expires_in\":3600,\"x\":\"\"");
        var padded = body.Replace("\"x\":\"\"", $"\"x\":\"{new string('x', size - body.Length)}\"", StringComparison.Ordinal);

        var known = await Asking.OnceAsync(padded);
        var chunked = await Asking.OnceAsync(() => new HttpResponseMessage { Content = new StreamContent(new Unseekable(padded)) });

        Assert.Equal(isTooLarge, known is TokenOutcome.Malformed);
        Assert.Equal(isTooLarge, chunked is TokenOutcome.Malformed);
    }

    /// <summary>Content without a length, as a chunked answer has.</summary>
    private sealed class Unseekable(string text) : MemoryStream(Encoding.UTF8.GetBytes(text))
    {
        public override bool CanSeek => false;
    }
}
