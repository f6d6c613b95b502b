using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Kubernetes.InMemory;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>A Secret that its owner lends to a connection: the token goes in, everything else in it stays its owner's.</summary>
public sealed class AdoptionTests
{
    private const string Name = "acme-production-token";

    [Fact]
    public async Task The_token_goes_into_the_Secret_and_foreign_keys_stay_at_every_renewal()
    {
        await using var test = await AdoptedAsync();
        var first = await test.TokenSecretAsync();

        await test.AdvanceAsync(TimeSpan.FromMinutes(41));

        var second = await test.TokenSecretAsync();
        Assert.NotEqual(first.Text("access_token"), second.Text("access_token"));
        Assert.Equal(("keep me", "keep me"), (first.Text("smtp-password"), second.Text("smtp-password")));
        Assert.Equal(first.Metadata.Uid, second.Metadata.Uid);
        Assert.Equal("erp", second.Metadata.Label("example.com/team"));
        Assert.Empty(second.Metadata.OwnerReferences ?? []);
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task A_stalled_connection_takes_the_Secret_once_its_owner_marks_it()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Lent() with { Metadata = new ObjectMeta { Name = Name, Namespace = Some.Namespace } });
        await ApplyAsync(test);
        var message = (await test.UntilStalledAsync("SecretNotOwned")).Condition("Stalled")!.Message;

        await test.PatchAsync<Secret>(
            Name,
            """{"metadata": {"labels": {"visma-operator.io/secret": "token"}, "annotations": {"visma-operator.io/adopt": "acme-production"}}}"""
        );
        await test.UntilReadyAsync();

        Assert.Contains(
            $"kubectl label secret {Name} -n {Some.Namespace} visma-operator.io/secret=token",
            message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"kubectl annotate secret {Name} -n {Some.Namespace} visma-operator.io/adopt={Some.Connection}",
            message,
            StringComparison.Ordinal
        );
        Assert.Equal("keep me", (await test.TokenSecretAsync()).Text("smtp-password"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_mark_for_another_connection_lends_nothing()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Lent("somebody-else"));
        await ApplyAsync(test);

        await test.UntilStalledAsync("SecretNotOwned");
        await test.UntilIdleAsync();

        Assert.Equal(["smtp-password"], (await test.TokenSecretAsync()).Data!.Keys);
    }

    [Theory]
    [InlineData(true, "Opaque", "immutable")]
    [InlineData(false, "example.com/other", "type")]
    public async Task An_immutable_Secret_or_one_of_another_type_is_refused_and_left(bool isImmutable, string type, string cause)
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Lent() with { Immutable = isImmutable, Type = type });
        await ApplyAsync(test);

        var stalled = await test.UntilStalledAsync("SecretNotOwned");
        await test.AdvanceAsync(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(1));

        Assert.Contains(cause, stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal(["smtp-password"], (await test.TokenSecretAsync()).Data!.Keys);
        Assert.Equal(0, test.TokenRequests);
    }

    [Fact]
    public async Task A_Secret_that_becomes_immutable_is_never_recreated()
    {
        await using var test = await AdoptedAsync();
        var before = await test.TokenSecretAsync();
        await test.PatchAsync<Secret>(Name, """{"immutable": true}""");

        await test.AdvanceAsync(TimeSpan.FromMinutes(45), TimeSpan.FromMinutes(1));

        Assert.Equal(before.Metadata.Uid, (await test.TokenSecretAsync()).Metadata.Uid);
        Assert.Contains("immutable", (await test.ConnectionAsync()).Condition("Stalled")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_withdrawal_only_the_token_is_said_to_be_gone()
    {
        await using var test = await AdoptedAsync();

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.UntilIdleAsync();

        var secret = await test.TokenSecretAsync();
        Assert.Equal((true, false), (secret.Data!.ContainsKey("smtp-password"), secret.Data.ContainsKey("access_token")));
        Assert.StartsWith(
            "The token was taken out of the Secret at ",
            (await test.ConnectionAsync()).Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        Assert.Single(test.EventsAbout(Some.Connection), happened => happened.Reason == "TenantNotAllowed");
    }

    [Fact]
    public async Task Its_owner_changes_foreign_keys_as_before()
    {
        await using var test = await AdoptedAsync();
        var before = await test.TokenSecretAsync();

        await test.PutSecretAsync("changed", Name, "smtp-password");
        await test.PutSecretAsync("new", Name, "another");
        await test.UntilIdleAsync();

        var after = await test.TokenSecretAsync();
        Assert.Equal(("changed", "new"), (after.Text("smtp-password"), after.Text("another")));
        Assert.Equal(before.Text("access_token"), after.Text("access_token"));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_token_that_is_edited_is_put_back_beside_the_foreign_keys()
    {
        await using var test = await AdoptedAsync();
        var before = await test.TokenSecretAsync();

        await test.PutSecretAsync("edited", Name, "authorization");
        await test.UntilIdleAsync();

        var after = await test.TokenSecretAsync();
        Assert.Equal(before.Text("authorization"), after.Text("authorization"));
        Assert.Equal("keep me", after.Text("smtp-password"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_key_that_leaves_the_template_leaves_the_Secret()
    {
        await using var test = await AdoptedAsync();
        await test.ChangeConnectionAsync("""{"secret": {"template": {"data": {"extra": "${scope}"}}}}""");
        await test.UntilIdleAsync();
        var during = await test.TokenSecretAsync();

        await test.ChangeConnectionAsync("""{"secret": {"template": null}}""");
        await test.UntilIdleAsync();

        Assert.True(during.Data!.ContainsKey("extra"));
        var after = await test.TokenSecretAsync();
        Assert.False(after.Data!.ContainsKey("extra"));
        Assert.Equal("keep me", after.Text("smtp-password"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task It_outlives_its_connection()
    {
        await using var test = await AdoptedAsync();

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.UntilIdleAsync();

        Assert.Equal("keep me", (await test.TokenSecretAsync()).Text("smtp-password"));
    }

    [Fact]
    public async Task A_withdrawn_allowance_takes_the_token_out_and_leaves_the_rest()
    {
        await using var test = await AdoptedAsync();

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.UntilStalledAsync("TenantNotAllowed");
        await test.UntilIdleAsync();

        Assert.Equal(["smtp-password"], (await test.TokenSecretAsync()).Data!.Keys);
        await test.ChangeClientAsync("""{"tenants": null}""");
        await test.UntilReadyAsync();
        Assert.Equal("keep me", (await test.TokenSecretAsync()).Text("smtp-password"));
    }

    [Fact]
    public async Task No_mark_of_ours_stays_in_a_Secret_that_the_token_was_taken_out_of()
    {
        // Only a mark that the Secret has can be seen to go. So the scene sets every field that has one.
        await using var test = await AdoptedAsync();
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.ChangeConnectionAsync("""{"secret": {"template": {"metadata": {"annotations": {"example.com/a": "b"}}}}}""");
        await test.UntilIdleAsync();
        Assert.NotNull((await test.TokenSecretAsync()).Metadata.Annotation(VismaNames.AnsweredRequestAnnotation));

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.UntilStalledAsync("TenantNotAllowed");
        await test.UntilIdleAsync();

        Assert.Equal([VismaNames.AdoptAnnotation], (await test.TokenSecretAsync()).Metadata.Annotations!.Keys);
    }

    [Fact]
    public async Task A_renamed_Secret_is_emptied_of_the_token_and_stays()
    {
        await using var test = await AdoptedAsync();

        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-visma"}}""");
        await test.UntilIdleAsync();

        Assert.Equal(["smtp-password"], (await test.TokenSecretAsync()).Data!.Keys);
        Assert.NotNull(await test.FindAsync<Secret>("acme-visma"));
    }

    [Fact]
    public async Task A_Secret_whose_mark_is_removed_while_the_token_moves_on_keeps_foreign_keys()
    {
        const string Second = "acme-second";
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        await test.ApplyAsync(Lent() with { Metadata = Lent().Metadata with { Name = Second } });
        new ApiFaults(test).Inject("500", ClusterVerb.Delete, Secret.ResourceKind, Name);
        await test.ChangeConnectionAsync($$$"""{"secret": {"name": "{{{Second}}}"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        var lent = await test.TokenSecretAsync(Second);
        await test.StopAsync();
        await test.PatchAsync<Secret>(Second, """{"metadata": {"annotations": {"visma-operator.io/adopt": null}}}""");
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-third"}}""");

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));

        Assert.True(lent.Data!.ContainsKey("access_token"));
        Assert.Equal(["smtp-password"], (await test.TokenSecretAsync(Second)).Data!.Keys);
        Assert.NotNull(await test.FindAsync<Secret>("acme-third"));
    }

    [Fact]
    public async Task A_removed_mark_is_put_back_so_that_foreign_keys_never_count_as_ours()
    {
        await using var test = await AdoptedAsync();

        await test.PatchAsync<Secret>(Name, """{"metadata": {"annotations": {"visma-operator.io/adopt": null}}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(41));

        var after = await test.TokenSecretAsync();
        Assert.Equal("keep me", after.Text("smtp-password"));
        Assert.Equal(Some.Connection, after.Metadata.Annotation("visma-operator.io/adopt"));
    }

    [Fact]
    public async Task A_restart_makes_no_request_and_no_write()
    {
        await using var test = await AdoptedAsync();
        await test.StopAsync();
        test.ForgetRequests();

        test.Start();
        await test.UntilIdleAsync();

        Assert.DoesNotContain(test.Requests, request => request.IsWrite());
        Assert.Equal(1, test.TokenRequests);
    }

    private static Secret Lent(string connection = Some.Connection) =>
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = Name,
                Namespace = Some.Namespace,
                Labels = new Dictionary<string, string>
                {
                    [VismaNames.SecretLabel] = VismaNames.TokenSecretValue,
                    ["example.com/team"] = "erp",
                },
                Annotations = new Dictionary<string, string> { ["visma-operator.io/adopt"] = connection },
            },
            Type = "Opaque",
            Data = new Dictionary<string, SecretValue> { ["smtp-password"] = SecretValue.FromText("keep me") },
        };

    private static async Task<TestOperator> AdoptedAsync()
    {
        var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Lent());
        await ApplyAsync(test);
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        return test;
    }

    private static async Task ApplyAsync(TestOperator test)
    {
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
    }
}
