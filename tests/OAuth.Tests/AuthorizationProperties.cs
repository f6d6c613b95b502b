using System.Buffers.Text;
using System.Web;
using CsCheck;

namespace OAuth.Tests;

/// <summary>What comes from a browser or in a token is anything at all.</summary>
public sealed class AuthorizationProperties
{
    private static readonly Gen<string> anything = Gen.OneOf(
        Gen.String,
        Gen.Char[' ', '~'].Array[0, 80].Select(characters => new string(characters))
    );

    [Fact]
    public void Any_text_has_claims_or_none() =>
        Gen.OneOf(anything, Gen.Select(anything, anything, (head, body) => $"{head}.{body}."))
            .Where(text => text.Length > 0)
            .Sample(text => Assert.NotNull(TokenClaims.Of(Sensitive.From(text))), iter: 20_000);

    [Fact]
    public void Any_payload_has_claims_or_none_and_they_can_be_shown() =>
        Gen.OneOf(Gen.Byte.Array[0, 200], Spoilt("""{"sub":"kari","tenant_id":"2f5c"}"""u8.ToArray()))
            .Sample(
                payload =>
                {
                    var claims = TokenClaims.Of(Sensitive.From($"h.{Base64Url.EncodeToString(payload)}.s"));
                    Assert.All(claims.Subject + claims.TenantId, character => Assert.InRange(character, ' ', '~'));
                },
                iter: 20_000
            );

    [Fact]
    public void Any_query_has_a_response_and_what_is_quoted_is_short_printable_ASCII() =>
        Gen.Select(Gen.OneOf(Gen.Const("code"), Gen.Const("error"), Gen.Const("error_description"), Gen.Const("iss"), anything), anything)
            .Array[0, 5].Sample(
                pairs =>
                {
                    var response = AuthorizationResponse.Read(
                        pairs.Select(pair => KeyValuePair.Create<string, string?>(pair.Item1, pair.Item2)).Append(new("state", "s"))
                    );
                    if (response is AuthorizationResponse.Denied denied)
                    {
                        Assert.InRange(denied.Error.Length, 1, 64);
                        Assert.InRange(denied.Description?.Length ?? 0, 0, 200);
                        Assert.All(denied.Error + denied.Description + denied.Issuer, character => Assert.InRange(character, ' ', '~'));
                    }
                },
                iter: 20_000);

    [Fact]
    public void Any_printable_text_survives_the_authorization_URL() =>
        Gen.Char[' ', '~']
            .Array[1, 60]
            .Select(characters => new string(characters))
            .Array[3]
            .Sample(
                texts =>
                {
                    var request = new AuthorizationRequest(
                        new Uri("https://connect.example/authorize?realm=x"),
                        texts[0],
                        new Uri("https://a.example/cb"),
                        [],
                        Sensitive.From(texts[1]),
                        "c"
                    )
                    {
                        ExtraParameters = new Dictionary<string, string> { ["login_hint"] = texts[2] },
                    };

                    var query = HttpUtility.ParseQueryString(request.ToUri().Query);

                    Assert.Equal(
                        (texts[0], texts[1], texts[2], "x"),
                        (query["client_id"], query["state"], query["login_hint"], query["realm"])
                    );
                },
                iter: 5_000
            );

    private static Gen<byte[]> Spoilt(byte[] good) =>
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length])
            .Select(
                (at, value, length) =>
                {
                    var bytes = (byte[])good.Clone();
                    bytes[at] = value;
                    return bytes[..length];
                }
            );
}
