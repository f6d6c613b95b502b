using System.Text.Json;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>Whose a token Secret is: which marks must agree, what is put back, and who is told what about a name that two want.</summary>
public sealed class OwnershipTests
{
    private const string Name = "acme-production-token";

    private const string NoLabel = """{"labels": {"visma-operator.io/secret": null}}""";
    private const string OtherLabel = """{"labels": {"visma-operator.io/secret": "tokens"}}""";
    private const string EmptyLabel = """{"labels": {"visma-operator.io/secret": ""}}""";
    private const string GrantLabel = """{"labels": {"visma-operator.io/secret": "grant"}}""";
    private const string NoAnnotation = """{"annotations": {"visma-operator.io/connection": null}}""";
    private const string NoOwner = """{"ownerReferences": null}""";
    private const string OnlyOwner = """{"labels": null, "annotations": null}""";
    private const string OnlyAnnotation = """{"labels": null, "ownerReferences": null}""";

    [Theory]
    [InlineData(NoLabel)]
    [InlineData(OtherLabel)]
    [InlineData(EmptyLabel)]
    [InlineData(GrantLabel)]
    [InlineData(NoAnnotation)]
    [InlineData(NoOwner)]
    [InlineData(OnlyOwner)]
    [InlineData(OnlyAnnotation)]
    public async Task A_mark_that_is_missing_is_put_back_and_no_token_is_asked_for(string metadata)
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.TokenSecretAsync();

        await test.PatchAsync<Secret>(Name, $$"""{"metadata": {{metadata}}}""");
        await test.UntilIdleAsync();

        await IsAsBeforeAsync(test, before);
    }

    [Theory]
    [InlineData(NoLabel)]
    [InlineData(OtherLabel)]
    [InlineData(OnlyOwner)]
    [InlineData(OnlyAnnotation)]
    public async Task A_mark_that_was_taken_while_no_operator_ran_is_put_back(string metadata)
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.TokenSecretAsync();
        await test.StopAsync();
        await test.PatchAsync<Secret>(Name, $$"""{"metadata": {{metadata}}}""");

        test.Start();
        await test.UntilIdleAsync();

        await IsAsBeforeAsync(test, before);
    }

    [Fact]
    public async Task A_label_is_put_back_while_the_provider_is_away()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.TokenSecretAsync();
        test.Provider.Faults.Always(VismaConnect.StandIn.Fault.ServerError(503));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilIdleAsync();

        await test.PatchAsync<Secret>(Name, $$"""{"metadata": {{NoLabel}}}""");
        await test.UntilIdleAsync();

        Assert.Equal("token", (await test.TokenSecretAsync()).Metadata.Label(VismaNames.SecretLabel));
        Assert.Equal(before.Text("access_token"), (await test.TokenSecretAsync()).Text("access_token"));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task Status_alone_makes_no_Secret_ours()
    {
        await using var test = await TestOperator.StartReadyAsync();

        await test.PatchAsync<Secret>(Name, """{"metadata": {"labels": null, "annotations": null, "ownerReferences": null}}""");
        var stalled = await test.UntilStalledAsync("SecretNotOwned");
        await test.UntilIdleAsync();

        Assert.Empty((await test.TokenSecretAsync()).Metadata.Labels ?? new Dictionary<string, string>());
        Assert.DoesNotContain("delete", stalled.Condition("Stalled")!.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task An_annotation_alone_makes_no_Secret_ours()
    {
        await using var test = await TestOperator.StartAsync();
        var strangers = Some.Credentials("not-yours-to-overwrite", Name);
        await test.ApplyAsync(
            strangers.WithMetadata(
                strangers.Metadata with
                {
                    Annotations = new Dictionary<string, string> { [VismaNames.ConnectionAnnotation] = Some.Connection },
                }
            )
        );
        await ApplyAsync(test);

        await test.UntilStalledAsync("SecretNotOwned");
        await test.UntilIdleAsync();

        Assert.Equal("not-yours-to-overwrite", (await test.TokenSecretAsync()).Text("clientSecret"));
    }

    [Fact]
    public async Task A_Secret_that_was_replaced_by_a_strangers_is_not_ours_by_the_status_of_the_former_one()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.StopAsync();
        await test.DeleteAsync<Secret>(Name);
        var strangers = Some.Credentials("not-yours-to-overwrite", Name);
        await test.ApplyAsync(
            strangers.WithMetadata(
                strangers.Metadata with
                {
                    Annotations = new Dictionary<string, string> { [VismaNames.ConnectionAnnotation] = Some.Connection },
                }
            )
        );

        test.Start();
        await test.UntilStalledAsync("SecretNotOwned");
        await test.UntilIdleAsync();

        Assert.Equal("not-yours-to-overwrite", (await test.TokenSecretAsync()).Text("clientSecret"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_restart_asks_for_no_token_that_a_strangers_Secret_has_no_place_for()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "All"}}""");
        await test.ApplyAsync(Some.VismaConnection(ns: "customer-a"));
        await test.UntilAsync<VismaConnection>(Some.Connection, ready => ready.Is("Ready", "True"), "customer-a");
        await test.UntilIdleAsync();
        await test.StopAsync();
        await test.DeleteAsync<Secret>(Name, "customer-a");
        var strangers = Some.Credentials("not-yours-to-overwrite", Name);
        await test.ApplyAsync(strangers.WithMetadata(strangers.Metadata with { Namespace = "customer-a" }));
        // The watch by name, which would tell that the Secret is there, has not been answered yet.
        var looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        test.Cluster.Before = (verb, kind, name) =>
        {
            if (verb == ClusterVerb.Get && kind == Secret.ResourceKind)
            {
                looked.TrySetResult();
            }

            return verb == ClusterVerb.List && kind == Secret.ResourceKind && name.Namespace == "customer-a"
                ? Task.FromException(ApiFaults.ExceptionOf("503"))
                : Task.CompletedTask;
        };

        test.Start();
        await test.UntilStalledAsync("SecretNotOwned", ns: "customer-a");
        await test.UntilIdleAsync();
        await test.StopAsync();
        looked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var before = test.StatusWrites(Some.Connection);
        test.Start();
        await looked.Task.WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        await test.UntilIdleAsync();

        Assert.Equal(1, test.TokenRequests);
        Assert.Equal(before, test.StatusWrites(Some.Connection));
    }

    [Fact]
    public async Task A_restored_Secret_whose_owner_reference_has_the_uid_of_a_former_connection_is_ours()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var backup = await test.TokenSecretAsync();
        await test.StopAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.ApplyAsync(Some.VismaConnection());
        // put back past the garbage collector, which acts at once here and would win the race that a real one runs against the operator
        const string Uid = "8d1f0c3a-5b7e-4c21-9a44-6f0e2b9d7c15";
        test.Cluster.Restore(
            Secret.ResourceKind,
            JsonSerializer.SerializeToNode(backup.WithMetadata(backup.Metadata with { Uid = Uid }), Secret.JsonTypeInfo)!.AsObject()
        );
        var connection = await test.ConnectionAsync();
        var formerOwner = Assert.Single((await test.TokenSecretAsync()).Metadata.OwnerReferences!);
        Assert.Equal(connection.Metadata.Name, formerOwner.Name);
        Assert.NotEqual(connection.Metadata.Uid, formerOwner.Uid);

        test.Start();
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        var restored = await test.TokenSecretAsync();
        Assert.Equal(connection.Metadata.Uid, Assert.Single(restored.Metadata.OwnerReferences!).Uid);
        Assert.Equal(Uid, restored.Metadata.Uid);
        Assert.Equal(backup.Metadata.Labels, restored.Metadata.Labels);
        Assert.Equal(backup.Metadata.Annotations, restored.Metadata.Annotations);
        Assert.Equal(backup.Text("access_token"), restored.Text("access_token"));
        Assert.Null((await test.ConnectionAsync()).Condition("Stalled"));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_withdrawn_allowance_takes_a_Secret_whose_label_was_removed()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.StopAsync();
        await test.PatchAsync<Secret>(Name, $$"""{"metadata": {{NoLabel}}}""");
        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");

        test.Start();
        await test.UntilStalledAsync("TenantNotAllowed");
        await test.UntilIdleAsync();

        Assert.Null(await test.FindAsync<Secret>(Name));
    }

    [Fact]
    public async Task A_name_that_another_connection_gives_up_is_taken_at_once()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await SecondAsync(test);

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.UntilReadyAsync("second");
        await test.UntilIdleAsync();

        Assert.Equal("second", (await test.TokenSecretAsync()).Metadata.Annotation(VismaNames.ConnectionAnnotation));
    }

    [Fact]
    public async Task A_name_that_another_connection_moves_away_from_is_taken_at_once()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await SecondAsync(test);

        await test.ChangeConnectionAsync("""{"secret": {"name": "acme-visma"}}""");
        await test.UntilReadyAsync("second");
        await test.UntilIdleAsync();

        Assert.Equal("second", (await test.TokenSecretAsync()).Metadata.Annotation(VismaNames.ConnectionAnnotation));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task A_name_that_a_strangers_Secret_gives_free_is_taken_at_once()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials("not-yours-to-overwrite", Name));
        await ApplyAsync(test);
        await test.UntilStalledAsync("SecretNotOwned");
        await test.UntilIdleAsync();

        await test.DeleteAsync<Secret>(Name);
        await test.UntilReadyAsync();

        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task Two_connections_with_one_name_both_report_the_other()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var second = await SecondAsync(test);
        var first = await test.ConnectionAsync();

        Assert.Contains("VismaConnection second", first.Condition("Ready")!.Message, StringComparison.Ordinal);
        Assert.True(first.Is("Ready", "True"));
        var message = second.Condition("Stalled")!.Message;
        Assert.Contains($"VismaConnection {Some.Connection}", message, StringComparison.Ordinal);
        Assert.DoesNotContain("delete", message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(1, test.TokenRequests);

        await test.ChangeConnectionAsync("""{"secret": {"name": "of-its-own"}}""", "second");
        await test.UntilReadyAsync("second");
        await test.UntilIdleAsync();
        Assert.DoesNotContain("second", (await test.ConnectionAsync()).Condition("Ready")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_credential_Secret_of_a_client_is_named_without_advice_to_delete_it()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection().WithSecret(new SecretSpec { Name = "acme-credentials" }));

        var message = (await test.UntilStalledAsync("SecretNotOwned")).Condition("Stalled")!.Message;

        Assert.Contains($"OAuthClient {Some.Client}", message, StringComparison.Ordinal);
        Assert.Contains("spec.secret.name", message, StringComparison.Ordinal);
        Assert.DoesNotContain("delete", message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, test.TokenRequests);
    }

    [Fact]
    public async Task The_name_of_a_credential_Secret_that_is_not_there_yet_is_not_taken()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(
            test.Client()
                .With(spec =>
                    spec with
                    {
                        ClientSecrets =
                        [
                            .. spec.ClientSecrets,
                            spec.ClientSecrets[0] with
                            {
                                SecretKeyRef = spec.ClientSecrets[0].SecretKeyRef with { Name = "acme-next" },
                            },
                        ],
                    }
                )
        );
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(Some.VismaConnection().WithSecret(new SecretSpec { Name = "acme-next" }));

        await test.UntilStalledAsync("SecretNotOwned");

        Assert.Null(await test.FindAsync<Secret>("acme-next"));
    }

    private static async Task IsAsBeforeAsync(TestOperator test, Secret before)
    {
        var after = await test.TokenSecretAsync();
        Assert.Equal(before.Metadata.Labels, after.Metadata.Labels);
        Assert.Equal(before.Metadata.Annotations, after.Metadata.Annotations);
        Assert.Equal(before.Metadata.OwnerReferences, after.Metadata.OwnerReferences);
        Assert.Equal(before.Text("access_token"), after.Text("access_token"));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.Null((await test.ConnectionAsync()).Condition("Stalled"));
        Assert.Equal(1, test.TokenRequests);
    }

    private static async Task<VismaConnection> SecondAsync(TestOperator test)
    {
        await test.ApplyAsync(Some.VismaConnection("second").WithSecret(new SecretSpec { Name = Name }));
        await test.UntilStalledAsync("SecretNotOwned", "second");
        await test.UntilIdleAsync();
        return await test.ConnectionAsync("second");
    }

    private static async Task ApplyAsync(TestOperator test)
    {
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection());
    }
}
