namespace VismaConnect.StandIn.Tests;

public sealed class InteractiveFaultTests
{
    [Fact]
    public async Task An_answer_cut_off_leaves_a_successor_that_nobody_has()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime(grace: 30));
        var first = await interactive.GrantAsync();
        interactive.StandIn.Faults.Next(new Fault.CutAfterProcessing(), grantType: "refresh_token");

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => interactive.RefreshAsync(first));

        Assert.Equal(
            ("granted, then cut", GrantVerdict.Granted),
            (interactive.StandIn.Ledger.TokenRequests[^1].Outcome, interactive.LastTrace.Verdict)
        );
        var lost = interactive.StandIn.Grants.LiveRefreshTokens(interactive.Family.Id).Single();
        Assert.Equal(GrantTrace.HashOf(lost), interactive.LastTrace.Issued);
        Assert.Contains(lost, interactive.StandIn.Ledger.AllSecretsIssued());
        Assert.Equal(200, (await interactive.RefreshAsync(first)).Status);
        Assert.Equal(GrantVerdict.GrantedAgain, interactive.LastTrace.Verdict);
    }

    [Fact]
    public async Task An_answer_that_is_held_back_has_been_processed()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime());
        var first = await interactive.GrantAsync();
        var release = new TaskCompletionSource();
        var hold = new Fault.HoldAnswer(release.Task);
        interactive.StandIn.Faults.Next(hold, grantType: "refresh_token");

        var refreshing = interactive.RefreshAsync(first);
        await hold.Reached.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            ("granted", GrantVerdict.Granted),
            (interactive.StandIn.Ledger.TokenRequests[^1].Outcome, interactive.LastTrace.Verdict)
        );
        Assert.False(refreshing.IsCompleted);
        release.SetResult();
        Assert.Equal(200, (await refreshing).Status);
    }

    [Fact]
    public async Task A_cut_before_processing_consumes_nothing()
    {
        await using var interactive = await Interactive.StartAsync(Interactive.OneTime());
        var first = await interactive.GrantAsync();
        interactive.StandIn.Faults.Next(new Fault.CutBefore());

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => interactive.RefreshAsync(first));

        Assert.Null(interactive.Family.RefreshTokens.Single().ConsumedAt);
    }

    [Fact]
    public async Task A_fault_for_one_grant_type_leaves_the_others_alone()
    {
        await using var interactive = await Interactive.StartAsync();
        interactive.StandIn.Faults.Always(Fault.ServerError(), grantType: "refresh_token");

        var token = await interactive.GrantAsync();

        Assert.Equal(500, (await interactive.RefreshAsync(token)).Status);
    }

    [Fact]
    public async Task Revocation_authorization_and_consent_can_fail_too()
    {
        await using var interactive = await Interactive.StartAsync();
        var token = await interactive.GrantAsync();
        interactive.StandIn.Faults.Next(new Fault.CutAfterProcessing(), endpoint: StandInEndpoint.Revocation);
        interactive.StandIn.Faults.Next(Fault.ServerError(503), endpoint: StandInEndpoint.Authorize);
        interactive.StandIn.Faults.Next(new Fault.CutAfterProcessing(), endpoint: StandInEndpoint.Consent);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => interactive.RevokeAsync(token));
        Assert.Equal(("revoked, then cut", true), (interactive.StandIn.Ledger.Requests[^1].Outcome, interactive.Family.IsRevoked));
        Assert.Equal(503, (await interactive.Running.SendAsync(new HttpRequestMessage(HttpMethod.Get, interactive.Authorize()))).Status);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => interactive.CodeAsync());
        Assert.Equal(2, interactive.StandIn.Grants.Families.Count);
    }
}
