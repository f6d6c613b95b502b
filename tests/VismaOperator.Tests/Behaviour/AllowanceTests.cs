using System.Net;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Clients;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// Clients of other namespaces: what the client's owner allows is served, what is withdrawn is taken away, and nobody learns more.
/// </summary>
public sealed class AllowanceTests
{
    private const string Asker = "customer-a";
    private const string Name = "acme-production-token";

    [Fact]
    public async Task Same_serves_its_own_namespace_only()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ApplyAsync(Some.VismaConnection(ns: Asker));
        await test.UntilIdleAsync();

        Assert.False((await test.ConnectionAsync(ns: Asker)).Is("Ready", "True"));
        Assert.Null(await test.FindAsync<Secret>(Name, Asker));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task All_serves_every_namespace()
    {
        await using var test = await ServedAsync("""{"from": "All"}""");

        Assert.NotNull(await test.FindAsync<Secret>(Name, Asker));
    }

    [Fact]
    public async Task A_selector_follows_the_labels_of_namespaces()
    {
        await using var test = await StartAsync(
            """{"from": "Selector", "selector": {"matchExpressions": [{"key": "visma", "operator": "In", "values": ["yes"]}]}}"""
        );
        await test.ApplyAsync(Some.VismaConnection(ns: Asker));
        await test.UntilIdleAsync();
        var before = (await test.ConnectionAsync(ns: Asker)).Is("Ready", "True");

        await LabelAsync(test, "yes");
        await test.UntilIdleAsync();
        var during = (await test.ConnectionAsync(ns: Asker)).Is("Ready", "True");
        await LabelAsync(test, "no");
        await test.UntilIdleAsync();

        Assert.False(before);
        Assert.True(during);
        Assert.Null(await test.FindAsync<Secret>(Name, Asker));
        Assert.Equal("ClientNotAvailable", (await test.ConnectionAsync(ns: Asker)).Condition("Stalled")!.Reason);
    }

    [Theory]
    [InlineData(DeletionPolicy.Delete)]
    [InlineData(DeletionPolicy.Retain)]
    public async Task A_withdrawn_allowance_removes_the_Secret_regardless_of_its_deletion_policy(DeletionPolicy policy)
    {
        await using var test = await ServedAsync(
            """{"from": "All"}""",
            connection => connection.WithSecret(new SecretSpec { DeletionPolicy = policy })
        );

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "Same"}}""");
        await test.UntilIdleAsync();

        var withdrawn = await test.ConnectionAsync(ns: Asker);
        Assert.Null(await test.FindAsync<Secret>(Name, Asker));
        Assert.Equal("ClientNotAvailable", withdrawn.Condition("Stalled")!.Reason);
        Assert.True(withdrawn.Is("Ready", "False"));
        Assert.Null(withdrawn.Status.Token);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task Seven_Secrets_that_go_with_the_first_tenants_entry_are_one_event_on_the_client()
    {
        await using var test = await StartAsync("""{"from": "All"}""");
        string[] own = ["own-1", "own-2", "own-3", "own-4", "own-5"];
        var connections = own.Select(name => (Name: name, Namespace: Some.Namespace))
            .Append((Name: "theirs-1", Namespace: Asker))
            .Append((Name: "theirs-2", Namespace: Asker))
            .ToList();
        foreach (var (name, ns) in connections)
        {
            await test.ApplyAsync(Some.VismaConnection(name, ns));
        }

        await test.UntilIdleAsync();

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        await test.AdvanceAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(30));

        var told = Assert.Single(test.EventsAbout(Some.Client), happened => happened.Reason == "SecretsRemoved");
        Assert.Equal("Warning", told.Type);
        Assert.StartsWith(
            "The token Secrets of 7 connections were removed, since this OAuthClient no longer serves them: own-1, own-2, own-3 and 2 "
            + "more of this namespace, 2 of namespace customer-a.",
            told.Note,
            StringComparison.Ordinal
        );
        Assert.Contains("spec.tenants", told.Note, StringComparison.Ordinal);
        Assert.DoesNotContain("theirs", told.Note, StringComparison.Ordinal);
        foreach (var (name, ns) in connections)
        {
            Assert.Null(await test.FindAsync<Secret>($"{name}-token", ns));
            var message = (await test.ConnectionAsync(name, ns)).Condition("Stalled")!.Message;
            Assert.StartsWith(
                "The Secret with the token was removed at 2026-11-23 12:00:00Z, because the OAuthClient no longer serves this connection. ",
                message,
                StringComparison.Ordinal
            );
            Assert.Single(test.EventsAbout(name), happened => happened.Note!.Contains("was removed", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task A_Secret_removed_with_an_allowance_is_reported_to_both_sides()
    {
        await using var test = await ServedAsync("""{"from": "All"}""");

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "Same"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));

        var told = Assert.Single(test.EventsAbout(Some.Client), happened => happened.Reason == "SecretsRemoved");
        Assert.StartsWith(
            "The token Secret of 1 connection was removed, since this OAuthClient no longer serves it: 1 of namespace customer-a.",
            told.Note,
            StringComparison.Ordinal
        );
        Assert.Contains("spec.allowedNamespaces", told.Note, StringComparison.Ordinal);
        Assert.Contains("was removed at", (await test.ConnectionAsync(ns: Asker)).Condition("Ready")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_was_never_served_reports_no_removal()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ApplyAsync(Some.VismaConnection(ns: Asker));
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        Assert.DoesNotContain(
            "removed",
            (await test.ConnectionAsync(ns: Asker)).Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(test.EventsAbout(Some.Client), happened => happened.Reason == "SecretsRemoved");
    }

    [Fact]
    public async Task A_withdrawal_is_not_delayed_by_suspend_and_stays_reported()
    {
        await using var test = await ServedAsync("""{"from": "All"}""");
        await test.ChangeConnectionAsync("""{"suspend": true}""", ns: Asker);
        await test.UntilIdleAsync();

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "Same"}}""");
        await test.UntilIdleAsync();
        await test.StopAsync();
        test.Start();
        await test.UntilIdleAsync();

        Assert.Null(await test.FindAsync<Secret>(Name, Asker));
        Assert.Equal("ClientNotAvailable", (await test.ConnectionAsync(ns: Asker)).Condition("Stalled")?.Reason);
    }

    [Fact]
    public async Task An_allowance_that_is_given_back_counts_at_once()
    {
        await using var test = await ServedAsync("""{"from": "All"}""");
        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "Same"}}""");
        await test.UntilIdleAsync();

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "All"}}""");
        await test.UntilIdleAsync();

        Assert.True((await test.ConnectionAsync(ns: Asker)).Is("Ready", "True"));
        Assert.NotNull(await test.FindAsync<Secret>(Name, Asker));
    }

    [Fact]
    public async Task A_changed_label_counts_within_half_a_minute_if_namespaces_cannot_be_watched()
    {
        await using var test = await TestOperator.StartAsync(test => test.Namespaces = [Some.Namespace, Asker]);
        await test.ApplyAsync(
            new Namespace
            {
                Metadata = new ObjectMeta
                {
                    Name = Asker,
                    Labels = new Dictionary<string, string> { ["visma"] = "yes" },
                },
            }
        );
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "Selector", "selector": {"matchLabels": {"visma": "yes"}}}}""");
        await test.ApplyAsync(Some.VismaConnection(ns: Asker));
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Ready", "True"), Asker);
        await test.AdvanceAsync(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(30));
        Assert.NotNull(await test.FindAsync<Secret>(Name, Asker));

        await LabelAsync(test, "no");
        await test.AdvanceAsync(FetchedNamespaces.LookInterval);
        await test.UntilStalledAsync("ClientNotAvailable", ns: Asker);
        var withdrawn = await test.FindAsync<Secret>(Name, Asker);
        await LabelAsync(test, "yes");
        await test.AdvanceAsync(FetchedNamespaces.LookInterval);
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Ready", "True"), Asker);

        Assert.Null(withdrawn);
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task A_withdrawal_that_may_not_delete_the_Secret_says_so_and_is_tried_again()
    {
        await using var test = await ServedAsync("""{"from": "All"}""");
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Delete && kind.Kind == "Secret"
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "Same"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        var stalled = await test.UntilStalledAsync("WithdrawalForbidden", ns: Asker);
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));
        var attempts = (await test.ConnectionAsync(ns: Asker)).Status.Failure!.Attempts;
        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromMinutes(4), TimeSpan.FromSeconds(10));

        Assert.Contains(
            $"grant its service account delete on Secrets in namespace {Asker}",
            stalled.Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(2, attempts);
        Assert.Contains(
            test.EventsAbout(Some.Connection),
            happened => happened.Reason == "WithdrawalForbidden" && happened.Type == "Warning"
        );
        Assert.Null(await test.FindAsync<Secret>(Name, Asker));
        Assert.Equal("ClientNotAvailable", (await test.ConnectionAsync(ns: Asker)).Condition("Stalled")!.Reason);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_withdrawal_that_is_refused_for_a_moment_calls_for_nobody()
    {
        await using var test = await ServedAsync("""{"from": "All"}""");
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Delete && kind.Kind == "Secret"
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "the roles are not read yet")
                : Task.CompletedTask;

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "Same"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));

        Assert.Null(await test.FindAsync<Secret>(Name, Asker));
        Assert.DoesNotContain(test.EventsAbout(Some.Connection), happened => happened.Reason == "WithdrawalForbidden");
    }

    [Fact]
    public async Task An_allowance_that_is_given_back_before_the_Secret_could_go_costs_no_token()
    {
        await using var test = await ServedAsync("""{"from": "All"}""");
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Delete && kind.Kind == "Secret"
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;
        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "Same"}}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(1));
        await test.UntilStalledAsync("WithdrawalForbidden", ns: Asker);

        await test.ChangeClientAsync("""{"allowedNamespaces": {"from": "All"}}""");
        await test.UntilIdleAsync();

        var connection = await test.ConnectionAsync(ns: Asker);
        Assert.True(connection.Is("Ready", "True"));
        Assert.Null(connection.Condition("Stalled"));
        Assert.Null(connection.Status.Failure);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task The_list_of_tenants_limits_tenant_namespace_and_scopes()
    {
        await using var test = await ServedAsync("""{"from": "All"}""");
        var isReady = new List<bool>();
        foreach (var rule in (string[])
            [
                $$"""{"tenantID": "{{Some.Tenant.ToUpperInvariant()}}"}""",
                $$"""{"tenantID": "{{Some.OtherTenant}}"}""",
                $$"""{"tenantID": "{{Some.Tenant}}", "namespaces": ["customer-a"]}""",
                $$"""{"tenantID": "{{Some.Tenant}}", "namespaces": ["customer-b"]}""",
                $$"""{"tenantID": "{{Some.Tenant}}", "scopes": ["vismanet_erp_service_api:read", "vismanet_erp_service_api:create"]}""",
                $$"""{"tenantID": "{{Some.Tenant}}", "scopes": ["vismanet_erp_service_api:read"]}""",
            ])
        {
            await test.ChangeClientAsync($$"""{"tenants": [{{rule}}]}""");
            await test.UntilIdleAsync();
            var connection = await test.ConnectionAsync(ns: Asker);
            isReady.Add(
                connection.Is("Ready", "True")
                    && await test.FindAsync<Secret>(Name, Asker) is not null
                    && connection.Condition("Stalled") is null
            );
        }

        Assert.Equal([true, false, true, false, true, false], isReady);
        Assert.Equal("TenantNotAllowed", (await test.ConnectionAsync(ns: Asker)).Condition("Stalled")!.Reason);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"suspend": true}""")]
    [InlineData("""{"tenantID": "no-guid"}""")]
    [InlineData("""{"secret": {"name": "taken"}}""")]
    public async Task Missing_and_not_allowed_read_the_same_at_all_times(string change)
    {
        var missing = await StoryAsync(change, isThere: false);
        var refused = await StoryAsync(change, isThere: true);

        Assert.NotEmpty(missing);
        Assert.Equal(missing, refused);
    }

    [Fact]
    public async Task A_deleted_client_is_served_until_the_token_expires()
    {
        await using var test = await TestOperator.StartReadyAsync();
        var before = await test.TokenSecretAsync();

        await test.DeleteAsync<OAuthClient>(Some.Client);
        await test.AdvanceAsync(TimeSpan.FromMinutes(59), TimeSpan.FromSeconds(30));
        var serving = await test.ConnectionAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        var expired = await test.ConnectionAsync();
        await test.ApplyAsync(test.Client());
        await test.UntilReadyAsync();

        Assert.True(serving.Is("Ready", "True"));
        Assert.Equal("ClientNotAvailable", serving.Condition("Stalled")!.Reason);
        Assert.True(serving.Is("TokenFresh", "False"));
        Assert.Contains("until 2026-11-23 13:00:00Z", serving.Condition("TokenFresh")!.Message, StringComparison.Ordinal);
        Assert.True(expired.Is("Ready", "False"));
        Assert.Equal(before.Metadata.Uid, (await test.TokenSecretAsync()).Metadata.Uid);
        Assert.Equal(2, test.TokenRequests);
    }

    private static async Task<TestOperator> StartAsync(string allowed)
    {
        var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(new Namespace { Metadata = new ObjectMeta { Name = Asker } });
        await test.ApplyAsync(test.Client());
        await test.ChangeClientAsync($$"""{"allowedNamespaces": {{allowed}}}""");
        await test.UntilIdleAsync();
        return test;
    }

    private static async Task<TestOperator> ServedAsync(string allowed, Func<VismaConnection, VismaConnection>? change = null)
    {
        var test = await StartAsync(allowed);
        await test.ApplyAsync((change ?? (connection => connection))(Some.VismaConnection(ns: Asker)));
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Ready", "True"), Asker);
        await test.UntilIdleAsync();
        return test;
    }

    // Everything that the asker can see over two minutes: each status with its time, and each event.
    private static async Task<List<string>> StoryAsync(string change, bool isThere)
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(Some.Credentials("somebody-elses", "taken").WithMetadata(new ObjectMeta
        {
            Name = "taken",
            Namespace = Asker,
            Labels = new Dictionary<string, string> { [VismaNames.SecretLabel] = VismaNames.TokenSecretValue },
            Annotations = new Dictionary<string, string> { [VismaNames.ConnectionAnnotation] = "another" },
        }));
        if (isThere)
        {
            await test.ApplyAsync(test.Client());
        }

        await test.UntilIdleAsync();
        await test.ApplyAsync(Some.VismaConnection(ns: Asker).Changed(change));
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));
        var statuses = test
            .Record.Of<VismaConnection>(Some.Connection)
            .SelectMany(connection => connection.Status.Conditions.Select(condition => condition.ToString()));
        return
        [
            .. statuses,
            .. test.EventsAbout(Some.Connection)
                .Select(happened => $"{happened.EventTime} {happened.Type} {happened.Reason} {happened.Note}"),
        ];
    }

    private static Task LabelAsync(TestOperator test, string value) =>
        test.PatchAsync<Namespace>(
            Asker,
            new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["visma"] = value } } },
            string.Empty
        );
}
