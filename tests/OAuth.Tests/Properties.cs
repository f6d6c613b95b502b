using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using VismaConnect.StandIn;

namespace OAuth.Tests;

public sealed class Properties
{
    /// <summary>Printable text of every kind that a portal might generate, and some it never should.</summary>
    private static readonly Gen<string> credential = Gen.OneOf(Gen.Char[' ', '~'], Gen.Char['\u00a1', '\u2fff'])
        .Array[8, 60]
        .Select(characters => new string(characters))
        .Where(text => !string.IsNullOrWhiteSpace(text));

    private static readonly Gen<string> anyMember = Gen.OneOf("error", "error_description", "token_type", "scope", "expires_in");

    private static readonly Gen<HttpStatusCode> anyStatus = Gen.OneOf(100, 200, 201, 204, 302, 400, 401, 404, 429, 500, 503, 599)
        .Select(code => (HttpStatusCode)code);

    [Fact]
    public async Task Any_id_and_secret_survive_the_Basic_header()
    {
        await using var standIn = await VismaConnectStandIn.StartAsync(
            new StandInOptions { Clients = [], Tenants = [new StandInTenant(Some.Tenant)] }, Some.Patience());
        using var http = OAuthHttp.CreateClient(new HostPolicy([], ["127.0.0.1"], TransportRule.HttpAllowed), new OAuthHttpOptions());
        var gate = new IssuerGate(new IssuerGateOptions(), TimeProvider.System);
        var endpoint = new TokenEndpoint(http, gate, TimeProvider.System);

        await Gen.Select(credential, credential, Gen.Enum<ClientAuthenticationMethod>())
            .SampleAsync(
                async (id, secret, method) =>
                {
                    standIn.Portal.Set(new StandInClient(id) { Secrets = [new StandInSecret(secret)] });
                    var outcome = await endpoint.RequestAsync(
                        standIn.TokenEndpoint,
                        Some.Client(secret, method, id),
                        Some.Request(),
                        Some.Patience()
                    );
                    Assert.IsType<TokenOutcome.Granted>(outcome);
                },
                iter: 200,
                threads: 1
            );
    }

    [Fact]
    public void Any_bytes_at_any_status_have_an_outcome() => Gen.Select(anyStatus, Gen.Byte.Array[0, 300]).Sample(
        (status, body) => Assert.NotNull(Judge(status, body)), iter: 20_000);

    [Fact]
    public void Any_spoilt_token_has_an_outcome()
    {
        var good = Encoding.UTF8.GetBytes(Some.TokenBody("\"expires_in\":3600,\"scope\":\"a b\",\"refresh_token\":\"r\",\"error\":null"));
        Gen.Select(anyStatus, Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length]).Sample(
            (status, at, value, length) =>
            {
                var body = (byte[])good.Clone();
                body[at] = value;
                Assert.NotNull(Judge(status, body[..length]));
            },
            iter: 20_000);
    }

    [Fact]
    public void No_secret_is_in_the_text_of_an_outcome_however_it_is_echoed() =>
        Gen.Select(credential, anyStatus, Gen.Int[0, 4], anyMember).Sample(
            (secret, status, spelling, member) =>
            {
                var body = new JsonObject { ["error"] = "odd" };
                body[member] = "you sent " + Spelled(secret, spelling) + ", which is wrong";

                var text = Judge(status, Encoding.UTF8.GetBytes(body.ToJsonString()), secret).ToString();

                for (var index = 0; index <= 3; index++)
                {
                    Assert.DoesNotContain(Spelled(secret, index), text, StringComparison.OrdinalIgnoreCase);
                }
            },
            iter: 5_000);

    [Fact]
    public void Quoted_text_is_short_printable_ASCII() => Gen.Select(Gen.String, Gen.String).Sample(
        (error, description) =>
        {
            var body = new JsonObject { ["error"] = error, ["error_description"] = description };
            if (Judge(HttpStatusCode.BadRequest, Encoding.UTF8.GetBytes(body.ToJsonString())) is TokenOutcome.Refused refused)
            {
                Assert.InRange(refused.Error.Length, 1, 64);
                Assert.InRange(refused.Description?.Length ?? 0, 0, 200);
                Assert.All(refused.Error + refused.Description, character => Assert.InRange(character, ' ', '~'));
            }
        },
        iter: 5_000);

    private static TokenOutcome Judge(HttpStatusCode status, byte[] body, string secret = Some.Secret) =>
        TokenAnswer.Judge(new WireResult.Answer(status, "application/json", null, body), new SpentCredentials(Sensitive.From(secret)));

    private static string Spelled(string secret, int spelling) => spelling switch
    {
        0 => secret,
        1 => Uri.EscapeDataString(secret),
        2 => Uri.EscapeDataString(secret).Replace("%20", "+", StringComparison.Ordinal),
        3 => Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)),
        _ => secret.ToUpperInvariant(),
    };
}
