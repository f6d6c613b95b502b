using System.Net;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Microsoft.Extensions.Logging.Abstractions;
using VismaOperator.Api;
using VismaOperator.Cli.Cluster;
using VismaOperator.Cli.Requests;
using VismaOperator.Cli.Status;
using VismaOperator.Tests.Status;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Requests;

/// <summary><c>refresh</c>: who is asked, and what comes of it.</summary>
public sealed class RefreshTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_named_connections_get_the_annotation_and_nothing_else_changes()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"), Situations.Healthy("other"));

        Assert.True(await RunAsync(scene, new RequestOptions { Names = [(null, "acme")] }));

        var acme = await FindAsync(scene, "acme");
        Assert.Equal("2026-11-30T12:00:00.000Z", acme.Metadata.Annotation(VismaNames.RequestedAtAnnotation));
        Assert.Equal(Situations.Healthy("acme").Spec.Scopes, acme.Spec.Scopes);
        Assert.Null((await FindAsync(scene, "other")).Metadata.Annotation(VismaNames.RequestedAtAnnotation));
        Assert.Equal("integrations/acme: refresh asked for\n", scene.Output);
    }

    [Fact]
    public async Task All_means_those_of_the_namespace_and_labels_choose_among_them()
    {
        var labelled = Situations.Healthy("erp");
        var labels = new Dictionary<string, string> { ["app"] = "erp" };
        using var scene = new StatusScene(
            labelled with { Metadata = labelled.Metadata with { Labels = labels } },
            Situations.Healthy("other"),
            Situations.Healthy("foreign", "elsewhere")
        );

        Assert.True(await RunAsync(scene, new RequestOptions { Selector = "app=erp" }));
        Assert.Equal("integrations/erp: refresh asked for\n", scene.Output);
        Assert.True(await RunAsync(scene, new RequestOptions()));
        Assert.DoesNotContain("foreign", scene.Output, StringComparison.Ordinal);
        Assert.True(await RunAsync(scene, new RequestOptions { Range = NamespaceRange.All }));
        Assert.Contains("elsewhere/foreign: refresh asked for\n", scene.Output, StringComparison.Ordinal);
        Assert.False(await RunAsync(scene, new RequestOptions { Selector = "app=none", Source = new NamedSource(Context: "other") }));
        Assert.Contains(
            "There is no VismaConnection in namespace integrations with the labels app=none in the cluster https://cluster.example.com/. "
                + "See what there is: visma-operator status -A --context other\n",
            scene.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_would_not_be_answered_is_not_asked_for_and_the_others_are()
    {
        var suspended = Situations.Healthy("suspended");
        using var scene = new StatusScene(suspended with { Spec = suspended.Spec with { Suspend = true } }, Situations.Healthy("acme"));

        Assert.False(await RunAsync(scene, new RequestOptions { Names = [(null, "suspended"), (null, "nobody"), (null, "acme")] }));

        Assert.Contains(
            "integrations/suspended: not asked for: it is suspended. Set spec.suspend to false first.\n",
            scene.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("There is no VismaConnection integrations/nobody in the cluster https://cluster.example.com/. See what there is: "
                + "visma-operator status -A\n", scene.Error, StringComparison.Ordinal);
        Assert.Equal("integrations/acme: refresh asked for\n", scene.Output);
    }

    [Fact]
    public async Task Who_may_not_patch_is_told_the_verb_and_the_namespace()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        scene.Cluster.Before = (verb, _, _) =>
            verb == "patch" ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no") : Task.CompletedTask;

        Assert.False(await RunAsync(scene, new RequestOptions { Names = [(null, "acme")] }));

        Assert.Equal(
            "visma-operator: integrations/acme: You may not patch vismaconnections.visma-operator.io in namespace integrations. Have a "
                + "Role with the verb patch bound to your account.\n",
            scene.Error
        );
    }

    [Fact]
    public async Task It_waits_until_each_one_was_attempted_and_tells_what_came_of_it()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"), Situations.Healthy("refused"), Situations.Healthy("gone"));
        var running = RunAsync(scene, new RequestOptions { Wait = true });
        await scene.UntilAsync("refused: refresh asked for");

        await AnswerAsync(
            scene,
            "acme",
            """ "token": {"issueTime": "2026-11-30T12:00:01Z", "expirationTime": "2026-11-30T13:00:01Z"} """
        );
        await AnswerAsync(
            scene,
            "refused",
            """
            "failure": {"reason": "TenantRefused", "attempts": 1}, "conditions": [
            {"type": "Ready", "status": "True", "reason": "TokenValid", "message": ""},
            {"type": "Stalled", "status": "True", "reason": "TenantRefused", "message": "No."}]
            """
        );
        await scene.Cluster.DeleteAsync<VismaConnection>(new NamespacedName(Some.Namespace, "gone"), null, Ct);

        Assert.False(await running);
        Assert.Contains("acme: refreshed, valid until 2026-11-30 13:00:01Z (in 60m)\n", scene.Output, StringComparison.Ordinal);
        Assert.Contains("visma-operator: integrations/refused: not refreshed: TenantRefused: No.\n", scene.Error, StringComparison.Ordinal);
        Assert.Contains("visma-operator: integrations/gone: deleted meanwhile\n", scene.Error, StringComparison.Ordinal);
    }

    // Times in status have whole seconds.
    [Fact]
    public async Task A_token_that_comes_in_the_same_second_as_the_one_before_is_a_new_one()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        var before = (await scene.Cluster.FindAsync<VismaConnection>(new NamespacedName(Some.Namespace, "acme"), Ct))!.Status.Token!;
        var running = RunAsync(scene, new RequestOptions { Wait = true });
        await scene.UntilAsync("acme: refresh asked for");

        await AnswerAsync(
            scene,
            "acme",
            $$""" "token": {"issueTime": "{{before.IssueTime:yyyy-MM-dd'T'HH:mm:ss'Z'}}", "fingerprint": "another"} """
        );

        Assert.True(await running, scene.Error);
        Assert.Contains("acme: refreshed", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_named_twice_is_asked_once()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        var names = new (string?, string)[] { (null, "acme"), (Some.Namespace, "acme") };

        Assert.True(await RunAsync(scene, new RequestOptions { Names = names }));

        Assert.Equal("integrations/acme: refresh asked for\n", scene.Output);
    }

    [Fact]
    public async Task A_later_request_of_somebody_else_answers_ours_as_well()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        var running = RunAsync(scene, new RequestOptions { Names = [(null, "acme")], Wait = true });
        await scene.UntilAsync("acme: refresh asked for");

        await scene.Cluster.PatchAsync<VismaConnection>(
            new NamespacedName(Some.Namespace, "acme"),
            JsonNode.Parse("""{"metadata":{"annotations":{"visma-operator.io/requestedAt":"later"}}}""")!.AsObject(),
            Ct
        );
        await AnswerAsync(
            scene,
            "acme",
            """ "token": {"issueTime": "2026-11-30T12:00:01Z", "expirationTime": "2026-11-30T13:00:01Z"} """
        );

        Assert.True(await running);
        Assert.Contains("acme: refreshed, valid until", scene.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_deleted_before_it_is_asked_is_gone_and_its_definition_is_not_missing()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        scene.Cluster.Before = (verb, _, _) =>
            verb == "patch" ? throw new KubernetesException(HttpStatusCode.NotFound, "NotFound", "no") : Task.CompletedTask;

        Assert.False(await RunAsync(scene, new RequestOptions { Names = [(null, "acme")] }));

        Assert.Equal("visma-operator: integrations/acme: It is gone: somebody deleted it meanwhile.\n", scene.Error);
    }

    [Fact]
    public async Task Who_may_not_list_is_told_at_once_and_not_after_the_wait()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        scene.Cluster.Before = (verb, _, _) =>
            verb == "list" ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no") : Task.CompletedTask;

        var failure = await Assert.ThrowsAsync<StatusException>(() =>
            RunAsync(scene, new RequestOptions { Names = [(null, "acme")], Wait = true })
        );

        Assert.Equal("integrations/acme: refresh asked for\n", scene.Output);
        Assert.Contains(
            "You may not list vismaconnections.visma-operator.io in namespace integrations.",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Who_may_not_watch_is_told_at_once_too()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"));
        scene.Cluster.Reviews = access => access.Verb != "watch";

        var failure = await Assert.ThrowsAsync<StatusException>(() =>
            RunAsync(scene, new RequestOptions { Names = [(null, "acme")], Wait = true })
        );

        Assert.Contains(
            "You may not watch vismaconnections.visma-operator.io in namespace integrations.",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task All_namespaces_are_followed_by_one_watch()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"), Situations.Healthy("foreign", "elsewhere"));
        var watches = new List<NamespacedName>();
        scene.Cluster.Before = (verb, _, name) =>
        {
            if (verb == "watch")
            {
                watches.Add(name);
            }

            return Task.CompletedTask;
        };
        var running = RunAsync(scene, new RequestOptions { Range = NamespaceRange.All, Wait = true, Timeout = TimeSpan.FromSeconds(30) });
        await scene.UntilAsync("acme: refresh asked for");
        await scene.UntilWatchedAsync(1);
        scene.Time.Advance(TimeSpan.FromSeconds(30));

        Assert.False(await running);
        Assert.Equal([new NamespacedName(string.Empty, string.Empty)], watches);
    }

    [Fact]
    public async Task It_waits_as_long_as_the_operator_needs_for_all_of_one_client_and_no_longer()
    {
        using var scene = new StatusScene(Situations.Healthy("acme"), Situations.Healthy("other"));
        var running = RunAsync(scene, new RequestOptions { Wait = true });
        await scene.UntilAsync("other: refresh asked for");
        await scene.UntilWatchedAsync(1);

        scene.Time.Advance(TimeSpan.FromSeconds(79));
        Assert.False(running.IsCompleted);
        scene.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.False(await running);
        Assert.Contains("integrations/acme: no attempt was seen within 1m20s. ", scene.Error, StringComparison.Ordinal);
        Assert.Contains("operator runs: visma-operator doctor integrations/acme\n", scene.Error, StringComparison.Ordinal);
    }

    private static Task<bool> RunAsync(StatusScene scene, RequestOptions options) =>
        new RequestRun(
            options with { Namespace = options.Namespace ?? Some.Namespace },
            scene.Cluster,
            "https://cluster.example.com/",
            scene.Screen,
            NullLogger.Instance
        ).RunAsync(Ct);

    private static async Task<VismaConnection> FindAsync(StatusScene scene, string name) =>
        (await scene.Cluster.FindAsync<VismaConnection>(new NamespacedName(Some.Namespace, name), Ct))!;

    // As the operator does after an attempt.
    private static async Task AnswerAsync(StatusScene scene, string name, string outcome)
    {
        var value = (await FindAsync(scene, name)).Metadata.Annotation(VismaNames.RequestedAtAnnotation);
        await scene.Cluster.PatchStatusAsync<VismaConnection>(
            new NamespacedName(Some.Namespace, name),
            JsonNode.Parse($$$"""{"status":{"lastHandledReconcileAt":"{{{value}}}",{{{outcome}}}}}""")!.AsObject(),
            Ct
        );
    }
}
