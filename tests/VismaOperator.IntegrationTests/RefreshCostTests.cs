using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;
using VismaOperator.Testing.ApiServer.Processes;
using VismaOperator.Testing.ApiServer.Proxy;

namespace VismaOperator.IntegrationTests;

/// <summary>What the operator asks of others, counted: of the provider at the stand-in, of the API server at the proxy.</summary>
public sealed class RefreshCostTests(ApiServerFixture fixture)
{
    private static readonly TimeSpan silence = TimeSpan.FromSeconds(4);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_renewal_costs_one_token_request_two_writes_and_no_read()
    {
        await using var scene = await Scene.OpenAsync(fixture, SceneOptions.WithLifetime(TimeSpan.FromSeconds(8)));
        var first = await scene.CreateAllAsync();
        var renewed = await scene.UntilAsync(
            scene.ConnectionPath(),
            "a first renewal",
            node => node.TokenIssueTime() != first.TokenIssueTime()
        );
        var before = scene.Proxy.Ledger.Requests.Count;
        var tokensBefore = scene.Provider.Ledger.TokenRequests.Count;

        for (var renewals = 0; renewals < 3; renewals++)
        {
            var last = renewed.TokenIssueTime();
            renewed = await scene.UntilAsync(scene.ConnectionPath(), "another renewal", node => node.TokenIssueTime() != last);
        }

        var requests = scene.Proxy.Ledger.Requests.Skip(before).Where(request => !request.IsWatch && !request.IsClientStatus()).ToList();
        var tokens = scene.Provider.Ledger.TokenRequests.Count - tokensBefore;
        var secrets = requests.Count(request => request.IsSecretWrite());
        Assert.True(secrets >= 3, $"There were {secrets} Secret writes.");
        Assert.InRange(tokens - secrets, 0, 1); // the newest token may still be on its way into the Secret
        Assert.InRange(requests.Count(request => request.IsConnectionStatus()), 3, secrets);
        Assert.All(
            requests,
            request => Assert.True(request.IsSecretWrite() || request.IsConnectionStatus(), $"A renewal needs no {request}.")
        );
    }

    [Fact]
    public async Task While_nothing_is_due_nothing_is_asked_of_anybody()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        var before = scene.Proxy.Ledger.Requests.Count;

        await Quiet.HoldsForAsync(silence, () =>
        {
            Assert.Single(scene.Provider.Ledger.TokenRequests);
            Assert.DoesNotContain(scene.Proxy.Ledger.Requests.Skip(before), request => !request.IsWatch);
        }, Ct);
    }

    [Theory]
    [InlineData(ProcessSignal.Terminate)]
    [InlineData(ProcessSignal.Kill)]
    public async Task A_restart_with_a_fresh_token_asks_for_no_token_and_writes_nothing(ProcessSignal signal)
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));
        await scene.EndOperatorAsync(signal);
        var before = scene.Proxy.Ledger.Requests.Count;

        await scene.StartOperatorAsync();
        await Eventually.BecomesTrueAsync(
            "both controllers to have looked",
            async token =>
                await MetricsPage.ReadAsync(scene.Operator, token) is var page
                && page.Reconciles("vismaconnection") >= 1
                && page.Reconciles("oauthclient") >= 1,
            Ct
        );
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));

        var requests = scene.Proxy.Ledger.Requests.Skip(before).ToList();
        Assert.Single(scene.Provider.Ledger.TokenRequests);
        Assert.DoesNotContain(requests, request => request.IsWrite);
        Assert.DoesNotContain(requests, request => request.IsReadOf(scene.SecretPath()));
    }

    [Fact]
    public async Task A_process_that_ends_between_its_two_writes_has_requested_the_only_token()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync();
        using (var hold = scene.Proxy.Inject(new FaultEffect.Hold(), request => request.IsConnectionStatus()))
        {
            await scene.CreateConnectionAsync();
            await hold.Reached.WaitAsync(Ct);
            await scene.EndOperatorAsync(ProcessSignal.Kill);
        }

        await scene.StartOperatorAsync();
        await scene.UntilReadyAsync();
        await scene.UntilStillAsync(TimeSpan.FromSeconds(1));

        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }
}
