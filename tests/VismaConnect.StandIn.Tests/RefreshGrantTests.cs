namespace VismaConnect.StandIn.Tests;

public sealed class RefreshGrantTests
{
    [Fact]
    public async Task A_reusable_token_comes_back_each_time()
    {
        await using var interactive = await Interactive.StartAsync();
        var token = await interactive.GrantAsync();

        Assert.Equal(token, (await interactive.RefreshAsync(token)).Member("refresh_token"));
        Assert.Equal(token, (await interactive.RefreshAsync(token)).Member("refresh_token"));

        Assert.Equal(
            (1, 1, 0),
            (interactive.Family.RefreshTokens.Count, interactive.Family.LiveGeneration, interactive.Family.SpendsOfConsumed)
        );
    }

    [Fact]
    public async Task A_one_time_token_gives_its_successor()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime());
        var first = await interactive.GrantAsync();

        var second = (await interactive.RefreshAsync(first)).Member("refresh_token")!;

        Assert.NotEqual(first, second);
        Assert.Equal(2, interactive.Family.LiveGeneration);
        Assert.Equal([second], interactive.StandIn.Grants.LiveRefreshTokens(interactive.Family.Id));
        Assert.Equal(interactive.Family.Id, interactive.StandIn.Grants.FamilyOf(second)!.Id);
        Assert.Equal(
            new GrantTrace(interactive.Family.Id, 1, GrantVerdict.Granted)
            {
                Presented = GrantTrace.HashOf(first),
                Issued = GrantTrace.HashOf(second),
            },
            interactive.LastTrace
        );
    }

    [Fact]
    public async Task A_consumed_token_revokes_its_family()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime());
        var first = await interactive.GrantAsync();
        var second = (await interactive.RefreshAsync(first)).Member("refresh_token")!;

        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(first)).Error);
        Assert.Equal(
            (1, GrantVerdict.RefusedConsumed, true),
            (interactive.LastTrace.Generation, interactive.LastTrace.Verdict, interactive.LastTrace.RevokedFamily)
        );

        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(second)).Error);
        Assert.Equal(
            (2, GrantVerdict.RefusedRevoked, false),
            (interactive.LastTrace.Generation, interactive.LastTrace.Verdict, interactive.LastTrace.RevokedFamily)
        );
        Assert.Equal(
            (RevocationCause.ReusedToken, 1, null),
            (interactive.Family.Revocation, interactive.Family.SpendsOfConsumed, interactive.Family.LiveGeneration)
        );
        Assert.Empty(interactive.StandIn.Grants.LiveRefreshTokens(interactive.Family.Id));
    }

    [Fact]
    public async Task A_consumed_token_leaves_its_successor_alone_where_the_settings_say_so()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime() with { RevokesFamilyOnReuse = false });
        var first = await interactive.GrantAsync();
        var second = (await interactive.RefreshAsync(first)).Member("refresh_token")!;

        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(first)).Error);
        Assert.Equal((GrantVerdict.RefusedConsumed, false), (interactive.LastTrace.Verdict, interactive.LastTrace.RevokedFamily));

        Assert.Equal((false, 1), (interactive.Family.IsRevoked, interactive.Family.SpendsOfConsumed));
        Assert.Equal(200, (await interactive.RefreshAsync(second)).Status);
    }

    [Fact]
    public async Task Within_the_grace_a_consumed_token_gives_another_successor_and_both_are_live()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime(grace: 30));
        var first = await interactive.GrantAsync();
        var second = (await interactive.RefreshAsync(first)).Member("refresh_token")!;
        interactive.PassSeconds(29);

        var sibling = (await interactive.RefreshAsync(first)).Member("refresh_token")!;

        Assert.Equal(GrantVerdict.GrantedAgain, interactive.LastTrace.Verdict);
        Assert.Equal((2, 1), (interactive.Family.LiveGeneration, interactive.Family.SpendsOfConsumed));
        Assert.Equal([second, sibling], interactive.StandIn.Grants.LiveRefreshTokens(interactive.Family.Id));
        Assert.Equal(200, (await interactive.RefreshAsync(second)).Status);
        Assert.Equal(200, (await interactive.RefreshAsync(sibling)).Status);
    }

    [Fact]
    public async Task The_grace_counts_from_the_first_use()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime(grace: 30));
        var first = await interactive.GrantAsync();
        await interactive.RefreshAsync(first);
        interactive.PassSeconds(20);
        await interactive.RefreshAsync(first);
        Assert.True(interactive.Family.RefreshTokens[0].IsAccepted);
        interactive.PassSeconds(10);
        Assert.False(interactive.Family.RefreshTokens[0].IsAccepted);

        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(first)).Error);

        Assert.True(interactive.Family.IsRevoked);
    }

    [Fact]
    public async Task One_of_many_at_once_is_the_first()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime());
        var token = await interactive.GrantAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => interactive.RefreshAsync(token)));

        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Single(interactive.StandIn.Ledger.TokenRequests, entry => entry.Grant is { RevokedFamily: true });
    }

    [Theory]
    [InlineData("refresh_token", "unknown", "invalid_grant")]
    [InlineData("refresh_token", "", "invalid_request")]
    [InlineData("client_secret", "wrong", "invalid_client")]
    [InlineData("tenant_id", Interactive.OtherTenant, "invalid_tenant")]
    public async Task A_refused_request_consumes_nothing(string field, string value, string code)
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime());
        var token = await interactive.GrantAsync();

        var answer = await interactive.RefreshAsync(token, (field, value));

        Assert.Equal((400, code), (answer.Status, answer.Error));
        Assert.Equal(200, (await interactive.RefreshAsync(token)).Status);
    }

    [Fact]
    public async Task Another_client_can_neither_spend_a_token_nor_revoke_its_family()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime());
        var first = await interactive.GrantAsync();
        var second = (await interactive.RefreshAsync(first)).Member("refresh_token")!;

        foreach (var token in (string[])[first, second])
        {
            var stolen = await interactive.RefreshAsync(token, ("client_id", Running.ClientId), ("client_secret", Running.Secret));
            Assert.Equal("invalid_grant", stolen.Error);
        }

        Assert.Equal(200, (await interactive.RefreshAsync(second)).Status);
    }

    [Fact]
    public async Task A_client_without_offline_access_and_a_disabled_person_read_invalid_grant()
    {
        await using var interactive = await Interactive.StartAsync();
        var token = await interactive.GrantAsync();

        interactive.StandIn.Portal.Set(Interactive.Client with { AllowOfflineAccess = false });
        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(token)).Error);
        interactive.StandIn.Portal.Set(Interactive.Client);

        var kari = interactive.StandIn.Portal.FindUser(Interactive.Kari)!;
        interactive.StandIn.Portal.Set(kari with { IsEnabled = false });
        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(token)).Error);
        interactive.StandIn.Portal.Set(kari with { Tenants = [] });
        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(token)).Error);
        interactive.StandIn.Portal.Set(kari);

        Assert.Equal(200, (await interactive.RefreshAsync(token)).Status);
    }

    [Fact]
    public async Task A_scope_taken_from_the_client_reads_invalid_scope()
    {
        await using var interactive = await Interactive.StartAsync();
        var token = await interactive.GrantAsync();
        interactive.StandIn.Portal.Set(Interactive.Client with { AllowedScopes = ["openid"] });

        Assert.Equal("invalid_scope", (await interactive.RefreshAsync(token)).Error);
    }

    [Fact]
    public async Task A_withdrawn_consent_reads_invalid_grant()
    {
        await using var interactive = await Interactive.StartAsync();
        var token = await interactive.GrantAsync();

        Assert.True(interactive.StandIn.Grants.Withdraw(interactive.Family.Id));

        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(token)).Error);
        Assert.Equal(RevocationCause.Withdrawn, interactive.Family.Revocation);
    }
}
