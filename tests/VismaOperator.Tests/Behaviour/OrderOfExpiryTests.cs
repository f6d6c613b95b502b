using Kubernetes.Client;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>More is due than a slow provider can take. What expires first is renewed first, also when it became due last.</summary>
public sealed class OrderOfExpiryTests
{
    private const string ShortLived = "short-lived";
    private const int Slots = 8;
    private const int Workers = 64;

    [Fact]
    public async Task Two_hundred_renewals_at_a_slow_provider_are_made_in_the_order_of_expiry_also_by_workers_that_wait_for_a_slot()
    {
        await using var test = await StartAsync(longLived: 192, shortLived: Slots);
        await test.AdvanceAsync(TimeSpan.FromMinutes(45), TimeSpan.FromMinutes(1));
        await SuspendAsync(test, "short", false); // they get a token now, and are due in three minutes
        await test.UntilIdleAsync();
        await SuspendAsync(test, "short", true);
        await test.AdvanceAsync(TimeSpan.FromMinutes(4));
        var (first, rest) = (new TaskCompletionSource(), new TaskCompletionSource());
        test.Provider.Faults.Next(new Fault.Hold(first.Task), Slots);
        test.Provider.Faults.Always(new Fault.Hold(rest.Task));
        test.Provider.Ledger.Reset();

        await SuspendAsync(test, "long", false); // every worker has one: eight are on the wire, and the others wait for a slot
        await UntilWaitingAsync(test, Workers - Slots);
        await SuspendAsync(test, "short", false); // no worker is free for them
        await test.UntilSeenAsync();
        first.SetResult(); // eight more are sent, and eight workers go on to what expires first
        await UntilRenewedAsync(test, Slots);
        await UntilWaitingAsync(test, Workers - Slots);
        rest.SetResult();
        await test.UntilIdleAsync();

        var clients = test.Provider.Ledger.TokenRequests.OrderBy(entry => entry.Number).Select(entry => entry.Request.ClientId).ToList();
        Assert.Equal(200, clients.Count);

        // Sent as the third eight; what is on the wire together may be processed in any order, and a busy machine may send an eight or two
        // before them. First come, first served, 48 others would go before them.
        Assert.InRange(clients.LastIndexOf(ShortLived), 2 * Slots, (6 * Slots) - 1);
        Assert.All(await AllAsync(test), connection => Assert.True(connection.Is("Ready", "True") && connection.Is("TokenFresh", "True")));
    }

    private static async Task<TestOperator> StartAsync(int longLived, int shortLived)
    {
        var test = await TestOperator.StartAsync(prepared => prepared.Workers = Workers);
        foreach (var (client, minutes) in new[] { (Some.ClientId, 60), (ShortLived, 8) })
        {
            test.Provider.Portal.Set(new StandInClient(client)
            {
                Secrets = [new StandInSecret(Some.ClientSecret)],
                AccessTokenLifetime = TimeSpan.FromMinutes(minutes),
            });
        }

        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(test.Client() with
        {
            Metadata = new() { Name = ShortLived, Namespace = Some.Namespace },
            Spec = test.Client().Spec with { ClientId = ShortLived },
        });
        foreach (var number in Enumerable.Range(0, longLived))
        {
            await test.ApplyAsync(Some.VismaConnection($"long-{number}"));
        }

        await test.UntilIdleAsync();
        await SuspendAsync(test, "long", true);
        foreach (var number in Enumerable.Range(0, shortLived))
        {
            var connection = Some.VismaConnection($"short-{number}");
            var spec = connection.Spec with { Suspend = true, OAuthClientRef = new OAuthClientReference { Name = ShortLived } };
            await test.ApplyAsync(connection with { Spec = spec });
        }

        return test;
    }

    private static async Task SuspendAsync(TestOperator test, string prefix, bool isSuspended)
    {
        var patch = isSuspended ? """{"spec":{"suspend":true}}""" : """{"spec":{"suspend":false}}""";
        foreach (var name in (await AllAsync(test)).Select(connection => connection.Metadata.Name))
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                await test.PatchAsync<VismaConnection>(name, patch);
            }
        }
    }

    private static async Task UntilRenewedAsync(TestOperator test, int count)
    {
        using var patience = new CancellationTokenSource(TestOperator.Patience);
        while (true)
        {
            var change = test.NextChange;
            if ((await AllAsync(test)).Count(connection => connection.Status.Token?.IssueTime == test.Time.GetUtcNow()) >= count)
            {
                return;
            }

            await change.WaitAsync(patience.Token);
        }
    }

    // Requests that wait for a slot tell nobody.
    private static async Task UntilWaitingAsync(TestOperator test, int count)
    {
        using var patience = new CancellationTokenSource(TestOperator.Patience);
        while (test.Gate!.States.Sum(state => state.Queued) != count || test.Gate.States.Sum(state => state.InFlight) != Slots)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private static async Task<IReadOnlyList<VismaConnection>> AllAsync(TestOperator test) =>
        (await test.Cluster.ListPageAsync<VismaConnection>(ResourceSelector.All, 1000, null, CancellationToken.None)).Items;
}
