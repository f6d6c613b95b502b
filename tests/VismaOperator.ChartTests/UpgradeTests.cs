using VismaOperator.ChartTests.Support;
using VismaOperator.Testing.ApiServer;

namespace VismaOperator.ChartTests;

/// <summary>
/// From the previous chart and its definitions (<c>previous/</c>) to those of the checkout, with live objects and the operator running
/// before and after.
/// </summary>
public sealed class UpgradeTests(InstallServer fixture) : ReleaseTests(fixture)
{
    /// <summary>The chart of the version before, as it was packaged.</summary>
    internal static string Previous { get; } = RepositoryFolder.PathOf("tests/VismaOperator.ChartTests/previous/visma-operator-0.1.0.tgz");

    [Theory]
    [InlineData("helm4")]
    [InlineData("helm3")]
    public async Task An_upgrade_refreshes_nothing_needlessly_and_loses_nothing(string helm)
    {
        var customer = await TenancyAsync($"upgraded-{helm}");
        var release = Of(helm, OperatorNamespace);
        await release.InstallAsync(Previous, "--set", ValuesFor(customer));
        Assert.Null(await GrantTypesAsync());
        await customer.CreateClientAsync();
        await using (var before = await Replica.StartAsync(Server, OperatorNamespace))
        {
            await customer.CreateConnectionAsync("plain");
            await customer.CreateConnectionAsync(
                "retained",
                """, "secret": {"deletionPolicy": "Retain", "template": {"data": {"config": "${base_url}"}}}"""
            );
            await customer.CreateConnectionAsync("suspended", """, "suspend": true""");
            await customer.UntilAsync("plain", "TokenValid");
            await customer.UntilAsync("retained", "TokenValid");
            await customer.UntilAsync("suspended", "Suspended");
            await before.RestsAsync(TimeSpan.FromSeconds(2));
            await before.StopAsync();
        }

        var (versions, tokens) = (await customer.VersionsAsync(), customer.Provider.Ledger.TokenRequests.Count);
        await release.UpgradeAsync(Chart.Folder, "--reset-then-reuse-values");

        Assert.NotNull(await GrantTypesAsync());
        await using var after = await Replica.StartAsync(Server, OperatorNamespace);
        await after.LeadsAsync();
        await after.RestsAsync(TimeSpan.FromSeconds(3));

        // The previous definitions dropped the fields of status that they did not know.
        Assert.All(after.Writes, request => Assert.EndsWith("/status", request.Path, StringComparison.Ordinal));
        Assert.Distinct(after.Writes.Select(request => request.Path));
        Assert.Equal(Secrets(versions), Secrets(await customer.VersionsAsync()));
        Assert.Equal(tokens, customer.Provider.Ledger.TokenRequests.Count);

        await customer.RefreshAsync("plain");
        Assert.Equal(tokens + 1, customer.Provider.Ledger.TokenRequests.Count);
    }

    [Theory]
    [InlineData("helm4")]
    [InlineData("helm3")]
    public async Task An_upgrade_leaves_a_persons_grant_as_it_is(string helm)
    {
        var customer = await TenancyAsync($"consented-{helm}");
        var release = Of(helm, OperatorNamespace);
        await release.InstallAsync(Chart.Folder, "--set", ValuesFor(customer));
        await customer.CreateClientAsync();
        await using (var before = await Replica.StartAsync(Server, OperatorNamespace))
        {
            await customer.CreateConsentedAsync("interactive");
            await before.RestsAsync(TimeSpan.FromSeconds(2));
            await before.StopAsync();
        }

        var (versions, tokens) = (await customer.VersionsAsync(), customer.Provider.Ledger.TokenRequests.Count);
        await release.UpgradeAsync(Chart.Folder, "--reset-then-reuse-values", "--set", "podAnnotations.upgraded=yes");

        await using var after = await Replica.StartAsync(Server, OperatorNamespace);
        await after.LeadsAsync();
        await after.RestsAsync(TimeSpan.FromSeconds(3));
        Assert.Empty(after.Writes.Select(request => request.ToString()));
        Assert.Equal(versions, await customer.VersionsAsync());
        Assert.Equal(tokens, customer.Provider.Ledger.TokenRequests.Count);

        await customer.RefreshAsync("interactive");
        await customer.UntilAsync("interactive", "TokenValid");
        Assert.Equal(tokens + 1, customer.Provider.Ledger.TokenRequests.Count);
        Assert.False(customer.Provider.Grants.Families.Single().IsRevoked);
    }

    private static IEnumerable<string> Secrets(IEnumerable<string> versions) =>
        versions.Where(version => version.Contains("/secrets/", StringComparison.Ordinal));

    // What the previous definitions lack: interactive connections.
    private async Task<string?> GrantTypesAsync() =>
        (await Server.Admin.GetAsync(Definition, Ct))["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]![
            "properties"
        ]!
            ["authorization"]
            ?.ToJsonString();
}
