using OAuth;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Connections;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>What a process finishes when it is asked to stop, and how long that may take.</summary>
public sealed class StopTests
{
    [Fact]
    public async Task A_request_that_is_served_while_stopping_is_not_served_again()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var release = new TaskCompletionSource();
        test.Provider.Faults.Next(new Fault.Hold(release.Task));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test
            .Provider.Ledger.WaitForInFlightAsync(1, TestContext.Current.CancellationToken)
            .WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);

        var stopping = test.StopAsync();
        release.SetResult();
        await stopping;
        test.Start();
        await test.UntilIdleAsync();

        Assert.Equal(2, test.TokenRequests);
        Assert.Equal("now", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
    }

    [Fact]
    public async Task An_attempt_that_fails_while_stopping_is_reported_although_somebody_edited_a_label_meanwhile()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var release = new TaskCompletionSource();
        var held = new Fault.Hold(release.Task);
        test.Provider.Faults.Next(held);
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await held.Reached.WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        test.Provider.Portal.Set(new StandInClient(Some.ClientId) { Secrets = [new StandInSecret("another")] });
        await test.PatchAsync<VismaConnection>(Some.Connection, """{"metadata": {"labels": {"team": "erp"}}}""");

        var stopping = test.StopAsync();
        release.SetResult();
        await stopping;
        var connection = await test.ConnectionAsync();
        test.Start();
        await test.UntilIdleAsync();

        Assert.Equal("now", connection.Status.LastHandledReconcileAt);
        Assert.Equal(1, connection.Status.Failure!.Attempts);
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public void A_request_times_out_before_its_section_ends_so_that_the_circuit_breaker_counts_it()
    {
        Assert.True(TokenEndpoint.Timeout < TokenRefresher.RequestDeadline);
    }

    [Fact]
    public void Everything_that_a_stop_waits_for_fits_into_twenty_seconds()
    {
        var longest = TimeSpan.FromSeconds(20);
        var afterwards = Publishing.SecretPublisher.StoreDeadline + ConnectionSteps.RemovalGrace + ConnectionReconciler.ReportGrace;

        Assert.True(TokenRefresher.RequestDeadline + afterwards < longest);
        Assert.True(Lifecycle.Policy.ExchangeDeadline + afterwards < longest);
    }
}
