using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.InMemory;
using Kubernetes.Client.Resources;
using VismaOperator.OAuthClients;
using VismaOperator.Tests.Support;
using VismaOperator.VismaConnections;

namespace VismaOperator.Tests.Behaviour;

/// <summary>Processes that end, and API servers that fail, at the worst moment: no token is asked for twice.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task A_crash_between_the_Secret_and_the_status_costs_no_second_token()
    {
        await using var test = await PreparedAsync();
        test.Cluster.Before = (verb, kind, _) => verb == ClusterVerb.PatchStatus && kind == VismaConnection.ResourceKind ? throw Unreachable() : Task.CompletedTask;
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
    public async Task An_answer_to_the_Secret_write_that_is_lost_costs_no_second_token()
    {
        await using var test = await PreparedAsync();
        var lost = 0;
        test.Cluster.After = (verb, kind, _) => verb == ClusterVerb.Create && kind == Secret.ResourceKind && Interlocked.Increment(ref lost) == 1 ? throw Unreachable() : Task.CompletedTask;

        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilAsync<Secret>("acme-production-token", _ => true);
        await test.AdvanceAsync(TimeSpan.FromSeconds(2));
        await test.UntilReadyAsync();

        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_token_that_could_not_be_stored_is_held_and_stored_later()
    {
        await using var test = await PreparedAsync();
        test.Cluster.Before = (verb, kind, _) => verb is ClusterVerb.Create or ClusterVerb.Update && kind == Secret.ResourceKind ? throw Unreachable() : Task.CompletedTask;
        await test.ApplyAsync(Some.VismaConnection());
        await test.Provider.Ledger.WaitForAsync(1, entry => entry.IsGranted, TestContext.Current.CancellationToken).WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);

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
        test.Cluster.Before = (verb, kind, _) => verb is ClusterVerb.Create && kind == Secret.ResourceKind ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no") : Task.CompletedTask;

        await test.ApplyAsync(Some.VismaConnection());
        var stalled = await test.UntilStalledAsync("SecretForbidden");
        await test.UntilIdleAsync();
        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromSeconds(61));

        Assert.Contains("Grant its service account create, update and delete on Secrets in namespace integrations", stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.Equal(1, test.TokenRequests);
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
