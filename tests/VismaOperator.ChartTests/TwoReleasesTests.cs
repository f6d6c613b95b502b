using VismaOperator.ChartTests.Support;

namespace VismaOperator.ChartTests;

/// <summary>
/// Two installations in one cluster: those that may be, and what becomes of those that should not be. docs/install.md says the same.
/// </summary>
public sealed class TwoReleasesTests(InstallServer fixture) : ReleaseTests(fixture)
{
    private const string Other = "visma-other";

    [Fact]
    public async Task Releases_for_different_namespaces_work_side_by_side()
    {
        var (ours, theirs) = (await TenancyAsync("team-a"), await TenancyAsync("team-b"));
        await Of("helm4", OperatorNamespace).InstallAsync(Chart.Folder, "--set", $"{ValuesFor(ours)},namespaces={{team-a}}");
        await Of("helm4", Other).InstallAsync(Chart.Folder, "--set", $"{ValuesFor(theirs)},namespaces={{team-b}},crds.enabled=false");
        await ours.CreateClientAsync();
        await theirs.CreateClientAsync();
        await using var first = await Replica.StartAsync(Server, OperatorNamespace);
        await using var second = await Replica.StartAsync(Server, Other);

        await ours.CreateConnectionAsync("erp");
        await theirs.CreateConnectionAsync("erp");
        await ours.UntilAsync("erp", "TokenValid");
        await theirs.UntilAsync("erp", "TokenValid");

        Assert.Equal(2, ours.Provider.Ledger.TokenRequests.Count);
        Assert.DoesNotContain(first.Proxy.Ledger.Requests, request => request.Path.Contains("/team-b/", StringComparison.Ordinal));
        Assert.DoesNotContain(second.Proxy.Ledger.Requests, request => request.Path.Contains("/team-a/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Releases_of_one_namespace_share_a_lease_and_only_one_of_them_works()
    {
        var customer = await TenancyAsync("shared-lease");
        await Of("helm4", OperatorNamespace).InstallAsync(Chart.Folder, "--set", ValuesFor(customer));
        await Of("helm4", OperatorNamespace, "second").InstallAsync(Chart.Folder, "--set", $"{ValuesFor(customer)},crds.enabled=false");
        await customer.CreateClientAsync();
        await using var first = await Replica.StartAsync(Server, OperatorNamespace);
        await first.LeadsAsync();
        await using var second = await Replica.StartAsync(Server, OperatorNamespace, "second-visma-operator");

        await customer.CreateConnectionAsync("erp");
        await customer.UntilAsync("erp", "TokenValid");
        await second.RestsAsync(TimeSpan.FromSeconds(2));

        Assert.False(second.Leads);
        Assert.Empty(second.Writes);
    }

    [Fact]
    public async Task Releases_that_serve_the_same_namespace_both_ask_for_tokens_and_come_to_rest()
    {
        var customer = await TenancyAsync("served-twice");
        await Of("helm4", OperatorNamespace).InstallAsync(Chart.Folder, "--set", ValuesFor(customer));
        await Of("helm4", Other).InstallAsync(Chart.Folder, "--set", $"{ValuesFor(customer)},crds.enabled=false");
        await customer.CreateClientAsync();
        await using var first = await Replica.StartAsync(Server, OperatorNamespace);
        await using var second = await Replica.StartAsync(Server, Other);
        await first.LeadsAsync();
        await second.LeadsAsync();

        for (var number = 0; number < 5; number++)
        {
            await customer.CreateConnectionAsync($"erp-{number}");
        }

        for (var number = 0; number < 5; number++)
        {
            await customer.UntilAsync($"erp-{number}", "TokenValid");
        }

        await first.RestsAsync(TimeSpan.FromSeconds(3));
        await second.RestsAsync(TimeSpan.FromSeconds(3));
        Assert.InRange(customer.Provider.Ledger.TokenRequests.Count, 5 + 1, 4 * 5);
        TestContext.Current.TestOutputHelper?.WriteLine(
            "{0}",
            $"5 connections, {customer.Provider.Ledger.TokenRequests.Count} token requests, writes {first.Writes.Count} and "
            + $"{second.Writes.Count}."
        );
    }
}
