using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// The access token that stands beside a grant. Publishing it puts a lost Secret back; it answers no request and ends no backoff, since
/// nothing was asked of the provider.
/// </summary>
public sealed class HeldTokenTests
{
    private const string Suffix = "-token";
    private static readonly TimeSpan second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_request_is_answered_by_an_exchange_and_not_by_publishing_what_is_held()
    {
        string[] names = [Some.Connection, "acme-second", "acme-third"];
        await using var test = await ConsentedAsync(names);
        await test.StopAsync();
        foreach (var name in names)
        {
            await test.DeleteAsync<Secret>(name + Suffix);
            await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now", name);
        }

        test.Start();
        await test.AdvanceAsync(second);
        var (atOnce, spentAtOnce) = (await HandledAsync(test, names), test.TokenRequests - names.Length);
        var published = await Task.WhenAll(names.Select(name => test.TokenSecretAsync(name + Suffix)));
        await test.AdvanceAsync(TimeSpan.FromSeconds(60), second);

        Assert.All(published, Assert.NotNull);
        Assert.Equal((1, 1), (atOnce, spentAtOnce));
        Assert.Equal(names.Length, await HandledAsync(test, names));
        Assert.Equal(2 * names.Length, test.TokenRequests);
        var exchanges = test.Provider.Ledger.TokenRequests.Skip(names.Length).Select(request => request.Time).ToList();
        Assert.All(exchanges.Zip(exchanges.Skip(1)), pair => Assert.True(pair.Second - pair.First >= TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_request_that_was_exchanged_for_is_answered_though_another_process_publishes()
    {
        await using var test = await ConsentedAsync(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        test.Cluster.Before = (verb, kind, name) =>
            (verb == ClusterVerb.Update && name.Name == Some.Connection + Suffix)
            || (verb == ClusterVerb.PatchStatus && kind == VismaConnection.ResourceKind)
                ? throw new IOException("the connection was cut")
                : Task.CompletedTask;
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.AdvanceAsync(second);
        await test.StopAsync();
        test.Cluster.Before = null;
        Assert.Null((await test.ConnectionAsync()).Status.LastHandledReconcileAt);

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), second);

        Assert.Equal("now", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task Publishing_what_is_held_ends_no_backoff()
    {
        await using var test = await ConsentedAsync(Some.Connection);
        test.Provider.Faults.Always(Fault.Error(new StandInError("invalid_scope")));
        while ((await test.ConnectionAsync()).Status.Failure is not { Attempts: 3 })
        {
            await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        }

        var (before, requests) = ((await test.ConnectionAsync()).Status.Failure, test.TokenRequests);
        await test.ChangeConnectionAsync("""{"secret": {"template": {"data": {"header": "Bearer ${access_token}"}}}}""");
        await test.DeleteAsync<Secret>(Some.Connection + Suffix);
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), second);

        Assert.NotNull(await test.TokenSecretAsync());
        Assert.Equal(before, (await test.ConnectionAsync()).Status.Failure);
        Assert.Equal(requests, test.TokenRequests);
    }

    [Fact]
    public async Task A_Secret_that_is_deleted_as_it_is_rewritten_is_put_back_although_its_renewal_is_overdue()
    {
        await using var test = await ConsentedAsync(Some.Connection);
        test.Provider.Faults.Always(Fault.Error(new StandInError("invalid_scope")));
        while ((await test.ConnectionAsync()).Status.Failure is not { Attempts: 3 })
        {
            await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        }

        var deletions = 0;
        test.Cluster.After = async (verb, _, name) =>
        {
            if (verb == ClusterVerb.Update && name.Name == Some.Connection + Suffix && Interlocked.Increment(ref deletions) == 1)
            {
                await test.DeleteAsync<Secret>(Some.Connection + Suffix);
                await test.UntilSeenAsync(); // before the answer of the write: no event is left that would have the connection looked at
            }
        };
        await test.ChangeConnectionAsync("""{"secret": {"template": {"data": {"header": "Bearer ${access_token}"}}}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), second);

        Assert.Equal(1, deletions);
        Assert.NotNull(await test.TokenSecretAsync());
    }

    [Theory]
    [InlineData("503", false)]
    [InlineData("403", false)]
    [InlineData("503", true)]
    [InlineData("403", true)]
    public async Task A_write_that_fails_and_then_succeeds_ends_no_backoff(string failure, bool isOfPerson)
    {
        await using var test = isOfPerson ? await ConsentedAsync(Some.Connection) : await TestOperator.StartReadyAsync();
        test.Provider.Faults.Always(Fault.Error(new StandInError("invalid_scope")));
        while ((await test.ConnectionAsync()).Status.Failure is not { Attempts: 4 })
        {
            await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        }

        var (before, requests) = ((await test.ConnectionAsync()).Status.Failure, test.TokenRequests);
        var faults = new ApiFaults(test);
        faults.Inject(failure, ClusterVerb.Update, Secret.ResourceKind, Some.Connection + Suffix);
        await test.PatchAsync<Secret>(Some.Connection + Suffix, """{"data": {"tenant_id": null}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), second);
        var during = (await test.ConnectionAsync()).Status.Failure;
        faults.Lift();
        await test.AdvanceAsync(during!.NextAttemptTime!.Value - test.Time.GetUtcNow() + second, second);

        Assert.Contains(during.Reason, new[] { Lifecycle.Reason.SecretNotWritten, Lifecycle.Reason.SecretForbidden });
        Assert.Equal(Some.Tenant, (await test.TokenSecretAsync()).Text("tenant_id"));
        Assert.Equal(before, (await test.ConnectionAsync()).Status.Failure);
        Assert.Equal(requests, test.TokenRequests);
    }

    private static async Task<TestOperator> ConsentedAsync(params string[] names)
    {
        var test = await SomeConsents.StartConsentedAsync();
        foreach (var name in names.Skip(1))
        {
            await test.ApplyAsync(SomeConsents.InteractiveConnection(name));
            await test.UntilIdleAsync();
            await test.HandOverAsync(name: name);
            await test.UntilReadyAsync(name);
        }

        await test.UntilIdleAsync();
        return test;
    }

    private static async Task<int> HandledAsync(TestOperator test, string[] names)
    {
        var connections = await Task.WhenAll(names.Select(name => test.ConnectionAsync(name)));
        return connections.Count(connection => connection.Status.LastHandledReconcileAt == "now");
    }
}
