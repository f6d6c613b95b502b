using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Hosting;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Hosting;

/// <summary>What <c>/livez</c> takes for a loop that does not go on.</summary>
public sealed class LivenessTests
{
    [Fact]
    public async Task An_election_that_is_not_tried_any_more_is_told_a_minute_after_it_should_have_been()
    {
        await using var test = await TestOperator.StartAsync();
        using var controllers = new OperatorControllers(test.Context());

        Assert.Null(controllers.Stuck(TimeSpan.FromMinutes(1)));
        Assert.Equal(
            "the next attempt to take or keep the lease has been overdue for 68 seconds",
            controllers.Stuck(TimeSpan.FromSeconds(67.6))
        );
    }

    [Fact]
    public async Task A_reconcile_that_hangs_is_told_after_ten_minutes()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hung = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var test = await TestOperator.StartAsync();
        test.Cluster.Before = (verb, kind, _) =>
        {
            if (verb != ClusterVerb.PatchStatus || kind != VismaConnection.ResourceKind)
            {
                return Task.CompletedTask;
            }

            reached.TrySetResult();
            return hung.Task;
        };
        await test.ApplyAsync(Some.VismaConnection());
        await reached.Task.WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);

        test.Time.Advance(TimeSpan.FromMinutes(9));
        Assert.Null(test.Stuck(TimeSpan.Zero));
        test.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("a reconcile of controller vismaconnection has been running for 660 seconds", test.Stuck(TimeSpan.Zero));

        hung.SetResult();
    }

    [Fact]
    public async Task Nothing_is_told_while_a_restart_would_lose_a_refresh_token()
    {
        var election = TimeSpan.FromHours(1);
        await using var test = await SomeConsents.StartConsentedAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(11));
        var sent = test.TokenRequests;
        test.Cluster.Before = (verb, _, name) =>
            verb == ClusterVerb.Update && name.Name == Some.Connection + AuthorizationSpec.GrantSecretSuffix && test.TokenRequests > sent
                ? Task.FromException(ApiFaults.ExceptionOf("503"))
                : Task.CompletedTask;

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.Logs.SaidAsync("could not be stored yet").WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        Assert.Null(test.Stuck(election));

        test.Cluster.Before = null;
        await test.PassUntilAsync(
            test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Status.LastHandledReconcileAt == "now")
        );
        Assert.Equal("the next attempt to take or keep the lease has been overdue for 3600 seconds", test.Stuck(election));
    }
}
