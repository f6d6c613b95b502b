using System.Text.Json.Nodes;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>The main job: from YAML to a Secret that is always fresh.</summary>
public sealed class FreshTokenTests
{
    [Fact]
    public async Task A_client_and_a_connection_become_a_Secret_with_every_standard_key()
    {
        await using var test = await TestOperator.StartReadyAsync();

        var secret = await test.FindAsync<Secret>("acme-production-token");

        Assert.NotNull(secret);
        Assert.Equal(StandardKeys.All.Order(), secret.Data!.Keys.Order());
        Assert.Equal($"Bearer {secret.Text("access_token")}", secret.Text("authorization"));
        Assert.Equal(Some.Tenant, secret.Text("tenant_id"));
        Assert.Equal("https://api.finance.visma.net/v1", secret.Text("base_url"));
        Assert.Equal("2026-11-23T13:00:00Z", secret.Text("expires_at"));
        Assert.Equal("acme-production", secret.Metadata.Annotation(VismaNames.ConnectionAnnotation));
        Assert.False(secret.Metadata.OwnerReferences!.Single().BlockOwnerDeletion);
    }

    [Fact]
    public async Task A_refresh_is_one_token_request_two_writes_and_no_reads()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var first = (await test.FindAsync<Secret>("acme-production-token"))!.Text("access_token");
        await test.UntilIdleAsync();
        var tokens = test.TokenRequests;
        test.ForgetRequests();

        test.Time.Advance(TimeSpan.FromMinutes(41));
        await test.UntilAsync<VismaConnection>(
            Some.Connection,
            connection => connection.Status.Token!.IssueTime > new DateTimeOffset(2026, 11, 23, 12, 30, 0, TimeSpan.Zero)
        );

        Assert.Equal(1, test.TokenRequests - tokens);
        Assert.Equal(
            [(ClusterVerb.Update, "Secret"), (ClusterVerb.PatchStatus, "VismaConnection")],
            test.Requests.Where(request =>
                    request.Verb is not (ClusterVerb.Get or ClusterVerb.Watch or ClusterVerb.List) || request.Kind.Kind == "Secret"
                )
                .Select(request => (request.Verb, request.Kind.Kind))
        );
        Assert.NotEqual(first, (await test.FindAsync<Secret>("acme-production-token"))!.Text("access_token"));
    }

    [Fact]
    public async Task A_restart_with_fresh_tokens_asks_for_nothing_and_writes_nothing()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.UntilIdleAsync();
        await test.StopAsync();
        var tokens = test.TokenRequests;
        test.ForgetRequests();

        test.Start();
        await test.UntilIdleAsync();

        Assert.Equal(0, test.TokenRequests - tokens);
        Assert.DoesNotContain(test.Requests, request => request.IsWrite());
    }

    [Fact]
    public async Task A_deleted_Secret_comes_back_with_one_token_request()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.Time.Advance(TimeSpan.FromSeconds(5));

        await test.DeleteAsync<Secret>("acme-production-token");
        await test.UntilAsync<Secret>("acme-production-token", _ => true);
        await test.UntilReadyAsync();

        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task An_edited_Secret_is_healed_without_a_token_request()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.FindAsync<Secret>("acme-production-token");

        await test.PatchAsync<Secret>(
            "acme-production-token",
            new JsonObject { ["data"] = new JsonObject { ["base_url"] = "aHR0cHM6Ly9ldmlsLmV4YW1wbGU=" } }
        );
        await test.UntilAsync<Secret>("acme-production-token", secret => secret.Text("base_url") == before!.Text("base_url"));
        await test.UntilIdleAsync();

        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task Any_new_requestedAt_makes_exactly_one_token_request()
    {
        await using var test = await TestOperator.StartReadyAsync();

        await test.PatchAsync<VismaConnection>(
            Some.Connection,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [VismaNames.RequestedAtAnnotation] = "now" } },
            }
        );
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Status.LastHandledReconcileAt == "now");
        await test.UntilIdleAsync();

        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task Applied_in_any_order_it_ends_Ready_without_a_Stalled_in_between()
    {
        await using var test = await TestOperator.StartAsync();

        await test.ApplyAsync(Some.VismaConnection());
        var waiting = await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Reconciling", "True"));
        await test.ApplyAsync(Some.OAuthClient(test.Provider.Issuer.OriginalString));
        await test.ApplyAsync(Some.Credentials());
        var ready = await test.UntilReadyAsync();

        Assert.Null(waiting.Condition("Stalled"));
        Assert.Null(ready.Condition("Stalled"));
        Assert.Null(ready.Condition("Reconciling"));
    }
}
