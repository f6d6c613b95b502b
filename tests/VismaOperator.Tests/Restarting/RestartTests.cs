using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Leadership;
using Kubernetes.Controllers.Tests.Doubles;
using Lifecycle;
using Microsoft.Extensions.Logging.Abstractions;
using VismaOperator.Api;
using VismaOperator.Restarting;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Restarting;

/// <summary>The whole operator with <c>spec.restart</c>: one rollout for each changed token, and none for anything else.</summary>
public sealed class RestartTests
{
    private const string Workload = "importer";
    private const string Other = "acme-test";

    private static string Mark { get; } = MarkOf(Some.Connection);

    [Fact]
    public async Task A_workload_is_restarted_once_for_each_changed_token()
    {
        await using var test = await StartAsync();

        var first = (await test.ConnectionAsync()).Status.Token!.Fingerprint!;
        Assert.Equal([first], Marks(test));

        foreach (var request in new[] { "one", "two" })
        {
            await test.AdvanceAsync(WorkloadRestarts.Gap);
            await RefreshAsync(test, request);
        }

        var connection = await test.ConnectionAsync();
        Assert.Equal(3, Marks(test).Count);
        Assert.Equal(3, Marks(test).Distinct().Count());
        Assert.Equal(connection.Status.Token!.Fingerprint, Marks(test)[^1]);
        var condition = connection.Condition(ConditionType.WorkloadsRestarted)!;
        Assert.Equal(("True", Reason.Restarted), (condition.Status, condition.Reason));
        Assert.Equal(
            [("Deployment", Workload, connection.Status.Token.Fingerprint)],
            connection.Status.Restarts!.Select(one => (one.Kind!, one.Name!, one.Fingerprint))
        );
        Assert.Empty(test.EventsAbout(Some.Connection));
    }

    [Fact]
    public async Task A_restart_is_one_look_one_patch_and_one_status()
    {
        await using var test = await StartAsync();
        await test.AdvanceAsync(WorkloadRestarts.Gap);
        test.ForgetRequests();

        await RefreshAsync(test, "one");

        Assert.Equal([ClusterVerb.Get, ClusterVerb.Patch], OfWorkloads(test));
        Assert.Equal(2, test.StatusWrites(Some.Connection)); // the token, and the restart
    }

    [Fact]
    public async Task Nothing_but_the_marks_is_changed()
    {
        await using var test = await StartAsync();
        var after = (await test.FindAsync<Deployment>(Workload))!;

        Assert.Equal([Mark, "team", VismaNames.RestartedAtAnnotation], after.Spec.Template.Metadata.Annotations!.Keys.Order());
        Assert.Equal("erp", after.Spec.Template.Metadata.Annotations["team"]);
        Assert.Equal(SomeDeployment().Metadata.Labels, after.Metadata.Labels);
        Assert.Null(after.Metadata.Annotations);
        Assert.Equal("2026-11-23T12:00:00Z", after.Spec.Template.Metadata.Annotations[VismaNames.RestartedAtAnnotation]);
    }

    [Fact]
    public async Task Every_kind_is_restarted()
    {
        await using var test = await StartAsync(
            new WorkloadReference { Kind = WorkloadKind.StatefulSet, Name = "a" },
            new WorkloadReference { Kind = WorkloadKind.DaemonSet, Name = "b" }
        );
        await test.ApplyAsync(new StatefulSet { Metadata = Named("a") });
        await test.ApplyAsync(new DaemonSet { Metadata = Named("b") });

        await RefreshAsync(test, "one");

        var fingerprint = (await test.ConnectionAsync()).Status.Token!.Fingerprint;
        Assert.Equal(fingerprint, (await test.FindAsync<StatefulSet>("a"))!.Spec.Template.Metadata.Annotations![Mark]);
        Assert.Equal(fingerprint, (await test.FindAsync<DaemonSet>("b"))!.Spec.Template.Metadata.Annotations![Mark]);
        Assert.True((await test.ConnectionAsync()).Is(ConditionType.WorkloadsRestarted, "True"));
    }

    [Fact]
    public async Task A_new_process_restarts_nothing_and_asks_for_no_workload()
    {
        await using var test = await StartAsync();
        await test.StopAsync();
        test.ForgetRequests();

        test.Start();
        await test.UntilIdleAsync();

        Assert.Empty(OfWorkloads(test));
        Assert.Equal(0, test.StatusWrites(Some.Connection));
        Assert.Single(Marks(test));
    }

    [Fact]
    public async Task A_process_that_ended_before_it_recorded_a_restart_has_restarted_once()
    {
        await using var test = await StartAsync();
        await test.AdvanceAsync(WorkloadRestarts.Gap);
        test.Cluster.After = (verb, kind, _) =>
        {
            if (verb == ClusterVerb.Patch && kind == Deployment.ResourceKind)
            {
                test.Cluster.Before = (next, about, _) =>
                    next == ClusterVerb.PatchStatus && about == VismaConnection.ResourceKind
                        ? throw new HttpRequestException("unreachable")
                        : Task.CompletedTask;
            }

            return Task.CompletedTask;
        };
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "one");
        await test.UntilAsync<Deployment>(Workload, _ => Marks(test).Count == 2);
        await test.StopAsync();
        (test.Cluster.After, test.Cluster.Before) = (null, null);
        Assert.NotEqual(Marks(test)[^1], (await test.ConnectionAsync()).Status.Restarts![0].Fingerprint);

        test.Start();
        await test.UntilAsync<VismaConnection>(Some.Connection, one => one.Status.Restarts![0].Fingerprint == Marks(test)[^1]);
        await test.UntilIdleAsync();

        Assert.Equal(2, Marks(test).Count);
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task A_workload_that_was_made_again_is_restarted_with_the_next_token_only()
    {
        await using var test = await StartAsync();
        await test.DeleteAsync<Deployment>(Workload);
        await test.ApplyAsync(SomeDeployment());
        await test.StopAsync();
        test.Start();
        await test.AdvanceAsync(TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(1));
        Assert.Null((await test.FindAsync<Deployment>(Workload))!.Spec.Template.Metadata.Annotations!.GetValueOrDefault(Mark));

        await RefreshAsync(test, "one");

        Assert.NotNull((await test.FindAsync<Deployment>(Workload))!.Spec.Template.Metadata.Annotations![Mark]);
    }

    [Fact]
    public async Task Two_changes_within_the_gap_are_one_restart_for_the_newest()
    {
        await using var test = await StartAsync();
        await test.AdvanceAsync(WorkloadRestarts.Gap);
        await RefreshAsync(test, "one");
        await RefreshAsync(test, "two");
        await RefreshAsync(test, "three");
        Assert.Equal(2, Marks(test).Count);
        Assert.Equal(4, test.TokenRequests);

        await test.AdvanceAsync(WorkloadRestarts.Gap, TimeSpan.FromSeconds(5));

        Assert.Equal(3, Marks(test).Count);
        Assert.Equal((await test.ConnectionAsync()).Status.Token!.Fingerprint, Marks(test)[^1]);
    }

    [Fact]
    public async Task The_gap_holds_for_the_next_process_too()
    {
        await using var test = await StartAsync();
        await test.StopAsync();
        test.Start();

        await RefreshAsync(test, "one");
        Assert.Single(Marks(test));
        await test.AdvanceAsync(WorkloadRestarts.Gap, TimeSpan.FromSeconds(5));

        Assert.Equal(2, Marks(test).Count);
    }

    [Theory]
    [InlineData("2026-11-23T18:00:00Z")]
    [InlineData("tomorrow")]
    public async Task A_time_that_makes_no_sense_holds_nothing_up(string time)
    {
        await using var test = await StartAsync();
        await test.PatchAsync<Deployment>(
            Workload,
            $$$"""{"spec": {"template": {"metadata": {"annotations": {"visma-operator.io/restarted-at": "{{{time}}}"} } } } }"""
        );

        await RefreshAsync(test, "one");

        Assert.Equal(2, Marks(test).Count);
    }

    [Fact]
    public async Task Connections_that_name_one_workload_share_its_restarts()
    {
        await using var test = await StartAsync();
        await test.ApplyAsync(Restarting(Some.VismaConnection(Other)));
        await test.UntilReadyAsync(Other);
        await test.AdvanceAsync(WorkloadRestarts.Gap, TimeSpan.FromSeconds(5));
        var before = test.Record.Of<Deployment>(Workload).Count;

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "one");
        await test.UntilIdleAsync();
        await test.PatchAsync<VismaConnection>(Other, """{"metadata": {"annotations": {"visma-operator.io/requestedAt": "one"} } }""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(1));
        Assert.Equal(4, test.TokenRequests);
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "two");
        await test.AdvanceAsync(WorkloadRestarts.Gap, TimeSpan.FromSeconds(1));

        Assert.Equal(5, test.TokenRequests);
        Assert.Equal(1, test.Record.Of<Deployment>(Workload).Count - before);
        var marks = (await test.FindAsync<Deployment>(Workload))!.Spec.Template.Metadata.Annotations!;
        Assert.Equal((await test.ConnectionAsync()).Status.Token!.Fingerprint, marks[Mark]);
        Assert.Equal((await test.ConnectionAsync(Other)).Status.Token!.Fingerprint, marks[MarkOf(Other)]);
    }

    [Fact]
    public async Task A_paused_Deployment_is_left_alone_and_told()
    {
        await using var test = await StartAsync();
        await test.AdvanceAsync(WorkloadRestarts.Gap);
        await test.PatchAsync<Deployment>(Workload, """{"spec": {"paused": true} }""");

        await RefreshAsync(test, "one");

        var told = await test.ConnectionAsync();
        AssertTold(told, Reason.WorkloadPaused, "rollout resume deployment/importer");
        Assert.Single(Marks(test));
        Assert.Equal([("Warning", Reason.WorkloadPaused)], test.EventsAbout(Some.Connection).Select(one => (one.Type, one.Reason)));

        await test.PatchAsync<Deployment>(Workload, """{"spec": {"paused": null} }""");
        await test.AdvanceAsync(WorkloadRestarts.RetryAfter);

        Assert.Equal(2, Marks(test).Count);
        Assert.True((await test.ConnectionAsync()).Is(ConditionType.WorkloadsRestarted, "True"));
    }

    [Fact]
    public async Task A_missing_workload_is_told_and_the_connection_stays_Ready()
    {
        await using var test = await StartAsync(new WorkloadReference { Kind = WorkloadKind.Deployment, Name = "missing" });

        AssertTold(await test.ConnectionAsync(), Reason.WorkloadNotFound, "Deployment integrations/missing does not exist");
        var writes = test.StatusWrites(Some.Connection);
        await test.AdvanceAsync(WorkloadRestarts.RetryAfter * 3, TimeSpan.FromMinutes(1));
        Assert.Equal(writes, test.StatusWrites(Some.Connection));

        // At first, after five minutes, and after ten more.
        Assert.Equal(3, OfWorkloads(test).Count);
    }

    [Fact]
    public async Task A_missing_workload_is_restarted_once_it_is_there()
    {
        await using var test = await StartAsync(new WorkloadReference { Kind = WorkloadKind.Deployment, Name = "missing" });
        await test.ApplyAsync(SomeDeployment() with { Metadata = Named("missing") });

        await test.AdvanceAsync(WorkloadRestarts.RetryAfter * 3, TimeSpan.FromMinutes(1));

        Assert.Equal(1, test.TokenRequests);
        Assert.True((await test.ConnectionAsync()).Is(ConditionType.WorkloadsRestarted, "True"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_that_is_missing_or_not_permitted_is_looked_at_once_an_hour_in_the_end(bool isMissing)
    {
        await using var test = await StartAsync(
            test =>
            {
                if (!isMissing)
                {
                    Forbid(test, ClusterVerb.Get);
                }
            },
            new WorkloadReference { Kind = WorkloadKind.Deployment, Name = isMissing ? "missing" : Workload }
        );
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        AssertTold(await test.ConnectionAsync(), isMissing ? Reason.WorkloadNotFound : Reason.RestartForbidden, "integrations");
        await test.AdvanceAsync(WorkloadRestarts.LongestRetry * 3, TimeSpan.FromMinutes(5));
        test.ForgetRequests();

        var asked = test.TokenRequests;
        await test.AdvanceAsync(WorkloadRestarts.LongestRetry * 6, TimeSpan.FromMinutes(5));

        // And once for each new token.
        Assert.InRange(OfWorkloads(test).Count, test.TokenRequests - asked, test.TokenRequests - asked + 6);
    }

    [Fact]
    public async Task A_change_of_the_connection_ends_the_wait_for_a_workload()
    {
        await using var test = await StartAsync(new WorkloadReference { Kind = WorkloadKind.Deployment, Name = "missing" });
        await test.AdvanceAsync(TimeSpan.FromMinutes(16), TimeSpan.FromMinutes(1)); // the next look is in twenty minutes
        await test.ApplyAsync(SomeDeployment() with { Metadata = Named("missing") });
        await test.UntilIdleAsync();
        AssertTold(await test.ConnectionAsync(), Reason.WorkloadNotFound, "missing");

        await test.ChangeConnectionAsync("""{"displayName": "Acme"}""");
        await test.UntilIdleAsync();

        Assert.True((await test.ConnectionAsync()).Is(ConditionType.WorkloadsRestarted, "True"));
    }

    [Fact]
    public async Task A_restart_takes_away_the_marks_of_connections_that_are_gone_or_name_the_workload_no_more()
    {
        await using var test = await StartAsync();
        foreach (var name in new[] { Other, "acme-gone", "acme-waiting" })
        {
            await test.ApplyAsync(Restarting(Some.VismaConnection(name)));
            await test.UntilReadyAsync(name);
        }

        await test.AdvanceAsync(WorkloadRestarts.Gap * 2, TimeSpan.FromSeconds(5));
        string[] marks = [MarkOf("acme-gone"), Mark, MarkOf(Other), MarkOf("acme-waiting"), "team", VismaNames.RestartedAtAnnotation];
        Assert.Equal(marks, await AnnotationsAsync(test));
        await test.DeleteAsync<VismaConnection>("acme-gone");
        await test.PatchAsync<VismaConnection>(Other, """{"spec": {"restart": null} }""");
        await test.PatchAsync<VismaConnection>("acme-waiting", """{"spec": {"suspend": true} }""");
        await test.AdvanceAsync(WorkloadRestarts.RetryAfter, TimeSpan.FromMinutes(1));
        Assert.Equal(marks, await AnnotationsAsync(test)); // to take one away is a rollout

        await RefreshAsync(test, "one");

        Assert.Equal([Mark, MarkOf("acme-waiting"), "team", VismaNames.RestartedAtAnnotation], await AnnotationsAsync(test));
    }

    [Fact]
    public async Task Marks_stay_while_not_every_connection_of_the_namespace_is_known()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var cluster = new FaultyCluster(TimeProvider.System);
        var (connection, now) = (Restarting(Some.VismaConnection()), TimeProvider.System.GetUtcNow());
        var token = new TokenStatus
        {
            IssueTime = now,
            ExpirationTime = now.AddHours(1),
            Inputs = "inputs",
            Layout = "layout",
            Fingerprint = "new",
        };
        connection = connection with { Status = new VismaConnectionStatus { SecretName = "acme-production-token", Token = token } };
        var restarts = new WorkloadRestarts(cluster, _ => [connection], new Leading(), TimeProvider.System, NullLogger.Instance)
        {
            Queue = null!,
            Wake = _ => { },
        };
        var annotations = new Dictionary<string, string> { [MarkOf(Other)] = "old" };
        var template = new PodTemplate { Metadata = new PodTemplateMetadata { Annotations = annotations } };
        await cluster.CreateAsync(SomeDeployment() with { Spec = new WorkloadSpec { Template = template } }, cancellationToken);

        await restarts.ReconcileAsync(new NamespacedName(Some.Namespace, $"Deployment/{Workload}"), cancellationToken);

        var found = await cluster.FindAsync<Deployment>(new NamespacedName(Some.Namespace, Workload), cancellationToken);
        var marks = found!.Spec.Template.Metadata.Annotations!;
        Assert.Equal(("old", "new"), (marks[MarkOf(Other)], marks[Mark]));
    }

    [Fact]
    public async Task What_is_not_permitted_is_told_with_the_remedy_and_asked_for_again()
    {
        await using var test = await StartAsync(test => Forbid(test, ClusterVerb.Patch));
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));

        AssertTold(await test.ConnectionAsync(), Reason.RestartForbidden, "restart.namespaces in the values of the chart");
        Assert.Equal(1, test.TokenRequests);

        test.Cluster.Before = null;
        await test.AdvanceAsync(WorkloadRestarts.RetryAfter * 2, TimeSpan.FromMinutes(1));

        Assert.Single(Marks(test));
        Assert.True((await test.ConnectionAsync()).Is(ConditionType.WorkloadsRestarted, "True"));
    }

    [Fact]
    public async Task An_API_server_that_has_not_read_its_roles_yet_is_no_missing_permission()
    {
        await using var test = await StartAsync(test => Forbid(test, ClusterVerb.Get));
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        Assert.Null((await test.ConnectionAsync()).Condition(ConditionType.WorkloadsRestarted));

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));

        Assert.Single(Marks(test));
        Assert.Empty(test.EventsAbout(Some.Connection));
    }

    [Fact]
    public async Task A_refusal_by_a_policy_names_the_policy()
    {
        await using var test = await StartAsync(test =>
            test.Cluster.Before = (verb, kind, _) =>
                verb == ClusterVerb.Patch && kind == Deployment.ResourceKind
                    ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "quoted")
                    {
                        DeniedBy = new AdmissionRule(AdmissionRuleKind.Policy, "frozen.example.com"),
                    }
                    : Task.CompletedTask
        );
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));

        AssertTold(await test.ConnectionAsync(), Reason.RestartRefused, "Ask the owner of admission policy frozen.example.com");
    }

    [Fact]
    public async Task A_restart_that_keeps_failing_is_told_after_a_minute()
    {
        await using var test = await StartAsync();
        await test.AdvanceAsync(WorkloadRestarts.Gap);
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Patch && kind == Deployment.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.InternalServerError, "InternalError", "quoted")
                : Task.CompletedTask;
        await RefreshAsync(test, "one");
        Assert.True((await test.ConnectionAsync()).Is(ConditionType.WorkloadsRestarted, "True")); // as before

        await test.AdvanceAsync(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(5));

        AssertTold(await test.ConnectionAsync(), Reason.RestartRefused, "answers 500 InternalError");
        Assert.Equal([("Warning", Reason.RestartRefused)], test.EventsAbout(Some.Connection).Select(one => (one.Type, one.Reason)));

        test.Cluster.Before = null;
        await test.AdvanceAsync(WorkloadRestarts.RetryAfter, TimeSpan.FromSeconds(5));

        Assert.Equal(2, Marks(test).Count);
        Assert.True((await test.ConnectionAsync()).Is(ConditionType.WorkloadsRestarted, "True"));
    }

    [Fact]
    public async Task A_workload_that_changes_between_look_and_patch_is_looked_at_again()
    {
        await using var test = await StartAsync();
        await test.AdvanceAsync(WorkloadRestarts.Gap);
        var raced = false;
        test.Cluster.Before = async (verb, kind, _) =>
        {
            if (verb == ClusterVerb.Patch && kind == Deployment.ResourceKind && !raced)
            {
                raced = true;
                await test.PatchAsync<Deployment>(Workload, """{"spec": {"paused": true} }""");
            }
        };

        await RefreshAsync(test, "one");

        Assert.Single(Marks(test));
        AssertTold(await test.ConnectionAsync(), Reason.WorkloadPaused, "is paused");
    }

    [Fact]
    public async Task A_suspended_connection_restarts_nothing()
    {
        await using var test = await StartAsync(new WorkloadReference { Kind = WorkloadKind.Deployment, Name = "missing" });
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.UntilIdleAsync();
        await test.ApplyAsync(SomeDeployment() with { Metadata = Named("missing") });

        await test.AdvanceAsync(WorkloadRestarts.RetryAfter * 2, TimeSpan.FromMinutes(1));
        Assert.Single(test.Record.Of<Deployment>("missing"));

        await test.ChangeConnectionAsync("""{"suspend": false}""");
        await test.AdvanceAsync(WorkloadRestarts.RetryAfter, TimeSpan.FromMinutes(1));
        Assert.Equal(2, test.Record.Of<Deployment>("missing").Count);
    }

    [Fact]
    public async Task A_deleted_connection_restarts_nothing()
    {
        await using var test = await StartAsync(new WorkloadReference { Kind = WorkloadKind.Deployment, Name = "missing" });
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.ApplyAsync(SomeDeployment() with { Metadata = Named("missing") });

        await test.AdvanceAsync(WorkloadRestarts.RetryAfter * 2, TimeSpan.FromMinutes(1));

        Assert.Single(test.Record.Of<Deployment>("missing"));
    }

    [Fact]
    public async Task An_edited_Secret_is_put_back_without_a_restart_and_another_template_is_one()
    {
        await using var test = await StartAsync();
        await test.AdvanceAsync(WorkloadRestarts.Gap);
        await test.PatchAsync<Secret>("acme-production-token", """{"data": {"base_url": "ZWRpdGVk"} }""");
        await test.UntilIdleAsync();
        Assert.Single(Marks(test));

        await test.ChangeConnectionAsync("""{"secret": {"template": {"data": {"token.txt": "${access_token}"} } } }""");
        await test.UntilIdleAsync();

        Assert.Equal(2, Marks(test).Count);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task Without_it_nothing_is_asked_and_taking_it_out_removes_what_was_said()
    {
        await using var test = await StartAsync();
        await test.ChangeConnectionAsync("""{"restart": null}""");
        await test.AdvanceAsync(WorkloadRestarts.Gap);
        test.ForgetRequests();

        await RefreshAsync(test, "one");

        Assert.Empty(OfWorkloads(test));
        Assert.Equal(1, test.StatusWrites(Some.Connection));
        var connection = await test.ConnectionAsync();
        Assert.Null(connection.Condition(ConditionType.WorkloadsRestarted));
        Assert.Null(connection.Status.Restarts);
        Assert.Single(Marks(test));
    }

    [Fact]
    public async Task Where_there_are_no_workloads_it_means_nothing()
    {
        await using var test = await StartAsync(test => test.Change = context => context with { HasWorkloads = false });

        var connection = await test.ConnectionAsync();
        Assert.Empty(OfWorkloads(test));
        Assert.Null(connection.Condition(ConditionType.WorkloadsRestarted));
        Assert.True(connection.Is("Ready", "True"));
    }

    [Fact]
    public async Task A_workload_that_breaks_a_rule_is_told_and_stops_no_renewal()
    {
        await using var test = await StartAsync(new WorkloadReference { Kind = WorkloadKind.Deployment, Name = "../../secrets" });

        AssertTold(await test.ConnectionAsync(), Reason.InvalidSpec, "spec.restart[0].name");
        Assert.Empty(OfWorkloads(test));
    }

    [Fact]
    public async Task A_process_that_leads_no_more_restarts_nothing()
    {
        var leader = new Leading();
        await using var test = await StartAsync(test => test.Change = context => context with { Leadership = leader });
        await test.AdvanceAsync(WorkloadRestarts.Gap);
        test.Cluster.Before = (verb, kind, _) =>
        {
            if (verb == ClusterVerb.Get && kind == Deployment.ResourceKind)
            {
                leader.IsLost = true;
            }

            return Task.CompletedTask;
        };

        await RefreshAsync(test, "one");

        Assert.Single(Marks(test));
    }

    [Theory]
    [InlineData("a", "restart.visma-operator.io/a")]
    [InlineData("acme.production-1", "restart.visma-operator.io/acme.production-1")]
    public void The_mark_of_a_connection_has_its_name(string name, string key) => Assert.Equal(key, MarkOf(name));

    [Fact]
    public void A_long_name_makes_a_mark_that_fits_and_that_no_other_name_makes()
    {
        string[] names = [new('a', 63), new('a', 64), new('a', 253), $"{new string('a', 45)}..{new string('b', 60)}"];
        var keys = names.Select(MarkOf).ToList();

        Assert.Equal(names.Length, keys.Distinct().Count());
        Assert.All(
            keys,
            key => Assert.Matches("^restart[.]visma-operator[.]io/[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$", key)
        );
    }

    private static string MarkOf(string connection) => RestartMarks.KeyOf(new NamespacedName(Some.Namespace, connection));

    private static Task<TestOperator> StartAsync(params WorkloadReference[] workloads) => StartAsync(_ => { }, workloads);

    // The connection is Ready, and whatever could be restarted is.
    private static async Task<TestOperator> StartAsync(Action<TestOperator> prepare, params WorkloadReference[] workloads)
    {
        var test = await TestOperator.StartAsync(prepare);
        await test.ApplyAsync(SomeDeployment());
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Restarting(Some.VismaConnection(), workloads));
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        return test;
    }

    private static VismaConnection Restarting(VismaConnection connection, params WorkloadReference[] workloads) =>
        connection with
        {
            Spec = connection.Spec with
            {
                Restart = workloads.Length > 0 ? workloads : [new WorkloadReference { Kind = WorkloadKind.Deployment, Name = Workload }],
            },
        };

    private static ObjectMeta Named(string name) => new() { Name = name, Namespace = Some.Namespace };

    private static Deployment SomeDeployment() =>
        new()
        {
            Metadata = Named(Workload) with { Labels = new Dictionary<string, string> { ["app"] = Workload } },
            Spec = new WorkloadSpec
            {
                Template = new PodTemplate
                {
                    Metadata = new PodTemplateMetadata { Annotations = new Dictionary<string, string> { ["team"] = "erp" } },
                },
            },
        };

    // Requests on one connection are ten seconds apart.
    private static async Task RefreshAsync(TestOperator test, string request)
    {
        var asked = test.TokenRequests;
        await test.AdvanceAsync(RequestRules.Gap + TimeSpan.FromSeconds(1));
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, request);
        await test.UntilIdleAsync();
        Assert.Equal(asked + 1, test.TokenRequests);
    }

    private static void Forbid(TestOperator test, string what) =>
        test.Cluster.Before = (verb, kind, _) =>
            verb == what && kind == Deployment.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "forbidden")
                : Task.CompletedTask;

    private static void AssertTold(VismaConnection connection, string reason, string words)
    {
        var condition = connection.Condition(ConditionType.WorkloadsRestarted)!;
        Assert.Equal(("False", reason), (condition.Status, condition.Reason));
        Assert.Contains(words, condition.Message, StringComparison.Ordinal);
        Assert.True(connection.Is("Ready", "True"));
        Assert.Null(connection.Condition("Stalled"));
    }

    private static async Task<IEnumerable<string>> AnnotationsAsync(TestOperator test) =>
        (await test.FindAsync<Deployment>(Workload))!.Spec.Template.Metadata.Annotations!.Keys.Order(StringComparer.Ordinal);

    // The tokens that the workload was restarted for, one after the other.
    private static IReadOnlyList<string> Marks(TestOperator test)
    {
        List<string> marks = [];
        foreach (var state in test.Record.Of<Deployment>(Workload))
        {
            if (state.Spec.Template.Metadata.Annotations?.GetValueOrDefault(Mark) is { } mark && mark != marks.LastOrDefault())
            {
                marks.Add(mark);
            }
        }

        return marks;
    }

    // The operator's requests; where a test asks itself, it counts those, too.
    private static List<string> OfWorkloads(TestOperator test) =>
        [
            .. test.Requests.Where(request => request.Kind.Group == "apps" && request.Verb != ClusterVerb.Create)
                .Select(request => request.Verb),
        ];

    private sealed class Leading : ILeadership
    {
        public bool IsLost { get; set; }

        public TimeSpan Remaining => TimeSpan.MaxValue;

        public void EnsureLeader()
        {
            if (IsLost)
            {
                throw new LeadershipLostException("lost");
            }
        }

        public Task WaitUntilLeaderAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
