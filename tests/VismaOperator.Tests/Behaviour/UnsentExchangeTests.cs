using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>An exchange that surely was not sent leaves the grant as it found it: nobody has to wait for it.</summary>
public sealed class UnsentExchangeTests
{
    private const string Other = "acme-second";
    private static readonly StandInRefreshTokens oneTime = new() { Usage = RefreshTokenUsage.OneTime };

    [Fact]
    public async Task A_gate_that_is_known_to_be_closed_costs_no_intent()
    {
        await using var test = await StartConsentedAsync(oneTime);
        await test.ApplyAsync(InteractiveConnection(Other));
        await test.UntilIdleAsync();
        await test.HandOverAsync(name: Other);
        await test.UntilReadyAsync(Other);
        await CloseGateAsync(test, Other);
        var (sent, writes) = (test.TokenRequests, GrantWrites(test));

        await test.AdvanceAsync(TimeSpan.FromSeconds(11));
        await RequestAsync(test, Some.Connection, "now");
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Null((await test.GrantAsync())!.Intent);
        Assert.Equal((sent, writes), (test.TokenRequests, GrantWrites(test)));
        Assert.Null((await test.ConnectionAsync()).Status.LastHandledReconcileAt);
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

    [Fact]
    public async Task It_puts_the_intent_of_an_earlier_exchange_back()
    {
        var leadership = new LosingLeadership();
        await using var test = await StartConsentedAsync(
            oneTime,
            prepared => prepared.Change = context => context with { Leadership = leadership }
        );
        await CloseGateAsync(test, Some.Connection);
        var (earlier, sent, intents) = ((await test.GrantAsync())!.Intent!, test.TokenRequests, Intents(test));
        leadership.LoseIn(2);

        await test.AdvanceAsync(TimeSpan.FromMinutes(8));

        Assert.Equal((1, true), (Intents(test) - intents, leadership.IsLost));
        Assert.Equal(earlier, (await test.GrantAsync())!.Intent);
        Assert.Equal(sent, test.TokenRequests);
    }

    // Asked once before the intent is written, once before the request gets its turn, and once when it has it.
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task It_leaves_no_intent_where_the_process_stops_leading_before_bytes_are_sent(int asked)
    {
        var leadership = new LosingLeadership();
        await using var test = await StartConsentedAsync(
            oneTime,
            prepared => prepared.Change = context => context with { Leadership = leadership }
        );
        await test.AdvanceAsync(TimeSpan.FromSeconds(11));
        var sent = test.TokenRequests;
        var intents = Intents(test);
        leadership.LoseIn(asked);

        await RequestAsync(test, Some.Connection, "now");

        Assert.Equal((1, true), (Intents(test) - intents, leadership.IsLost));
        Assert.Null((await test.GrantAsync())!.Intent);
        Assert.Equal(sent, test.TokenRequests);
        Assert.Null((await test.ConnectionAsync()).Status.LastHandledReconcileAt);
    }

    private static int GrantWrites(TestOperator test) =>
        test.Record.Of<Secret>().Count(secret => secret.Metadata.Name == GrantStore.NameOf(new(Some.Namespace, Some.Connection)).Name);

    private static int Intents(TestOperator test) =>
        test.Record.Of<Secret>().Select(GrantSecret.Read).Select(grant => grant.Intent?.Id).Distinct().Count(id => id is not null);

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
        await test.UntilIdleAsync();
    }

    /// <summary>Leads until it was asked so often, and then no more.</summary>
    private sealed class LosingLeadership : ILeadership
    {
        private int left = int.MaxValue;

        public bool IsLost => left == 0;

        public TimeSpan Remaining => TimeSpan.MaxValue;

        public void LoseIn(int asked) => left = asked;

        public void EnsureLeader()
        {
            if (IsLost || --left == 0)
            {
                throw new LeadershipLostException("this process leads no more");
            }
        }

        public Task WaitUntilLeaderAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
