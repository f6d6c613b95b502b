using VismaConnect.StandIn;
using VismaOperator.IntegrationTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.IntegrationTests;

/// <summary>
/// Two installations that list different namespaces and have one provider and one application: the way beyond one leader (docs/install.md).
/// </summary>
public sealed class TwoInstallationsTests(ApiServerFixture fixture)
{
    private static readonly TimeSpan lifetime = TimeSpan.FromSeconds(16);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_serves_its_own_namespace_and_the_death_of_one_is_nothing_to_the_other()
    {
        await using var first = await Scene.SetAsync(
            fixture.Server,
            new SceneOptions
            {
                Reach = Reach.Listed,
                Provider = The.Provider with { AccessTokenLifetime = lifetime },
                Arguments = ["--leader-elect", "true"],
            }
        );
        await using var second = await Scene.SetAsync(
            fixture.Server,
            new SceneOptions
            {
                Reach = Reach.Listed,
                Arguments = ["--leader-elect", "true", "--allowed-issuers", first.Provider.Issuer.OriginalString],
            }
        );
        await ServeAsync(first, first.Provider.Issuer, The.Tenant);
        await ServeAsync(second, first.Provider.Issuer, The.OtherTenant);

        await UntilRenewedAsync(first.Provider, 2, The.Tenant, The.OtherTenant);
        await first.Operator.Process.KillAsync(Ct);
        var atDeath = GrantedTo(first.Provider, The.Tenant).Count;
        await UntilRenewedAsync(first.Provider, GrantedTo(first.Provider, The.OtherTenant).Count + 1, The.OtherTenant);
        Assert.Equal(atDeath, GrantedTo(first.Provider, The.Tenant).Count);
        await first.StartOperatorAsync();
        await UntilRenewedAsync(first.Provider, atDeath + 2, The.Tenant);
        await first.UntilReadyAsync();
        await second.UntilReadyAsync();

        Assert.Equal(The.Tenant, (await first.GetSecretAsync()).Value("tenant_id"));
        Assert.Equal(The.OtherTenant, (await second.GetSecretAsync()).Value("tenant_id"));
        foreach (var tenant in new[] { The.Tenant, The.OtherTenant })
        {
            var times = GrantedTo(first.Provider, tenant);
            Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second - pair.First >= lifetime / 4, $"{tenant} at {pair}"));
        }

        Assert.DoesNotContain(first.Proxy.Ledger.Requests, request => IsIn(request.Path, second));
        Assert.DoesNotContain(second.Proxy.Ledger.Requests, request => IsIn(request.Path, first));
    }

    private static async Task ServeAsync(Scene scene, Uri issuer, string tenant)
    {
        await scene.StartOperatorAsync();
        await scene.CreateCredentialsAsync();
        await scene.CreateClientAsync(The.ClientSpec(issuer.OriginalString));
        var spec = The.ConnectionSpec();
        spec["tenantID"] = tenant;
        await scene.CreateConnectionAsync(spec);
        await scene.UntilReadyAsync();
    }

    private static Task UntilRenewedAsync(VismaConnectStandIn provider, int count, params string[] tenants) =>
        Eventually.BecomesTrueAsync(
            $"{count} tokens of each of {string.Join(", ", tenants)}",
            () => tenants.All(tenant => GrantedTo(provider, tenant).Count >= count),
            Ct
        );

    private static IReadOnlyList<DateTimeOffset> GrantedTo(VismaConnectStandIn provider, string tenant) =>
        [
            .. provider
                .Ledger.TokenRequests.Where(entry => entry.IsGranted && entry.Request.TenantId == tenant)
                .Select(entry => entry.Time),
        ];

    private static bool IsIn(string path, Scene scene) =>
        path.Contains($"/namespaces/{scene.Home.Name}/", StringComparison.Ordinal)
        || path.EndsWith($"/namespaces/{scene.Home.Name}", StringComparison.Ordinal);
}
