using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

public sealed class GrantTests
{
    private const string GrantSecretName = Some.Connection + AuthorizationSpec.GrantSecretSuffix;

    private static readonly StandInRefreshTokens oneTime = new() { Usage = RefreshTokenUsage.OneTime };

    [Fact]
    public async Task A_one_time_refresh_token_is_exchanged_for_days_and_each_is_spent_once()
    {
        await using var test = await StartConsentedAsync(oneTime);

        await test.AdvanceAsync(TimeSpan.FromDays(2), TimeSpan.FromMinutes(5));

        var family = await test.FamilyAsync();
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.InRange(family.LiveGeneration!.Value, 60, 100);
        Assert.Equal(0, family.SpendsOfConsumed);
        Assert.Single(test.Provider.Grants.LiveRefreshTokens(family.Id));
    }

    [Fact]
    public async Task A_refresh_token_that_may_be_used_again_is_kept()
    {
        await using var test = await StartConsentedAsync(new StandInRefreshTokens { Usage = RefreshTokenUsage.ReUse });
        var first = (await test.GrantAsync())!.Held!;

        await test.AdvanceAsync(TimeSpan.FromHours(3), TimeSpan.FromMinutes(5));

        var held = (await test.GrantAsync())!.Held!;
        Assert.True(held.RefreshToken.FixedTimeEquals(first.RefreshToken));
        Assert.True(held.Sequence > first.Sequence);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    [Fact]
    public async Task One_renewal_is_one_read_one_exchange_and_four_writes()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var due = (await test.ConnectionAsync()).Status.Token!.RefreshTime!.Value - test.Time.GetUtcNow();
        var requests = test.TokenRequests;
        test.ForgetRequests();

        await test.AdvanceAsync(due + TimeSpan.FromSeconds(1));

        Assert.Equal(requests + 1, test.TokenRequests);
        // What looks at the grant once it is reported is another reconcile.
        var asked = test
            .Requests.Where(request => request.Verb == ClusterVerb.Get || request.IsWrite())
            .Select(request => $"{request.Verb} {request.Name.Name}")
            .ToList();
        Assert.Equal(
            [
                "get acme-production-visma-grant",
                "update acme-production-visma-grant",
                "update acme-production-visma-grant",
                "update acme-production-token",
                "patch/status acme-production",
            ],
            asked.Take(asked.LastIndexOf("patch/status acme-production") + 1)
        );
    }

    [Fact]
    public async Task A_restart_makes_no_exchange_and_no_write()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var (requests, version) = (test.TokenRequests, test.Cluster.ResourceVersion);

        await test.StopAsync();
        test.Start();
        await test.UntilIdleAsync();

        Assert.Equal(requests, test.TokenRequests);
        Assert.Equal(version, test.Cluster.ResourceVersion);
    }

    [Fact]
    public async Task A_deleted_token_Secret_comes_back_without_an_exchange()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var (before, requests) = ((await test.TokenSecretAsync()).Text("access_token"), test.TokenRequests);

        await test.DeleteAsync<Secret>("acme-production-token");
        var back = await test.UntilAsync<Secret>("acme-production-token", _ => true);

        Assert.Equal(before, back.Text("access_token"));
        Assert.Equal(requests, test.TokenRequests);
    }

    [Fact]
    public async Task A_request_exchanges_once()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var requests = test.TokenRequests;

        await test.PatchAsync<VismaConnection>(Some.Connection, """{"metadata":{"annotations":{"visma-operator.io/requestedAt":"now"}}}""");
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.LastHandledReconcileAt == "now");
        await test.UntilIdleAsync();

        Assert.Equal(requests + 1, test.TokenRequests);
    }

    [Fact]
    public async Task The_second_token_of_two_exchanges_within_one_second_is_published_too()
    {
        await using var test = await StartConsentedAsync(oneTime);

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now"); // the consent was the first
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.LastHandledReconcileAt == "now");
        await test.UntilIdleAsync();

        var held = (await test.GrantAsync())!.Held!;
        Assert.Equal(2, held.Sequence);
        Assert.Equal(held.AccessToken.AccessToken.Reveal(), (await test.TokenSecretAsync()).Text("access_token"));
    }

    [Fact]
    public async Task The_only_advice_while_a_refresh_token_is_only_in_memory_is_to_keep_the_pod()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var writes = 0;
        test.Cluster.Before = (verb, _, name) =>
            verb == ClusterVerb.Update && name.Name == GrantSecretName && Interlocked.Increment(ref writes) > 1
                ? throw new HttpRequestException("away")
                : Task.CompletedTask;
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.PassUntilAsync(test.Logs.SaidAsync("waits in memory"));
        test.Cluster.Before = null;
        await test.PatchAsync<Secret>(GrantSecretName, """{"metadata":{"annotations":{"visma-operator.io/connection":null}}}""");
        var stalled = test.UntilStalledAsync("GrantNotOwned");
        await test.PassUntilAsync(stalled);

        Assert.Contains("Do not delete the operator's pod", (await stalled).Condition("Stalled")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_grant_that_cannot_be_read_whole_is_neither_used_nor_destroyed()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var (token, requests) = ((await test.GrantAsync())!.Held!.RefreshToken.Reveal(), test.TokenRequests);

        await test.PatchAsync<Secret>(GrantSecretName, """{"data":{"family":null}}""");
        await test.AdvanceAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(5));
        var stalled = await test.UntilStalledAsync("ConsentRequired");
        // a consent that fails writes beside it
        await test.ApplyAsync(Handoff(Some.Connection, "code", "verifier", test.Time.GetUtcNow().AddSeconds(-1)));
        await test.UntilAsync<Secret>(GrantSecretName, found => found.Data!.ContainsKey("outcome_reason"));

        Assert.Contains(
            $"Secret integrations/{GrantSecretName} holds a refresh token",
            stalled.Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(token, (await test.FindAsync<Secret>(GrantSecretName))!.Text("refresh_token"));
        Assert.Equal(requests, test.TokenRequests);

        await test.HandOverAsync();
        await test.UntilReadyAsync();
        Assert.NotEqual(token, (await test.GrantAsync())!.Held!.RefreshToken.Reveal());
    }

    [Fact]
    public async Task Keys_of_a_later_version_beside_a_grant_survive_an_exchange()
    {
        await using var test = await StartConsentedAsync(oneTime);
        await test.PatchAsync<Secret>(GrantSecretName, """{"data":{"from_a_later_version":"a2VwdA=="}}""");

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.Authorization!.Sequence == 2);

        Assert.Equal("kept", (await test.FindAsync<Secret>(GrantSecretName))!.Text("from_a_later_version"));
    }

    [Fact]
    public async Task A_lost_answer_within_the_providers_grace_costs_no_consent()
    {
        await using var test = await StartConsentedAsync(oneTime with { Grace = TimeSpan.FromSeconds(30) });
        test.Provider.Faults.Next(new Fault.CutAfterProcessing(), grantType: "refresh_token");

        await test.PatchAsync<VismaConnection>(Some.Connection, """{"metadata":{"annotations":{"visma-operator.io/requestedAt":"now"}}}""");
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Condition("TokenFresh")?.Reason == "ProviderUnavailable");
        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));

        Assert.Equal("Renewed", (await test.ConnectionAsync()).Condition("TokenFresh")!.Reason);
        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task A_lost_answer_without_a_grace_ends_in_a_consent_that_is_asked_for_once()
    {
        await using var test = await StartConsentedAsync(
            oneTime,
            operatorUnderTest => operatorUnderTest.PublicUrl = new Uri("https://operator.example.com")
        );
        test.Provider.Faults.Next(new Fault.CutAfterProcessing(), grantType: "refresh_token");

        await test.PatchAsync<VismaConnection>(Some.Connection, """{"metadata":{"annotations":{"visma-operator.io/requestedAt":"now"}}}""");
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Condition("TokenFresh")?.Reason == "ProviderUnavailable");
        await test.AdvanceAsync(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1));
        var connection = await test.UntilStalledAsync("ConsentRequired");
        var requests = test.TokenRequests;
        await test.AdvanceAsync(TimeSpan.FromHours(3), TimeSpan.FromMinutes(10));

        Assert.True(connection.Is("Ready", "True"), "the token is good until it expires");
        Assert.NotNull(connection.Status.Authorization!.Url);
        Assert.Equal(requests, test.TokenRequests);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "False"));
    }

    [Fact]
    public async Task A_request_tries_a_refused_grant_exactly_once_more()
    {
        await using var test = await StartConsentedAsync(oneTime);
        test.Provider.Grants.Withdraw((await test.FamilyAsync()).Id);
        await test.AdvanceAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(5));
        await test.UntilStalledAsync("ConsentRequired");
        var requests = test.TokenRequests;

        await test.PatchAsync<VismaConnection>(
            Some.Connection,
            """{"metadata":{"annotations":{"visma-operator.io/requestedAt":"again"}}}"""
        );
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.LastHandledReconcileAt == "again");
        await test.AdvanceAsync(TimeSpan.FromHours(2), TimeSpan.FromMinutes(10));

        Assert.Equal(requests + 1, test.TokenRequests);
        Assert.True((await test.ConnectionAsync()).Is("Stalled", "True"));
    }

    [Fact]
    public async Task A_wrong_client_secret_spends_no_refresh_token()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var family = (await test.FamilyAsync()).Id;
        await test.PatchAsync<Secret>("acme-credentials", """{"data":{"clientSecret":"d3Jvbmc="}}""");
        await test.AdvanceAsync(TimeSpan.FromHours(2), TimeSpan.FromMinutes(5));
        Assert.True((await test.ConnectionAsync()).Is("Stalled", "True"));

        await test.PatchAsync<Secret>(
            "acme-credentials",
            $$$"""{"data":{"clientSecret":"{{{Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(Some.ClientSecret))}}}"}}"""
        );
        await test.UntilReadyAsync();

        Assert.Equal(family, (await test.FamilyAsync()).Id);
        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task A_grant_Secret_that_somebody_deleted_stalls_and_says_so()
    {
        await using var test = await StartConsentedAsync(oneTime);

        await test.DeleteAsync<Secret>(Some.Connection + AuthorizationSpec.GrantSecretSuffix);
        var connection = await test.UntilStalledAsync("ConsentRequired");

        Assert.True(connection.Is("Ready", "True"));
        Assert.Contains("is gone", connection.Condition("Stalled")!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_grant_from_a_backup_is_not_sent_before_a_person_says_so()
    {
        await using var test = await StartConsentedAsync(new StandInRefreshTokens { Usage = RefreshTokenUsage.ReUse });
        var backup = (await test.FindAsync<Secret>(Some.Connection + AuthorizationSpec.GrantSecretSuffix))!;
        await test.AdvanceAsync(TimeSpan.FromHours(2), TimeSpan.FromMinutes(5));
        var requests = test.TokenRequests;

        await test.DeleteAsync<Secret>(backup.Metadata.Name);
        await test.ApplyAsync(backup.WithMetadata(backup.Metadata with { ResourceVersion = null, Uid = null }));
        await test.UntilStalledAsync("GrantUsedElsewhere");
        await test.AdvanceAsync(TimeSpan.FromHours(2), TimeSpan.FromMinutes(5));
        Assert.Equal(requests, test.TokenRequests);

        await test.PatchAsync<VismaConnection>(Some.Connection, """{"metadata":{"annotations":{"visma-operator.io/adoptGrant":"1"}}}""");
        await test.UntilReadyAsync();

        Assert.True((await test.GrantAsync())!.Held!.Sequence > 3);
    }

    [Fact]
    public async Task A_consent_in_place_of_a_grant_that_is_used_elsewhere_does_not_revoke_it()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var theirs = await test.FamilyAsync();
        await test.StopAsync();
        await test.PatchAsync<Secret>(
            GrantSecretName,
            $$$"""{"data":{"connection":"{{{Convert.ToBase64String("original/acme-production"u8)}}}"}}"""
        );
        test.Start();
        await test.UntilStalledAsync("GrantUsedElsewhere");

        await test.HandOverAsync();
        await test.UntilReadyAsync();
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Is("Authorized", "True"));
        await test.UntilIdleAsync();

        Assert.NotEqual(theirs.Id, (await test.FamilyAsync()).Id);
        Assert.False(test.Provider.Grants.Families.Single(family => family.Id == theirs.Id).IsRevoked);
    }

    [Fact]
    public async Task A_grant_that_was_copied_from_another_namespace_is_not_sent()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var requests = test.TokenRequests;
        await test.StopAsync();
        await test.PatchAsync<Secret>(
            GrantSecretName,
            $$$"""{"data":{"connection":"{{{Convert.ToBase64String("original/acme-production"u8)}}}"}}"""
        );

        test.Start();
        var stalled = await test.UntilStalledAsync("GrantUsedElsewhere");
        await test.AdvanceAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(5));

        Assert.Contains("another cluster or namespace", stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal(requests, test.TokenRequests);
    }

    [Fact]
    public async Task A_template_that_cannot_be_rendered_stalls_and_does_not_hide_the_grant()
    {
        await using var test = await StartConsentedAsync(oneTime);

        await test.ChangeConnectionAsync("""{"secret":{"template":{"data":{"header":"Bearer ${nothing}"}}}}""");
        var stalled = await test.UntilStalledAsync("InvalidSpec");

        Assert.True(stalled.Is("Authorized", "True"));
        Assert.Contains("spec.secret.template.data", stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, "SecretForbidden", "Grant its service account")]
    [InlineData(HttpStatusCode.UnprocessableEntity, "SecretInvalid", "made immutable or restored with another type")]
    public async Task A_grant_Secret_that_cannot_be_written_is_reported_and_spends_nothing(
        HttpStatusCode answer,
        string reason,
        string remedy
    )
    {
        await using var test = await StartConsentedAsync(oneTime);
        var requests = test.TokenRequests;
        test.Cluster.Before = (verb, _, name) => verb == ClusterVerb.Update && name.Name == GrantSecretName
            ? throw new KubernetesException(answer, answer == HttpStatusCode.Forbidden ? "Forbidden" : "Invalid", "no")
            : Task.CompletedTask;

        await test.AdvanceAsync(TimeSpan.FromMinutes(50), TimeSpan.FromSeconds(10));
        var stalled = await test.UntilStalledAsync(reason);

        Assert.Contains(
            $"Secret integrations/{GrantSecretName}, which holds the grant",
            stalled.Condition("Stalled")!.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(remedy, stalled.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal(requests, test.TokenRequests);

        test.Cluster.Before = null;
        await test.AdvanceAsync(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1));
        Assert.Equal("Renewed", (await test.ConnectionAsync()).Condition("TokenFresh")!.Reason);
        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task A_foreign_Secret_in_the_grants_place_is_left_alone()
    {
        await using var test = await TestOperator.StartAsync();
        test.Provider.AllowInteractive();
        await test.ApplyAsync(
            new Secret
            {
                Metadata = new ObjectMeta { Name = Some.Connection + AuthorizationSpec.GrantSecretSuffix, Namespace = Some.Namespace },
            }
        );
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(test.Client());
        await test.ApplyAsync(InteractiveConnection());

        var connection = await test.UntilStalledAsync("GrantNotOwned");

        Assert.Equal("GrantNotOwned", connection.Condition("Authorized")!.Reason);
        var message = connection.Condition("Authorized")!.Message;
        Assert.Contains("label visma-operator.io/secret=grant", message, StringComparison.Ordinal);
        Assert.Contains($"annotation visma-operator.io/connection: {Some.Connection};", message, StringComparison.Ordinal);
        Assert.DoesNotContain("elete", message, StringComparison.Ordinal);
    }
}
