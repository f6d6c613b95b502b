using System.Net;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>The consumer Secret: its name, its template, its owner, and what becomes of it.</summary>
public sealed class SecretTests
{
    private const string Name = "acme-production-token";

    [Fact]
    public async Task A_renamed_Secret_is_written_before_the_old_one_goes()
    {
        await using var test = await TestOperator.StartReadyAsync();
        test.ForgetRequests();

        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-visma"}}""");
        await test.UntilIdleAsync();

        Assert.Null(await test.FindAsync<Secret>(Name));
        Assert.NotNull(await test.FindAsync<Secret>("acme-visma"));
        Assert.Equal("acme-visma", (await test.ConnectionAsync()).Status.SecretName);
        Assert.Equal(
            [(ClusterVerb.Create, "acme-visma"), (ClusterVerb.Delete, Name)],
            test.Requests.Where(request => request.Verb is ClusterVerb.Create or ClusterVerb.Delete)
                .Select(request => (request.Verb, request.Name.Name))
        );
    }

    [Fact]
    public async Task A_renamed_Secret_whose_former_one_may_not_be_deleted_is_reported_and_tells_a_person_once()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Delete && kind.Kind == "Secret"
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;

        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-visma"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        var early = (await test.ConnectionAsync()).Status.SecretName;
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));

        var connection = await test.ConnectionAsync();
        Assert.Equal((Name, "acme-visma"), (early, connection.Status.SecretName));
        Assert.True(connection.Is("Ready", "True"));
        var told = Assert.Single(test.EventsAbout(Some.Connection), happened => happened.Reason == "SecretForbidden");
        Assert.Contains(
            $"Delete that Secret by hand, and grant the operator's service account delete on Secrets in namespace {Some.Namespace}",
            told.Note!,
            StringComparison.Ordinal
        );
        Assert.Contains($"{Some.Namespace}/{Name}", told.Note!, StringComparison.Ordinal);
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task A_second_rename_leaves_no_Secret_behind_when_status_could_not_be_written_after_the_first()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        var before = test.Cluster.Before;
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.PatchStatus && kind.Kind == "VismaConnection"
                ? throw new KubernetesException(HttpStatusCode.InternalServerError, "InternalError", "etcd is not there")
                : Task.CompletedTask;
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-second"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        var second = await test.FindAsync<Secret>("acme-second");
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-third"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));

        test.Cluster.Before = before;
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5));

        Assert.NotNull(second);
        Assert.Equal("acme-third", (await test.ConnectionAsync()).Status.SecretName);
        Assert.NotNull(await test.FindAsync<Secret>("acme-third"));
        Assert.Null(await test.FindAsync<Secret>("acme-second"));
        Assert.Null(await test.FindAsync<Secret>(Name));
    }

    [Fact]
    public async Task A_renamed_Secret_goes_also_where_status_lacks_a_part_of_its_token()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await StopAndRenameWithAPartOfTheTokenLackingAsync(test);

        test.Start();
        await test.UntilAsync<VismaConnection>(Some.Connection, moved => moved.Status.SecretName == "acme-visma");
        await test.UntilIdleAsync();

        Assert.NotNull(await test.FindAsync<Secret>("acme-visma"));
        Assert.Null(await test.FindAsync<Secret>(Name));
    }

    [Theory]
    [InlineData("acme-third")]
    [InlineData(Name)]
    public async Task A_second_rename_leaves_no_Secret_behind_that_the_first_could_not_remove(string last)
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        var before = test.Cluster.Before;
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Delete && kind.Kind == "Secret"
                ? throw new KubernetesException(HttpStatusCode.InternalServerError, "InternalError", "etcd is not there")
                : Task.CompletedTask;
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-second"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        var second = await test.FindAsync<Secret>("acme-second");
        test.Cluster.Before = before;

        await test.ChangeConnectionAsync($$$"""{"secret": {"name": "{{{last}}}"}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5));

        Assert.NotNull(second);
        Assert.Equal(last, (await test.ConnectionAsync()).Status.SecretName);
        Assert.NotNull(await test.FindAsync<Secret>(last));
        Assert.Null(await test.FindAsync<Secret>("acme-second"));
        Assert.Equal(last == Name, await test.FindAsync<Secret>(Name) is not null);
    }

    [Theory]
    [InlineData("500", "the API server answers 500 InternalError")]
    [InlineData("403", "the operator may not delete it")]
    public async Task A_Secret_that_can_never_be_removed_keeps_no_other_one_and_is_the_only_one_told(string failure, string cause)
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        new ApiFaults(test).Inject(failure, ClusterVerb.Delete, Secret.ResourceKind, Name);
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-second"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        var second = await test.FindAsync<Secret>("acme-second");

        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-third"}}""");
        await test.UntilIdleAsync();
        var early = await test.ConnectionAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(5));

        Assert.NotNull(second);
        Assert.Null(await test.FindAsync<Secret>("acme-second"));
        Assert.NotNull(await test.FindAsync<Secret>(Name));
        Assert.StartsWith(
            $"Secret {Some.Namespace}/{Name}, which held the token before, could not be deleted",
            early.Status.Failure!.Message!,
            StringComparison.Ordinal
        );
        var connection = await test.ConnectionAsync();
        Assert.Equal("acme-third", connection.Status.SecretName);
        Assert.Null(connection.Status.OtherSecretNames);
        var told = Assert.Single(test.EventsAbout(Some.Connection), happened => happened.Reason == "SecretForbidden");
        Assert.Contains(
            $"but Secret {Some.Namespace}/{Name}, which held it before, is still there: {cause}",
            told.Note!,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Each_Secret_of_an_earlier_name_that_stays_is_told()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        new ApiFaults(test).Inject("500", ClusterVerb.Delete, Secret.ResourceKind, "*");
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-second"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-third"}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(5));

        var told = test.EventsAbout(Some.Connection).Where(happened => happened.Reason == "SecretForbidden").ToList();
        foreach (var name in (string[])[Name, "acme-second"])
        {
            Assert.Single(
                told,
                happened => happened.Note!.Contains($"but Secret {Some.Namespace}/{name}, which", StringComparison.Ordinal)
            );
        }
    }

    [Fact]
    public async Task A_withdrawal_takes_every_Secret_that_it_can_and_names_the_one_that_stays()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        new ApiFaults(test).Inject("500", ClusterVerb.Delete, Secret.ResourceKind, Name);
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-second"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        var second = await test.FindAsync<Secret>("acme-second");

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));

        Assert.NotNull(second);
        Assert.Null(await test.FindAsync<Secret>("acme-second"));
        Assert.NotNull(await test.FindAsync<Secret>(Name));
        var failure = (await test.ConnectionAsync()).Status.Failure!;
        Assert.Equal("WithdrawalFailed", failure.Reason);
        Assert.Contains($"Secret {Some.Namespace}/{Name} must be deleted", failure.Message!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_withdrawal_takes_also_a_Secret_whose_token_status_does_not_record_as_a_whole()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await StopAndRenameWithAPartOfTheTokenLackingAsync(test);
        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");

        test.Start();
        await test.UntilStalledAsync("TenantNotAllowed");
        await test.UntilIdleAsync();

        Assert.Null(await test.FindAsync<Secret>(Name));
        Assert.Null((await test.ConnectionAsync()).Status.OtherSecretNames);
    }

    [Fact]
    public async Task A_Secret_of_an_earlier_name_that_lost_its_label_is_removed_too()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        var faults = new ApiFaults(test);
        faults.Inject("500", ClusterVerb.Delete, Secret.ResourceKind, Name);
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-second"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        await test.StopAsync();
        faults.Lift();
        await test.PatchAsync<Secret>("acme-second", """{"metadata": {"labels": {"visma-operator.io/secret": null}}}""");
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-third"}}""");

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5));

        Assert.Equal("acme-third", (await test.ConnectionAsync()).Status.SecretName);
        Assert.Null(await test.FindAsync<Secret>("acme-second"));
        Assert.Null(await test.FindAsync<Secret>(Name));
    }

    [Fact]
    public async Task A_rename_to_a_taken_name_leaves_both_Secrets_as_they_are()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.TokenSecretAsync();

        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-credentials"}}""");
        var stalled = await test.UntilStalledAsync("SecretNotOwned");
        await test.UntilIdleAsync();

        Assert.Equal(before.Data, (await test.TokenSecretAsync()).Data);
        Assert.Equal(Some.ClientSecret, (await test.TokenSecretAsync("acme-credentials")).Text("clientSecret"));
        Assert.True(stalled.Is("Ready", "False"));
        await test.ChangeConnectionAsync("""{"secret": {"name": null}}""");
        await test.UntilReadyAsync();
    }

    [Fact]
    public async Task A_template_adds_type_labels_annotations_and_data()
    {
        await using var test = await TestOperator.StartReadyAsync();

        await test.ChangeConnectionAsync("""
            {"secret": {"template": {
                "type": "example.com/token",
                "metadata": {"labels": {"example.com/team": "erp"}, "annotations": {"example.com/note": "read only"}},
                "data": {"appsettings.json": "{\"Token\":\"${access_token}\",\"Until\":\"${expires_at}\"}"}}}}
            """);
        await test.UntilIdleAsync();

        var secret = await test.TokenSecretAsync();
        Assert.Equal("example.com/token", secret.Type);
        Assert.Equal("erp", secret.Metadata.Label("example.com/team"));
        Assert.Equal("read only", secret.Metadata.Annotation("example.com/note"));
        Assert.Equal(
            $$"""{"Token":"{{secret.Text("access_token")}}","Until":"{{secret.Text("expires_at")}}"}""",
            secret.Text("appsettings.json")
        );
        Assert.Equal(1, test.TokenRequests);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task A_reference_in_the_notation_of_another_tool_is_reported_once_for_each_spec()
    {
        await using var test = await TestOperator.StartReadyAsync();

        await test.ChangeConnectionAsync("""{"secret": {"template": {"data": {"config": "{{ .access_token }}"}}}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(41), TimeSpan.FromMinutes(1));
        await test.StopAsync();
        test.Start();
        await test.UntilIdleAsync();

        var told = Assert.Single(test.EventsAbout(Some.Connection), told => told.Reason == "LiteralReference");
        Assert.Equal("Warning", told.Type);
        Assert.Contains("spec.secret.template.data.config", told.Note!, StringComparison.Ordinal);
        Assert.Contains("${access_token}", told.Note!, StringComparison.Ordinal);
        Assert.Equal("{{ .access_token }}", (await test.TokenSecretAsync()).Text("config"));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));

        await test.ChangeConnectionAsync("""{"displayName": "another spec"}""");
        await test.UntilIdleAsync();
        Assert.Equal(2, test.EventsAbout(Some.Connection).Count(told => told.Reason == "LiteralReference"));
    }

    [Fact]
    public async Task A_key_removed_from_the_template_leaves_the_Secret_and_foreign_keys_stay()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync(
            """{"secret": {"template": {"metadata": {"labels": {"example.com/team": "erp", "example.com/old": "yes"}}, "data": {"extra": "${scope}"}}}}"""
        );
        await test.UntilIdleAsync();
        await test.PatchAsync<Secret>(
            Name,
            """{"metadata": {"labels": {"backup.example.com/keep": "yes"}, "annotations": {"backup.example.com/at": "night"}}}"""
        );
        await test.UntilIdleAsync();

        await test.ChangeConnectionAsync("""{"secret": {"template": {"metadata": {"labels": {"example.com/old": null}}, "data": null}}}""");
        await test.UntilIdleAsync();

        var secret = await test.TokenSecretAsync();
        Assert.Equal("erp", secret.Metadata.Label("example.com/team"));
        Assert.Null(secret.Metadata.Label("example.com/old"));
        Assert.Equal("yes", secret.Metadata.Label("backup.example.com/keep"));
        Assert.Equal("night", secret.Metadata.Annotation("backup.example.com/at"));
        Assert.False(secret.Data!.ContainsKey("extra"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task An_immutable_Secret_is_replaced()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.TokenSecretAsync();
        await test.PatchAsync<Secret>(Name, """{"immutable": true}""");

        await test.AdvanceAsync(TimeSpan.FromMinutes(41));

        var after = await test.TokenSecretAsync();
        Assert.NotEqual(before.Metadata.Uid, after.Metadata.Uid);
        Assert.NotEqual(before.Text("access_token"), after.Text("access_token"));
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task The_deletion_policy_can_be_switched_both_ways()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync("""{"secret": {"deletionPolicy": "Retain"}}""");
        await test.UntilIdleAsync();
        var retained = await test.TokenSecretAsync();
        await test.ChangeConnectionAsync("""{"secret": {"deletionPolicy": "Delete"}}""");
        await test.UntilIdleAsync();
        var owned = await test.TokenSecretAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.UntilIdleAsync();

        Assert.Empty(retained.Metadata.OwnerReferences ?? []);
        Assert.Single(owned.Metadata.OwnerReferences!);
        Assert.Null(await test.FindAsync<Secret>(Name));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_retained_Secret_outlives_its_connection_and_is_taken_over_by_the_next()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync("""{"secret": {"deletionPolicy": "Retain"}}""");
        await test.UntilIdleAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.UntilIdleAsync();
        var left = await test.FindAsync<Secret>(Name);

        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        Assert.NotNull(left);
        Assert.Equal(left.Text("access_token"), (await test.TokenSecretAsync()).Text("access_token"));
        Assert.Equal((await test.ConnectionAsync()).Metadata.Uid, (await test.TokenSecretAsync()).Metadata.OwnerReferences!.Single().Uid);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_Secret_restored_without_its_owner_is_owned_again()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var backup = await test.TokenSecretAsync();
        await test.StopAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.ApplyAsync(backup.WithMetadata(backup.Metadata with { OwnerReferences = null, ResourceVersion = null, Uid = null }));
        await test.ApplyAsync(Some.VismaConnection());

        test.Start();
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        Assert.Equal(1, test.TokenRequests);
        Assert.Equal((await test.ConnectionAsync()).Metadata.Uid, (await test.TokenSecretAsync()).Metadata.OwnerReferences?.Single().Uid);
    }

    [Fact]
    public async Task The_Secret_of_another_connection_is_not_shared()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.TokenSecretAsync();

        await test.ApplyAsync(Some.VismaConnection("second").WithSecret(new SecretSpec { Name = Name }));
        await test.UntilStalledAsync("SecretNotOwned", "second");
        await test.UntilIdleAsync();

        Assert.Equal(before.Metadata.ResourceVersion, (await test.TokenSecretAsync()).Metadata.ResourceVersion);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_Secret_that_is_being_deleted_is_not_written_and_replaced_once_it_is_gone()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.PatchAsync<Secret>(Name, """{"metadata": {"finalizers": ["example.com/hold"]}}""");
        await test.UntilIdleAsync();
        await test.DeleteAsync<Secret>(Name);
        await test.UntilIdleAsync();
        var waiting = await test.ConnectionAsync();
        var held = await test.TokenSecretAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(61));
        var stalled = await test.ConnectionAsync();
        var untouched = await test.TokenSecretAsync();

        await test.PatchAsync<Secret>(Name, """{"metadata": {"finalizers": null}}""");
        await test.UntilReadyAsync();

        Assert.Equal("SecretTerminating", waiting.Condition("Reconciling")?.Reason);
        Assert.Contains("remove the finalizers", stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal(held.Metadata.ResourceVersion, untouched.Metadata.ResourceVersion);
        Assert.NotEqual(held.Metadata.Uid, (await test.TokenSecretAsync()).Metadata.Uid);
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task Nothing_is_written_in_a_terminating_namespace()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(new Namespace { Metadata = new ObjectMeta { Name = "customer-a", Finalizers = ["example.com/hold"] } });
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "All"}}""");
        var connection = Some.VismaConnection(ns: "customer-a");
        await test.ApplyAsync(connection.WithMetadata(connection.Metadata with { Finalizers = ["example.com/hold"] }));
        await test.UntilAsync<VismaConnection>(Some.Connection, ready => ready.Is("Ready", "True"), "customer-a");
        await test.UntilIdleAsync();

        await test.DeleteAsync<Namespace>("customer-a", string.Empty);
        await test.AdvanceAsync(TimeSpan.FromHours(2), TimeSpan.FromMinutes(1));

        Assert.Equal(1, test.TokenRequests);
        Assert.Null(await test.FindAsync<Secret>(Name, "customer-a"));
    }

    [Fact]
    public async Task A_wiped_status_is_read_back_from_the_Secret_at_once()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.ConnectionAsync();

        await test.Cluster.PatchStatusAsync<VismaConnection>(
            before.Metadata.NamespacedName,
            new System.Text.Json.Nodes.JsonObject { ["status"] = null },
            TestContext.Current.CancellationToken
        );
        await test.UntilIdleAsync();

        var after = await test.ConnectionAsync();
        Assert.True(after.Is("Ready", "True"));
        Assert.Equal(before.Status.Token!.ExpirationTime, after.Status.Token!.ExpirationTime);
        Assert.Equal(1, test.TokenRequests);
    }

    private static async Task StopAndRenameWithAPartOfTheTokenLackingAsync(TestOperator test)
    {
        await test.UntilIdleAsync();
        await test.StopAsync();
        var patch = new JsonObject { ["status"] = new JsonObject { ["token"] = new JsonObject { ["layout"] = null } } };
        await test.Cluster.PatchStatusAsync<VismaConnection>(
            new NamespacedName(Some.Namespace, Some.Connection),
            patch,
            TestContext.Current.CancellationToken
        );
        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-visma"}}""");
    }
}
