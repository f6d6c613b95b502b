using System.Net;
using System.Text;

namespace OAuth.Tests;

/// <summary>Answers of a token endpoint with something odd in them: it costs neither a token nor a refusal that can be read.</summary>
public sealed class OddAnswerTests
{
    [Theory]
    [InlineData("""{"x":"\u0000","r":1,"refresh_token":"r""")]
    [InlineData("""["refresh_token",{"refresh_token":"r2"}]""")]
    [InlineData("""{"status":"failed","request":{"refresh_token":"***"}}""")]
    [InlineData("""{"status":"failed","request":{"grant_type":"refresh_token","refresh_token":"***"}""")]
    [InlineData("""{"status":"failed","log":"sent \"refresh_token\":\"***\"","request":[{"refresh_token":"***"}],}""")]
    [InlineData("""<script>config = {"refresh_token":"enabled"}</script>""")]
    [InlineData("""{"refresh_token","r2"}""")]
    [InlineData("""{"refresh_token":["r2"],}""")]
    [InlineData("""{"refresh_token":"\ud800","access_token":"t","token_type":"Bearer"}""")]
    [InlineData("""{"refresh_token":"",}""")]
    public async Task What_is_no_refresh_token_for_sure_is_none(string body)
    {
        var malformed = Assert.IsType<TokenOutcome.Malformed>(await Asking.OnceAsync(body));

        Assert.Null(malformed.RefreshToken);
    }

    [Theory]
    [InlineData("\"\\ud800\":1")]
    [InlineData("\"refresh\\udc00\":1")]
    [InlineData("\"\\ud800\":1,\"\\ud800\":2")]
    [InlineData("\"x\":1,\"x\":2")]
    [InlineData("\"x\":{\"y\":1,\"y\":2,\"refresh_token\":\"no\"}")]
    [InlineData("\"x\":\"\\ud800\"")]
    [InlineData("\"x\":1e999")]
    [InlineData("\"x\":99999999999999999999999999999999999999")]
    [InlineData("\"error_description\":\"\\ud800\"")]
    public async Task A_member_that_nobody_knows_spoils_nothing(string member)
    {
        foreach (var body in (string[])[
            $$"""{{{member}},"access_token":"t","token_type":"Bearer","refresh_token":"r2"}""",
            $$"""{"access_token":"t","token_type":"Bearer","refresh_token":"r2",{{member}}}""",
        ])
        {
            var granted = Assert.IsType<TokenOutcome.Granted>(await Asking.OnceAsync(body));

            Assert.Equal("r2", granted.Tokens.RefreshToken?.Reveal());
        }
    }

    [Fact]
    public async Task A_member_that_is_nested_without_end_spoils_nothing()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 20_000)) + string.Concat(Enumerable.Repeat("]", 20_000));

        var granted = Assert.IsType<TokenOutcome.Granted>(await Asking.OnceAsync(Some.TokenBody($"\"x\":{deep},\"refresh_token\":\"r2\"")));

        Assert.Equal("r2", granted.Tokens.RefreshToken?.Reveal());
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF8_spoil_nothing_beside_them()
    {
        var body = Encoding.Latin1.GetBytes("""{"å":"ÿ","access_token":"t","token_type":"Bearer","refresh_token":"r2"}""");

        var granted = Assert.IsType<TokenOutcome.Granted>(
            await Asking.OnceAsync(() => new HttpResponseMessage { Content = new ByteArrayContent(body) }));

        Assert.Equal("r2", granted.Tokens.RefreshToken?.Reveal());
    }

    [Theory]
    [InlineData(400, """{"error":"invalid_client","error_description":"\ud800"}""")]
    [InlineData(400, """{"\ud800":1,"error":"invalid_client"}""")]
    [InlineData(401, """{"error":"invalid_client","x":1,"x":2,"access_token":"\ud800"}""")]
    public async Task A_refusal_is_read_whatever_stands_beside_it(int status, string body)
    {
        var outcome = await Asking.OnceAsync(body, (HttpStatusCode)status);

        Assert.Equal(new TokenOutcome.Refused("invalid_client", null, (HttpStatusCode)status, null), outcome);
    }

    [Fact]
    public async Task A_description_beside_tokens_that_cannot_be_read_is_not_shown()
    {
        var outcome = await Asking.OnceAsync(
            """{"error":"odd","access_token":"t0ken","access_token":"t0ken","error_description":"not t0ken"}""", HttpStatusCode.BadRequest);

        Assert.Equal(new TokenOutcome.Refused("odd", null, HttpStatusCode.BadRequest, null), outcome);
    }

    [Fact]
    public async Task An_outage_whose_body_cannot_be_read_is_an_outage() =>
        Assert.IsType<TokenOutcome.Unavailable>(await Asking.OnceAsync("""{"error":"\ud800"}""", HttpStatusCode.ServiceUnavailable));
}
