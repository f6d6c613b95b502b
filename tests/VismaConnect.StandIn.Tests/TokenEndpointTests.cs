namespace VismaConnect.StandIn.Tests;

public sealed class TokenEndpointTests
{
    [Fact]
    public async Task Issues_a_token_with_the_documented_members_and_no_refresh_token()
    {
        await using var running = await Running.StartAsync();

        var answer = await running.AskAsync();

        Assert.Equal(200, answer.Status);
        Assert.Equal("Bearer", answer.Member("token_type"));
        Assert.Equal("3600", answer.Member("expires_in"));
        Assert.Equal("vismanet_erp_service_api:read", answer.Member("scope"));
        Assert.Null(answer.Member("refresh_token"));
    }

    [Fact]
    public async Task Access_tokens_carry_the_claims_of_services()
    {
        await using var running = await Running.StartAsync();

        var claims = (await running.AskAsync()).Claims("access_token");

        Assert.Equal(running.StandIn.Issuer.OriginalString, claims.GetProperty("iss").GetString());
        Assert.Equal(Running.ClientId, claims.GetProperty("client_id").GetString());
        Assert.Equal(Running.Tenant, claims.GetProperty("tenant_id").GetString());
        Assert.Equal("api.finance.visma.net/erp/service", claims.GetProperty("aud")[0].GetString());
        Assert.Equal(running.Time.GetUtcNow().ToUnixTimeSeconds() + 3600, claims.GetProperty("exp").GetInt64());
        Assert.False(claims.TryGetProperty("sub", out _));
    }

    [Fact]
    public async Task An_omitted_scope_means_all_that_the_client_may_have()
    {
        await using var running = await Running.StartAsync();

        Assert.Equal(string.Join(' ', ErpScopes.Service), (await running.AskAsync(("scope", ""))).Member("scope"));
    }

    [Theory]
    [InlineData("client_secret", "wrong", "invalid_client")]
    [InlineData("client_secret", "", "invalid_client")]
    [InlineData("client_id", "isv_other", "invalid_client")]
    [InlineData("grant_type", "password", "unsupported_grant_type")]
    [InlineData("grant_type", "", "unsupported_grant_type")]
    [InlineData("grant_type", "refresh_token", "unauthorized_client")]
    [InlineData("scope", "openid", "invalid_scope")]
    [InlineData("scope", "vismanet_erp_service_api:read offline_access", "invalid_scope")]
    [InlineData("scope", "vismanet_erp_service_api:destroy", "invalid_scope")]
    [InlineData("tenant_id", "00000000-0000-0000-0000-000000000000", "invalid_tenant")]
    [InlineData("tenant_id", "", "invalid_tenant")]
    public async Task Refuses_with_400_and_the_code(string field, string value, string code)
    {
        await using var running = await Running.StartAsync();

        var answer = await running.AskAsync((field, value));

        Assert.Equal((400, code), (answer.Status, answer.Error));
        Assert.Equal(code, running.StandIn.Ledger.TokenRequests.Single().Outcome);
    }

    [Fact]
    public async Task Input_longer_than_the_limits_is_refused()
    {
        var longSecret = new string('s', 101);
        await using var running = await Running.StartAsync(options =>
            options with
            {
                Clients =
                [
                    new StandInClient(Running.ClientId)
                    {
                        Secrets = [new StandInSecret(longSecret), new StandInSecret(Running.Secret)],
                        AllowedScopes = [new string('x', 301)],
                    },
                ],
            }
        );

        Assert.Equal("invalid_client", (await running.AskAsync(("client_secret", longSecret))).Error);
        Assert.Equal("invalid_scope", (await running.AskAsync(("scope", new string('x', 301)))).Error);
    }

    [Fact]
    public async Task Wants_POST_and_a_form()
    {
        await using var running = await Running.StartAsync();

        var get = await running.SendAsync(new HttpRequestMessage(HttpMethod.Get, running.StandIn.TokenEndpoint));
        var json = await running.SendAsync(new HttpRequestMessage(HttpMethod.Post, running.StandIn.TokenEndpoint)
        {
            Content = new StringContent("{}", null, "application/json"),
        });

        Assert.Equal((400, "invalid_request"), (get.Status, get.Error));
        Assert.Equal((400, "invalid_request"), (json.Status, json.Error));
    }

    [Fact]
    public async Task An_expired_secret_reads_as_a_wrong_one_while_another_still_works()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Portal.Set(new StandInClient(Running.ClientId)
        {
            Secrets = [new StandInSecret("old", running.Time.GetUtcNow().AddMinutes(1)), new StandInSecret("new")],
        });

        Assert.Equal(200, (await running.AskAsync(("client_secret", "old"))).Status);
        running.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("invalid_client", (await running.AskAsync(("client_secret", "old"))).Error);
        Assert.Equal(200, (await running.AskAsync(("client_secret", "new"))).Status);
    }

    [Fact]
    public async Task The_Basic_header_is_URL_decoded()
    {
        await using var running = await Running.StartAsync(options => options with
        {
            Clients = [new StandInClient("isv:a b") { Secrets = [new StandInSecret("p+q%41&ø")] }],
        });

        Assert.Equal(200, (await running.AskWithBasicAsync("isv%3Aa+b:p%2Bq%2541%26%C3%B8")).Status);
        Assert.Equal("invalid_client", (await running.AskWithBasicAsync("isv%3Aa+b:p+q%41&ø")).Error);
        Assert.Equal("client_secret_basic", running.StandIn.Ledger.TokenRequests[0].Request.AuthenticationMethod);
    }

    [Fact]
    public async Task A_tenant_that_has_not_approved_gets_the_configured_error()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Portal.Set(new StandInTenant(Running.Tenant) { ApprovedClients = ["isv_other"] });
        running.StandIn.Portal.TenantError = new StandInError("access_denied", "not approved");

        var answer = await running.AskAsync();

        Assert.Equal(("access_denied", "not approved"), (answer.Error, answer.Member("error_description")));
    }

    [Fact]
    public async Task A_customer_tenant_gets_a_token_too()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Portal.Set(new StandInTenant(Running.Tenant) { Kind = TenantKind.Customer });

        Assert.Equal(200, (await running.AskAsync()).Status);
    }

    [Fact]
    public async Task Lifetimes_can_be_set_while_it_runs()
    {
        await using var running = await Running.StartAsync();
        running.StandIn.Portal.AccessTokenLifetime = TimeSpan.FromSeconds(90);

        Assert.Equal("90", (await running.AskAsync()).Member("expires_in"));
    }

    [Fact]
    public async Task The_ledger_knows_every_secret()
    {
        await using var running = await Running.StartAsync();

        var token = (await running.AskAsync()).AccessToken!;

        Assert.Equal([Running.Secret, token], running.StandIn.Ledger.AllSecretsIssued());
    }
}
