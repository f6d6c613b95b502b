namespace VismaConnect.StandIn.Tests;

public sealed class AuthorizeTests
{
    [Theory]
    [InlineData("client_id", null, "Invalid client_id")]
    [InlineData("client_id", "isv_unknown", "Unknown client or client not enabled")]
    [InlineData("redirect_uri", null, "Invalid redirect_uri")]
    [InlineData("redirect_uri", Interactive.RedirectUri + "/", "Invalid redirect_uri")]
    [InlineData("redirect_uri", "https://Operator.example/oauth2/callback", "Invalid redirect_uri")]
    public async Task A_wrong_client_or_redirect_URI_ends_on_a_page(string parameter, string? value, string words)
    {
        await using var interactive = await Interactive.StartAsync();

        var answer = await GetAsync(interactive, interactive.Authorize((parameter, value), ("response_type", "nonsense")));

        Assert.Equal((400, null), (answer.Status, answer.Location));
        Assert.Contains(words, answer.Body, StringComparison.Ordinal);
        Assert.StartsWith("error page: ", interactive.StandIn.Ledger.Requests.Single().Outcome, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("response_type", null, "invalid_request")]
    [InlineData("response_type", "nonsense", "unsupported_response_type")]
    [InlineData("response_type", "id_token", "unauthorized_client")]
    [InlineData("code_challenge", "too-short", "invalid_request")]
    [InlineData("code_challenge_method", "S512", "invalid_request")]
    [InlineData("response_mode", "form_post", "unsupported_response_type")]
    [InlineData("scope", null, "invalid_request")]
    [InlineData("scope", "vismanet_erp_interactive_api:destroy", "invalid_scope")]
    [InlineData("scope", "email vismanet_erp_interactive_api:read", "invalid_scope")]
    [InlineData("prompt", "nonsense", "invalid_request")]
    [InlineData("prompt", "none login", "invalid_request")]
    [InlineData("prompt", "none", "login_required")]
    public async Task Other_errors_go_to_the_client_with_state_and_issuer(string parameter, string? value, string code)
    {
        await using var interactive = await Interactive.StartAsync();

        var answer = await GetAsync(interactive, interactive.Authorize((parameter, value)));

        Assert.Equal(302, answer.Status);
        Assert.StartsWith(Interactive.RedirectUri + "?", answer.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Equal(
            (code, Interactive.State, interactive.StandIn.Issuer.OriginalString),
            (
                Interactive.Query(answer.Location, "error"),
                Interactive.Query(answer.Location, "state"),
                Interactive.Query(answer.Location, "iss")
            )
        );
        var entry = interactive.StandIn.Ledger.Requests.Single();
        Assert.Equal((StandInEndpoint.Authorize, code, Interactive.ClientId), (entry.Endpoint, entry.Outcome, entry.Request.ClientId));
    }

    [Fact]
    public async Task Errors_of_the_request_can_stay_on_a_page_as_at_Duende()
    {
        await using var interactive = await Interactive.StartAsync(
            same => same,
            options => options with { AuthorizationErrors = AuthorizationErrors.OnPage }
        );

        Assert.Equal(400, (await GetAsync(interactive, interactive.Authorize(("scope", "unknown:read")))).Status);
        Assert.Equal(302, (await GetAsync(interactive, interactive.Authorize(("prompt", "none")))).Status);
    }

    [Fact]
    public async Task The_client_s_settings_decide_about_offline_access_the_grant_and_PKCE()
    {
        await using var interactive = await Interactive.StartAsync(client => client with { AllowOfflineAccess = false });
        Assert.Equal("invalid_scope", await ErrorAsync(interactive.Authorize()));

        interactive.StandIn.Portal.Set(Interactive.Client with { AllowedGrants = ["client_credentials"] });
        Assert.Equal("unauthorized_client", await ErrorAsync(interactive.Authorize()));

        interactive.StandIn.Portal.Set(Interactive.Client with { RequirePkce = true });
        Assert.Equal("invalid_request", await ErrorAsync(interactive.Authorize(("code_challenge", null))));

        async Task<string?> ErrorAsync(Uri url) => Interactive.Query((await GetAsync(interactive, url)).Location!, "error");
    }

    [Fact]
    public async Task Documents_say_whether_answers_name_the_issuer()
    {
        await using var interactive = await Interactive.StartAsync(
            same => same,
            options => options with { SendsAuthorizationResponseIssuer = false }
        );

        var document = await interactive.Running.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, new Uri(interactive.StandIn.Url, "/.well-known/openid-configuration"))
        );
        var answer = await GetAsync(interactive, interactive.Authorize(("scope", null)));

        Assert.Equal("False", document.Member("authorization_response_iss_parameter_supported"));
        Assert.Equal(interactive.StandIn.AuthorizationEndpoint.OriginalString, document.Member("authorization_endpoint"));
        Assert.Equal(interactive.StandIn.RevocationEndpoint.OriginalString, document.Member("revocation_endpoint"));
        Assert.Null(Interactive.Query(answer.Location!, "iss"));
    }

    private static Task<Answered> GetAsync(Interactive interactive, Uri url) =>
        interactive.Running.SendAsync(new HttpRequestMessage(HttpMethod.Get, url));
}
