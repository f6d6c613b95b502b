using System.Net;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>Writes that fail: the token that was issued is kept and stored, and nobody is asked in a tight loop.</summary>
public sealed class ApiTroubleTests(ApiServerFixture fixture)
{
    // A refresh is two writes; each fault below costs a few more requests, a loop would cost hundreds.
    private const int Bound = 30;

    private static readonly TimeSpan pause = TimeSpan.FromSeconds(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Faults => ["409", "429 with Retry-After", "500", "lost answer", "broken connection", "slow"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_refresh_whose_writes_fail_makes_one_token_request(string fault)
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        await scene.UntilStillAsync(pause);

        await AssertOneTokenAsync(scene, fault, "secret", request => request.IsSecretWrite());
        await AssertOneTokenAsync(scene, fault, "status", request => request.IsConnectionStatus());
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_first_Secret_whose_creation_fails_makes_one_token_request(string fault)
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        using var trouble = scene.Proxy.Inject(
            Effect(fault),
            request => request.IsWrite && (request.IsSecretWrite() || request.IsConnectionStatus()),
            times: 3
        );

        await scene.CreateConnectionAsync();
        await scene.UntilReadyAsync();
        await scene.UntilStillAsync(pause);

        Assert.True(trouble.Applied > 0, "No request met the fault.");
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_token_that_cannot_be_stored_is_held_until_it_can()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        var first = (await scene.GetSecretAsync()).Value("access_token");
        var trouble = scene.Proxy.Inject(new FaultEffect.Answer(HttpStatusCode.ServiceUnavailable), request => request.IsSecretWrite());

        await scene.RequestRefreshAsync("now");
        await trouble.Reached.WaitAsync(Ct);
        await Quiet.HoldsForAsync(TimeSpan.FromSeconds(5), () => Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count), Ct);
        Assert.InRange(trouble.Applied, 1, Bound);
        Assert.Equal(first, (await scene.GetSecretAsync()).Value("access_token"));
        trouble.Dispose();

        await scene.UntilHandledAsync("now");
        await scene.UntilAsync(scene.SecretPath(), "the token that was held", secret => secret.Value("access_token") != first);
        Assert.Equal(2, scene.Provider.Ledger.TokenRequests.Count);
    }

    private static async Task AssertOneTokenAsync(Scene scene, string fault, string target, Func<ProxiedRequest, bool> when)
    {
        var (tokens, requests) = (scene.Provider.Ledger.TokenRequests.Count, scene.Proxy.Ledger.Requests.Count);
        using var trouble = scene.Proxy.Inject(Effect(fault), when, times: 2);

        await scene.RequestRefreshAsync(target);
        await scene.UntilHandledAsync(target);
        await scene.UntilAsync(
            scene.ConnectionPath(),
            "the failure to be over",
            node => node["status"]?["failure"] is null && node.Condition("TokenFresh")?.Status == "True"
        );
        await scene.UntilStillAsync(pause);

        Assert.True(trouble.Applied > 0, $"No {target} request met the fault.");
        Assert.Equal(tokens + 1, scene.Provider.Ledger.TokenRequests.Count);
        Assert.InRange(scene.Proxy.Ledger.Requests.Count - requests, 2, Bound);
    }

    private static FaultEffect Effect(string fault) => fault switch
    {
        "409" => new FaultEffect.Answer(HttpStatusCode.Conflict),
        "429 with Retry-After" => new FaultEffect.Answer(HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)),
        "500" => new FaultEffect.Answer(HttpStatusCode.InternalServerError),
        "lost answer" => new FaultEffect.LoseAnswer(),
        "broken connection" => new FaultEffect.Break(),
        _ => new FaultEffect.Delay(TimeSpan.FromSeconds(2)),
    };
}
