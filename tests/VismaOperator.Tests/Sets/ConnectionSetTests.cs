using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Sets;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Sets;

/// <summary>Sets of connections over the real controllers: made, changed by difference, held, healed, told.</summary>
public sealed partial class ConnectionSetTests
{
    [Fact]
    public async Task A_set_makes_a_connection_for_each_tenant_and_says_when_all_are_Ready()
    {
        await using var test = await SomeSets.StartAsync(3);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(3)));

        var set = await test.SettledAsync();

        Assert.Equal([.. Enumerable.Range(0, 3).Select(SomeSets.ConnectionOf)], await test.ConnectionsAsync());
        Assert.Equal(("True", "ConnectionsReady"), (set.Condition("Ready")?.Status, set.Condition("Ready")?.Reason));
        Assert.Equal((3, 3, null), (set.Status.Connections, set.Status.Ready, set.Status.Failures));
        Assert.Equal(3, test.TokenRequests);
        var child = await test.ConnectionAsync(SomeSets.ConnectionOf(1));
        Assert.Equal((SomeSets.IdOf(1), "Tenant customer-1"), (child.Spec.TenantId, child.Spec.DisplayName));
        var owner = Assert.Single(child.Metadata.OwnerReferences!);
        Assert.Equal((set.Metadata.Uid, true, false), (owner.Uid, owner.Controller, owner.BlockOwnerDeletion));
        Assert.Equal(SomeSets.IdOf(1), (await test.TokenSecretAsync($"{SomeSets.ConnectionOf(1)}-token")).Text("tenant_id"));
    }

    [Fact]
    public async Task Without_the_feature_nothing_happens_and_nobody_asks_for_sets()
    {
        await using var test = await SomeSets.StartAsync(1, test => test.Sets = null);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(1)));
        await test.UntilIdleAsync();

        Assert.Empty(await test.ConnectionsAsync());
        Assert.DoesNotContain(
            test.Requests,
            request => request.Verb != ClusterVerb.Create && request.Kind == VismaConnectionSet.ResourceKind
        );
        Assert.DoesNotContain(test.Requests, request => request.Kind == ConfigMap.ResourceKind);
    }

    [Fact]
    public async Task Without_the_definition_everything_else_is_served_and_the_log_says_what_to_install()
    {
        await using var test = await SomeSets.StartAsync(1, test =>
            test.Cluster.Before = (verb, kind, _) =>
                verb == ClusterVerb.List && kind == VismaConnectionSet.ResourceKind
                    ? throw new KubernetesException(HttpStatusCode.NotFound, "NotFound", "the server could not find the requested resource")
                    : Task.CompletedTask
        );
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilReadyAsync();
        const string Advice = "visma-operator crds | kubectl apply";
        // The cache of the sets waits for nobody.
        await test.Logs.SaidAsync(Advice).WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);

        Assert.Single(test.Logs.Lines, line => line.Contains(Advice, StringComparison.Ordinal));
        const string Contact = "controller_cache_last_contact_timestamp_seconds{cache=connection sets}";
        Assert.Null(test.Metrics[Contact]); // no watch is stuck
        Assert.NotNull(test.Metrics["controller_cache_last_contact_timestamp_seconds{cache=connections}"]);

        test.Cluster.Before = null;
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(1)));
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1));
        Assert.Equal("True", (await test.SettledAsync()).Condition("Ready")?.Status);
        Assert.NotNull(test.Metrics[Contact]);
    }

    [Fact]
    public async Task Each_change_costs_exactly_the_writes_that_differ()
    {
        await using var test = await SomeSets.StartAsync(41);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(40)));
        await test.SettledAsync();
        Assert.Equal((40, 0, 0), Writes(test));
        Assert.InRange(test.StatusWrites(SomeSets.Name), 1, 4);

        test.ForgetRequests();
        await test.ListAsync(SomeSets.Tenants(41));
        await test.SettledAsync();
        Assert.Equal((1, 0, 0), Writes(test));

        test.ForgetRequests();
        await test.ListAsync(SomeSets.Tenants(40, first: 1));
        await test.SettledAsync();
        Assert.Equal((0, 0, 1), Writes(test));

        test.ForgetRequests();
        await test.ChangeSetAsync("""{"template": {"spec": {"displayName": "${tenantName} now"}}}""");
        await test.SettledAsync();
        Assert.Equal((0, 40, 0), Writes(test));
        Assert.Equal(41, test.TokenRequests); // the name for people is in no token
    }

    [Fact]
    public async Task An_unchanged_set_writes_nothing_after_a_restart()
    {
        await using var test = await SomeSets.StartAsync(3);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(3)));
        await test.SettledAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1)); // the client counts its connections once a minute
        await test.StopAsync();
        test.ForgetRequests();

        test.Start();
        await test.SettledAsync();

        Assert.DoesNotContain(test.Requests, IsWrite);
        Assert.Equal(3, test.TokenRequests);
    }

    [Fact]
    public async Task Statuses_of_many_connections_are_counted_about_once_a_second()
    {
        await using var test = await SomeSets.StartAsync(200, test => test.Workers = 32);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(200)));
        await test.UntilIdleAsync();
        var before = test.StatusWrites(SomeSets.Name);

        var set = await test.SettledAsync();

        Assert.InRange(before, 0, 2); // no time has passed
        Assert.InRange(test.StatusWrites(SomeSets.Name), 1, before + 2);
        Assert.Equal(200, set.Status.Ready);
    }

    [Fact]
    public async Task An_edited_connection_is_put_back_and_a_deleted_one_is_made_again()
    {
        await using var test = await SomeSets.StartAsync(2);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(2)));
        await test.SettledAsync();

        await test.ChangeConnectionAsync("""{"displayName": "edited", "suspend": true}""", SomeSets.ConnectionOf(0));
        await test.PatchAsync<VismaConnection>(
            SomeSets.ConnectionOf(0),
            """{"metadata": {"labels": {"team": "mine", "kind": null, "visma-operator.io/tenant": "edited"}}}"""
        );
        await test.DeleteAsync<VismaConnection>(SomeSets.ConnectionOf(1));
        await test.UntilIdleAsync();

        var healed = await test.ConnectionAsync(SomeSets.ConnectionOf(0));
        Assert.Equal(("Tenant customer-0", false), (healed.Spec.DisplayName, healed.Spec.Suspend));
        Assert.Equal(("mine", "customer"), (healed.Metadata.Label("team"), healed.Metadata.Label("kind")));
        Assert.Equal("customer-0", healed.Metadata.Label(VismaNames.TenantLabel));
        Assert.NotNull(await test.FindAsync<VismaConnection>(SomeSets.ConnectionOf(1)));
    }

    [Fact]
    public async Task Many_removals_at_once_wait_for_their_count_while_additions_go_on()
    {
        await using var test = await SomeSets.StartAsync(12);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(10)));
        await test.SettledAsync();

        await test.ListAsync(SomeSets.Tenants(4, first: 8));
        var held = await test.SettledAsync();
        Assert.Equal(12, (await test.ConnectionsAsync()).Count);
        Assert.Equal("RemovalsHeld", held.Condition("Stalled")?.Reason);
        Assert.Equal("False", held.Condition("Ready")?.Status);
        Assert.Contains(
            "kubectl annotate vcs customers -n integrations --overwrite visma-operator.io/confirmRemovals=8",
            held.Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(("True", 12), (Ready(await test.ConnectionAsync(SomeSets.ConnectionOf(11))), held.Status.Connections));

        await test.AnnotateSetAsync(VismaNames.ConfirmRemovalsAnnotation, "7");
        await test.SettledAsync();
        Assert.Equal(12, (await test.ConnectionsAsync()).Count);

        await test.AnnotateSetAsync(VismaNames.ConfirmRemovalsAnnotation, "8");
        var done = await test.SettledAsync();
        Assert.Equal(4, (await test.ConnectionsAsync()).Count);
        Assert.Equal(("True", null, 8), (done.Condition("Ready")?.Status, done.Condition("Stalled"), done.Status.ConfirmedRemovals));
    }

    [Fact]
    public async Task An_annotation_that_was_used_confirms_nothing_else()
    {
        await using var test = await SomeSets.StartAsync(10);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(10)));
        await test.SettledAsync();
        await test.ListAsync();
        await test.SettledAsync();
        await test.AnnotateSetAsync(VismaNames.ConfirmRemovalsAnnotation, "10");
        await test.SettledAsync();
        Assert.Empty(await test.ConnectionsAsync());

        await test.ListAsync(SomeSets.Tenants(10));
        await test.SettledAsync();
        await test.ListAsync();
        var held = await test.SettledAsync();
        Assert.Equal(10, (await test.ConnectionsAsync()).Count);
        Assert.Contains("visma-operator.io/confirmRemovals-", held.Condition("Stalled")!.Message, StringComparison.Ordinal);

        await test.AnnotateSetAsync(VismaNames.ConfirmRemovalsAnnotation, null);
        await test.SettledAsync();
        await test.AnnotateSetAsync(VismaNames.ConfirmRemovalsAnnotation, "10");
        await test.SettledAsync();
        Assert.Empty(await test.ConnectionsAsync());
    }

    [Theory]
    [InlineData(DeletionPolicy.Delete, 0)]
    [InlineData(DeletionPolicy.Retain, 2)]
    public async Task The_connections_go_or_stay_with_the_set_as_it_says(DeletionPolicy policy, int left)
    {
        await using var test = await SomeSets.StartAsync(2);
        var set = SomeSets.Set(SomeSets.Tenants(2));
        await test.ApplyAsync(set with { Spec = set.Spec with { DeletionPolicy = policy } });
        await test.SettledAsync();

        await test.DeleteAsync<VismaConnectionSet>(SomeSets.Name);
        await test.UntilIdleAsync();
        Assert.Equal(left, (await test.ConnectionsAsync()).Count);

        test.ForgetRequests();
        await test.ApplyAsync(set);
        var again = await test.SettledAsync();
        Assert.Equal(("True", 2), (again.Condition("Ready")?.Status, again.Status.Connections));
        Assert.Equal((2 - left, left, 0), Writes(test));
    }

    [Fact]
    public async Task Retain_counts_from_the_moment_at_which_status_speaks_of_it()
    {
        await using var test = await SomeSets.StartAsync(1);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(1)));
        await test.SettledAsync();

        await test.ChangeSetAsync("""{"deletionPolicy": "Retain"}""");
        await test.SettledAsync();
        await test.DeleteAsync<VismaConnectionSet>(SomeSets.Name);
        await test.UntilIdleAsync();

        Assert.Single(await test.ConnectionsAsync());
    }

    [Theory]
    [InlineData("""{"tenants": []}""")]
    [InlineData("""{"template": {"spec": {"scopes": ["no scope"]}}}""")]
    public async Task Retain_reaches_connections_whatever_keeps_the_set(string trouble)
    {
        await using var test = await SomeSets.StartAsync(6);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(6)));
        await test.SettledAsync();
        await test.ChangeSetAsync(trouble);
        Assert.NotNull((await test.SettledAsync()).Condition("Stalled"));

        await test.ChangeSetAsync("""{"deletionPolicy": "Retain"}""");
        await test.SettledAsync();
        await test.DeleteAsync<VismaConnectionSet>(SomeSets.Name);
        await test.UntilIdleAsync();

        Assert.Equal(6, (await test.ConnectionsAsync()).Count);
    }

    [Fact]
    public async Task A_connection_of_somebody_else_is_told_and_left_as_it_is()
    {
        await using var test = await SomeSets.StartAsync(2);
        var foreign = Some.VismaConnection(SomeSets.ConnectionOf(0));
        await test.ApplyAsync(foreign);
        await test.UntilIdleAsync();
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(2)));

        var set = await test.SettledAsync();
        Assert.Equal("ConnectionsStalled", set.Condition("Stalled")?.Reason);
        var failure = Assert.Single(set.Status.Failures!);
        Assert.Equal((SomeSets.ConnectionOf(0), "ConnectionNotOwned"), (failure.Name, failure.Reason));
        Assert.Equal(Some.Tenant, (await test.ConnectionAsync(SomeSets.ConnectionOf(0))).Spec.TenantId);
        Assert.Equal("True", Ready(await test.ConnectionAsync(SomeSets.ConnectionOf(1))));

        await test.DeleteAsync<VismaConnection>(SomeSets.ConnectionOf(0));
        Assert.Equal("True", (await test.SettledAsync()).Condition("Ready")?.Status);
    }

    [Fact]
    public async Task The_first_ten_failures_are_told_by_name()
    {
        await using var test = await SomeSets.StartAsync(2);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(20)));

        var set = await test.SettledAsync();

        Assert.Equal((20, 2, 10), (set.Status.Connections, set.Status.Ready, set.Status.Failures?.Count));
        Assert.All(set.Status.Failures!, failure => Assert.Equal("TenantRefused", failure.Reason));
        Assert.Equal(SomeSets.ConnectionOf(10), set.Status.Failures![0].Name);
        Assert.StartsWith("18 of 20 connections need a person", set.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Single(test.EventsAbout(SomeSets.Name), told => told.Reason == "ConnectionsStalled");
    }

    [Theory]
    [InlineData("""{"template": {"spec": {"scopes": ["no scope"]}}}""", "spec.template.spec.scopes")]
    [InlineData("""{"template": {"spec": {"secret": {"name": "Big-${tenantName}"}}}}""", "spec.template.spec.secret.name")]
    [InlineData("""{"template": {"metadata": {"labels": {"x": "${tenantName} a"}}}}""", "spec.template.metadata.labels.x")]
    [InlineData("""{"template": {"spec": {"tenantID": "${tenantName}"}}}""", "spec.template.spec.tenantID")]
    [InlineData("""{"tenants": [{"name": "a b", "tenantID": "x"}]}""", "spec.tenants[0].name")]
    public async Task A_set_that_breaks_a_rule_writes_nothing_and_names_the_field(string change, string path)
    {
        await using var test = await SomeSets.StartAsync(1);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(1)));
        await test.SettledAsync();
        test.ForgetRequests();

        await test.ChangeSetAsync(change);
        var set = await test.SettledAsync();

        Assert.Equal("InvalidSpec", set.Condition("Stalled")?.Reason);
        Assert.StartsWith(path, set.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal((0, 0, 0), Writes(test));
        Assert.Single(await test.ConnectionsAsync());
    }

    [Fact]
    public async Task A_list_in_a_ConfigMap_is_followed_and_a_broken_one_removes_nothing()
    {
        await using var test = await SomeSets.StartAsync(3);
        await test.ApplyAsync(FromConfigMap());
        var waiting = await test.SettledAsync();
        Assert.Equal("TenantsNotFound", waiting.Condition("Reconciling")?.Reason);
        await test.AdvanceAsync(TimeSpan.FromSeconds(61), TimeSpan.FromSeconds(10));
        Assert.Equal("TenantsNotFound", (await test.SettledAsync()).Condition("Stalled")?.Reason);

        await test.ApplyAsync(Map(List(3)));
        Assert.Equal(("True", 3), Said(await test.SettledAsync()));

        foreach (var (text, reason) in new[] { ("- name: x", "TenantsInvalid"), ("", "RemovalsHeld"), ("[]", "RemovalsHeld") })
        {
            await test.PatchAsync<ConfigMap>("list", new JsonObject { ["data"] = new JsonObject { ["tenants.yaml"] = text } });
            var broken = await test.SettledAsync();
            Assert.Equal((reason, 3), (broken.Condition("Stalled")?.Reason, (await test.ConnectionsAsync()).Count));
        }

        await test.PatchAsync<ConfigMap>("list", """{"data": {"tenants.yaml": null}}""");
        Assert.Equal("TenantsNotFound", (await test.SettledAsync()).Condition("Reconciling")?.Reason);
        await test.DeleteAsync<ConfigMap>("list");
        await test.SettledAsync();
        Assert.Equal(3, (await test.ConnectionsAsync()).Count);

        await test.ApplyAsync(Map(List(2)));
        Assert.Equal(("True", 2), Said(await test.SettledAsync()));
        Assert.Equal(2, (await test.ConnectionsAsync()).Count);
    }

    [Fact]
    public async Task Namespaces_are_tenants_where_the_client_lists_tenants()
    {
        await using var test = await SomeSets.StartAsync(3);
        await NamespaceAsync(test, "customer-0", SomeSets.IdOf(0));
        await test.ApplyAsync(FromNamespaces());
        var without = await test.SettledAsync();
        Assert.Equal("ClientNotAvailable", without.Condition("Reconciling")?.Reason);
        Assert.Empty(await test.ConnectionsAsync());

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{SomeSets.IdOf(0)}}"}, {"tenantID": "{{SomeSets.IdOf(1)}}"}]}""");
        Assert.Equal(("True", 1), Said(await test.SettledAsync()));

        // None is made that nobody allowed: it would get a token once the list is lifted.
        await NamespaceAsync(test, "customer-1", SomeSets.IdOf(1));
        await NamespaceAsync(test, "customer-2", SomeSets.IdOf(2));
        var refused = await test.SettledAsync();
        Assert.Equal("TenantNotAllowed", Assert.Single(refused.Status.Failures!).Reason);
        Assert.Equal((2, 2), (refused.Status.Connections, refused.Status.Ready));
        Assert.Null(await test.FindAsync<VismaConnection>(SomeSets.ConnectionOf(2)));
        await test.ChangeClientAsync(
            $$"""
            {"tenants": [{"tenantID": "{{SomeSets.IdOf(0)}}"}, {"tenantID": "{{SomeSets.IdOf(1)}}"},
              {"tenantID": "{{SomeSets.IdOf(2)}}"}]}
            """
        );
        Assert.Equal(("True", 3), Said(await test.SettledAsync()));

        await test.PatchAsync<Namespace>("customer-2", """{"metadata": {"labels": {"customer": null}}}""", ns: "");
        Assert.Equal(("False", 3), Said(await test.SettledAsync()));
        await test.AdvanceAsync(ConnectionSetReconciler.RemovalWait, TimeSpan.FromSeconds(1));
        Assert.Equal(("True", 2), Said(await test.SettledAsync()));
    }

    [Fact]
    public async Task Namespaces_that_leave_one_after_another_are_held_as_many()
    {
        await using var test = await SomeSets.StartAsync(20);
        var rules = string.Join(", ", Enumerable.Range(0, 20).Select(number => $$"""{"tenantID": "{{SomeSets.IdOf(number)}}"}"""));
        await test.ChangeClientAsync($$"""{"tenants": [{{rules}}]}""");
        foreach (var tenant in SomeSets.Tenants(20))
        {
            await NamespaceAsync(test, tenant.Name, tenant.TenantId);
        }

        await test.ApplyAsync(FromNamespaces());
        Assert.Equal(("True", 20), Said(await test.SettledAsync()));

        foreach (var tenant in SomeSets.Tenants(10))
        {
            await test.PatchAsync<Namespace>(tenant.Name, """{"metadata": {"labels": {"customer": null}}}""", ns: "");
            await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        }

        await test.AdvanceAsync(ConnectionSetReconciler.RemovalWait, TimeSpan.FromSeconds(1));
        Assert.Equal("RemovalsHeld", (await test.SettledAsync()).Condition("Stalled")?.Reason);
        Assert.Equal(20, (await test.ConnectionsAsync()).Count);
    }

    [Fact]
    public async Task A_list_is_read_afresh_before_what_it_lost_is_removed()
    {
        await using var test = await SomeSets.StartAsync(3);
        await test.ApplyAsync(Map(List(3)));
        await test.ApplyAsync(FromConfigMap());
        Assert.Equal(("True", 3), Said(await test.SettledAsync()));
        test.ForgetRequests();
        var isBack = false;
        test.Cluster.Before = async (verb, kind, _) =>
        {
            if (verb == ClusterVerb.List && kind == ConfigMap.ResourceKind && !isBack)
            {
                isBack = true; // the watch has not told of it when the set is judged
                await PutListAsync(test, List(3));
            }
        };

        await PutListAsync(test, List(2));

        Assert.Equal(("True", 3), Said(await test.SettledAsync()));
        Assert.True(isBack);
        Assert.Equal((0, 0, 0), Writes(test));
    }

    [Fact]
    public async Task A_list_that_cannot_be_read_afresh_removes_nobody_before_it_can()
    {
        await using var test = await SomeSets.StartAsync(3);
        await test.ApplyAsync(Map(List(3)));
        await test.ApplyAsync(FromConfigMap());
        await test.SettledAsync();
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.List && kind == ConfigMap.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable", "no")
                : Task.CompletedTask;
        await PutListAsync(test, List(2));
        await test.SettledAsync();
        Assert.Equal(3, (await test.ConnectionsAsync()).Count);

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(1));
        Assert.Equal(2, (await test.ConnectionsAsync()).Count);
    }

    [Fact]
    public async Task A_confirmed_removal_that_fails_half_way_goes_on_with_the_same_annotation()
    {
        await using var test = await SomeSets.StartAsync(10);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(10)));
        await test.SettledAsync();
        await test.ListAsync(SomeSets.Tenants(1));
        await test.SettledAsync();
        var deletes = 0;
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Delete && kind == VismaConnection.ResourceKind && ++deletes >= 3
                ? throw new KubernetesException(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable", "no")
                : Task.CompletedTask;
        await test.AnnotateSetAsync(VismaNames.ConfirmRemovalsAnnotation, "9");
        var partly = await test.SettledAsync();
        Assert.Equal((9, 7), (partly.Status.ConfirmedRemovals, partly.Status.RemovalsLeft));
        Assert.Equal(8, (await test.ConnectionsAsync()).Count);
        await test.StopAsync();
        test.Cluster.Before = null;

        test.Start();
        var done = await test.SettledAsync();

        Assert.Single(await test.ConnectionsAsync());
        Assert.Equal(("True", 9, null), (done.Condition("Ready")?.Status, done.Status.ConfirmedRemovals, done.Status.RemovalsLeft));
    }

    [Fact]
    public async Task A_connection_that_left_the_set_a_moment_ago_is_not_removed()
    {
        await using var test = await SomeSets.StartAsync(2);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(2)));
        await test.SettledAsync();
        var isTaken = false;
        test.Cluster.Before = async (verb, kind, _) =>
        {
            if (verb == ClusterVerb.Delete && kind == VismaConnection.ResourceKind && !isTaken)
            {
                isTaken = true;
                await test.PatchAsync<VismaConnection>(
                    SomeSets.ConnectionOf(1),
                    """{"metadata": {"labels": {"visma-operator.io/connection-set": null}, "ownerReferences": null}}"""
                );
            }
        };

        await test.ListAsync(SomeSets.Tenants(1));
        await test.SettledAsync();

        Assert.True(isTaken);
        Assert.Equal(2, (await test.ConnectionsAsync()).Count);
    }

    [Theory]
    [InlineData(AdmissionRuleKind.Quota)]
    [InlineData(AdmissionRuleKind.Policy)]
    [InlineData(AdmissionRuleKind.Webhook)]
    [InlineData(null)]
    public async Task A_creation_that_is_denied_keeps_neither_changes_nor_removals(AdmissionRuleKind? kind)
    {
        await using var test = await SomeSets.StartAsync(3);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(2)));
        await test.SettledAsync();
        test.Cluster.Before = (verb, resource, _) =>
            verb == ClusterVerb.Create && resource == VismaConnection.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                {
                    DeniedBy = kind is { } rule ? new AdmissionRule(rule, "limits") : null,
                }
                : Task.CompletedTask;

        await test.ChangeSetAsync(
            $$$"""
            {"tenants": [{"name": "customer-1", "tenantID": "{{{SomeSets.IdOf(1)}}}"},
              {"name": "customer-2", "tenantID": "{{{SomeSets.IdOf(2)}}}"}],
             "template": {"spec": {"displayName": "${tenantName} now"} } }
            """
        );
        await test.SettledAsync();

        Assert.Equal([SomeSets.ConnectionOf(1)], await test.ConnectionsAsync());
        Assert.Equal("customer-1 now", (await test.ConnectionAsync(SomeSets.ConnectionOf(1))).Spec.DisplayName);
    }

    [Fact]
    public async Task Sets_of_a_namespace_are_served_while_those_of_another_one_may_not_be_read()
    {
        await using var test = await SomeSets.StartAsync(1, test =>
        {
            test.Namespaces = [Some.Namespace, "gone"];
            test.Sets = new SetScope("not here");
            test.Cluster.Before = (verb, kind, name) =>
                verb == ClusterVerb.List && kind == VismaConnectionSet.ResourceKind && name.Namespace == "gone"
                    ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                    : Task.CompletedTask;
        });
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(1)));
        await test.PassUntilAsync(test.UntilSetAsync(set => set.Status.Connections == 1));

        Assert.Equal(("True", 1), Said(await test.SettledAsync()));
    }

    [Fact]
    public async Task A_namespace_cannot_take_the_tenant_of_another_one()
    {
        await using var test = await SomeSets.StartAsync(2);
        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{SomeSets.IdOf(0)}}"}, {"tenantID": "{{SomeSets.IdOf(1)}}"}]}""");
        await NamespaceAsync(test, "b", SomeSets.IdOf(0));
        await NamespaceAsync(test, "c", SomeSets.IdOf(1));
        await test.ApplyAsync(FromNamespaces());
        await test.SettledAsync();

        await NamespaceAsync(test, "a", SomeSets.IdOf(0));
        await test.PatchAsync<Namespace>("c", """{"metadata": {"annotations": {"example.com/tenant": null}}}""", ns: "");
        var set = await test.SettledAsync();

        Assert.Equal(["customers-b", "customers-c"], await test.ConnectionsAsync());
        Assert.Equal(["customers-a", "customers-c"], set.Status.Failures!.Select(failure => failure.Name));
        Assert.All(set.Status.Failures!, failure => Assert.Equal("TenantsInvalid", failure.Reason));
    }

    [Fact]
    public async Task The_numbers_add_up_while_tenants_are_refused_unclear_leaving_and_held()
    {
        await using var test = await SomeSets.StartAsync(3);
        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{SomeSets.IdOf(0)}}"}, {"tenantID": "{{SomeSets.IdOf(1)}}"}]}""");
        foreach (var tenant in SomeSets.Tenants(3))
        {
            await NamespaceAsync(test, tenant.Name, tenant.TenantId);
        }

        await test.ApplyAsync(FromNamespaces());
        await AssertSaidAsync("2 of 3 connections are Ready. customers-customer-2: ", "1 of 3 connections need a person: ");

        // The connection of the second one stays, and is both Ready and in need of a person.
        await test.PatchAsync<Namespace>("customer-1", """{"metadata": {"annotations": {"example.com/tenant": "x"}}}""", ns: "");
        await AssertSaidAsync("2 of 3 connections are Ready. customers-customer-1: ", "2 of 3 connections need a person: ");

        await test.PatchAsync<Namespace>("customer-0", """{"metadata": {"labels": {"customer": null}}}""", ns: "");
        await AssertSaidAsync(
            "2 of 3 connections are Ready. To be removed, since they have no tenant any more: 1. customers-customer-1: ",
            "2 of 3 connections need a person: "
        );
        await test.AdvanceAsync(ConnectionSetReconciler.RemovalWait, TimeSpan.FromSeconds(1));
        await AssertSaidAsync("1 of 2 connections are Ready. customers-customer-1: ", "2 of 2 connections need a person: ");

        await test.PatchAsync<Namespace>("customer-2", """{"metadata": {"labels": {"customer": null}}}""", ns: "");
        await AssertSaidAsync("1 of 1 connections are Ready. customers-customer-1: ", "1 of 1 connections need a person: ");

        await test.PatchAsync<Namespace>("customer-1", """{"metadata": {"labels": {"customer": null}}}""", ns: "");
        await AssertSaidAsync("The list of tenants is empty, so every connection would be removed (1); ");
        await test.AnnotateSetAsync(VismaNames.ConfirmRemovalsAnnotation, "9");
        await AssertSaidAsync("The list of tenants is empty, so every connection would be removed (1); ");
        Assert.Contains(
            " The annotation says 9, which does not confirm this count. ",
            (await test.SettledAsync()).Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        AssertNumbersAddUp(test);

        async Task AssertSaidAsync(string ready, string? stalled = null)
        {
            var set = await test.SettledAsync();
            Assert.StartsWith(ready, set.Condition("Ready")?.Message, StringComparison.Ordinal);
            Assert.StartsWith(stalled ?? ready, set.Condition("Stalled")?.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_client_that_is_missing_in_the_namespace_of_the_set_is_told_from_one_without_a_list()
    {
        await using var test = await SomeSets.StartAsync(1);
        await NamespaceAsync(test, "customer-0", SomeSets.IdOf(0));
        await test.ApplyAsync(FromNamespaces());
        Assert.StartsWith(
            "OAuthClient integrations/acme has no list of tenants (spec.tenants)",
            (await test.SettledAsync()).Condition("Ready")?.Message,
            StringComparison.Ordinal
        );

        await test.ChangeSetAsync("""{"template": {"spec": {"oauthClientRef": {"name": "nobody"}}}}""");

        Assert.StartsWith(
            "OAuthClient integrations/nobody does not exist: ",
            (await test.SettledAsync()).Condition("Ready")?.Message,
            StringComparison.Ordinal
        );
        await test.ChangeSetAsync("""{"template": {"spec": {"oauthClientRef": {"name": "nobody", "namespace": "elsewhere"}}}}""");
        Assert.StartsWith(
            "OAuthClient elsewhere/nobody does not exist or has no list of tenants",
            (await test.SettledAsync()).Condition("Ready")?.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Namespaces_are_refused_where_the_operator_serves_listed_ones()
    {
        await using var test = await SomeSets.StartAsync(1, test =>
        {
            test.Namespaces = [Some.Namespace];
            test.Sets = new SetScope("not here");
        });
        await test.ApplyAsync(FromNamespaces());

        var set = await test.SettledAsync();

        Assert.Equal(("TenantSourceNotAllowed", "not here"), (set.Condition("Stalled")?.Reason, set.Condition("Stalled")?.Message));
    }

    [Fact]
    public async Task What_the_API_server_refuses_of_one_connection_keeps_no_other()
    {
        await using var test = await SomeSets.StartAsync(3);
        await test.UntilIdleAsync(); // what is not asked for yet is not waited for where requests are refused
        test.Cluster.Before = (verb, kind, name) =>
            verb == ClusterVerb.Create && kind == VismaConnection.ResourceKind && name.Name == SomeSets.ConnectionOf(1)
                ? throw new KubernetesException(HttpStatusCode.UnprocessableEntity, "Invalid", "no")
                : Task.CompletedTask;
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(3)));

        var set = await test.SettledAsync();
        Assert.Equal(2, set.Status.Ready);
        Assert.Equal("ConnectionNotAccepted", Assert.Single(set.Status.Failures!).Reason);

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), TimeSpan.FromSeconds(10));
        Assert.Equal(("True", 3), Said(await test.SettledAsync()));
    }

    [Fact]
    public async Task A_missing_permission_is_told_once_it_has_lasted_and_an_outage_passes()
    {
        await using var test = await SomeSets.StartAsync(1);
        await test.UntilIdleAsync();
        var answer = HttpStatusCode.Forbidden;
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Create && kind == VismaConnection.ResourceKind
                ? throw new KubernetesException(answer, "No", "no")
                : Task.CompletedTask;
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(1)));
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        var waiting = (await test.FindAsync<VismaConnectionSet>(SomeSets.Name))!;
        Assert.Equal("ConnectionNotWritten", waiting.Condition("Reconciling")?.Reason);

        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));
        var forbidden = await test.SettledAsync();
        Assert.Equal("ConnectionNotAccepted", forbidden.Condition("Stalled")?.Reason);
        Assert.Contains("create, patch and delete", forbidden.Condition("Stalled")!.Message, StringComparison.Ordinal);

        answer = HttpStatusCode.ServiceUnavailable;
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), TimeSpan.FromSeconds(10));
        Assert.Equal("ConnectionNotWritten", (await test.SettledAsync()).Condition("Reconciling")?.Reason);

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), TimeSpan.FromSeconds(10));
        Assert.Equal(("True", 1), Said(await test.SettledAsync()));
    }

    [Fact]
    public async Task A_pass_ends_after_30_seconds_and_status_says_how_far_it_is()
    {
        await using var test = await SomeSets.StartAsync(1);
        await test.UntilIdleAsync();
        EachTakes(test, TimeSpan.FromSeconds(2), ClusterVerb.Create);

        await test.ApplyAsync(Suspended(40));
        await PassesAsync(test, 3);

        Assert.Equal((40, 0, 0), Writes(test));
        var told = Told(test);
        Assert.Equal([15, 30, 40], told.Select(set => set.Status.Connections!.Value).Distinct());
        var first = told.First(set => set.Status.Connections == 15);
        Assert.Equal(
            "0 of 40 connections are Ready. 25 are to be written still.",
            first.Condition("Reconciling")?.Message
        );

        test.ForgetRequests();
        EachTakes(test, TimeSpan.FromSeconds(2), ClusterVerb.Patch);
        await test.ChangeSetAsync("""{"template": {"spec": {"displayName": "${tenantName} now"}}}""");
        await PassesAsync(test, 3);
        Assert.Equal((0, 40, 0), Writes(test));
        Assert.Contains(Told(test), set => set.Condition("Ready")!.Message.Contains(" 10 are to be written", StringComparison.Ordinal));
        AssertNumbersAddUp(test);
    }

    [Fact]
    public async Task A_confirmed_removal_goes_on_over_several_passes()
    {
        await using var test = await SomeSets.StartAsync(1);
        await test.ApplyAsync(Suspended(40));
        await test.UntilIdleAsync();
        await test.ListAsync();
        Assert.Equal("RemovalsHeld", (await test.SettledAsync()).Condition("Stalled")?.Reason);
        EachTakes(test, TimeSpan.FromSeconds(2), ClusterVerb.Delete);

        await test.AnnotateSetAsync(VismaNames.ConfirmRemovalsAnnotation, "40");
        await PassesAsync(test, 4); // the first one only tells what is confirmed

        Assert.Empty(await test.ConnectionsAsync());
        Assert.Equal([40, 25, 10], Told(test).Select(set => set.Status.RemovalsLeft).OfType<int>().Distinct());
        Assert.Equal((0, 0, 40), (Count(test, ClusterVerb.Patch), 0, Count(test, ClusterVerb.Delete)));
        AssertNumbersAddUp(test);
    }

    [Fact]
    public async Task Slow_refusals_are_tried_once_before_they_are_tried_again_and_keep_no_other()
    {
        await using var test = await SomeSets.StartAsync(1);
        await test.UntilIdleAsync();
        var tried = new ConcurrentQueue<string>();
        test.Cluster.Before = (verb, kind, name) =>
        {
            if (verb != ClusterVerb.Create || kind != VismaConnection.ResourceKind)
            {
                return Task.CompletedTask;
            }

            tried.Enqueue(name.Name);
            test.Time.Advance(TimeSpan.FromSeconds(2));
            return int.Parse(name.Name.Split('-')[^1], CultureInfo.InvariantCulture) >= 20
                ? Task.CompletedTask
                : throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                {
                    DeniedBy = new AdmissionRule(AdmissionRuleKind.Webhook, "slow"),
                };
        };

        await test.ApplyAsync(Suspended(40));
        await PassesAsync(test, 3);

        Assert.Equal(20, (await test.ConnectionsAsync()).Count);
        Assert.Equal(40, tried.Take(40).Distinct(StringComparer.Ordinal).Count());
        Assert.Contains(Told(test), AreAllRefusalsTold);
        AssertNumbersAddUp(test);

        // They are tried again, in two passes each time: the first one must not forget those of the second one.
        for (var minutes = 0; minutes < 10 && tried.Count < 80; minutes++) // each attempt takes two seconds of them
        {
            await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1));
        }

        Assert.True(tried.Count >= 80, $"{tried.Count}");
        Assert.All(Told(test).SkipWhile(set => !AreAllRefusalsTold(set)), set => Assert.True(AreAllRefusalsTold(set), Words(set)));
        AssertNumbersAddUp(test);

        static bool AreAllRefusalsTold(VismaConnectionSet set) =>
            Words(set)?.StartsWith("20 of 40 connections need a person", StringComparison.Ordinal) == true;

        static string? Words(VismaConnectionSet set) => set.Condition("Stalled")?.Message;
    }

    [Fact]
    public async Task An_outage_that_one_connection_alone_meets_keeps_no_other()
    {
        await using var test = await SomeSets.StartAsync(3);
        await test.UntilIdleAsync();
        test.Cluster.Before = (verb, kind, name) =>
            verb == ClusterVerb.Create && kind == VismaConnection.ResourceKind && name.Name == SomeSets.ConnectionOf(0)
                ? throw new KubernetesException(HttpStatusCode.InternalServerError, "InternalError", "no")
                : Task.CompletedTask;

        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(3)));
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));

        Assert.Equal([SomeSets.ConnectionOf(1), SomeSets.ConnectionOf(2)], await test.ConnectionsAsync());
        var set = await test.SettledAsync();
        Assert.Equal("ConnectionNotWritten", set.Condition("Reconciling")?.Reason);
        Assert.Contains(SomeSets.ConnectionOf(0), set.Condition("Reconciling")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_to_be_written_still_is_told_also_where_removals_are_held()
    {
        await using var test = await SomeSets.StartAsync(1);
        await test.ApplyAsync(Suspended(10));
        await test.UntilIdleAsync();
        EachTakes(test, TimeSpan.FromSeconds(2), ClusterVerb.Create);

        await test.ListAsync(SomeSets.Tenants(20, first: 10));
        await PassesAsync(test, 2);

        Assert.Contains(
            Told(test),
            set => set.Condition("Stalled")?.Message?.Contains("goes on (5 are to be written still). ", StringComparison.Ordinal) == true
        );
        Assert.EndsWith(
            "more than is removed without asking; they stay, and everything else goes on. If the list of tenants is wrong, correct it. To "
            + "remove them: kubectl annotate vcs customers -n integrations --overwrite visma-operator.io/confirmRemovals=10",
            (await test.FindAsync<VismaConnectionSet>(SomeSets.Name))!.Condition("Stalled")?.Message,
            StringComparison.Ordinal
        );
        AssertNumbersAddUp(test);
    }

    [Fact]
    public async Task What_a_webhook_puts_into_a_connection_is_not_fought_over()
    {
        await using var test = await SomeSets.StartAsync(2);
        test.Mutate = (kind, stored) =>
        {
            if (kind == VismaConnection.ResourceKind)
            {
                stored["spec"]!["displayName"] = "by the webhook";
                stored["spec"]!["refresh"] = new JsonObject { ["renewBefore"] = "25m" };
            }
        };
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(2)));
        Assert.Equal(("True", 2), Said(await test.SettledAsync()));
        Assert.Equal((2, 2, 0), Writes(test)); // each was asked for once more

        test.ForgetRequests();
        await test.PatchAsync<VismaConnection>(SomeSets.ConnectionOf(0), """{"metadata": {"labels": {"team": "a"}}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(50), TimeSpan.FromSeconds(30)); // renewals bring the set many times
        Assert.Equal((0, 1, 0), Writes(test)); // that of the test

        test.ForgetRequests();
        await test.ChangeConnectionAsync("""{"suspend": true}""", SomeSets.ConnectionOf(1));
        await test.SettledAsync();
        Assert.False((await test.ConnectionAsync(SomeSets.ConnectionOf(1))).Spec.Suspend);

        test.ForgetRequests();
        await test.ChangeSetAsync("""{"template": {"spec": {"scopes": ["a:b"]}}}""");
        await test.SettledAsync();
        Assert.Equal(["a:b"], (await test.ConnectionAsync(SomeSets.ConnectionOf(1))).Spec.Scopes);
        Assert.Equal((0, 2, 0), Writes(test));
    }

    [Fact]
    public async Task An_edit_of_a_field_that_a_webhook_wants_otherwise_is_put_back()
    {
        await using var test = await SomeSets.StartAsync(1);
        test.Mutate = (kind, stored) =>
        {
            if (kind == VismaConnection.ResourceKind)
            {
                // Sorted: the patch that the set would send is the same text, whatever else is in the list.
                var scopes = stored["spec"]!["scopes"]!.AsArray().Select(scope => scope!.GetValue<string>());
                stored["spec"]!["scopes"] = new JsonArray([.. scopes.Order(StringComparer.Ordinal)]);
            }
        };
        var set = SomeSets.Set(SomeSets.Tenants(1));
        var template = set.Spec.Template with { Spec = set.Spec.Template.Spec with { Scopes = ["b:b", "a:a"], Suspend = true } };
        await test.ApplyAsync(set with { Spec = set.Spec with { Template = template } });
        await test.SettledAsync();
        Assert.Equal(["a:a", "b:b"], (await test.ConnectionAsync(SomeSets.ConnectionOf(0))).Spec.Scopes);

        test.ForgetRequests();
        await test.ChangeConnectionAsync("""{"scopes": ["a:a", "b:b", "wide:all"]}""", SomeSets.ConnectionOf(0));
        await test.SettledAsync();

        Assert.Equal(["a:a", "b:b"], (await test.ConnectionAsync(SomeSets.ConnectionOf(0))).Spec.Scopes);
        Assert.Equal((0, 2, 0), Writes(test)); // that of the test, and one against it
    }

    [Fact]
    public async Task A_tenant_that_breaks_a_rule_is_told_and_keeps_no_other()
    {
        await using var test = await SomeSets.StartAsync(3);
        var set = SomeSets.Set(SomeSets.Tenants(2));
        await test.ApplyAsync(set);
        await test.SettledAsync();
        var longName = new string('x', 63);

        await test.ChangeSetAsync(
            $$$"""
            {"tenants": [{"name": "customer-0", "tenantID": "{{{SomeSets.IdOf(0)}}}"},
              {"name": "{{{longName}}}", "tenantID": "{{{SomeSets.IdOf(1)}}}"},
              {"name": "customer-2", "tenantID": "{{{SomeSets.IdOf(2)}}}"}],
             "template": {"metadata": {"labels": {"x": "v-${tenantName}"} } } }
            """
        );
        var told = await test.SettledAsync();

        Assert.Equal([SomeSets.ConnectionOf(0), SomeSets.ConnectionOf(2)], await test.ConnectionsAsync());
        Assert.Equal("v-customer-0", (await test.ConnectionAsync(SomeSets.ConnectionOf(0))).Metadata.Label("x"));
        var failure = Assert.Single(told.Status.Failures!);
        Assert.Equal(($"customers-{longName}", "InvalidSpec"), (failure.Name, failure.Reason));
        Assert.StartsWith($"spec.template.metadata.labels.x (tenant {longName}): ", failure.Message, StringComparison.Ordinal);
        Assert.Equal("ConnectionsStalled", told.Condition("Stalled")?.Reason);
        Assert.StartsWith("1 of 3 connections need a person", told.Condition("Stalled")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_that_every_tenant_breaks_is_told_once()
    {
        await using var test = await SomeSets.StartAsync(3);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(3)));
        await test.SettledAsync();
        test.ForgetRequests();

        await test.ChangeSetAsync("""{"template": {"spec": {"scopes": ["no scope"]}}}""");
        var set = await test.SettledAsync();

        Assert.Equal("InvalidSpec", set.Condition("Stalled")?.Reason);
        Assert.Equal(3, set.Status.Connections);
        Assert.Equal((0, 0, 0), Writes(test));
    }

    [Fact]
    public async Task A_full_quota_is_told_with_what_can_be_deleted()
    {
        await using var test = await SomeSets.StartAsync(1);
        await test.UntilIdleAsync();
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Create && kind == VismaConnection.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                {
                    DeniedBy = new AdmissionRule(AdmissionRuleKind.Quota, "objects"),
                }
                : Task.CompletedTask;
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(1)));
        await test.UntilIdleAsync();
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));

        var told = (await test.SettledAsync()).Condition("Stalled")!.Message;
        Assert.Contains("or delete VismaConnections that nobody needs", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_connections_of_an_earlier_set_of_the_name_are_waited_for()
    {
        await using var test = await SomeSets.StartAsync(2);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(2)));
        await test.SettledAsync();
        // The collector of this cluster is at once: it must find an owner.
        var found = (await test.FindAsync<OAuthClient>(Some.Client))!.Metadata.Uid!;
        await test.PatchAsync<VismaConnection>(SomeSets.ConnectionOf(0), OwnedByAnEarlierSet(found));
        var set = await test.SettledAsync();

        var failure = Assert.Single(set.Status.Failures!);
        Assert.Equal((SomeSets.ConnectionOf(0), "ConnectionNotWritten"), (failure.Name, failure.Reason));
        Assert.Contains("garbage collector", failure.Message, StringComparison.Ordinal);
        Assert.Equal((null, "True"), (set.Condition("Stalled")?.Status, set.Condition("Reconciling")?.Status));

        await test.DeleteAsync<VismaConnection>(SomeSets.ConnectionOf(0)); // as the collector does
        Assert.Equal(("True", 2), Said(await test.SettledAsync()));
    }

    [Fact]
    public async Task Sets_are_counted_and_named_by_what_is_wrong_with_them()
    {
        await using var test = await SomeSets.StartAsync(10);
        await test.ApplyAsync(SomeSets.Set(SomeSets.Tenants(10)));
        await test.SettledAsync();
        Assert.Equal(1, test.Metrics["visma_operator_connection_sets{ready=True,reason=ConnectionsReady}"]);
        Assert.Equal(0, test.Metrics["visma_operator_connection_sets{ready=False,reason=RemovalsHeld}"]);

        await test.ListAsync();
        await test.SettledAsync();

        Assert.Equal(0, test.Metrics["visma_operator_connection_sets{ready=True,reason=ConnectionsReady}"]);
        Assert.Equal(1, test.Metrics["visma_operator_connection_sets{ready=False,reason=RemovalsHeld}"]);
    }

    private static string OwnedByAnEarlierSet(string uid) =>
        $$"""
        {"metadata": {"ownerReferences": [{"apiVersion": "visma-operator.io/v1", "kind": "VismaConnectionSet",
          "name": "{{SomeSets.Name}}", "uid": "{{uid}}", "controller": true}]} }
        """;

    // No tokens are asked for: time passes while requests are made, and a request to the provider would miss its deadline.
    private static VismaConnectionSet Suspended(int count)
    {
        var set = SomeSets.Set(SomeSets.Tenants(count));
        var template = set.Spec.Template with { Spec = set.Spec.Template.Spec with { Suspend = true } };
        return set with { Spec = set.Spec with { Template = template } };
    }

    // Each begins a second after the one before.
    private static async Task PassesAsync(TestOperator test, int count)
    {
        await test.UntilIdleAsync();
        for (var pass = 1; pass < count; pass++)
        {
            await test.AdvanceAsync(TimeSpan.FromSeconds(1));
        }
    }

    private static void EachTakes(TestOperator test, TimeSpan time, string write) =>
        test.Cluster.Before = (verb, kind, _) =>
        {
            if (verb == write && kind == VismaConnection.ResourceKind)
            {
                test.Time.Advance(time);
            }

            return Task.CompletedTask;
        };

    // In every status: no part is more than the whole, and the whole is one number.
    private static void AssertNumbersAddUp(TestOperator test) =>
        Assert.All(Told(test), set =>
        {
            var text = string.Join('\n', set.Status.Conditions.Select(condition => condition.Message));
            var wholes = Parts().Matches(text).Select(part => Number(part, "whole")).Distinct().ToList();
            Assert.True(wholes.Count <= 1, text);
            var whole = wholes is [var one] ? one : set.Status.Connections!.Value;
            Assert.True(set.Status.Connections <= whole && set.Status.Ready <= set.Status.Connections, text);
            Assert.All(Parts().Matches(text), part => Assert.True(Number(part, "part") <= whole, text));
            Assert.All(Rests().Matches(text), rest => Assert.True(Number(rest, "part") <= whole, text));
        });

    private static int Number(Match match, string name) => int.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("(?<part>[0-9]+) of (?<whole>[0-9]+) connections", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Parts();

    [GeneratedRegex(
        "(?<part>[0-9]+) are to be written|any more: (?<part>[0-9]+)|be removed \\((?<part>[0-9]+)|(?<part>[0-9]+) connections have",
        RegexOptions.ExplicitCapture,
        1000
    )]
    private static partial Regex Rests();

    // What status said one after another.
    private static List<VismaConnectionSet> Told(TestOperator test) =>
        [.. test.Record.Of<VismaConnectionSet>(SomeSets.Name).Where(set => set.Status.Connections is not null)];

    private static (string? Ready, int? Connections) Said(VismaConnectionSet set) =>
        (set.Condition("Ready")?.Status, set.Status.Connections);

    private static string? Ready(VismaConnection connection) => connection.Condition("Ready")?.Status;

    private static VismaConnectionSet FromConfigMap()
    {
        var set = SomeSets.Set();
        return set with
        {
            Spec = set.Spec with
            {
                Tenants = null,
                TenantsFrom = new TenantsSource
                {
                    ConfigMapKeyRef = new ConfigMapKeyReference { Name = "list", Key = "tenants.yaml" },
                },
            },
        };
    }

    private static VismaConnectionSet FromNamespaces()
    {
        var set = SomeSets.Set();
        return set with
        {
            Spec = set.Spec with
            {
                Tenants = null,
                TenantsFrom = new TenantsSource
                {
                    NamespaceSelector = new LabelSelector { MatchLabels = new Dictionary<string, string> { ["customer"] = "yes" } },
                    Annotation = "example.com/tenant",
                },
            },
        };
    }

    private static ConfigMap Map(string list) =>
        new()
        {
            Metadata = new ObjectMeta { Name = "list", Namespace = Some.Namespace },
            Data = new Dictionary<string, string> { ["tenants.yaml"] = list },
        };

    private static Task PutListAsync(TestOperator test, string list) =>
        test.PatchAsync<ConfigMap>("list", new JsonObject { ["data"] = new JsonObject { ["tenants.yaml"] = list } });

    private static string List(int count) =>
        string.Concat(SomeSets.Tenants(count).Select(tenant => $"- name: {tenant.Name}\n  tenantID: {tenant.TenantId}\n"));

    private static Task NamespaceAsync(TestOperator test, string name, string tenantId) =>
        test.ApplyAsync(new Namespace
        {
            Metadata = new ObjectMeta
            {
                Name = name,
                Labels = new Dictionary<string, string> { ["customer"] = "yes" },
                Annotations = new Dictionary<string, string> { ["example.com/tenant"] = tenantId, ["other"] = "left out" },
            },
        });

    // Of connections: created, patched, deleted; statuses are the connections' own.
    private static (int Created, int Changed, int Deleted) Writes(TestOperator test) =>
        (Count(test, ClusterVerb.Create), Count(test, ClusterVerb.Patch), Count(test, ClusterVerb.Delete));

    // Without those that lost a race against a status, which changed nothing.
    private static int Count(TestOperator test, string verb) =>
        test.Requests.Count(request =>
            request.Verb == verb && request.Kind == VismaConnection.ResourceKind && request.StatusCode != HttpStatusCode.Conflict
        );

    private static bool IsWrite(ClusterRequest request) =>
        request.Verb is not (ClusterVerb.Get or ClusterVerb.List or ClusterVerb.Watch);
}
