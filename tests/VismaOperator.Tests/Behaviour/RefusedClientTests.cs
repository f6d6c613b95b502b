using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// The provider refused every secret of a client. Its connections wait for the same instant, and what needs no provider goes on meanwhile.
/// </summary>
public sealed class RefusedClientTests
{
    private const string TokenSecret = "acme-production-token";

    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_changed_Secret_is_repaired_without_a_request()
    {
        await using var test = await StartRefusedAsync();
        var asked = test.TokenRequests;

        await test.PatchAsync<Secret>(TokenSecret, """{"data": {"expires_at": null}}""");
        await test.UntilIdleAsync();

        Assert.NotNull((await test.TokenSecretAsync()).Text("expires_at"));
        Assert.Equal(asked, test.TokenRequests);
    }

    [Fact]
    public async Task Another_layout_is_written_without_a_request()
    {
        await using var test = await StartRefusedAsync();
        var asked = test.TokenRequests;

        await test.ChangeConnectionAsync("""{"apiVersion": "v2"}""");
        await test.UntilIdleAsync();

        var connection = await test.ConnectionAsync();
        Assert.Equal(connection.Spec.EffectiveBaseUrl(), (await test.TokenSecretAsync()).Text("base_url"));
        Assert.Equal((2, "True"), (connection.Status.ObservedGeneration, connection.Condition("Ready")!.Status));
        Assert.Equal("ClientRefused", connection.Condition("Stalled")!.Reason);
        Assert.Equal(asked, test.TokenRequests);
    }

    [Fact]
    public async Task A_deleted_Secret_comes_back_once_the_client_is_tried_again()
    {
        await using var test = await StartRefusedAsync();
        var asked = test.TokenRequests;

        await test.DeleteAsync<Secret>(TokenSecret);
        await test.UntilIdleAsync();
        var during = test.TokenRequests;
        Accept(test, Some.ClientSecret);
        await test.AdvanceAsync(await WaitAsync(test) + (2 * second));

        Assert.Equal(asked, during);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.NotNull(await test.FindAsync<Secret>(TokenSecret));
    }

    [Fact]
    public async Task A_refused_client_id_leaves_the_connection_not_ready_until_it_is_changed()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeClientAsync("""{"clientID": "isv_another"}""");
        await test.UntilIdleAsync();

        await test.AdvanceAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(10));

        var ready = test.Record.Of<VismaConnection>()
            .Select(state => state.Condition("Ready")?.Status)
            .SkipWhile(status => status != "True")
            .SkipWhile(status => status == "True");
        Assert.All(ready, status => Assert.Equal("False", status));
        Assert.Equal("ClientRefused", (await test.ConnectionAsync()).Condition("Ready")!.Reason);
        Assert.Single(test.EventsAbout(Some.Connection), happened => happened.Reason == "ClientRefused");
    }

    [Fact]
    public async Task A_code_that_was_handed_over_is_kept_until_the_client_is_tried_again()
    {
        await using var test = await StartInteractiveAsync();
        Accept(test, "made-in-the-portal");
        await test.ApplyAsync(Some.VismaConnection("service"));
        await test.UntilAsync<VismaConnection>("service", found => found.Condition("Stalled")?.Reason == "ClientRefused");
        await test.UntilIdleAsync();
        var asked = test.TokenRequests;

        await test.HandOverAsync();
        await test.UntilIdleAsync();
        var (during, connection) = (test.TokenRequests, await test.ConnectionAsync());
        Accept(test, Some.ClientSecret);
        await test.AdvanceAsync(await WaitAsync(test) + (2 * second), second);

        Assert.Equal((asked, "ClientRefused"), (during, connection.Condition("Stalled")!.Reason));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task A_refresh_token_is_not_sent_before_the_client_is_tried_again()
    {
        await using var test = await StartConsentedAsync();
        await test.ApplyAsync(Some.VismaConnection("service"));
        await test.UntilAsync<VismaConnection>("service", found => found.Is("Ready", "True"));
        Accept(test, "made-in-the-portal");
        test.Provider.Ledger.Reset();

        await test.AdvanceAsync(TimeSpan.FromMinutes(59), TimeSpan.FromSeconds(10));

        // From the first renewal on: at once, then after 1, 3, 7 and 15 minutes, and for both connections together.
        Assert.InRange(test.TokenRequests, 4, 5);
        Assert.Equal("ClientRefused", (await test.ConnectionAsync()).Condition("Stalled")!.Reason);
        Assert.True((await test.ConnectionAsync()).Is("Authorized", "True"));
    }

    // The token is due for renewal after 36 to 42 minutes, which differs from one connection to another.
    private static async Task<TestOperator> StartRefusedAsync()
    {
        var test = await TestOperator.StartReadyAsync();
        Accept(test, "made-in-the-portal");
        while ((await test.ConnectionAsync()).Condition("Stalled")?.Reason != "ClientRefused")
        {
            await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        }

        Assert.True(await WaitAsync(test) > TimeSpan.FromSeconds(20));
        return test;
    }

    private static void Accept(TestOperator test, string secret) =>
        test.Provider.Portal.Set(test.Provider.Portal.FindClient(Some.ClientId)! with { Secrets = [new StandInSecret(secret)] });

    private static async Task<TimeSpan> WaitAsync(TestOperator test) =>
        (await test.FindAsync<OAuthClient>(Some.Client))!.Status.Refusal!.RetryTime!.Value - test.Time.GetUtcNow();
}
