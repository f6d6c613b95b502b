using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

public sealed class GrantCustodyTests
{
    private const string GrantName = Some.Connection + AuthorizationSpec.GrantSecretSuffix;
    private const string Asker = "customer-a";

    [Fact]
    public async Task A_connection_that_comes_back_within_ten_minutes_keeps_its_grant()
    {
        await using var test = await StartConsentedAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(1));

        await test.ApplyAsync(InteractiveConnection());
        var connection = await test.UntilReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(5));

        Assert.Equal("ConsentGranted", connection.Condition("Authorized")!.Reason);
        Assert.NotNull(await test.GrantAsync());
        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task After_ten_minutes_the_grant_of_a_deleted_connection_is_revoked_and_deleted()
    {
        await using var test = await StartConsentedAsync();
        var family = await test.FamilyAsync();

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(11), TimeSpan.FromMinutes(1));

        Assert.Null(await test.FindAsync<Secret>(GrantName));
        Assert.True(test.Provider.Grants.Families.Single(found => found.Id == family.Id).IsRevoked);
    }

    [Fact]
    public async Task A_copy_of_a_grant_is_deleted_without_revoking_the_original()
    {
        await using var test = await StartConsentedAsync();
        await test.StopAsync();
        await test.PatchAsync<Secret>(
            GrantName,
            $$$"""{"data":{"connection":"{{{Convert.ToBase64String("original/acme-production"u8)}}}"}}"""
        );
        test.Start();

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(11), TimeSpan.FromMinutes(1));

        Assert.Null(await test.FindAsync<Secret>(GrantName));
        Assert.All(test.Provider.Grants.Families, family => Assert.False(family.IsRevoked));
    }

    [Fact]
    public async Task A_connection_that_went_while_nothing_ran_is_noticed_at_start()
    {
        await using var test = await StartConsentedAsync();
        await test.StopAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromMinutes(11), TimeSpan.FromMinutes(1));

        Assert.Null(await test.FindAsync<Secret>(GrantName));
        Assert.All(test.Provider.Grants.Families, family => Assert.True(family.IsRevoked));
    }

    [Fact]
    public async Task Each_prune_starts_the_ten_minutes_again()
    {
        await using var test = await StartConsentedAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));
        await test.ApplyAsync(InteractiveConnection());
        await test.UntilReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(8), TimeSpan.FromMinutes(1));

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(1));

        Assert.NotNull(await test.GrantAsync());
        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task A_grant_is_retained_from_the_consent_on_also_by_a_process_that_never_saw_the_connection()
    {
        await using var test = await StartInteractiveAsync();
        await test.PatchAsync<VismaConnection>(Some.Connection, PolicyOf("Retain"));
        await test.HandOverAsync();
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();
        await test.StopAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);

        test.Start();
        await test.AdvanceAsync(TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(1));

        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Theory]
    [InlineData("Revoke", "Retain", false)]
    [InlineData("Retain", "Revoke", true)]
    public async Task The_deletion_policy_of_a_grant_can_change_after_the_consent_also_for_a_process_that_never_saw_the_connection(
        string before,
        string after,
        bool isRevoked
    )
    {
        await using var test = await StartInteractiveAsync();
        await test.PatchAsync<VismaConnection>(Some.Connection, PolicyOf(before));
        await test.HandOverAsync();
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        await test.PatchAsync<VismaConnection>(Some.Connection, PolicyOf(after));
        await test.UntilIdleAsync();
        var family = await test.FamilyAsync();
        await test.StopAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        test.Start();
        await test.AdvanceAsync(TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(1));

        Assert.Equal(isRevoked, test.Provider.Grants.Families.Single(found => found.Id == family.Id).IsRevoked);
        Assert.Equal(isRevoked, await test.GrantAsync() is null);
    }

    [Fact]
    public async Task A_connection_is_served_even_if_the_note_of_its_grant_may_not_be_written()
    {
        await using var test = await StartConsentedAsync();
        var attempts = 0;
        test.Cluster.Before = (verb, _, name) =>
            verb == ClusterVerb.Update && name.Name == GrantName && Interlocked.Increment(ref attempts) > 0
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "an admission policy says no")
                : Task.CompletedTask;

        await test.PatchAsync<VismaConnection>(Some.Connection, PolicyOf("Retain"));
        await test.UntilIdleAsync();

        var connection = await test.UntilReadyAsync();
        Assert.Equal(connection.Metadata.Generation, connection.Status.ObservedGeneration);
        Assert.Equal(1, attempts);
        Assert.Null(connection.Condition("Stalled"));
    }

    [Fact]
    public async Task A_retained_grant_stays()
    {
        await using var test = await StartConsentedAsync();
        await test.PatchAsync<VismaConnection>(Some.Connection, PolicyOf("Retain"));
        await test.UntilIdleAsync();

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(5));

        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task A_provider_that_is_away_holds_the_deletion_up_for_minutes_only()
    {
        await using var test = await StartConsentedAsync();
        test.Provider.Faults.Always(Fault.ServerError(), StandInEndpoint.Revocation);

        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(1));

        Assert.Null(await test.FindAsync<Secret>(GrantName));
        Assert.Contains(test.Logs.Lines, line => line.Contains("could not be revoked", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deleted_namespace_takes_the_grant_with_it_even_if_its_Secrets_are_deleted_first()
    {
        await using var test = await StartConsentedAsync();
        var family = await test.FamilyAsync();

        await test.DeleteAsync<Secret>("acme-credentials");
        await test.DeleteAsync<Secret>(GrantName);
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.True(test.Provider.Grants.Families.Single(found => found.Id == family.Id).IsRevoked);
    }

    [Fact]
    public async Task A_known_grant_is_revoked_even_if_the_Roles_are_deleted_with_the_namespace()
    {
        await using var test = await StartConsentedAsync();
        var family = await test.FamilyAsync();
        test.Cluster.Before = (verb, _, _) =>
            verb is ClusterVerb.Get or ClusterVerb.List
                ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "there is no Role any more")
                : Task.CompletedTask;

        await test.DeleteAsync<Secret>(GrantName);
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.True(test.Provider.Grants.Families.Single(found => found.Id == family.Id).IsRevoked);
    }

    [Fact]
    public async Task A_connection_that_no_longer_acts_for_a_person_gives_its_grant_up()
    {
        await using var test = await StartConsentedAsync();

        await test.PatchAsync<VismaConnection>(
            Some.Connection,
            """{"spec":{"grant":"ClientCredentials","scopes":["vismanet_erp_service_api:read"]}}"""
        );
        await test.UntilReadyAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(11), TimeSpan.FromMinutes(1));

        Assert.Null(await test.FindAsync<Secret>(GrantName));
        Assert.Null((await test.ConnectionAsync()).Condition("Authorized"));
    }

    [Theory]
    [InlineData("""{"allowedNamespaces":{"from":"All"}}""", true)]
    [InlineData("""{"allowedNamespaces":{"from":"Same"}}""", false)]
    [InlineData("""{"allowedNamespaces":{"from":"Selector","selector":{"matchLabels":{"visma":"yes"}}}}""", false)]
    [InlineData(
        """{"allowedNamespaces":{"from":"All"},"tenants":[{"tenantID":"TENANT","scopes":["vismanet_erp_interactive_api:read"]}]}""",
        true
    )]
    [InlineData("""{"allowedNamespaces":{"from":"All"},"tenants":[{"tenantID":"TENANT","namespaces":["customer-b"]}]}""", false)]
    [InlineData("""{"allowedNamespaces":{"from":"All"},"tenants":[{"tenantID":"TENANT","scopes":["another"]}]}""", false)]
    public async Task A_forged_grant_is_revoked_only_with_a_client_that_serves_the_namespace(string allowances, bool isRevoked)
    {
        await using var test = await StartConsentedAsync();
        await test.ApplyAsync(new Namespace { Metadata = new ObjectMeta { Name = Asker } });
        await test.ChangeClientAsync(allowances.Replace("TENANT", Some.Tenant, StringComparison.Ordinal));
        await PlantAsync(test);
        await test.AdvanceAsync(TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(1));

        Assert.Null(await test.FindAsync<Secret>(GrantName, Asker));
        Assert.Equal(isRevoked, (await test.FamilyAsync()).IsRevoked);
        Assert.Equal(
            !isRevoked,
            test.Logs.Lines.Any(line =>
                line.Contains(
                    "customer-a/acme-production could not be revoked (OAuthClient integrations/acme is not available)",
                    StringComparison.Ordinal
                )
            )
        );
    }

    [Fact]
    public async Task A_namespace_that_was_allowed_by_its_labels_is_remembered_so_when_it_is_gone()
    {
        await using var test = await StartConsentedAsync();
        await test.ChangeClientAsync("""{"allowedNamespaces":{"from":"Selector","selector":{"matchLabels":{"visma":"yes"}}}}""");
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
        await PlantAsync(test);
        await test.ApplyAsync(InteractiveConnection(ns: Asker));
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Ready", "True"), Asker);
        await test.UntilIdleAsync();
        var family = await test.FamilyAsync();

        await test.DeleteAsync<Namespace>(Asker, string.Empty);
        await test.UntilIdleAsync();
        Assert.Null(await test.FindAsync<VismaConnection>(Some.Connection, Asker));
        await test.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.True(test.Provider.Grants.Families.Single(found => found.Id == family.Id).IsRevoked);
    }

    [Fact]
    public async Task A_grant_waits_while_the_namespace_of_its_client_cannot_be_read()
    {
        await using var test = await SharedAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection, Asker);
        test.Cluster.Before = Unreadable(OAuthClient.ResourceKind, Some.Namespace);

        test.Start();
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Some.Namespace} is not served"));
        await test.AdvanceAsync(TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(30));
        var kept = await test.FindAsync<Secret>(GrantName, Asker);
        var wasRevoked = test.Provider.Grants.Families.Any(family => family.IsRevoked);
        test.Cluster.Before = null;
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Some.Namespace} is served again"));
        await test.AdvanceAsync(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(30));

        Assert.NotNull(kept);
        Assert.False(wasRevoked);
        Assert.Null(await test.FindAsync<Secret>(GrantName, Asker));
        Assert.All(test.Provider.Grants.Families, family => Assert.True(family.IsRevoked));
    }

    [Fact]
    public async Task A_grant_in_a_namespace_that_cannot_be_read_is_left_alone()
    {
        await using var test = await SharedAsync();
        test.Cluster.Before = Unreadable(VismaConnection.ResourceKind, Asker);

        test.Start();
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Asker} is not served"));
        await test.AdvanceAsync(TimeSpan.FromMinutes(30), TimeSpan.FromSeconds(30));
        var kept = await test.FindAsync<Secret>(GrantName, Asker);
        test.Cluster.Before = null;
        await test.PassUntilAsync(test.Logs.SaidAsync($"Namespace {Asker} is served again"));
        await test.AdvanceAsync(TimeSpan.FromMinutes(20), TimeSpan.FromSeconds(30));

        Assert.NotNull(kept);
        Assert.NotNull(await test.FindAsync<Secret>(GrantName, Asker));
        Assert.All(test.Provider.Grants.Families, family => Assert.False(family.IsRevoked));
        Assert.True((await test.ConnectionAsync(ns: Asker)).Is("Ready", "True"));
    }

    // One listed namespace holds the client, the other one the only connection with a grant. Nothing runs yet.
    private static async Task<TestOperator> SharedAsync()
    {
        var test = await StartConsentedAsync(prepare: test => test.Namespaces = [Some.Namespace, Asker]);
        await test.ApplyAsync(new Namespace { Metadata = new ObjectMeta { Name = Asker } });
        await test.ChangeClientAsync("""{"allowedNamespaces":{"from":"All"}}""");
        await PlantAsync(test);
        await test.ApplyAsync(InteractiveConnection(ns: Asker));
        await test.UntilAsync<VismaConnection>(Some.Connection, connection => connection.Is("Ready", "True"), Asker);
        await test.UntilIdleAsync();
        await test.StopAsync();
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        await test.DeleteAsync<Secret>(GrantName);
        return test;
    }

    private static Func<string, ResourceKind, NamespacedName, Task> Unreadable(ResourceKind kind, string ns) => (verb, about, name) =>
        verb is ClusterVerb.List or ClusterVerb.Watch && about == kind && name.Namespace == ns
            ? throw new KubernetesException(HttpStatusCode.Forbidden, "Forbidden", "there is no Role")
            : Task.CompletedTask;

    // What somebody can do who may write Secrets in another namespace and has got hold of a refresh token.
    private static async Task PlantAsync(TestOperator test)
    {
        var stored = (await test.GrantAsync())!;
        var planted = stored with { Held = stored.Held! with { Connection = new NamespacedName(Asker, Some.Connection) } };
        await test.ApplyAsync(GrantSecret.Render(new NamespacedName(Asker, GrantName), Some.Connection, planted, present: null));
    }

    private static string PolicyOf(string policy) => $$$$"""{"spec":{"authorization":{"deletionPolicy":"{{{{policy}}}}"}}}""";
}
