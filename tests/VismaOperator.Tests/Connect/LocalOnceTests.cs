using VismaConnect.StandIn;
using VismaOperator.Local;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Connect;

/// <summary>What <c>local --once</c> waits for with interactive connections, and what it says when it ends.</summary>
public sealed class LocalOnceTests : LocalConnectScene
{
    [Fact]
    public async Task Once_runs_until_an_exchange_whose_answer_was_lost_is_repaired()
    {
        await ConsentAsync();
        AskForAnother();
        Provider.Faults.Next(new Fault.CutAfterProcessing(), grantType: "refresh_token");

        Assert.True(await OnceAsync());

        Assert.Equal(2, Provider.Ledger.TokenRequests.Count(request => request.Request.GrantType == "refresh_token"));
        Assert.Null(Kept().Intent);
        Assert.Equal("Bearer " + Token, File.ReadAllText(Folder["out", "here", "acme-token", "authorization"]));
    }

    // The lock of the state directory says that it has ended, so nobody needs to be waited for.
    [Fact]
    public async Task Once_ends_the_exchange_of_a_process_that_was_killed_and_waits_for_nobody()
    {
        await ConsentAsync();
        LeaveIntent();

        Assert.True(await OnceAsync(TimeSpan.FromSeconds(8)));

        Assert.Null(Kept().Intent);
        Assert.Single(Provider.Ledger.TokenRequests, request => request.Request.GrantType == "refresh_token");
        Assert.False(Provider.Grants.Families.Single().IsRevoked);
    }

    [Fact]
    public async Task Once_fails_while_an_exchange_is_open_and_says_what_to_do()
    {
        await ConsentAsync();
        AskForAnother();
        Provider.Faults.Always(new Fault.CutAfterProcessing());

        Assert.False(await OnceAsync(TimeSpan.FromSeconds(2)));

        Assert.Contains(
            "The answer to an exchange of the refresh token of here/acme has not come: run this again at once",
            Output.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Once_fails_where_a_grant_could_not_be_stored_before_it_had_to_end()
    {
        await ConsentAsync();
        Directory.CreateDirectory(GrantFile + ".new"); // as good as a full disk
        using var stop = new CancellationTokenSource();
        var connecting = ConnectAsync(stop: stop.Token);
        await UntilLeftAsync(connecting);
        var time = new SettableTime(TimeProvider.System.GetUtcNow());

        Assert.False(await PassingAsync(time, Mode(LocalRun.Settled, TimeSpan.FromSeconds(10), time).RunAsync(Ct)));

        Assert.Contains("A new refresh token of here/acme could not be stored", Output.ToString(), StringComparison.Ordinal);
        await stop.CancelAsync();
        await connecting.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task Once_says_which_grants_still_await_their_revocation()
    {
        await ConsentAsync();
        Assert.DoesNotContain("revo", Output.ToString(), StringComparison.Ordinal);
        File.Delete(Connection);

        await OnceAsync();

        Assert.Contains("1 grant awaits its revocation: here/acme. ", Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("without --once", Output.ToString(), StringComparison.Ordinal);
    }
}
