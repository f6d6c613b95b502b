using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>A code that surely was not sent is as good as before. While it cannot be sent it is left where it is.</summary>
public sealed class UnsentCodeTests
{
    private const string Other = "acme-second";
    private const string Waits = "is not sent yet";

    [Fact]
    public async Task A_code_that_comes_while_the_provider_asked_for_a_pause_is_sent_after_it()
    {
        await using var test = await PausedAsync(TimeSpan.FromSeconds(40));

        await test.HandOverAsync(name: Other);
        await test.Logs.SaidAsync(Waits);
        await test.UntilIdleAsync();
        test.Time.Advance(TimeSpan.FromSeconds(41));

        await test.UntilReadyAsync(Other);
        Assert.Equal(2, test.Provider.Grants.Families.Count);
    }

    [Fact]
    public async Task A_code_that_comes_while_the_circuit_is_open_is_sent_once_it_may_be()
    {
        await using var test = await StartInteractiveAsync();
        test.Provider.Faults.Always(Fault.ServerError());
        for (var number = 0; number < 9; number++)
        {
            await test.ApplyAsync(Some.VismaConnection($"service-{number}"));
        }

        await test.UntilIdleAsync();
        test.Provider.Faults.Clear();

        await test.HandOverAsync();
        await test.Logs.SaidAsync(Waits);
        await test.UntilIdleAsync();
        test.Time.Advance(TimeSpan.FromSeconds(31));

        await test.UntilReadyAsync();
    }

    [Fact]
    public async Task A_code_is_the_trial_where_nobody_else_asks()
    {
        await using var test = await StartInteractiveAsync();
        test.Provider.Faults.Always(Fault.ServerError());
        for (var number = 0; number < 9; number++)
        {
            await test.ApplyAsync(Some.VismaConnection($"service-{number}"));
        }

        await test.UntilIdleAsync();
        for (var number = 0; number < 9; number++)
        {
            await test.DeleteAsync<VismaConnection>($"service-{number}");
        }

        test.Provider.Faults.Clear();
        await test.HandOverAsync();
        await test.UntilIdleAsync();
        test.Time.Advance(TimeSpan.FromSeconds(31));

        await test.UntilReadyAsync();
    }

    [Fact]
    public async Task A_code_is_not_taken_while_it_is_not_known_where_to_send_it()
    {
        await using var test = await StartInteractiveAsync();
        await test.StopAsync();
        test.Provider.Faults.Always(Fault.ServerError(503), StandInEndpoint.Metadata);
        test.Start();

        await test.HandOverAsync();
        await test.Logs.SaidAsync(Waits);
        await test.UntilIdleAsync();
        var left = await test.FindAsync<Secret>(Some.Connection + AuthorizationSpec.HandoffSecretSuffix);
        test.Provider.Faults.Clear();
        test.Time.Advance(TimeSpan.FromMinutes(1));

        Assert.NotNull(left);
        await test.UntilReadyAsync();
    }

    [Fact]
    public async Task A_code_that_could_not_be_sent_before_it_expired_is_reported()
    {
        await using var test = await PausedAsync(TimeSpan.FromMinutes(20));

        await test.HandOverAsync(name: Other);
        await test.AdvanceAsync(TimeSpan.FromMinutes(7), TimeSpan.FromSeconds(10));
        var connection = await test.UntilAsync<VismaConnection>(Other, found => found.Status.Authorization?.LastFailure is not null);

        Assert.Contains("code", connection.Status.Authorization!.LastFailure!.Message, StringComparison.Ordinal);
        Assert.Single(test.Provider.Grants.Families, family => family.LiveGeneration is not null);
    }

    [Fact]
    public async Task A_code_that_waits_holds_up_neither_a_worker_nor_a_stop_and_is_sent_by_the_next_process()
    {
        await using var test = await PausedAsync(TimeSpan.FromSeconds(40));
        await test.HandOverAsync(name: Other);
        await test.Logs.SaidAsync(Waits);
        await test.UntilIdleAsync();

        await test.StopAsync();
        var left = await test.FindAsync<Secret>(Other + AuthorizationSpec.HandoffSecretSuffix);
        test.Time.Advance(TimeSpan.FromSeconds(41));
        test.Start();

        await test.UntilReadyAsync(Other);
        Assert.NotNull(left);
    }

    // One connection has a grant, the other one awaits its consent, and the provider asked for a pause.
    private static async Task<TestOperator> PausedAsync(TimeSpan pause)
    {
        var test = await StartConsentedAsync();
        await test.ApplyAsync(InteractiveConnection(Other));
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(11));
        test.Provider.Faults.Next(Fault.TooManyRequests(pause), grantType: "refresh_token");
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.LastHandledReconcileAt == "now");
        await test.UntilIdleAsync();
        return test;
    }
}
