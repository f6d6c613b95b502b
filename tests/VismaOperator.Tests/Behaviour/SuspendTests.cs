using Kubernetes.Client.Resources;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>A suspended connection is left alone, and says so.</summary>
public sealed class SuspendTests
{
    [Fact]
    public async Task Suspending_is_one_status_write_and_expiry_one_more()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.ForgetRequests();

        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.UntilIdleAsync();
        var suspended = await test.ConnectionAsync();
        var writes = test.StatusWrites(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromHours(3), TimeSpan.FromMinutes(1));
        var expired = await test.ConnectionAsync();

        Assert.Equal(1, writes);
        Assert.Equal(("True", "Suspended"), (suspended.Condition("Ready")!.Status, suspended.Condition("Ready")!.Reason));
        Assert.Equal(suspended.Metadata.Generation, suspended.Status.ObservedGeneration);
        Assert.Equal(2, test.StatusWrites(Some.Connection));
        Assert.Equal(("False", "Suspended"), (expired.Condition("Ready")!.Status, expired.Condition("Ready")!.Reason));
        Assert.Contains("set spec.suspend to false", expired.Condition("Ready")!.Message, StringComparison.Ordinal);
        Assert.Equal(1, test.TokenRequests);
        Assert.DoesNotContain(test.Requests, request => request.IsWrite() && request.Kind == Secret.ResourceKind);
    }

    [Fact]
    public async Task An_edited_or_deleted_Secret_is_not_healed_before_it_is_resumed()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.UntilIdleAsync();

        await test.DeleteAsync<Secret>("acme-production-token");
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(1));
        var during = await test.FindAsync<Secret>("acme-production-token");
        var paused = await test.ConnectionAsync();
        await test.ChangeConnectionAsync("""{"suspend": false}""");
        await test.UntilAsync<VismaConnection>(
            Some.Connection,
            connection => connection.Condition("Ready") is { Status: "True", Reason: "TokenValid" }
        );

        Assert.Null(during);
        Assert.True(paused.Is("Ready", "False"));
        Assert.NotNull(await test.FindAsync<Secret>("acme-production-token"));
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task A_request_waits_until_it_is_resumed()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "while-away");
        await test.UntilIdleAsync();
        var asked = test.TokenRequests;

        await test.ChangeConnectionAsync("""{"suspend": false}""");
        await test.UntilIdleAsync();

        Assert.Equal(1, asked);
        Assert.Equal(2, test.TokenRequests);
        Assert.Equal("while-away", (await test.ConnectionAsync()).Status.LastHandledReconcileAt);
    }

    [Fact]
    public async Task Resuming_with_a_fresh_token_asks_for_nothing()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(10));

        await test.ChangeConnectionAsync("""{"suspend": false}""");
        await test.UntilIdleAsync();

        Assert.Equal("TokenValid", (await test.ConnectionAsync()).Condition("Ready")!.Reason);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_suspended_connection_that_is_deleted_takes_its_Secret_with_it()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync("""{"suspend": true}""");

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.UntilIdleAsync();

        Assert.Null(await test.FindAsync<Secret>("acme-production-token"));
    }

    [Fact]
    public async Task A_connection_that_is_born_suspended_rests_without_a_token()
    {
        await using var test = await TestOperator.StartReadyAsync();

        await test.ApplyAsync(Some.VismaConnection("sleeper").With(spec => spec with { Suspend = true }));
        await test.UntilIdleAsync();

        var sleeper = await test.ConnectionAsync("sleeper");
        Assert.Equal(("False", "Suspended"), (sleeper.Condition("Ready")!.Status, sleeper.Condition("Ready")!.Reason));
        Assert.Equal(1, test.TokenRequests);
    }
}
