using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>A provider that is down: readers keep the token they have until it really expires, and recovery is quiet.</summary>
public sealed class OutageTests
{
    private static readonly TimeSpan step = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Outages => ["503", "429", "cut", "cut after processing", "html", "garbage"];

    [Theory]
    [MemberData(nameof(Outages))]
    public async Task The_old_token_is_served_until_it_expires_and_renewed_on_recovery(string outage)
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.TokenSecretAsync();
        test.Provider.Faults.Always(FaultOf(outage));

        await test.AdvanceAsync(TimeSpan.FromMinutes(59), step);
        var serving = await test.ConnectionAsync();
        var during = await test.TokenSecretAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        var expired = await test.ConnectionAsync();
        test.Provider.Faults.Clear();
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), step);
        var recovered = await test.ConnectionAsync();

        Assert.Equal(before.Metadata.ResourceVersion, during.Metadata.ResourceVersion);
        Assert.True(serving.Is("Ready", "True"));
        Assert.True(serving.Is("TokenFresh", "False"));
        Assert.Contains(
            "Serving the token of 2026-11-23 12:00:00Z until 2026-11-23 13:00:00Z: ",
            serving.Condition("TokenFresh")!.Message,
            StringComparison.Ordinal
        );
        Assert.Null(serving.Condition("Reconciling"));
        Assert.Null(serving.Condition("Stalled"));
        Assert.True(expired.Is("Ready", "False"));
        Assert.Contains("expired at 2026-11-23 13:00:00Z", expired.Condition("Ready")!.Message, StringComparison.Ordinal);
        Assert.True(recovered.Is("Ready", "True"));
        Assert.True(recovered.Is("TokenFresh", "True"));
        Assert.Null(recovered.Status.Failure);
    }

    [Fact]
    public async Task The_events_of_an_outage_are_its_beginning_its_end_and_the_expiry_between()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = test.EventsAbout(Some.Connection).Count;
        test.Provider.Faults.Always(Fault.ServerError(503));

        await test.AdvanceAsync(TimeSpan.FromMinutes(70), step);
        test.Provider.Faults.Clear();
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), step);

        Assert.Equal(
            ["Warning ProviderUnavailable", "Warning ProviderUnavailable", "Normal TokenValid"],
            test.EventsAbout(Some.Connection).Skip(before).Select(happened => $"{happened.Type} {happened.Reason}"));
    }

    [Fact]
    public async Task A_provider_that_never_answers_is_given_up_in_time()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var release = new TaskCompletionSource();
        test.Provider.Faults.Next(new Fault.Hold(release.Task));

        test.Time.Advance(TimeSpan.FromMinutes(41));
        await test
            .Provider.Ledger.WaitForInFlightAsync(1, TestContext.Current.CancellationToken)
            .WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        test.Time.Advance(TimeSpan.FromSeconds(9));
        var waiting = await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("TokenFresh", "False"));
        release.SetResult();
        await test.AdvanceAsync(TimeSpan.FromSeconds(5));

        Assert.Equal("ProviderUnavailable", waiting.Condition("TokenFresh")!.Reason);
        Assert.Contains("no complete answer within 8 s", waiting.Condition("TokenFresh")!.Message, StringComparison.Ordinal);
        Assert.True((await test.ConnectionAsync()).Is("TokenFresh", "True"));
    }

    [Fact]
    public async Task Retry_After_is_kept_to()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Faults.Next(Fault.TooManyRequests(TimeSpan.FromMinutes(7)));

        await test.AdvanceAsync(TimeSpan.FromMinutes(41));
        await test.AdvanceAsync(TimeSpan.FromMinutes(6.5), step);
        var asked = test.TokenRequests;
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), step);

        Assert.Equal(2, asked);
        Assert.Equal(3, test.TokenRequests);
    }

    [Fact]
    public async Task Attempts_grow_further_apart_and_are_counted_in_status()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));

        await test.AdvanceAsync(TimeSpan.FromMinutes(59), TimeSpan.FromSeconds(5));

        var failure = (await test.ConnectionAsync()).Status.Failure!;
        Assert.Equal(test.TokenRequests - 1, failure.Attempts);
        Assert.InRange(failure.Attempts, 8, 20);
        Assert.InRange(failure.NextAttemptTime!.Value - failure.LastFailureTime!.Value, TimeSpan.FromMinutes(2.5), TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_restart_in_an_outage_neither_stampedes_nor_forgets()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));
        await test.AdvanceAsync(TimeSpan.FromMinutes(50), step);
        var before = await test.ConnectionAsync();
        var requests = test.TokenRequests;

        for (var restart = 0; restart < 5; restart++)
        {
            await test.StopAsync();
            test.Start();
            await test.UntilIdleAsync();
        }

        Assert.Equal(requests, test.TokenRequests);
        Assert.Equal(before.Status.Failure, (await test.ConnectionAsync()).Status.Failure);
        test.Provider.Faults.Clear();
        await test.AdvanceAsync(before.Status.Failure!.NextAttemptTime!.Value - test.Time.GetUtcNow());
        Assert.True((await test.ConnectionAsync()).Is("TokenFresh", "True"));
    }

    [Fact]
    public async Task An_edited_Secret_is_healed_while_the_provider_is_down()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));
        await test.AdvanceAsync(TimeSpan.FromMinutes(45), step);
        var before = await test.TokenSecretAsync();

        await test.PatchAsync<Secret>(before.Metadata.Name, """{"data": {"tenant_id": null}}""");
        await test.UntilIdleAsync();

        Assert.Equal(before.Data, (await test.TokenSecretAsync()).Data);
    }

    [Fact]
    public async Task A_raised_margin_counts_for_the_token_in_service()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(31));
        var before = test.TokenRequests;

        await test.ChangeConnectionAsync("""{"refresh": {"minRemainingValidity": "30m"}}""");
        await test.UntilIdleAsync();

        Assert.Equal(1, before);
        Assert.Equal(2, test.TokenRequests);
        var token = (await test.ConnectionAsync()).Status.Token!;
        Assert.True(token.ExpirationTime - token.RefreshTime >= TimeSpan.FromMinutes(30));
    }

    [Fact]
    public async Task A_lowered_margin_shows_in_the_next_renewal_without_a_token_request()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = (await test.ConnectionAsync()).Status.Token!;

        await test.ChangeConnectionAsync("""{"refresh": {"minRemainingValidity": "1m", "renewBefore": "2m"}}""");
        await test.UntilIdleAsync();

        var after = (await test.ConnectionAsync()).Status.Token!;
        Assert.True(after.RefreshTime > before.RefreshTime + TimeSpan.FromMinutes(10));
        Assert.Equal(before with { RefreshTime = after.RefreshTime, GrantedScopes = after.GrantedScopes }, after);
        Assert.Equal(1, test.TokenRequests);
    }

    private static Fault FaultOf(string outage) => outage switch
    {
        "503" => Fault.ServerError(503),
        "429" => Fault.TooManyRequests(TimeSpan.FromMinutes(2)),
        "cut" => new Fault.CutBefore(),
        "cut after processing" => new Fault.CutAfterProcessing(),
        "html" => Fault.Html(502),
        _ => Fault.Garbage(),
    };
}
