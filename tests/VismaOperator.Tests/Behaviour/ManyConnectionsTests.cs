using Kubernetes.Client;
using Kubernetes.Controllers.Tests.Doubles;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>Hundreds of connections that arrive together do not stay together.</summary>
public sealed class ManyConnectionsTests
{
    private const int Count = 500;

    [Fact]
    public async Task Five_hundred_connections_spread_and_keep_to_the_limit_of_the_provider()
    {
        await using var test = await TestOperator.StartAsync(test => test.Workers = 32);
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        for (var number = 0; number < Count; number++)
        {
            await test.ApplyAsync(Some.VismaConnection($"connection-{number}"));
        }

        await test.UntilIdleAsync();
        var connections = await AllAsync(test);
        Assert.All(connections, connection => Assert.True(connection.Is("Ready", "True")));
        Assert.Equal(Count, test.TokenRequests);
        Assert.InRange(test.Provider.Ledger.MaxInFlight, 2, 8);

        // A tenth of the lifetime, six minutes: no minute has much more than its share.
        var byMinute = connections
            .GroupBy(connection => connection.Status.Token!.RefreshTime!.Value.Minute)
            .Select(group => group.Count())
            .ToList();
        Assert.InRange(byMinute.Count, 6, 8);
        Assert.True(byMinute.Max() < Count / 4, $"{byMinute.Max()} renewals in one minute");
    }

    [Fact]
    public async Task Five_hundred_connections_of_a_refused_client_cost_one_try()
    {
        await using var test = await TestOperator.StartAsync(test => test.Workers = 32);
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret("made-in-the-portal")] });
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        for (var number = 0; number < Count; number++)
        {
            await test.ApplyAsync(Some.VismaConnection($"connection-{number}"));
        }

        await test.UntilIdleAsync();
        var first = test.TokenRequests;
        await test.AdvanceAsync(TimeSpan.FromSeconds(61));

        Assert.Equal((1, 2), (first, test.TokenRequests));
        Assert.All(await AllAsync(test), connection => Assert.Equal("ClientRefused", connection.Condition("Stalled")?.Reason));
    }

    [Fact]
    public async Task A_recovery_is_no_burst()
    {
        await using var test = await TestOperator.StartAsync(test => test.Workers = 32);
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        for (var number = 0; number < 100; number++)
        {
            await test.ApplyAsync(Some.VismaConnection($"connection-{number}"));
        }

        await test.UntilIdleAsync();
        test.Provider.Faults.Always(Fault.ServerError(503));
        await test.AdvanceAsync(TimeSpan.FromMinutes(62), TimeSpan.FromMinutes(1));
        test.Provider.Faults.Clear();
        test.Provider.Ledger.Reset();

        await test.AdvanceAsync(TimeSpan.FromMinutes(8), TimeSpan.FromSeconds(20));

        Assert.All(await AllAsync(test), connection => Assert.True(connection.Is("Ready", "True")));
        Assert.InRange(test.Provider.Ledger.MaxInFlight, 1, 8);
        Assert.Equal(100, test.TokenRequests);
    }

    [Fact]
    public async Task The_first_connection_of_a_client_is_counted_at_once_also_when_it_comes_later()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.UntilAsync<OAuthClient>(Some.Client, client => client.Status.Connections == 0);

        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilIdleAsync();

        Assert.Equal(1, (await test.FindAsync<OAuthClient>(Some.Client))!.Status.Connections);
    }

    [Fact]
    public async Task The_client_counts_its_connections_at_most_once_a_minute()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.ForgetRequests();
        for (var second = 0; second < 180; second++)
        {
            await test.ApplyAsync(Some.VismaConnection($"connection-{second}"));
            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await test.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(181, (await test.FindAsync<OAuthClient>(Some.Client))!.Status.Connections);
        Assert.InRange(
            test.Requests.Count(request => request.Verb == ClusterVerb.PatchStatus && request.Kind == OAuthClient.ResourceKind),
            3,
            5
        );
    }

    private static async Task<IReadOnlyList<VismaConnection>> AllAsync(TestOperator test) =>
        (await test.Cluster.ListPageAsync<VismaConnection>(ResourceSelector.All, 1000, null, TestContext.Current.CancellationToken)).Items;
}
