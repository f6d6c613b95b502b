namespace VismaConnect.StandIn.Tests;

public sealed class RevocationTests
{
    [Theory]
    [InlineData("refresh_token")]
    [InlineData("")]
    public async Task Revokes_the_family_of_a_refresh_token(string hint)
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime(grace: 30));
        var first = await interactive.GrantAsync();
        var second = (await interactive.RefreshAsync(first)).Member("refresh_token")!;

        var answer = await interactive.RevokeAsync(second, ("token_type_hint", hint));

        Assert.Equal((200, ""), (answer.Status, answer.Body));
        Assert.Equal((GrantVerdict.Revoked, 2), (interactive.LastTrace.Verdict, interactive.LastTrace.Generation));
        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(second)).Error);
        Assert.Equal("invalid_grant", (await interactive.RefreshAsync(first)).Error);
        Assert.Equal(RevocationCause.Requested, interactive.Family.Revocation);
    }

    [Fact]
    public async Task Revoking_a_foreign_token_is_answered_200_and_changes_nothing()
    {
        await using var interactive = await Interactive.StartAsync();
        var token = await interactive.GrantAsync();

        Assert.Equal(200, (await interactive.RevokeAsync("unknown")).Status);
        Assert.Equal(200, (await interactive.RevokeAsync(token, ("token_type_hint", "access_token"))).Status);
        Assert.Equal(
            200,
            (await interactive.RevokeAsync(token, ("client_id", Running.ClientId), ("client_secret", Running.Secret))).Status
        );

        Assert.Equal(200, (await interactive.RefreshAsync(token)).Status);
    }

    [Theory]
    [InlineData("client_secret", "wrong", "invalid_client")]
    [InlineData("token", "", "invalid_request")]
    [InlineData("token_type_hint", "id_token", "unsupported_token_type")]
    public async Task Refuses_with_400_and_the_code(string field, string value, string code)
    {
        await using var interactive = await Interactive.StartAsync();
        var token = await interactive.GrantAsync();

        var answer = await interactive.RevokeAsync(token, (field, value));

        Assert.Equal((400, code), (answer.Status, answer.Error));
        Assert.False(interactive.Family.IsRevoked);
        Assert.Equal(
            (StandInEndpoint.Revocation, code),
            (interactive.StandIn.Ledger.Requests[^1].Endpoint, interactive.StandIn.Ledger.Requests[^1].Outcome)
        );
    }

    [Fact]
    public async Task Wants_POST_and_a_form()
    {
        await using var interactive = await Interactive.StartAsync();
        var endpoint = interactive.StandIn.RevocationEndpoint;

        Assert.Equal(405, (await interactive.Running.SendAsync(new HttpRequestMessage(HttpMethod.Get, endpoint))).Status);
        Assert.Equal(
            415,
            (
                await interactive.Running.SendAsync(new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new StringContent("{}") })
            ).Status
        );
    }
}
