using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers;
using Kubernetes.Controllers.Tests.Doubles;
using Lifecycle;
using VismaOperator.Api;
using VismaOperator.Publishing;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>Processes that end, and API servers that fail, at the worst moment: no token is asked for twice.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task A_crash_between_the_Secret_and_the_status_costs_no_second_token()
    {
        await using var test = await PreparedAsync();
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.PatchStatus && kind == VismaConnection.ResourceKind ? throw Unreachable() : Task.CompletedTask;
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilAsync<Secret>("acme-production-token", _ => true);
        await test.StopAsync();
        var issued = (await test.TokenSecretAsync()).Text("access_token");
        test.Cluster.Before = null;

        test.Start();
        var ready = await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        Assert.Equal(1, test.TokenRequests);
        Assert.Equal(issued, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.Equal(new DateTimeOffset(2026, 11, 23, 13, 0, 0, TimeSpan.Zero), ready.Status.Token!.ExpirationTime);
        Assert.True(ready.Is("ScopesGranted", "True"));
    }

    [Fact]
    public async Task A_crash_between_the_Secret_and_the_status_does_not_serve_a_request_twice()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.PatchStatus && kind == VismaConnection.ResourceKind ? throw Unreachable() : Task.CompletedTask;
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilAsync<Secret>("acme-production-token", secret => secret.Text("expires_at") == "2026-11-23T13:01:00Z");
        await test.StopAsync();
        test.Cluster.Before = null;

        test.Start();
        var handled = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            connection => connection.Status.LastHandledReconcileAt == "now"
        );
        await test.UntilIdleAsync();

        Assert.Equal(2, test.TokenRequests);
        Assert.Equal(new DateTimeOffset(2026, 11, 23, 13, 1, 0, TimeSpan.Zero), handled.Status.Token!.ExpirationTime);
    }

    [Fact]
    public async Task A_request_that_came_after_the_crash_is_served()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.PatchStatus && kind == VismaConnection.ResourceKind ? throw Unreachable() : Task.CompletedTask;
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "first");
        await test.UntilAsync<Secret>("acme-production-token", secret => secret.Text("expires_at") == "2026-11-23T13:01:00Z");
        await test.StopAsync();
        test.Cluster.Before = null;
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "second");

        test.Start();
        await test.AdvanceAsync(RequestRules.Gap + TimeSpan.FromSeconds(1));
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Status.LastHandledReconcileAt == "second");
        await test.UntilIdleAsync();

        Assert.Equal(3, test.TokenRequests);
    }

    [Fact]
    public async Task An_answer_to_the_Secret_write_that_is_lost_costs_no_second_token()
    {
        await using var test = await PreparedAsync();
        var lost = 0;
        test.Cluster.After = (verb, kind, _) =>
            verb == ClusterVerb.Create && kind == Secret.ResourceKind && Interlocked.Increment(ref lost) == 1
                ? throw Unreachable()
                : Task.CompletedTask;

        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilAsync<Secret>("acme-production-token", _ => true);
        await test.AdvanceAsync(TimeSpan.FromSeconds(2));
        await test.UntilReadyAsync();

        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_token_that_was_stored_after_all_is_no_answer_to_a_later_request()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        var lost = 0;
        test.Cluster.After = (verb, kind, _) =>
            verb == ClusterVerb.Update && kind == Secret.ResourceKind && Interlocked.Increment(ref lost) == 1
                ? throw Unreachable()
                : Task.CompletedTask;
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "first");
        await test.AdvanceAsync(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(1));
        var asked = test.TokenRequests;

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "second");
        await test.AdvanceAsync(RequestRules.Gap + TimeSpan.FromSeconds(1));
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Status.LastHandledReconcileAt == "second");
        await test.UntilIdleAsync();

        Assert.Equal(2, asked);
        Assert.Equal(3, test.TokenRequests);
    }

    [Fact]
    public async Task A_token_that_could_not_be_stored_is_held_and_stored_later()
    {
        await using var test = await PreparedAsync();
        test.Cluster.Before = (verb, kind, _) =>
            verb is ClusterVerb.Create or ClusterVerb.Update && kind == Secret.ResourceKind ? throw Unreachable() : Task.CompletedTask;
        await test.ApplyAsync(Some.VismaConnection());
        await test
            .Provider.Ledger.WaitForAsync(1, entry => entry.IsGranted, TestContext.Current.CancellationToken)
            .WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);

        await test.AdvanceAsync(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(5));
        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), TimeSpan.FromSeconds(5));

        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.Equal("2026-11-23T13:00:00Z", (await test.TokenSecretAsync()).Text("expires_at"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_forbidden_Secret_write_names_the_permission_and_keeps_the_token()
    {
        await using var test = await PreparedAsync();
        test.Cluster.Before = (verb, kind, _) =>
            verb is ClusterVerb.Create && kind == Secret.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;

        await test.ApplyAsync(Some.VismaConnection());
        await test.AdvanceAsync(ForbiddenPatience.Length + TimeSpan.FromSeconds(5));
        var stalled = await test.UntilStalledAsync("SecretForbidden");
        await test.UntilIdleAsync();
        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromSeconds(61));

        Assert.Contains(
            "Grant its service account get, create, update and delete on Secrets in namespace integrations",
            stalled.Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_permission_that_is_given_in_the_last_minutes_of_a_token_is_in_time()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Cluster.Before = (verb, kind, _) =>
            verb is ClusterVerb.Update && kind == Secret.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;
        await test.AdvanceAsync(TimeSpan.FromMinutes(56), TimeSpan.FromSeconds(10));
        Assert.Equal("SecretForbidden", (await test.ConnectionAsync()).Condition("Stalled")!.Reason);

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(10));

        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.NotEqual("2026-11-23T13:00:00Z", (await test.TokenSecretAsync()).Text("expires_at"));
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task A_Secret_that_may_not_be_read_names_the_permission_and_costs_no_token()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Cluster.Before = (verb, kind, _) =>
            verb is ClusterVerb.Get && kind == Secret.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;

        await test.PatchAsync<Secret>("acme-production-token", """{"data": {"base_url": "eA=="}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        var stalled = await test.UntilStalledAsync("ApiRequestForbidden");
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(5));
        var later = await test.ConnectionAsync();
        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(10));

        Assert.Contains(
            "grant the operator's service account get on Secrets in namespace integrations",
            stalled.Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        Assert.Equal((1, 2), (stalled.Status.Failure!.Attempts, later.Status.Failure!.Attempts));
        Assert.Null((await test.ConnectionAsync()).Condition("Stalled"));
        Assert.NotEqual("x", (await test.TokenSecretAsync()).Text("base_url"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_refusal_that_does_not_last_calls_for_nobody_and_costs_no_token()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Cluster.Before = (verb, kind, _) =>
            verb is ClusterVerb.Update && kind == Secret.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "the roles are not read yet")
                : Task.CompletedTask;

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));

        var connection = await test.ConnectionAsync();
        Assert.Equal("now", connection.Status.LastHandledReconcileAt);
        Assert.Equal(2, test.TokenRequests);
        Assert.DoesNotContain(test.EventsAbout(Some.Connection), happened => happened.Reason == "SecretForbidden");
    }

    [Fact]
    public async Task A_status_that_was_decided_for_an_object_that_was_replaced_meanwhile_is_not_written_to_the_new_one()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var (former, isReplaced) = ((await test.ConnectionAsync()).Metadata.Uid, false);
        test.Cluster.Before = async (verb, kind, _) =>
        {
            if (verb == ClusterVerb.PatchStatus && kind == VismaConnection.ResourceKind && !isReplaced)
            {
                isReplaced = true;
                await test.DeleteAsync<VismaConnection>(Some.Connection);
                await test.ApplyAsync(Some.VismaConnection());
            }
        };

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Metadata.Uid != former && found.Is("Ready", "True"));
        await test.UntilIdleAsync();

        Assert.All(
            test.Record.Of<VismaConnection>().Where(seen => seen.Metadata.Uid != former),
            seen => Assert.Null(seen.Status.LastHandledReconcileAt)
        );
    }

    [Fact]
    public async Task A_Secret_that_the_API_server_finds_invalid_is_not_taken_from_its_readers()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.TokenSecretAsync();
        test.Cluster.Before = (verb, kind, _) => verb is ClusterVerb.Create or ClusterVerb.Update && kind == Secret.ResourceKind
            ? throw new KubernetesException(HttpStatusCode.UnprocessableEntity, "Invalid", "data: Too long")
            : Task.CompletedTask;

        await test.ChangeConnectionAsync("""{"secret": {"template": {"data": {"more": "than fits"}}}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));

        var stalled = (await test.ConnectionAsync()).Condition("Stalled");
        Assert.Equal(before.Metadata.Uid, (await test.FindAsync<Secret>("acme-production-token"))?.Metadata.Uid);
        Assert.Equal("SecretInvalid", stalled?.Reason);
        Assert.Contains("spec.secret.template", stalled!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_token_of_another_replica_is_not_written_over()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        var successor = await SuccessorsSecretAsync(test);
        test.Cluster.Before = async (verb, kind, name) =>
        {
            if (verb == ClusterVerb.Update && kind == Secret.ResourceKind)
            {
                test.Cluster.Before = null;
                await test.Cluster.ReplaceAsync(successor, CancellationToken.None);
            }
        };

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Status.LastHandledReconcileAt == "now");
        await test.UntilIdleAsync();

        Assert.Equal("successors-token", (await test.TokenSecretAsync()).Text("access_token"));
        Assert.Equal(
            new DateTimeOffset(2026, 11, 23, 13, 1, 1, TimeSpan.Zero),
            (await test.ConnectionAsync()).Status.Token!.ExpirationTime
        );
        Assert.Equal(2, test.TokenRequests);
    }

    // As another replica would write it that was asked for a refresh a second later.
    private static async Task<Secret> SuccessorsSecretAsync(TestOperator test)
    {
        var present = await test.TokenSecretAsync();
        var issued = test.Time.GetUtcNow().AddSeconds(1);
        var token = new IssuedToken
        {
            AccessToken = OAuth.Sensitive.From("successors-token"),
            IssueTime = issued,
            ExpirationTime = issued.AddHours(1),
            Inputs = present.Metadata.Annotation(VismaNames.InputsAnnotation)!,
            AnsweredRequest = "now",
        };
        return TokenSecret.Render(await test.ConnectionAsync(), token, present);
    }

    private static async Task<TestOperator> PreparedAsync()
    {
        var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.UntilAsync<OAuthClient>(Some.Client, client => client.Is("Ready", "True"));
        await test.UntilIdleAsync();
        return test;
    }

    private static KubernetesException Unreachable() => new(HttpStatusCode.InternalServerError, "InternalError", "etcd is not there");
}
