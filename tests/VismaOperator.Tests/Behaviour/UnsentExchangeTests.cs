using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>An exchange that surely was not sent leaves the grant as it found it: nobody has to wait for it.</summary>
public sealed class UnsentExchangeTests
{
    private const string Other = "acme-second";
    private static readonly StandInRefreshTokens oneTime = new() { Usage = RefreshTokenUsage.OneTime };

    [Fact]
    public async Task It_leaves_no_intent_where_none_stood()
    {
        await using var test = await StartConsentedAsync(oneTime);
        await test.ApplyAsync(InteractiveConnection(Other));
        await test.UntilIdleAsync();
        await test.HandOverAsync(name: Other);
        await test.UntilReadyAsync(Other);
        await CloseGateAsync(test, Other);
        var sent = test.TokenRequests;

        await test.AdvanceAsync(TimeSpan.FromSeconds(11));
        await RequestAsync(test, Some.Connection, "now");

        Assert.Null((await test.GrantAsync())!.Intent);
        Assert.Equal(sent, test.TokenRequests);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    // The answer to that one may have been lost, and whoever sent it may still store what came of it.
    [Fact]
    public async Task The_intent_of_an_earlier_exchange_that_may_have_been_sent_stays()
    {
        await using var test = await StartConsentedAsync(oneTime);
        await CloseGateAsync(test, Some.Connection);
        var (earlier, sent) = ((await test.GrantAsync())!.Intent!, test.TokenRequests);

        await test.AdvanceAsync(TimeSpan.FromSeconds(11));
        await RequestAsync(test, Some.Connection, "again");

        Assert.Equal(earlier, (await test.GrantAsync())!.Intent);
        Assert.Equal(sent, test.TokenRequests);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    // The gate of the issuer is closed for seven minutes.
    private static async Task CloseGateAsync(TestOperator test, string connection)
    {
        await test.AdvanceAsync(TimeSpan.FromSeconds(11));
        test.Provider.Faults.Next(Fault.TooManyRequests(TimeSpan.FromMinutes(7)), grantType: "refresh_token");
        await RequestAsync(test, connection, "first");
        Assert.NotNull((await test.GrantAsync(connection))!.Intent);
    }

    private static async Task RequestAsync(TestOperator test, string connection, string value)
    {
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, value, connection);
        await test.UntilAsync<VismaConnection>(connection, found => found.Status.LastHandledReconcileAt == value);
        await test.UntilIdleAsync();
    }
}
