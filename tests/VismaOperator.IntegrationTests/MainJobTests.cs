using VismaOperator.Api;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>The main job on a real API server, with the operator as a real process.</summary>
[Trait("Reach", "Cluster")]
public sealed class MainJobTests(ApiServerFixture fixture)
{
    [Fact]
    public async Task Applied_manifests_become_a_Secret_with_a_token()
    {
        await using var scene = await Scene.OpenAsync(fixture);

        await scene.CreateAllAsync();

        var secret = await scene.Admin.GetAsync(scene.SecretPath(), TestContext.Current.CancellationToken);
        Assert.Equal(StandardKeys.All.Order(), secret["data"]!.AsObject().Select(pair => pair.Key).Order());
        Assert.StartsWith("Bearer ey", secret.Value("authorization"), StringComparison.Ordinal);
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }

    [Fact]
    public async Task A_deleted_connection_takes_its_Secret_with_it()
    {
        await using var scene = await Scene.OpenAsync(fixture);
        await scene.CreateAllAsync();

        await scene.Admin.DeleteAsync(scene.ConnectionPath(), TestContext.Current.CancellationToken);

        await scene.UntilGoneAsync(scene.SecretPath());
        Assert.Single(scene.Provider.Ledger.TokenRequests);
    }
}
