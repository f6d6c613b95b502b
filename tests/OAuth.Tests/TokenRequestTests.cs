using System.Net;

namespace OAuth.Tests;

public sealed class TokenRequestTests
{
    [Fact]
    public async Task Post_puts_everything_into_the_form()
    {
        var (_, form, authorization) = await SentAsync(Some.Client("a&b"), Some.Request("x:read", "y:write"));

        Assert.Equal(
            $"client_id=isv_acme&client_secret=a%26b&grant_type=client_credentials&scope=x%3Aread+y%3Awrite&tenant_id={Some.Tenant}",
            Sorted(form));
        Assert.Null(authorization);
    }

    [Fact]
    public async Task Basic_encodes_each_half_first_and_leaves_the_form_without_credentials()
    {
        var (_, form, authorization) = await SentAsync(
            Some.Client("p+q%41 &", ClientAuthenticationMethod.ClientSecretBasic, "isv:acme"), Some.Request());

        Assert.Equal("Basic " + Convert.ToBase64String("isv%3Aacme:p%2Bq%2541+%26"u8), authorization);
        Assert.DoesNotContain("client_", form.Replace("client_credentials", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_scopes_the_form_has_none()
    {
        var (_, form, _) = await SentAsync(
            Some.Client(),
            new TokenRequest.ClientCredentialsGrant([], new Dictionary<string, string>())
        );

        Assert.Equal("client_id=isv_acme&client_secret=s3cret-of-acme&grant_type=client_credentials", Sorted(form));
    }

    [Fact]
    public async Task A_code_goes_with_its_verifier_and_the_redirect_URI_to_the_letter()
    {
        var (_, form, _) = await SentAsync(
            Some.Client(),
            Some.CodeExchange("c/0+d=e", "v~er-1._", "HTTPS://Operator.example:443/oauth2/callback")
        );

        Assert.Equal(
            "client_id=isv_acme&client_secret=s3cret-of-acme&code=c%2F0%2Bd%3De&code_verifier=v~er-1._&grant_type=authorization_code"
                + "&redirect_uri=HTTPS%3A%2F%2FOperator.example%3A443%2Foauth2%2Fcallback",
            Sorted(form));
    }

    [Fact]
    public async Task A_refresh_token_goes_alone_with_what_the_caller_adds()
    {
        var (_, form, _) = await SentAsync(Some.Client(), Some.Refresh("r3/fresh+"));

        Assert.Equal(
            $"client_id=isv_acme&client_secret=s3cret-of-acme&grant_type=refresh_token&refresh_token=r3%2Ffresh%2B&tenant_id={Some.Tenant}",
            Sorted(form));
    }

    [Theory]
    [InlineData("grant_type")]
    [InlineData("client_secret")]
    [InlineData("scope")]
    [InlineData("refresh_token")]
    [InlineData("code")]
    [InlineData("code_verifier")]
    [InlineData("redirect_uri")]
    [InlineData("Grant_Type")]
    [InlineData("client_id")]
    [InlineData("client_assertion")]
    [InlineData("client_assertion_type")]
    public async Task Extra_parameters_cannot_replace_the_protocols_own(string name)
    {
        var extra = new Dictionary<string, string> { [name] = "x" };
        TokenRequest[] requests =
        [
            new TokenRequest.ClientCredentialsGrant([], extra),
            new TokenRequest.RefreshTokenGrant(Sensitive.From("r3fresh"), extra),
            new TokenRequest.AuthorizationCodeGrant(
                Sensitive.From("c0de"),
                Sensitive.From("ver1fier"),
                new Uri("https://a.example"),
                extra
            ),
        ];

        foreach (var request in requests)
        {
            var exception = await Assert.ThrowsAsync<ArgumentException>(() => SentAsync(Some.Client(), request));
            Assert.StartsWith(
                $"the extra parameter {name} is a field of the protocol", exception.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(Some.Secret, exception.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("r3fresh-of-kari")]
    [InlineData("c0de")]
    [InlineData("ver1fier")]
    public async Task No_description_repeats_what_a_grant_request_sent(string credential)
    {
        foreach (var request in (TokenRequest[])[Some.Refresh(), Some.CodeExchange()])
        {
            var outcome = await Asking.OnceAsync(
                () =>
                    Some.Answer(
                        $$"""{"error":"invalid_grant","error_description":"handle {{credential}} was used"}""",
                        HttpStatusCode.BadRequest
                    ),
                request: request
            );

            var isItsOwn = request is TokenRequest.RefreshTokenGrant == (credential == Some.RefreshToken);
            Assert.Equal(!isItsOwn, outcome.ToString().Contains(credential, StringComparison.Ordinal));
            Assert.DoesNotContain(credential, request.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public async Task A_blank_client_id_is_a_bug_of_the_caller(string id)
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(() => SentAsync(Some.Client(id: id), Some.Request()));

        Assert.StartsWith("the client id is blank", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authentication_that_nobody_knows_is_a_bug_of_the_caller()
    {
        var exception = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => SentAsync(Some.Client(method: (ClientAuthenticationMethod)7), Some.Request()));

        Assert.StartsWith("unknown client authentication method", exception.Message, StringComparison.Ordinal);
    }

    private static string Sorted(string form) => string.Join('&', form.Split('&').Order(StringComparer.Ordinal));

    private static async Task<(string Path, string Form, string? Authorization)> SentAsync(ClientCredentials client, TokenRequest request)
    {
        var time = new FakeTimeProvider(Some.Noon);
        using var handler = new ScriptedHandler(() => Some.Answer(Some.TokenBody()));
        using var http = new HttpClient(handler);
        var gate = new IssuerGate(new IssuerGateOptions(), time);
        await new TokenEndpoint(http, gate, time).RequestAsync(Some.Endpoint, client, request, Some.Patience());
        return handler.Requests.Single();
    }
}
