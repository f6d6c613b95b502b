namespace VismaConnect.StandIn.Tests;

public sealed class InteractiveTokenTests
{
    [Fact]
    public async Task Access_tokens_name_the_person_and_the_company()
    {
        await using var interactive = await Interactive.StartAsync();

        var claims = (await interactive.RedeemAsync(await interactive.CodeAsync())).Claims("access_token");

        Assert.Equal("sub-of-kari", claims.GetProperty("sub").GetString());
        Assert.Equal(Running.Tenant, claims.GetProperty("tenant_id").GetString());
        Assert.Equal("vismanet_erp_interactive_api", claims.GetProperty("aud")[0].GetString());
        Assert.Equal(1, claims.GetProperty("aud").GetArrayLength());
    }

    [Fact]
    public async Task An_application_that_is_not_tenant_enabled_gets_no_tenant_claim()
    {
        await using var interactive = await Interactive.StartAsync(client => client with { HasTenantClaim = false });

        var claims = (await interactive.RedeemAsync(await interactive.CodeAsync())).Claims("access_token");

        Assert.False(claims.TryGetProperty("tenant_id", out _));
    }

    [Fact]
    public async Task Asking_for_openid_gives_an_id_token_and_its_nonce_only_once()
    {
        await using var interactive = await Interactive.StartAsync();

        var answer = await interactive.RedeemAsync(
            await interactive.CodeAsync(("scope", "openid tenants " + Interactive.Scope), ("nonce", "n-1"))
        );
        var (first, later) = (
            answer.Claims("id_token"),
            (await interactive.RefreshAsync(answer.Member("refresh_token")!)).Claims("id_token")
        );

        Assert.Equal((Interactive.ClientId, "sub-of-kari"), (first.GetProperty("aud").GetString(), first.GetProperty("sub").GetString()));
        Assert.Equal((Running.Tenant, "n-1"), (first.GetProperty("tenant_id").GetString(), first.GetProperty("nonce").GetString()));
        Assert.False(later.TryGetProperty("nonce", out _));
    }

    [Fact]
    public async Task Without_offline_access_there_is_no_refresh_token()
    {
        await using var interactive = await Interactive.StartAsync();

        var answer = await interactive.RedeemAsync(await interactive.CodeAsync(("scope", "vismanet_erp_interactive_api:read")));

        Assert.Equal(200, answer.Status);
        Assert.Null(answer.Member("refresh_token"));
        Assert.Empty(interactive.Family.RefreshTokens);
    }
}
