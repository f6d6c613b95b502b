namespace VismaConnect.StandIn.Tests;

public sealed class CodeGrantTests
{
    [Fact]
    public async Task A_code_becomes_an_access_token_and_a_refresh_token()
    {
        await using var interactive = await Interactive.StartAsync();

        var answer = await interactive.RedeemAsync(await interactive.CodeAsync());

        Assert.Equal(
            (200, "Bearer", "3600", Interactive.Scope),
            (answer.Status, answer.Member("token_type"), answer.Member("expires_in"), answer.Member("scope"))
        );
        Assert.NotNull(answer.Member("refresh_token"));
        Assert.Null(answer.Member("id_token"));
        Assert.Null(answer.Member("refresh_token_expires_in"));
    }

    [Theory]
    [InlineData("code", "unknown", "invalid_grant")]
    [InlineData("code", "", "invalid_grant")]
    [InlineData("redirect_uri", Interactive.RedirectUri + "/", "invalid_grant")]
    [InlineData("redirect_uri", "", "unauthorized_client")]
    [InlineData("code_verifier", "another-verifier-of-at-least-forty-three-characters", "invalid_grant")]
    [InlineData("code_verifier", "", "invalid_grant")]
    [InlineData("tenant_id", Interactive.OtherTenant, "invalid_tenant")]
    public async Task Refuses_with_400_and_the_code(string field, string value, string code)
    {
        await using var interactive = await Interactive.StartAsync();

        var answer = await interactive.RedeemAsync(await interactive.CodeAsync(), (field, value));

        Assert.Equal((400, code), (answer.Status, answer.Error));
        Assert.Empty(interactive.Family.RefreshTokens);
    }

    [Fact]
    public async Task The_tenant_of_the_consent_may_be_repeated()
    {
        await using var interactive = await Interactive.StartAsync();

        Assert.Equal(
            200,
            (await interactive.RedeemAsync(await interactive.CodeAsync(), ("tenant_id", Running.Tenant.ToUpperInvariant()))).Status
        );
    }

    [Theory]
    [InlineData("plain", "invalid_grant")]
    [InlineData(null, "invalid_grant")]
    public async Task A_plain_challenge_is_the_verifier_itself(string? method, string refusal)
    {
        await using var interactive = await Interactive.StartAsync();
        var hashed = await interactive.CodeAsync(("code_challenge_method", method));
        var plain = await interactive.CodeAsync(("code_challenge_method", method), ("code_challenge", Interactive.Verifier));

        Assert.Equal(refusal, (await interactive.RedeemAsync(hashed)).Error);
        Assert.Equal(200, (await interactive.RedeemAsync(plain)).Status);
    }

    [Fact]
    public async Task A_verifier_without_a_challenge_is_refused()
    {
        await using var interactive = await Interactive.StartAsync();

        Assert.Equal("invalid_grant", (await interactive.RedeemAsync(await interactive.CodeAsync(("code_challenge", null)))).Error);
        Assert.Equal(
            200,
            (await interactive.RedeemAsync(await interactive.CodeAsync(("code_challenge", null)), ("code_verifier", ""))).Status
        );
    }

    [Theory]
    [InlineData(299, 200)]
    [InlineData(300, 400)]
    public async Task A_code_is_good_for_300_seconds(int seconds, int status)
    {
        await using var interactive = await Interactive.StartAsync();
        var code = await interactive.CodeAsync();

        interactive.PassSeconds(seconds);

        Assert.Equal(status, (await interactive.RedeemAsync(code)).Status);
    }

    [Fact]
    public async Task A_replayed_code_revokes_what_it_gave()
    {
        await using var interactive = await Interactive.StartAsync();
        var code = await interactive.CodeAsync();
        var refreshToken = (await interactive.RedeemAsync(code)).Member("refresh_token")!;

        Assert.Equal("invalid_grant", (await interactive.RedeemAsync(code)).Error);

        Assert.Equal((GrantVerdict.RefusedConsumed, true), (interactive.LastTrace.Verdict, interactive.LastTrace.RevokedFamily));
        Assert.Equal(RevocationCause.ReplayedCode, interactive.Family.Revocation);
        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(refreshToken)).Error);
    }

    [Fact]
    public async Task Another_client_can_neither_use_a_code_nor_use_it_up()
    {
        await using var interactive = await Interactive.StartAsync();
        var code = await interactive.CodeAsync();

        var stolen = await interactive.RedeemAsync(code, ("client_id", Running.ClientId), ("client_secret", Running.Secret));

        Assert.Equal("invalid_grant", stolen.Error);
        Assert.Equal(200, (await interactive.RedeemAsync(code)).Status);
    }

    [Fact]
    public async Task A_wrong_client_secret_does_not_use_up_a_code()
    {
        await using var interactive = await Interactive.StartAsync();
        var code = await interactive.CodeAsync();

        Assert.Equal("invalid_client", (await interactive.RedeemAsync(code, ("client_secret", "wrong"))).Error);
        Assert.Equal(200, (await interactive.RedeemAsync(code)).Status);
    }

    [Fact]
    public async Task A_wrong_verifier_uses_up_the_code()
    {
        await using var interactive = await Interactive.StartAsync();
        var code = await interactive.CodeAsync();

        await interactive.RedeemAsync(code, ("code_verifier", new string('x', 43)));

        Assert.Equal("invalid_grant", (await interactive.RedeemAsync(code)).Error);
    }

    [Fact]
    public async Task A_grant_that_the_portal_did_not_enable_is_refused()
    {
        await using var interactive = await Interactive.StartAsync();
        var code = await interactive.CodeAsync();
        interactive.StandIn.Portal.Set(Interactive.Client with { AllowedGrants = ["client_credentials"] });

        Assert.Equal("unauthorized_client", (await interactive.RedeemAsync(code)).Error);
        Assert.Equal("unauthorized_client", (await interactive.RefreshAsync("any")).Error);
    }

    [Fact]
    public async Task Client_credentials_go_on_to_refuse_what_is_for_people()
    {
        await using var interactive = await Interactive.StartAsync(client => client with { AllowedGrants = ["client_credentials"] });

        foreach (var scope in (string[])["openid", "offline_access"])
        {
            var answer = await interactive.Running.AskAsync(
                ("client_id", Interactive.ClientId),
                ("client_secret", Interactive.Secret),
                ("scope", scope)
            );
            Assert.Equal("invalid_scope", answer.Error);
        }
    }

    [Fact]
    public async Task The_ledger_knows_every_secret()
    {
        await using var interactive = await Interactive.StartAsync();

        var code = await interactive.CodeAsync(("scope", "openid " + Interactive.Scope));
        var answer = await interactive.RedeemAsync(code);

        Assert.Equal(
            [Interactive.Secret, Running.Secret, code, answer.Member("refresh_token")!, answer.AccessToken!, answer.Member("id_token")!],
            interactive.StandIn.Ledger.AllSecretsIssued());
    }
}
