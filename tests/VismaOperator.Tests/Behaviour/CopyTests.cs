using System.Net;
using System.Text.Json.Nodes;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaOperator.Api;
using VismaOperator.Tests.Support;

namespace VismaOperator.Tests.Behaviour;

/// <summary>Copies of the token Secret in namespaces that accept them: one token request, and nothing stays that nobody wants.</summary>
public sealed class CopyTests
{
    private const string Target = "reports";
    private const string Name = "acme-token";

    private static readonly string[] targets = ["reports", "billing", "search"];

    [Fact]
    public async Task Three_copies_hold_what_the_token_Secret_holds_and_cost_one_token_request_for_each_renewal()
    {
        await using var test = await StartAsync(Copies(targets), targets);
        await AssertEqualAsync(test, targets);
        var first = (await test.TokenSecretAsync()).Text("access_token");
        var due = (await test.ConnectionAsync()).Status.Token!.RefreshTime!.Value - test.Time.GetUtcNow();
        test.ForgetRequests();

        await test.AdvanceAsync(due + TimeSpan.FromSeconds(1));

        var requests = test.Requests;
        await AssertEqualAsync(test, targets);
        Assert.NotEqual(first, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.Equal(2, test.TokenRequests);
        Assert.Equal(
            ["get acme-production-token", "patch/status acme-production", "update acme-production-token"],
            requests.Where(request => request.Verb is ClusterVerb.Get || request.IsWrite())
                .Where(request => request.Name.Name != Name)
                .Select(request => $"{request.Verb} {request.Name.Name}")
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(3, requests.Count(request => request.Name.Name == Name && request.IsWrite()));
    }

    [Fact]
    public async Task A_copy_has_the_type_and_the_marks_of_the_template_and_status_lists_it()
    {
        await using var test = await StartAsync(
            Copies(Target) with
            {
                Template = new SecretTemplate
                {
                    Type = "example.com/token",
                    Metadata = new TemplateMetadata
                    {
                        Labels = new Dictionary<string, string> { ["team"] = "erp" },
                        Annotations = new Dictionary<string, string> { ["example.com/note"] = "text" },
                    },
                    Data = new Dictionary<string, string> { ["header"] = "Authorization: ${authorization}" },
                },
            },
            Target
        );

        var (copy, connection) = (await CopyAsync(test), await test.ConnectionAsync());

        Assert.Equal("example.com/token", copy.Type);
        Assert.Equal(("erp", "text"), (copy.Metadata.Label("team"), copy.Metadata.Annotation("example.com/note")));
        Assert.Equal("copy", copy.Metadata.Label("visma-operator.io/secret"));
        Assert.Equal("integrations/acme-production", copy.Metadata.Annotation("visma-operator.io/connection"));
        Assert.Equal($"Authorization: {copy.Text("authorization")}", copy.Text("header"));
        Assert.Empty(copy.Metadata.OwnerReferences ?? []);
        Assert.Equal([new SecretCopy { Namespace = Target, Name = Name }], connection.Status.Copies);
        Assert.Equal(("True", "AllCopied"), (Told(connection).Status, Told(connection).Reason));

        await test.ChangeConnectionAsync("""{"secret": {"template": {"type": "Opaque", "metadata": {"labels": null}}}}""");
        await test.UntilIdleAsync();

        copy = await CopyAsync(test);
        Assert.Equal(("Opaque", null), (copy.Type, copy.Metadata.Label("team")));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_copy_is_gone_once_its_namespace_does_not_accept_it_and_back_once_it_does()
    {
        await using var test = await StartAsync(Copies(Target), Target);

        await LabelAsync(test, Target, "somebody-else");
        await test.UntilIdleAsync();

        Assert.Null(await FindAsync(test));
        var connection = await test.ConnectionAsync();
        Assert.Null(connection.Status.Copies);
        Assert.Equal(("False", "NamespaceNotAccepting"), (Told(connection).Status, Told(connection).Reason));
        Assert.DoesNotContain("somebody-else", Told(connection).Message, StringComparison.Ordinal);
        Assert.EndsWith(
            "with --overwrite where it has another value, whose copies end then: "
            + "kubectl label namespace reports visma-operator.io/accept-tokens-from=integrations",
            Told(connection).Message,
            StringComparison.Ordinal
        );
        Assert.True(connection.Is("Ready", "True"));
        Assert.Contains(test.EventsAbout(Some.Connection), told => told is { Type: "Warning", Reason: "NamespaceNotAccepting" });

        await LabelAsync(test, Target, Some.Namespace);
        await test.UntilIdleAsync();

        Assert.NotNull(await FindAsync(test));
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_label_of_the_source_namespace_or_a_list_of_namespaces_accepts_nothing()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(NamespaceOf(Some.Namespace, Target));
        await test.ApplyAsync(NamespaceOf(Target, accepts: null));
        await test.ApplyAsync(NamespaceOf("billing", "integrations.reports"));
        await ApplyAsync(test, Copies(Target, "billing"));

        Assert.Null(await FindAsync(test));
        Assert.Null(await FindAsync(test, "billing"));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task A_namespace_that_is_missing_reads_like_one_that_does_not_accept_and_is_served_once_it_does()
    {
        await using var test = await TestOperator.StartAsync();
        await ApplyAsync(test, Copies(Target));
        var missing = Told(await test.ConnectionAsync());
        await test.ApplyAsync(NamespaceOf(Target, accepts: null));
        await test.UntilIdleAsync();
        var closed = Told(await test.ConnectionAsync());

        Assert.Equal("NamespaceNotAccepting", missing.Reason);
        Assert.Equal(missing, closed);

        await LabelAsync(test, Target, Some.Namespace);
        await test.UntilIdleAsync();

        Assert.NotNull(await FindAsync(test));
        Assert.True((await test.ConnectionAsync()).Is("CopiesWritten", "True"));
    }

    [Theory]
    [InlineData(true, "NamespaceTerminating")]
    [InlineData(false, "NamespaceNotAccepting")]
    public async Task That_a_namespace_is_being_deleted_is_told_only_where_it_accepts(bool isAccepting, string reason)
    {
        await using var test = await TestOperator.StartAsync();
        var target = NamespaceOf(Target, isAccepting ? Some.Namespace : "somebody-else");
        await test.ApplyAsync(target with { Metadata = target.Metadata with { Finalizers = ["of-a-test"] } });
        await test.DeleteAsync<Namespace>(Target, string.Empty);

        await ApplyAsync(test, Copies(Target));

        Assert.Null(await FindAsync(test));
        Assert.Equal(reason, Told(await test.ConnectionAsync()).Reason);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("copy")]
    [InlineData("token")]
    [InlineData("grant")]
    public async Task A_Secret_of_somebody_else_is_refused_and_never_overwritten(string? label)
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(NamespaceOf(Target, Some.Namespace));
        await test.ApplyAsync(Theirs(label));
        await ApplyAsync(test, Copies(Target));

        await test.AdvanceAsync(TimeSpan.FromMinutes(41), TimeSpan.FromMinutes(1));

        var connection = await test.ConnectionAsync();
        Assert.Equal(["password"], (await CopyAsync(test)).Data!.Keys);
        Assert.Equal("SecretNotOwned", Told(connection).Reason);
        Assert.Contains("Secret reports/acme-token", Told(connection).Message, StringComparison.Ordinal);
        Assert.True(connection.Is("Ready", "True"));
        Assert.Null(connection.Status.Copies);

        await test.DeleteAsync<Secret>(Name, Target);
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.NotEmpty((await CopyAsync(test)).Text("access_token"));
    }

    [Fact]
    public async Task Of_two_connections_that_copy_to_one_name_the_first_keeps_it_until_it_is_gone()
    {
        await using var test = await StartAsync(Copies(Target), Target);
        await test.ApplyAsync(Some.VismaConnection("second").WithSecret(Copies(Target)));
        await test.UntilReadyAsync("second");
        await test.UntilIdleAsync();
        var told = Told(await test.ConnectionAsync("second"));
        var holder = (await CopyAsync(test)).Metadata.Annotation("visma-operator.io/connection");

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.UntilIdleAsync();

        Assert.Equal("integrations/acme-production", holder);
        Assert.Equal("SecretNotOwned", told.Reason);
        Assert.Contains("VismaConnection integrations/acme-production", told.Message, StringComparison.Ordinal);
        Assert.Equal("integrations/second", (await CopyAsync(test)).Metadata.Annotation("visma-operator.io/connection"));
        Assert.True((await test.ConnectionAsync("second")).Is("CopiesWritten", "True"));
    }

    [Theory]
    [InlineData("""{"data": {"base_url": "aHR0cHM6Ly9ldmlsLmV4YW1wbGU="}}""")]
    [InlineData("""{"data": {"extra": "eA=="}}""")]
    [InlineData("""{"metadata": {"labels": {"visma-operator.io/secret": null}}}""")]
    [InlineData("""{"metadata": {"labels": {"visma-operator.io/secret": null}}, "data": {"access_token": null}}""")]
    [InlineData("""{"metadata": {"annotations": {"visma-operator.io/connection": null}}}""")]
    [InlineData("""{"metadata": {"annotations": {"visma-operator.io/fingerprint": "forged"}}}""")]
    [InlineData("""{"metadata": {"labels": null, "annotations": {"visma-operator.io/connection": null}}}""")]
    [InlineData("""{"metadata": {"annotations": null}}""")]
    [InlineData(null)]
    public async Task What_somebody_does_to_a_copy_is_put_back_without_a_token_request(string? edit)
    {
        await using var test = await StartAsync(Copies(Target), Target);
        var before = await CopyAsync(test);

        await (edit is null ? test.DeleteAsync<Secret>(Name, Target) : test.PatchAsync<Secret>(Name, edit, Target));
        await test.UntilIdleAsync();

        var after = await CopyAsync(test);
        Assert.Equal(before.Data, after.Data);
        Assert.Equal("copy", after.Metadata.Label("visma-operator.io/secret"));
        Assert.Equal(before.Metadata.Annotations, after.Metadata.Annotations);
        Assert.Equal(1, test.TokenRequests);
    }

    [Fact]
    public async Task A_foreign_label_on_a_copy_stays_and_costs_one_look()
    {
        await using var test = await StartAsync(Copies(Target), Target);
        test.ForgetRequests();

        await test.PatchAsync<Secret>(Name, """{"metadata": {"labels": {"team": "erp"}}}""", Target);
        await test.UntilIdleAsync();

        Assert.Equal(["get", "patch"], Asked(test, Name).Order(StringComparer.Ordinal)); // the patch is the test's
        Assert.Equal("erp", (await CopyAsync(test)).Metadata.Label("team"));
    }

    [Theory]
    [InlineData("""{"secret": {"copies": null}}""")]
    [InlineData("""{"secret": {"copies": []}}""")]
    public async Task A_copy_that_the_spec_no_longer_lists_is_gone(string change)
    {
        await using var test = await StartAsync(Copies(Target), Target);

        await test.ChangeConnectionAsync(change);
        await test.UntilIdleAsync();

        var connection = await test.ConnectionAsync();
        Assert.Null(await FindAsync(test));
        Assert.Null(connection.Status.Copies);
        Assert.Null(connection.Condition("CopiesWritten"));
    }

    [Theory]
    [InlineData(DeletionPolicy.Delete)]
    [InlineData(DeletionPolicy.Retain)]
    public async Task The_copies_of_a_deleted_connection_are_gone_whatever_happens_to_the_token_Secret(DeletionPolicy policy)
    {
        await using var test = await StartAsync(Copies(targets) with { DeletionPolicy = policy }, targets);

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.UntilIdleAsync();

        foreach (var target in targets)
        {
            Assert.Null(await FindAsync(test, target));
        }
    }

    [Fact]
    public async Task What_happens_while_the_operator_is_down_counts_when_it_is_back()
    {
        await using var test = await StartAsync(Copies(targets), targets);
        await test.ApplyAsync(Some.VismaConnection("second").WithSecret(CopyTo(Target, "second-token")));
        await test.UntilReadyAsync("second");
        await test.UntilIdleAsync();
        Assert.NotNull(await test.FindAsync<Secret>("second-token", Target));
        await test.StopAsync();
        await LabelAsync(test, "reports", accepts: null);
        await test.ChangeConnectionAsync(
            """{"secret": {"copies": [{"namespace": "reports", "name": "acme-token"}, {"namespace": "search", "name": "acme-token"}]}}"""
        );
        await test.DeleteAsync<VismaConnection>("second");

        test.Start();
        await test.UntilIdleAsync();

        Assert.Null(await FindAsync(test, "reports"));
        Assert.Null(await FindAsync(test, "billing"));
        Assert.NotNull(await FindAsync(test, "search"));
        Assert.Null(await test.FindAsync<Secret>("second-token", Target));
        Assert.Equal(2, test.TokenRequests);
    }

    [Fact]
    public async Task A_restart_reads_each_copy_once_and_writes_nothing()
    {
        await using var test = await StartAsync(Copies(targets), targets);
        await test.StopAsync();
        test.ForgetRequests();

        test.Start();
        await test.UntilIdleAsync();

        Assert.DoesNotContain(test.Requests, request => request.IsWrite());
        Assert.Equal(["get", "get", "get"], Asked(test, Name));
        Assert.DoesNotContain(test.Requests, request => request.Verb == ClusterVerb.Get && request.Name.Name != Name);
    }

    [Fact]
    public async Task What_was_done_to_a_copy_while_the_operator_was_down_is_put_back()
    {
        await using var test = await StartAsync(Copies(Target), Target);
        var before = await CopyAsync(test);
        await test.StopAsync();
        await test.PatchAsync<Secret>(Name, """{"data": {"access_token": "Zm9yZ2Vk"}}""", Target);

        test.Start();
        await test.UntilIdleAsync();

        Assert.Equal(before.Data, (await CopyAsync(test)).Data);
        Assert.Equal(1, test.TokenRequests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_withdrawn_allowance_takes_the_copies_too_also_of_a_suspended_connection(bool isSuspended)
    {
        await using var test = await StartAsync(Copies(targets), targets);
        await test.ChangeConnectionAsync($$"""{"suspend": {{(isSuspended ? "true" : "false")}}}""");
        await test.UntilIdleAsync();
        Assert.NotNull(await FindAsync(test));

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.UntilIdleAsync();

        Assert.Null(await test.FindAsync<Secret>("acme-production-token"));
        foreach (var target in targets)
        {
            Assert.Null(await FindAsync(test, target));
        }

        Assert.Null((await test.ConnectionAsync()).Status.Copies);
    }

    [Fact]
    public async Task A_withdrawal_that_may_not_delete_the_token_Secret_takes_the_copies_all_the_same()
    {
        await using var test = await StartAsync(Copies(Target), Target);
        test.Cluster.Before = (verb, kind, name) =>
            verb == ClusterVerb.Delete && kind == Secret.ResourceKind && name.Namespace == Some.Namespace
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;

        await test.ChangeClientAsync($$"""{"tenants": [{"tenantID": "{{Some.OtherTenant}}"}]}""");
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));

        Assert.NotNull(await test.FindAsync<Secret>("acme-production-token"));
        Assert.Null(await FindAsync(test));
    }

    [Fact]
    public async Task A_suspended_connection_writes_no_copy_and_a_namespace_can_still_take_its_consent_back()
    {
        await using var test = await StartAsync(Copies(Target), Target);
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.UntilIdleAsync();

        await test.DeleteAsync<Secret>(Name, Target);
        await test.UntilIdleAsync();
        Assert.Null(await FindAsync(test));
        Assert.Equal("Suspended", Told(await test.ConnectionAsync()).Reason);

        await test.ChangeConnectionAsync("""{"suspend": false}""");
        await test.UntilIdleAsync();
        Assert.NotNull(await FindAsync(test));

        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await LabelAsync(test, Target, accepts: null);
        await test.UntilIdleAsync();
        Assert.Null(await FindAsync(test));
    }

    [Fact]
    public async Task What_somebody_puts_into_the_token_Secret_is_never_carried_into_a_copy()
    {
        await using var test = await StartAsync(Copies(Target), Target);

        await test.PatchAsync<Secret>(
            "acme-production-token",
            """
            {
              "metadata": {
                "labels": {"argocd.argoproj.io/secret-type": "cluster"},
                "annotations": {"visma-operator.io/template-keys": "argocd.argoproj.io/secret-type"}
              },
              "data": {"base_url": "aHR0cHM6Ly9ldmlsLmV4YW1wbGU=", "extra": "eA=="}
            }
            """
        );
        await test.DeleteAsync<Secret>(Name, Target);
        await test.UntilIdleAsync();

        Assert.All(
            test.Record.Of<Secret>(Name),
            copy =>
            {
                Assert.False(copy.Data!.ContainsKey("extra"));
                Assert.DoesNotContain("evil", copy.Text("base_url"), StringComparison.Ordinal);
                Assert.Null(copy.Metadata.Label("argocd.argoproj.io/secret-type"));
            }
        );
        await AssertEqualAsync(test, Target);
    }

    [Fact]
    public async Task Of_a_Secret_that_is_lent_only_our_keys_are_copied()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(NamespaceOf(Target, Some.Namespace));
        await test.ApplyAsync(new Secret
        {
            Metadata = new ObjectMeta
            {
                Name = "acme-production-token",
                Namespace = Some.Namespace,
                Labels = new Dictionary<string, string> { ["visma-operator.io/secret"] = "token" },
                Annotations = new Dictionary<string, string> { ["visma-operator.io/adopt"] = Some.Connection },
            },
            Type = "Opaque",
            Data = new Dictionary<string, SecretValue> { ["smtp-password"] = SecretValue.FromText("theirs") },
        });
        await ApplyAsync(test, Copies(Target));

        Assert.Equal(StandardKeys.All.Order(), (await CopyAsync(test)).Data!.Keys.Order());
    }

    [Fact]
    public async Task A_copy_in_the_connections_own_namespace_is_told_and_not_written()
    {
        await using var test = await StartAsync(Copies(Some.Namespace), Some.Namespace);

        var connection = await test.ConnectionAsync();
        Assert.Null(await FindAsync(test, Some.Namespace));
        Assert.Equal("CopyNotAllowed", Told(connection).Reason);
        Assert.True(connection.Is("Ready", "True"));
    }

    [Fact]
    public async Task A_copy_onto_its_own_token_Secret_touches_nothing()
    {
        await using var test = await StartAsync(
            CopyTo(Some.Namespace, "acme-production-token"),
            Some.Namespace
        );
        var before = await test.TokenSecretAsync();

        await test.ChangeConnectionAsync("""{"secret": {"copies": null}}""");
        await test.UntilIdleAsync();

        Assert.Equal(before.Metadata.ResourceVersion, (await test.TokenSecretAsync()).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_name_that_somebody_of_the_target_asks_for_is_not_taken()
    {
        await using var test = await TestOperator.StartAsync();
        await test.ApplyAsync(NamespaceOf(Target, Some.Namespace));
        var client = test.Client();
        await test.ApplyAsync(client with { Metadata = new ObjectMeta { Name = "theirs", Namespace = Target } });
        await test.ApplyAsync(Some.VismaConnection("theirs", Target));
        await ApplyAsync(test, new SecretSpec
        {
            Copies =
            [
                new SecretCopy { Namespace = Target, Name = "acme-credentials" },
                new SecretCopy { Namespace = Target, Name = "theirs-token" },
            ],
        });

        var told = Told(await test.ConnectionAsync());
        Assert.Equal("SecretNotOwned", told.Reason);
        Assert.Contains("OAuthClient reports/theirs reads its credentials", told.Message, StringComparison.Ordinal);
        Assert.Contains("VismaConnection reports/theirs asks for that name", told.Message, StringComparison.Ordinal);
        Assert.Null(await test.FindAsync<Secret>("acme-credentials", Target));
        Assert.Null(await test.FindAsync<Secret>("theirs-token", Target));
    }

    [Fact]
    public async Task A_copy_serves_no_client_as_credential()
    {
        await using var test = await StartAsync(
            Copies(Target) with
            {
                Template = new SecretTemplate { Data = new Dictionary<string, string> { ["clientSecret"] = "planted" } },
            },
            Target
        );
        await test.ApplyAsync(test.Client() with
        {
            Metadata = new ObjectMeta { Name = "theirs", Namespace = Target },
            Spec = test.Client().Spec with
            {
                ClientSecrets = [new ClientSecretSpec { SecretKeyRef = new SecretKeyReference { Name = Name, Key = "clientSecret" } }],
            },
        });

        var client = await test.UntilAsync<OAuthClient>("theirs", found => found.Condition("Stalled") is not null, Target);

        Assert.Equal("SecretHoldsToken", client.Condition("Stalled")!.Reason);
    }

    [Fact]
    public async Task A_target_that_may_not_be_written_is_told_and_holds_up_no_other()
    {
        await using var test = await TestOperator.StartAsync();
        foreach (var target in targets)
        {
            await test.ApplyAsync(NamespaceOf(target, Some.Namespace));
        }

        test.Cluster.Before = (verb, kind, name) =>
            verb == ClusterVerb.Create && kind == Secret.ResourceKind && name.Namespace == "reports"
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;
        await ApplyAsync(test, Copies(targets));
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));

        var connection = await test.ConnectionAsync();
        Assert.Equal("SecretForbidden", Told(connection).Reason);
        Assert.Contains("2 of 3 copies", Told(connection).Message, StringComparison.Ordinal);
        Assert.Contains("reports/acme-token", Told(connection).Message, StringComparison.Ordinal);
        Assert.True(connection.Is("Ready", "True"));
        await AssertEqualAsync(test, "billing", "search");

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        await AssertEqualAsync(test, targets);
        Assert.True((await test.ConnectionAsync()).Is("CopiesWritten", "True"));
    }

    [Fact]
    public async Task One_consent_serves_readers_of_several_namespaces()
    {
        await using var test = await SomeConsents.StartConsentedAsync();
        await test.ApplyAsync(NamespaceOf(Target, Some.Namespace));

        await test.ChangeConnectionAsync("""{"secret": {"copies": [{"namespace": "reports", "name": "acme-token"}]}}""");
        await test.UntilIdleAsync();
        await AssertEqualAsync(test, Target);
        await test.AdvanceAsync(TimeSpan.FromHours(2), TimeSpan.FromMinutes(5));

        await AssertEqualAsync(test, Target);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task With_listed_namespaces_a_withdrawn_label_takes_the_copy_within_two_seconds()
    {
        await using var test = await StartAsync(Copies(Target), [Target], Some.Namespace, Target);
        Assert.NotNull(await FindAsync(test));

        await LabelAsync(test, Target, accepts: null);
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

        Assert.Null(await FindAsync(test));
        Assert.Equal("NamespaceNotAccepting", Told(await test.ConnectionAsync()).Reason);
    }

    [Fact]
    public async Task With_listed_namespaces_a_target_that_is_not_listed_is_told_and_never_asked_for()
    {
        await using var test = await StartAsync(Copies(Target), [Target], Some.Namespace);

        var connection = await test.ConnectionAsync();
        Assert.Equal("NamespaceForbidden", Told(connection).Reason);
        Assert.Contains("--namespaces", Told(connection).Message, StringComparison.Ordinal);
        Assert.True(connection.Is("Ready", "True"));
        Assert.DoesNotContain(test.Requests, request => request.Name == new NamespacedName(Target, Name));
    }

    [Fact]
    public async Task With_listed_namespaces_the_copies_of_a_connection_that_is_served_elsewhere_are_left()
    {
        await using var test = await TestOperator.StartAsync(prepared => prepared.Namespaces = [Target]);
        await test.ApplyAsync(NamespaceOf(Target, Some.Namespace));
        var theirs = Theirs("copy");
        await test.ApplyAsync(theirs with
        {
            Metadata = theirs.Metadata with
            {
                Annotations = new Dictionary<string, string> { ["visma-operator.io/connection"] = "integrations/acme-production" },
            },
        });
        await test.UntilIdleAsync();

        Assert.NotNull(await FindAsync(test));
    }

    [Fact]
    public async Task With_listed_namespaces_nobody_looks_at_a_namespace_without_copies()
    {
        await using var test = await StartAsync(new SecretSpec(), [Target], Some.Namespace, Target);
        test.ForgetRequests();

        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));

        Assert.DoesNotContain(test.Requests, request => request.Kind == Namespace.ResourceKind);
    }

    [Theory]
    [InlineData("reports")]
    [InlineData("billing")]
    [InlineData("search")]
    public async Task A_copy_that_may_not_be_deleted_once_its_connection_is_gone_holds_up_no_other_and_is_told_in_the_log(string refusing)
    {
        await using var test = await StartAsync(Copies(targets), targets);
        Refuse(test, HttpStatusCode.Forbidden, ClusterVerb.Delete, refusing);

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));

        Assert.Equal([refusing], await HoldersAsync(test));
        Assert.Contains($"Copy {refusing}/acme-token of a token Secret is left", test.Logs.ToString(), StringComparison.Ordinal);
        Assert.Contains($"delete on Secrets in namespace {refusing}", test.Logs.ToString(), StringComparison.Ordinal);

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        Assert.Empty(await HoldersAsync(test));
    }

    [Fact]
    public async Task A_copy_whose_deletion_fails_once_its_connection_is_gone_holds_up_no_other_and_is_tried_again()
    {
        await using var test = await StartAsync(Copies(targets), targets);
        Refuse(test, HttpStatusCode.InternalServerError, ClusterVerb.Delete, "billing");

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1));

        Assert.Equal(["billing"], await HoldersAsync(test));
        Assert.Contains("Copy billing/acme-token of a token Secret is left", test.Logs.ToString(), StringComparison.Ordinal);

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromMinutes(6), TimeSpan.FromSeconds(10));

        Assert.Empty(await HoldersAsync(test));
    }

    [Fact]
    public async Task A_copy_that_a_finalizer_keeps_is_listed_and_told_until_it_is_gone_and_takes_no_token_meanwhile()
    {
        await using var test = await StartAsync(Copies(Target), Target);
        await test.PatchAsync<Secret>(Name, """{"metadata": {"finalizers": ["example.com/keep"]}}""", Target);
        await test.UntilIdleAsync();

        await LabelAsync(test, Target, accepts: null);
        await test.UntilIdleAsync();

        var connection = await test.ConnectionAsync();
        Assert.NotNull((await CopyAsync(test)).Metadata.DeletionTimestamp);
        Assert.Equal([new SecretCopy { Namespace = Target, Name = Name }], connection.Status.Copies);
        Assert.Equal("SecretTerminating", Told(connection).Reason);
        Assert.Contains("still holds a token", Told(connection).Message, StringComparison.Ordinal);

        var version = (await CopyAsync(test)).Metadata.ResourceVersion;
        await LabelAsync(test, Target, Some.Namespace);
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        Assert.Equal(version, (await CopyAsync(test)).Metadata.ResourceVersion);
        Assert.Equal("SecretTerminating", Told(await test.ConnectionAsync()).Reason);

        await test.PatchAsync<Secret>(Name, """{"metadata": {"finalizers": null}}""", Target);
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10));

        Assert.Null((await CopyAsync(test)).Metadata.DeletionTimestamp);
        Assert.Equal("AllCopied", Told(await test.ConnectionAsync()).Reason);
    }

    [Fact]
    public async Task A_copy_that_a_finalizer_keeps_is_listed_also_where_the_spec_does_not_list_it_any_more()
    {
        await using var test = await StartAsync(Copies(Target), Target);
        await test.PatchAsync<Secret>(Name, """{"metadata": {"finalizers": ["example.com/keep"]}}""", Target);
        await test.ChangeConnectionAsync("""{"secret": {"copies": null}}""");
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        Assert.Equal([new SecretCopy { Namespace = Target, Name = Name }], (await test.ConnectionAsync()).Status.Copies);
        Assert.Equal("SecretTerminating", Told(await test.ConnectionAsync()).Reason);

        await test.PatchAsync<Secret>(Name, """{"metadata": {"finalizers": null}}""", Target);
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        Assert.Null((await test.ConnectionAsync()).Status.Copies);
        Assert.Null((await test.ConnectionAsync()).Condition("CopiesWritten"));
    }

    [Fact]
    public async Task A_connection_that_asks_for_the_name_of_a_copy_is_told_whose_copy_it_is()
    {
        await using var test = await StartAsync(Copies(Target), Target);
        var credentials = Some.Credentials();
        await test.ApplyAsync(credentials with { Metadata = credentials.Metadata with { Namespace = Target } });
        await test.ApplyAsync(test.Client() with { Metadata = test.Client().Metadata with { Namespace = Target } });
        await test.ApplyAsync(Some.VismaConnection("theirs", Target).WithSecret(new SecretSpec { Name = Name }));

        var theirs = await test.UntilAsync<VismaConnection>("theirs", found => found.Condition("Stalled") is not null, Target);

        var told = theirs.Condition("Stalled")!;
        Assert.Equal("SecretNotOwned", told.Reason);
        Assert.Contains("a copy of the token Secret of VismaConnection integrations/acme-prod", told.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("kubectl label", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_Secret_that_may_not_be_read_is_named_and_not_the_copy_that_waits_for_it()
    {
        await using var test = await StartAsync(Copies(Target), Target);
        Refuse(test, HttpStatusCode.Forbidden, ClusterVerb.Get, Some.Namespace);

        await test.DeleteAsync<Secret>(Name, Target);
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));

        var told = Told(await test.ConnectionAsync());
        Assert.Equal("SecretForbidden", told.Reason);
        Assert.Contains("may not read the token Secret integrations/acme-production-token", told.Message, StringComparison.Ordinal);
        Assert.Contains("get on Secrets in namespace integrations", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_Secret_that_cannot_be_put_in_order_is_told_and_withholds_nothing_of_the_other_copies()
    {
        await using var test = await StartAsync(Copies("reports", "billing"), "reports", "billing");
        Refuse(test, HttpStatusCode.Forbidden, ClusterVerb.Update, Some.Namespace);

        await test.PatchAsync<Secret>("acme-production-token", """{"data": {"base_url": "Zm9yZ2Vk"}}""");
        await test.DeleteAsync<Secret>(Name, Target);
        await LabelAsync(test, "billing", accepts: null);
        await test.AdvanceAsync(TimeSpan.FromMinutes(3), TimeSpan.FromSeconds(10));

        var connection = await test.ConnectionAsync();
        Assert.Null(connection.Status.Copies);
        Assert.Contains("waits until the token Secret integrations/acme-prod", Told(connection).Message, StringComparison.Ordinal);
        Assert.Contains("namespace billing does not exist or does not accept", Told(connection).Message, StringComparison.Ordinal);

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(10));

        await AssertEqualAsync(test, Target);
    }

    [Fact]
    public async Task A_copy_that_was_edited_while_the_connection_is_suspended_does_not_count_as_written()
    {
        await using var test = await StartAsync(Copies(Target), Target);
        await test.ChangeConnectionAsync("""{"suspend": true}""");
        await test.UntilIdleAsync();
        Assert.Equal("AllCopied", Told(await test.ConnectionAsync()).Reason);

        await test.PatchAsync<Secret>(Name, """{"data": {"access_token": null}}""", Target);
        await test.UntilIdleAsync();

        Assert.Equal("Suspended", Told(await test.ConnectionAsync()).Reason);
        Assert.Equal([new SecretCopy { Namespace = Target, Name = Name }], (await test.ConnectionAsync()).Status.Copies);
    }

    [Fact]
    public async Task A_copy_with_an_older_token_is_not_counted_among_those_that_hold_the_token()
    {
        await using var test = await StartAsync(Copies("reports", "billing"), "reports", "billing");
        Refuse(test, HttpStatusCode.Forbidden, ClusterVerb.Update, Target);

        await test.AdvanceAsync(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(1));

        Assert.Equal(2, test.TokenRequests);
        Assert.Contains("1 of 2 copies", Told(await test.ConnectionAsync()).Message, StringComparison.Ordinal);
        Assert.Equal(2, (await test.ConnectionAsync()).Status.Copies!.Count);
    }

    [Fact]
    public async Task With_listed_namespaces_a_consent_that_is_not_followed_any_more_is_asked_for_before_a_copy_is_written()
    {
        await using var test = await StartAsync(Copies(Target), [Target], Some.Namespace, Target);
        await test.ChangeConnectionAsync("""{"secret": {"copies": null}}""");
        await test.UntilIdleAsync();
        await LabelAsync(test, Target, accepts: null);
        await test.UntilIdleAsync();
        var written = test.Record.Of<Secret>(Name).Count;

        await test.ChangeConnectionAsync("""{"secret": {"copies": [{"namespace": "reports", "name": "acme-token"}]}}""");
        await test.UntilIdleAsync();

        Assert.Equal(written, test.Record.Of<Secret>(Name).Count);
        Assert.Equal("NamespaceNotAccepting", Told(await test.ConnectionAsync()).Reason);
    }

    [Fact]
    public async Task With_listed_namespaces_a_consent_that_may_not_be_read_any_more_lets_no_token_in_and_deletes_none()
    {
        await using var test = await StartAsync(Copies(Target), [Target], Some.Namespace, Target);
        var before = await CopyAsync(test);
        test.Cluster.Before = (verb, kind, _) =>
            verb == ClusterVerb.Get && kind == Namespace.ResourceKind
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "no")
                : Task.CompletedTask;
        await test.AdvanceAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        await LabelAsync(test, Target, accepts: null);

        var told = Told(await test.ConnectionAsync());
        Assert.Equal("NamespaceForbidden", told.Reason);
        Assert.Contains("neither written nor deleted", told.Message, StringComparison.Ordinal);
        await test.AdvanceAsync(TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(1));
        Assert.Equal(2, test.TokenRequests);
        Assert.Equal(before.Metadata.ResourceVersion, (await CopyAsync(test)).Metadata.ResourceVersion);

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));

        Assert.Null(await FindAsync(test));
        Assert.Equal("NamespaceNotAccepting", Told(await test.ConnectionAsync()).Reason);
    }

    private static void Refuse(TestOperator test, HttpStatusCode status, string refused, string ns) =>
        test.Cluster.Before = (verb, kind, name) =>
            verb == refused && kind == Secret.ResourceKind && name.Namespace == ns
                ? throw new KubernetesException(status, status.ToString(), "no")
                : Task.CompletedTask;

    private static async Task<List<string>> HoldersAsync(TestOperator test)
    {
        List<string> holders = [];
        foreach (var target in targets)
        {
            if (await FindAsync(test, target) is not null)
            {
                holders.Add(target);
            }
        }

        return holders;
    }

    private static Task<TestOperator> StartAsync(SecretSpec secret, params string[] accepting) => StartAsync(secret, accepting, []);

    private static async Task<TestOperator> StartAsync(SecretSpec secret, string[] accepting, params string[] served)
    {
        var test = await TestOperator.StartAsync(prepared => prepared.Namespaces = served);
        foreach (var name in accepting)
        {
            await test.ApplyAsync(NamespaceOf(name, Some.Namespace));
        }

        await ApplyAsync(test, secret);
        return test;
    }

    private static async Task ApplyAsync(TestOperator test, SecretSpec secret)
    {
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(Some.VismaConnection().WithSecret(secret));
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
    }

    private static SecretSpec Copies(params IEnumerable<string> namespaces) =>
        new() { Copies = [.. namespaces.Select(ns => new SecretCopy { Namespace = ns, Name = Name })] };

    private static SecretSpec CopyTo(string ns, string name) => new() { Copies = [new SecretCopy { Namespace = ns, Name = name }] };

    private static Namespace NamespaceOf(string name, string? accepts) =>
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = name,
                Labels = accepts is null ? null : new Dictionary<string, string> { [VismaNames.AcceptTokensFromLabel] = accepts },
            },
        };

    private static Secret Theirs(string? label) =>
        new()
        {
            Metadata = new ObjectMeta
            {
                Name = Name,
                Namespace = Target,
                Labels = label is null ? null : new Dictionary<string, string> { ["visma-operator.io/secret"] = label },
            },
            Data = new Dictionary<string, SecretValue> { ["password"] = SecretValue.FromText("theirs") },
        };

    private static Task LabelAsync(TestOperator test, string name, string? accepts) =>
        test.PatchAsync<Namespace>(
            name,
            new JsonObject
            {
                ["metadata"] = new JsonObject { ["labels"] = new JsonObject { [VismaNames.AcceptTokensFromLabel] = accepts } },
            },
            ns: string.Empty
        );

    private static Task<Secret?> FindAsync(TestOperator test, string ns = Target) => test.FindAsync<Secret>(Name, ns);

    private static async Task<Secret> CopyAsync(TestOperator test, string ns = Target) => (await FindAsync(test, ns))!;

    private static Condition Told(VismaConnection connection) => connection.Condition("CopiesWritten")!;

    private static IEnumerable<string> Asked(TestOperator test, string name) =>
        test.Requests
            .Where(request => request.Name.Name == name && (request.Verb == ClusterVerb.Get || request.IsWrite()))
            .Select(request => request.Verb);

    private static async Task AssertEqualAsync(TestOperator test, params string[] namespaces)
    {
        var token = await test.TokenSecretAsync();
        foreach (var ns in namespaces)
        {
            Assert.Equal(token.Data, (await CopyAsync(test, ns)).Data);
        }
    }
}
