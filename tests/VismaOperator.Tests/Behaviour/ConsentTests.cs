using System.Net;
using Kubernetes.Client;
using Kubernetes.Client.Resources;
using Kubernetes.Controllers.Tests.Doubles;
using Lifecycle;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Grants;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

public sealed class ConsentTests
{
    private const string HandoffName = Some.Connection + AuthorizationSpec.HandoffSecretSuffix;

    private static readonly Uri pages = new("https://operator.example.com");

    [Fact]
    public async Task Before_anybody_consented_the_connection_says_how_to_and_asks_for_nothing()
    {
        await using var test = await StartInteractiveAsync();

        var connection = await test.ConnectionAsync();

        Assert.Equal(("False", "AwaitingConsent"), Of(connection, "Ready"));
        Assert.Equal(("True", "AwaitingConsent"), Of(connection, "Reconciling"));
        Assert.Equal(("False", "AwaitingConsent"), Of(connection, "Authorized"));
        Assert.Contains(
            "visma-operator connect integrations/acme-production",
            connection.Condition("Authorized")!.Message,
            StringComparison.Ordinal
        );
        Assert.Null(connection.Status.Authorization!.Url);
        Assert.Equal(0, test.TokenRequests);
    }

    [Fact]
    public async Task With_consent_pages_status_offers_a_link_and_replaces_it_once_a_day()
    {
        await using var test = await StartInteractiveAsync(prepare: operatorUnderTest => operatorUnderTest.PublicUrl = pages);
        var first = (await test.ConnectionAsync()).Status.Authorization!;
        test.ForgetRequests();

        await test.AdvanceAsync(TimeSpan.FromHours(23));
        var kept = (await test.ConnectionAsync()).Status.Authorization!;
        await test.AdvanceAsync(TimeSpan.FromHours(2));
        var second = (await test.ConnectionAsync()).Status.Authorization!;

        Assert.StartsWith("https://operator.example.com/connect/integrations/acme-production?start=", first.Url, StringComparison.Ordinal);
        Assert.Single(test.Record.Of<VismaConnection>(), state => state.Status.Authorization?.Url == first.Url);
        Assert.Equal(first.Url, kept.Url);
        Assert.NotEqual(first.Url, second.Url);
        Assert.Equal(1, test.StatusWrites(Some.Connection));
    }

    [Fact]
    public async Task A_code_that_was_handed_over_makes_the_connection_ready_with_one_request()
    {
        await using var test = await StartInteractiveAsync(prepare: operatorUnderTest => operatorUnderTest.PublicUrl = pages);

        await test.HandOverAsync();
        var connection = await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        Assert.Equal(("True", "ConsentGranted"), Of(connection, "Authorized"));
        Assert.Equal(PersonSubject, connection.Status.Authorization!.GrantedBy);
        Assert.Equal(1, connection.Status.Authorization.Sequence);
        Assert.Null(connection.Status.Authorization.Url);
        Assert.Equal(
            connection.Status.Authorization.GrantTime!.Value.AddHours(8760),
            connection.Status.Authorization.ConsentExpirationTime
        );
        Assert.Equal(1, test.TokenRequests);
        Assert.Null(await test.FindAsync<Secret>(HandoffName));
    }

    [Fact]
    public async Task The_consumer_Secret_never_holds_the_refresh_token()
    {
        await using var test = await StartConsentedAsync();

        var token = await test.TokenSecretAsync();
        var grant = (await test.GrantAsync())!.Held!;

        Assert.DoesNotContain(
            token.Data!.Values,
            value => value.RevealText().Contains(grant.RefreshToken.Reveal(), StringComparison.Ordinal)
        );
        Assert.Equal(grant.AccessToken.AccessToken.Reveal(), token.Text("access_token"));
    }

    [Fact]
    public async Task A_consent_for_another_company_is_refused_and_revoked_although_the_provider_did_not_mind()
    {
        await using var test = await StartInteractiveAsync();
        test.Provider.Portal.Set(test.Provider.Portal.FindClient(Some.ClientId)! with { ComparesTenants = false });

        await test.HandOverAsync(Some.OtherTenant);
        var connection = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Condition("Authorized")?.Reason == "TenantMismatch"
        );
        await test.UntilIdleAsync();

        Assert.Equal(("True", "AwaitingConsent"), Of(connection, "Reconciling"));
        Assert.Contains(Some.OtherTenant, connection.Condition("Authorized")!.Message, StringComparison.Ordinal);
        Assert.Null(await test.FindAsync<Secret>("acme-production-token"));
        Assert.All(test.Provider.Grants.Families, family => Assert.True(family.IsRevoked));
    }

    [Fact]
    public async Task A_token_that_does_not_say_its_company_is_not_published()
    {
        await using var test = await StartInteractiveAsync();
        test.Provider.Portal.Set(test.Provider.Portal.FindClient(Some.ClientId)! with { HasTenantClaim = false });

        await test.HandOverAsync();
        var connection = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Condition("Authorized")?.Reason == "TenantNotVerified"
        );

        Assert.Equal("False", connection.Condition("Authorized")!.Status);
        Assert.Null(await test.FindAsync<Secret>("acme-production-token"));
    }

    [Theory]
    [InlineData(
        HandoffRedeemer.ExpiresAt,
        "2026-11-23T11:59:59Z",
        "was too old to be redeemed: by the clock of the machine that left it, it was good until 2026-11-23 11:59:59Z."
    )]
    [InlineData(HandoffRedeemer.CodeVerifier, null, "could not be read whole.")]
    [InlineData(HandoffRedeemer.Asked, null, "does not say what the person was asked for.")]
    [InlineData(HandoffRedeemer.Asked, "something-else", "was given for another client, tenant or scopes than are asked for now.")]
    public async Task A_code_that_cannot_be_used_is_reported_with_its_own_reason(string key, string? value, string cause)
    {
        await using var test = await StartInteractiveAsync();
        var handoff = Handoff(Some.Connection, "code", "verifier", test.Time.GetUtcNow().AddMinutes(5));

        await test.ApplyAsync(
            handoff with
            {
                Data = new SecretText(handoff.Data!.Where(pair => pair.Key != key).ToDictionary()).Set(key, value).Data,
            }
        );
        var connection = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Condition("Authorized")?.Reason == "ConsentFailed"
        );

        Assert.Contains(
            $"{cause} Run visma-operator connect again.",
            connection.Status.Authorization!.LastFailure!.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(0, test.TokenRequests);
    }

    [Theory]
    [InlineData(ClusterVerb.Get)]
    [InlineData(ClusterVerb.Delete)]
    public async Task A_code_that_is_withdrawn_as_the_operator_reaches_for_it_is_no_failure(string reaching)
    {
        await using var test = await StartInteractiveAsync();
        var withdrawals = 0;
        test.Cluster.Before = async (verb, _, name) =>
        {
            if (verb == reaching && name.Name == HandoffName && Interlocked.Increment(ref withdrawals) == 1)
            {
                await test.DeleteAsync<Secret>(HandoffName);
            }
        };

        await test.ApplyAsync(Handoff(Some.Connection, "code", "verifier", test.Time.GetUtcNow().AddMinutes(5)));
        await test.UntilIdleAsync();

        var connection = await test.ConnectionAsync();
        Assert.NotEqual(0, withdrawals);
        Assert.Null(connection.Status.Authorization!.LastFailure);
        Assert.Equal("AwaitingConsent", connection.Condition("Authorized")!.Reason);
        Assert.Null(await test.GrantAsync());
        Assert.Equal(0, test.TokenRequests);
        Assert.DoesNotContain(
            test.Logs.Lines,
            line => line.StartsWith("Error", StringComparison.Ordinal) || line.StartsWith("Warning", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_code_whose_deletion_got_no_answer_is_reported_as_lost()
    {
        await using var test = await StartInteractiveAsync();
        BreakTakingOff(test, () => test.DeleteAsync<Secret>(HandoffName));

        await test.HandOverAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10));
        var connection = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Condition("Authorized")?.Reason == "ConsentFailed"
        );

        Assert.Contains("the API server gave no answer", connection.Status.Authorization!.LastFailure!.Message, StringComparison.Ordinal);
        Assert.Equal(0, test.TokenRequests);
    }

    [Fact]
    public async Task A_code_whose_taking_did_not_arrive_is_taken_again()
    {
        await using var test = await StartInteractiveAsync();
        BreakTakingOff(test, () => Task.CompletedTask);

        await test.HandOverAsync();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10));
        var connection = await test.UntilReadyAsync();

        Assert.Null(connection.Status.Authorization!.LastFailure);
    }

    [Fact]
    public async Task A_new_code_counts_regardless_of_the_one_before()
    {
        await using var test = await StartInteractiveAsync();
        BreakTakingOff(test, async () =>
        {
            await test.DeleteAsync<Secret>(HandoffName);
            await test.HandOverAsync();
        });

        await test.ApplyAsync(Handoff(Some.Connection, "code", "verifier", test.Time.GetUtcNow().AddMinutes(5)));
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10));
        var connection = await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        Assert.Null(connection.Status.Authorization!.LastFailure);
        Assert.Null((await test.GrantAsync())!.LastFailure);
    }

    [Fact]
    public async Task A_second_consent_takes_the_place_of_the_first_whose_token_is_revoked()
    {
        await using var test = await StartConsentedAsync();
        var first = (await test.GrantAsync())!.Held!;

        await test.HandOverAsync();
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.Authorization!.Sequence == 2);
        await test.UntilIdleAsync();

        var second = (await test.GrantAsync())!.Held!;
        Assert.NotEqual(first.Family, second.Family);
        Assert.True(test.Provider.Grants.FamilyOf(first.RefreshToken.Reveal())!.IsRevoked);
        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_consent_by_another_client_has_the_first_token_revoked_by_the_client_that_got_it(bool isFormerClientThere)
    {
        const string Other = "isv_other";
        await using var test = await StartConsentedAsync();
        var former = await test.FamilyAsync();
        test.Provider.Portal.Set(test.Provider.Portal.FindClient(Some.ClientId)! with { ClientId = Other });
        var client = test.Client();
        await test.ApplyAsync(client with
        {
            Metadata = client.Metadata with { Name = "other" },
            Spec = client.Spec with { ClientId = Other },
        });
        await test.PatchAsync<VismaConnection>(Some.Connection, """{"spec":{"oauthClientRef":{"name":"other"}}}""");
        if (!isFormerClientThere)
        {
            await test.DeleteAsync<OAuthClient>(client.Metadata.Name!);
        }

        await test.UntilIdleAsync();
        await test.HandOverAsync(clientId: Other);
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        Assert.Equal(isFormerClientThere, test.Provider.Grants.Families.Single(family => family.Id == former.Id).IsRevoked);
        Assert.Equal(
            isFormerClientThere ? 0 : 1,
            test.Logs.Lines.Count(line =>
                line.Contains(
                    "The grant of integrations/acme-production could not be revoked (OAuthClient integrations/acme is not available)",
                    StringComparison.Ordinal
                )
            )
        );
        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task A_second_consent_that_fails_is_reported_while_the_first_stays_valid()
    {
        await using var test = await StartConsentedAsync();
        test.Provider.Portal.Set(test.Provider.Portal.FindClient(Some.ClientId)! with { ComparesTenants = false });

        await test.HandOverAsync(Some.OtherTenant);
        var connection = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Condition("Authorized")!.Message.Contains("later consent", StringComparison.Ordinal)
        );
        await test.UntilIdleAsync();

        Assert.Equal(("True", "ConsentGranted"), Of(connection, "Authorized"));
        Assert.Contains(
            "A later consent, at 2026-11-23 12:00:00Z, gave no grant (TenantMismatch)",
            connection.Condition("Authorized")!.Message,
            StringComparison.Ordinal
        );
        Assert.True(connection.Is("Ready", "True"));
        Assert.False((await test.FamilyAsync()).IsRevoked);
        var failure = connection.Status.Authorization!.LastFailure!;
        Assert.Equal(("TenantMismatch", new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero)), (failure.Reason, failure.Time));
        Assert.EndsWith(failure.Message!, connection.Condition("Authorized")!.Message, StringComparison.Ordinal);

        await test.HandOverAsync();
        await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found =>
                !found.Condition("Authorized")!.Message.Contains("later consent", StringComparison.Ordinal)
                && found.Status.Authorization!.LastFailure is null
        );
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound)]
    [InlineData(HttpStatusCode.Forbidden)] // where the Roles went with the namespace
    public async Task A_consent_whose_namespace_is_gone_for_good_is_revoked_and_no_longer_tried(HttpStatusCode answer)
    {
        await using var test = await StartInteractiveAsync();
        test.Cluster.Before = (verb, _, name) =>
            verb == ClusterVerb.Create && name.Name == Some.Connection + AuthorizationSpec.GrantSecretSuffix
                ? throw new KubernetesException(answer, answer.ToString(), "namespaces \"integrations\" not found")
                : Task.CompletedTask;

        await test.HandOverAsync();
        await test
            .Provider.Ledger.WaitForAsync(1, entry => entry.IsGranted, TestContext.Current.CancellationToken)
            .WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);
        await test.DeleteAsync<VismaConnection>(Some.Connection);
        var begun = test.Time.GetUtcNow();
        await test.PassUntilAsync(test.Logs.SaidAsync("is given up and revoked"));
        await test
            .Provider.Ledger.WaitForAsync(1, entry => entry.Endpoint == StandInEndpoint.Revocation, TestContext.Current.CancellationToken)
            .WaitAsync(TestOperator.Patience, TestContext.Current.CancellationToken);

        Assert.True(test.Provider.Grants.Families.Single().IsRevoked);
        Assert.True(test.Time.GetUtcNow() - begun >= OrphanPolicy.Keep, "the namespace may come back within ten minutes");
        await test.UntilIdleAsync();
        test.ForgetRequests();
        await test.AdvanceAsync(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(1));
        Assert.DoesNotContain(test.Requests, request => request.Verb == ClusterVerb.Create);
    }

    [Fact]
    public async Task A_changed_tenant_asks_for_another_consent_and_sends_the_old_one_nowhere()
    {
        await using var test = await StartConsentedAsync();
        var requests = test.TokenRequests;

        await test.PatchAsync<VismaConnection>(Some.Connection, $$$"""{"spec":{"tenantID":"{{{Some.OtherTenant}}}"}}""");
        var connection = await test.UntilStalledAsync("SpecChanged");
        await test.AdvanceAsync(TimeSpan.FromHours(2), TimeSpan.FromMinutes(10));

        Assert.Equal("False", connection.Condition("Ready")!.Status);
        Assert.Equal("SpecChanged", connection.Condition("Authorized")!.Reason);
        Assert.Equal(requests, test.TokenRequests);
        Assert.Equal(Some.Tenant, (await test.TokenSecretAsync()).Text("tenant_id"));

        await test.HandOverAsync(Some.OtherTenant);
        await test.UntilReadyAsync();
        Assert.Equal(Some.OtherTenant, (await test.TokenSecretAsync()).Text("tenant_id"));
    }

    [Fact]
    public async Task The_end_of_a_consent_is_announced_ahead_with_an_event_at_each_step()
    {
        await using var test = await StartConsentedAsync(
            new StandInRefreshTokens { Usage = RefreshTokenUsage.OneTime, AbsoluteLifetime = TimeSpan.FromDays(500) }
        );
        var end = (await test.ConnectionAsync()).Status.Authorization!.ConsentExpirationTime!.Value;

        await test.AdvanceAsync(end.AddDays(-31) - test.Time.GetUtcNow(), TimeSpan.FromDays(6));
        var before = await test.ConnectionAsync();
        await test.AdvanceAsync(TimeSpan.FromDays(32), TimeSpan.FromHours(12));

        Assert.Equal(("False", "NoConsentExpiresSoon"), Of(before, "ConsentExpiring"));
        Assert.Equal(("True", "ConsentExpiresSoon"), Of(await test.ConnectionAsync(), "ConsentExpiring"));
        Assert.Equal(5, test.EventsAbout(Some.Connection).Count(happened => happened.Reason == "ConsentExpiresSoon"));
    }

    private static (string? Status, string? Reason) Of(VismaConnection connection, string type) =>
        (connection.Condition(type)?.Status, connection.Condition(type)?.Reason);

    // The operator's first deletion of the code ends without an answer.
    private static void BreakTakingOff(TestOperator test, Func<Task> meanwhile)
    {
        var takings = 0;
        test.Cluster.Before = async (verb, _, name) =>
        {
            if (verb == ClusterVerb.Delete && name.Name == HandoffName && Interlocked.Increment(ref takings) == 1)
            {
                await meanwhile();
                throw new HttpRequestException("The connection was reset.");
            }
        };
    }
}
