using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using Proxying = VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// API servers that take no writes from the middle of an exchange on, so that the new one-time token is in the memory of one process and
/// nowhere else.
/// </summary>
public sealed class GrantOutageTests(ApiServerFixture fixture)
{
    private const string Waits = "waits in memory";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_that_cannot_be_stored_is_held_beyond_the_lease_and_stored_once_writes_are_taken_again()
    {
        await using var scene = await GrantScene.ServedAsync(fixture.Server, ServedConnection.First);
        var (leader, other) = (scene.Operator, await scene.StartOperatorAsync());
        var begun = TimeProvider.System.GetTimestamp();
        using var outage = await scene.ExchangeIntoAnOutageAsync(request => request.IsWrite);

        await leader.Process.WaitForLineAsync(Waits, Ct);
        await leader.Process.WaitForLineAsync("A part of the operator failed", Ct); // the lease is lost, since it cannot be renewed
        var left = CrashRun.Outage - TimeProvider.System.GetElapsedTime(begun);
        await Quiet.HoldsForAsync(left, () => Assert.False(leader.Process.HasExited, "it ended with the token in its memory"), Ct);
        var (tried, liftedAt) = (Tries(scene, outage).Count, TimeProvider.System.GetUtcNow());
        outage.Dispose();
        Assert.NotEqual(0, await leader.Process.WaitForExitAsync(Ct));
        await other.Process.WaitForLineAsync("This replica leads", Ct);
        await scene.UntilHandledAsync("now");
        await scene.UntilServedAsync();

        Assert.Equal([GrantVerdict.Granted], scene.ExchangesOf(ServedConnection.First));
        await scene.AssertNothingLostAsync(ServedConnection.First, generation: 2);
        var stored = scene.History.Of("Secret", The.Connection + "-visma-grant").First(sighting => sighting.At >= liftedAt).At - liftedAt;
        Console.WriteLine(
            $"crashes: writes were refused for {CrashRun.Outage.TotalSeconds:0} s after an exchange; the new token was tried {tried} "
            + $"times and stored {stored.TotalSeconds:0.0} s after they were taken again"
        );
    }

    [Fact]
    public async Task A_leader_that_cannot_write_Secrets_keeps_leading_says_so_and_stores_what_it_holds_later()
    {
        await using var scene = await GrantScene.ServedAsync(fixture.Server, ServedConnection.First);
        using var outage = await scene.ExchangeIntoAnOutageAsync(request => request.IsSecretWrite());

        await scene.UntilAsync(
            scene.ConnectionPath(),
            "status to say so",
            node => node.Condition("TokenFresh")?.Message.Contains(Waits, StringComparison.Ordinal) is true
        );
        outage.Dispose();
        await scene.UntilHandledAsync("now");
        await scene.UntilServedAsync();

        Assert.False(scene.Operator.Process.HasExited);
        Assert.Equal([GrantVerdict.Granted], scene.ExchangesOf(ServedConnection.First));
        await scene.AssertNothingLostAsync(ServedConnection.First, generation: 2);
    }

    [Fact]
    public async Task A_process_that_must_end_with_a_token_that_it_could_not_store_tries_until_its_deadline_and_says_so()
    {
        await using var scene = await GrantScene.ServedAsync(fixture.Server, ServedConnection.First);
        var leader = scene.Operator;
        using var outage = await scene.ExchangeIntoAnOutageAsync(request => request.IsWrite);
        await leader.Process.WaitForLineAsync(Waits, Ct);

        var askedAt = TimeProvider.System.GetUtcNow();
        leader.Process.Send(ProcessSignal.Terminate);
        var code = await leader.Process.WaitForExitAsync(Ct, TimeSpan.FromSeconds(30)); // what a kubelet waits for

        Assert.Equal(0, code);
        var lost = Assert.Single(
            leader.Process.Lines,
            line => line.Contains("could not be stored before this process had to end", StringComparison.Ordinal)
        );
        Assert.Contains($"{scene.Home.Name}/{The.Connection}", lost, StringComparison.Ordinal);
        Assert.Contains("a person may have to consent again", lost, StringComparison.Ordinal);
        Assert.True(Tries(scene, outage)[^1].Started - askedAt > TimeSpan.FromSeconds(15), "it gave up long before its deadline");
    }

    [Fact]
    public async Task A_process_that_must_end_stores_its_token_when_writes_are_taken_again_in_time()
    {
        await using var scene = await GrantScene.ServedAsync(fixture.Server, ServedConnection.First);
        var leader = scene.Operator;
        using var outage = await scene.ExchangeIntoAnOutageAsync(request => request.IsWrite);
        await leader.Process.WaitForLineAsync(Waits, Ct);

        leader.Process.Send(ProcessSignal.Terminate);
        await leader.Process.WaitForLineAsync("Stopping as asked", Ct);
        outage.Dispose();
        Assert.Equal(0, await leader.Process.WaitForExitAsync(Ct, TimeSpan.FromSeconds(30)));
        await scene.StartOperatorAsync();
        await scene.UntilHandledAsync("now");
        await scene.UntilServedAsync();

        Assert.Equal([GrantVerdict.Granted], scene.ExchangesOf(ServedConnection.First));
        await scene.AssertNothingLostAsync(ServedConnection.First, generation: 2);
    }

    private static IReadOnlyList<Proxying.ProxiedRequest> Tries(Scene scene, Proxying.Fault outage) =>
        [.. scene.Proxy.Ledger.Requests.Where(request => request.Fault == outage && request.Path == scene.GrantPath())];
}
