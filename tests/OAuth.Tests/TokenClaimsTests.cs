using System.Buffers.Text;
using System.Text;

namespace OAuth.Tests;

public sealed class TokenClaimsTests
{
    private static readonly TokenClaims none = new(null, null);

    [Fact]
    public void Reads_who_for_whom_and_for_what()
    {
        var claims = Of($$"""{"iss":"x","sub":"kari","tenant_id":"{{Some.Tenant}}","scope":["a"],"name":"Kari Østby"}""");

        Assert.Equal(new TokenClaims("kari", Some.Tenant), claims with { Scopes = null });
        Assert.Equal(["a"], claims.Scopes);
    }

    [Theory]
    [InlineData("""{"sub":"kari"}""", "kari", null)]
    [InlineData("""{"tenant_id":"t"}""", null, "t")]
    [InlineData("""{"sub":7,"tenant_id":["t"]}""", null, null)]
    [InlineData("""{"sub":"","tenant_id":null}""", null, null)]
    [InlineData("""{"sub":"a\u001b[31m","tenant_id":"t"}""", null, "t")]
    [InlineData("""{"sub":"\ud800","tenant_id":"t"}""", null, null)]
    [InlineData("""{"sub":"a","sub":"b","tenant_id":"t"}""", null, null)]
    [InlineData("""["sub"]""", null, null)]
    [InlineData("""{"sub":""", null, null)]
    [InlineData("", null, null)]
    public void A_claim_that_is_no_plain_text_is_none(string payload, string? subject, string? tenant) =>
        Assert.Equal(new TokenClaims(subject, tenant), Of(payload));

    [Theory]
    [InlineData("sub")]
    [InlineData("tenant_id")]
    [InlineData("scope")]
    [InlineData("exp")]
    [InlineData("iat")]
    [InlineData("nbf")]
    public void A_claim_that_is_used_and_there_twice_spoils_the_token(string claim)
    {
        Assert.Equal(none, Of($$"""{"sub":"kari","{{claim}}":"1","{{claim}}":"2"}"""));
        Assert.Equal("kari", Of($$"""{"sub":"kari","x{{claim}}":"1","x{{claim}}":"2"}""").Subject);
    }

    [Theory]
    [InlineData("\"exp\":4600,\"iat\":1000", 4600L, 3600)]
    [InlineData("\"exp\":4600,\"nbf\":2000", 4600L, 2600)]
    [InlineData("\"exp\":4600,\"iat\":1000,\"nbf\":2000", 4600L, 3600)]
    [InlineData("\"exp\":4600", 4600L, null)]
    [InlineData("\"exp\":1000,\"iat\":1000", 1000L, null)]
    [InlineData("\"exp\":999,\"iat\":1000", 999L, null)]
    [InlineData("\"iat\":1000", null, null)]
    [InlineData("\"exp\":0", 0L, null)]
    [InlineData("\"exp\":-1", null, null)]
    [InlineData("\"exp\":4600.9", 4600L, null)]
    [InlineData("\"exp\":32503679999", 32_503_679_999L, null)]
    [InlineData("\"exp\":32503680000", null, null)]
    [InlineData("\"exp\":\"4600\"", null, null)]
    public void The_end_and_the_lifetime_are_read_where_they_are_numbers(string claims, long? end, int? lifetime)
    {
        var read = Of("{" + claims + "}");

        Assert.Equal(end is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null, read.ExpirationTime);
        Assert.Equal(lifetime is { } lives ? TimeSpan.FromSeconds(lives) : null, read.Lifetime);
    }

    [Theory]
    [InlineData(255, true)]
    [InlineData(256, false)]
    public void A_claim_has_at_most_255_characters(int length, bool isRead) =>
        Assert.Equal(isRead, Of($$"""{"sub":"{{new string('x', length)}}"}""").Subject is not null);

    [Theory]
    [InlineData("9f86d081884c7d65")]
    [InlineData("eyJzdWIiOiJhIn0")]
    [InlineData("h.eyJzdWIiOiJhIn0")]
    [InlineData("h.eyJzdWIiOiJhIn0.s.t.u")]
    [InlineData("..")]
    [InlineData("h.&&&&.s")]
    [InlineData("h.Xw%.s")]
    [InlineData("h.Xw%%.s")]
    [InlineData("h.e.s")]
    public void A_token_that_is_no_JWT_has_no_claims(string token) => Assert.Equal(none, TokenClaims.Of(Sensitive.From(token)));

    [Fact]
    public void A_token_above_64_KiB_is_not_read()
    {
        var fits = Jwt($$"""{"sub":"kari","x":"{{new string('x', 49_000)}}"}""");
        Assert.Equal("kari", TokenClaims.Of(Sensitive.From(fits)).Subject);

        Assert.Equal("kari", TokenClaims.Of(Sensitive.From(fits + new string('s', (64 * 1024) - fits.Length))).Subject);
        Assert.Equal(none, TokenClaims.Of(Sensitive.From(fits + new string('s', (64 * 1024) + 1 - fits.Length))));
    }

    private static TokenClaims Of(string payload) => TokenClaims.Of(Sensitive.From(Jwt(payload)));

    private static string Jwt(string payload) => $"eyJhbGciOiJSUzI1NiJ9.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.c2ln";
}
