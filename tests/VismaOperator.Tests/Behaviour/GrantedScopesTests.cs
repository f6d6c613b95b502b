using System.Web;
using Kubernetes.Client.Resources;
using VismaConnect.StandIn;
using VismaOperator.Api;
using VismaOperator.Tests.Consent;
using VismaOperator.Tests.Support;
using static VismaOperator.Tests.Support.SomeConsents;

namespace VismaOperator.Tests.Behaviour;

/// <summary>
/// A token never has more scopes than the owner of the client allows, whatever the provider grants; what is more than was asked for is
/// told.
/// </summary>
public sealed class GrantedScopesTests
{
    private const string TokenSecret = "acme-production-token";
    private const string Read = "vismanet_erp_service_api:read";
    private const string Create = "vismanet_erp_service_api:create";
    private const string Delete = "vismanet_erp_service_api:delete";
    private const string PersonsRead = "vismanet_erp_interactive_api:read";
    private const string PersonsCreate = "vismanet_erp_interactive_api:create";

    private static readonly StandInRefreshTokens oneTime = new() { Usage = RefreshTokenUsage.OneTime };

    [Fact]
    public async Task A_first_token_beyond_the_owners_limit_is_not_published()
    {
        await using var test = await StartLimitedAsync([Read, Create], [Read, Create, Delete]);

        var connection = await test.UntilStalledAsync("ScopesExceeded");

        Assert.Contains(Delete, connection.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Create, connection.Condition("Stalled")!.Message, StringComparison.Ordinal);
        Assert.Equal("ScopesExceeded", connection.Condition("Ready")!.Reason);
        Assert.Null(connection.Status.Token);
        Assert.Empty(test.Record.Of<Secret>(TokenSecret));
    }

    [Fact]
    public async Task A_renewal_beyond_the_owners_limit_leaves_the_old_token_until_it_expires()
    {
        await using var test = await StartLimitedAsync([Read, Create], granted: null);
        var before = (await test.TokenSecretAsync()).Text("access_token");
        Grant(test, [Read, Create, Delete]);

        await test.AdvanceAsync(TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(1));
        var serving = await test.UntilStalledAsync("ScopesExceeded");
        var during = (await test.TokenSecretAsync()).Text("access_token");
        await test.AdvanceAsync(TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(1));
        var expired = await test.ConnectionAsync();

        Assert.True(serving.Is("Ready", "True"));
        Assert.Equal("ScopesExceeded", serving.Condition("TokenFresh")!.Reason);
        Assert.Equal(before, during);
        Assert.Equal(before, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.True(expired.Is("Ready", "False"));
    }

    [Fact]
    public async Task A_newly_allowed_scope_is_published_at_once()
    {
        await using var test = await StartLimitedAsync([Read, Create], [Read, Create, Delete]);
        await test.UntilStalledAsync("ScopesExceeded");

        await LimitAsync(test, [Read, Create, Delete]);

        var connection = await test.UntilReadyAsync();
        Assert.Null(connection.Condition("Stalled"));
        Assert.Equal("ScopesExceeded", connection.Condition("ScopesGranted")!.Reason);
    }

    [Fact]
    public async Task More_than_was_asked_for_is_published_and_reported_if_the_owner_sets_no_limit()
    {
        await using var test = await TestOperator.StartReadyAsync(prepared => Grant(prepared, [Read, Create, Delete, Delete]));

        var connection = await test.ConnectionAsync();

        Assert.True(connection.Is("Ready", "True"));
        Assert.Null(connection.Condition("Stalled"));
        Assert.Equal(
            ("False", "ScopesExceeded"),
            (connection.Condition("ScopesGranted")!.Status, connection.Condition("ScopesGranted")!.Reason)
        );
        Assert.Contains(Delete, connection.Condition("ScopesGranted")!.Message, StringComparison.Ordinal);
        Assert.Equal([Read, Create, Delete], connection.Status.Token!.GrantedScopes);
        Assert.Equal("Warning", Assert.Single(test.EventsAbout(Some.Connection), happened => happened.Reason == "ScopesExceeded").Type);
    }

    [Fact]
    public async Task An_answer_that_states_no_scope_granted_what_was_asked_for()
    {
        await using var test = await StartLimitedAsync([Read, Create], granted: null, statesScopes: false);

        Assert.Equal("AllGranted", (await test.UntilReadyAsync()).Condition("ScopesGranted")!.Reason);
    }

    [Fact]
    public async Task With_allScopes_nothing_is_more_than_was_asked_for()
    {
        await using var test = await TestOperator.StartReadyAsync();
        await test.ChangeConnectionAsync("""{"allScopes": true, "scopes": null}""");
        await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Status.ObservedGeneration == found.Metadata.Generation && found.Status.Token?.GrantedScopes.Count == 4
        );

        Assert.Equal("AllGranted", (await test.UntilReadyAsync()).Condition("ScopesGranted")!.Reason);
    }

    [Theory]
    [InlineData(new[] { Read, Create }, true, null)]
    [InlineData(new[] { Read, Create, Delete }, true, Delete)]
    [InlineData(new[] { Read, Create }, false, "does not say which scopes")]
    public async Task With_allScopes_only_the_owners_limit_counts(string[] granted, bool statesScopes, string? tooMuch)
    {
        await using var test = await TestOperator.StartReadyAsync();
        Grant(test, granted, statesScopes);

        await test.ChangeConnectionAsync("""{"allScopes": true, "scopes": null}""");
        await test.UntilIdleAsync();
        await LimitAsync(test, [Read, Create]);
        await test.UntilIdleAsync();

        var connection = await test.ConnectionAsync();
        Assert.Equal(tooMuch is null, connection.Is("Ready", "True") && connection.Condition("Stalled") is null);
        Assert.Equal(tooMuch is null ? "AllGranted" : null, connection.Condition("ScopesGranted")?.Reason);
        if (tooMuch is not null)
        {
            Assert.Equal("ScopesExceeded", connection.Condition("Stalled")!.Reason);
            Assert.Contains(tooMuch, connection.Condition("Stalled")!.Message, StringComparison.Ordinal);
            Assert.Null(await test.FindAsync<Secret>(TokenSecret));
        }
    }

    [Fact]
    public async Task A_limit_that_is_narrowed_takes_a_wider_token_away_at_once_and_a_narrower_one_takes_its_place()
    {
        await using var test = await StartLimitedAsync([Read, Create, Delete], [Read, Create, Delete]);
        await test.UntilReadyAsync();
        await test.UntilIdleAsync();

        await LimitAsync(test, [Read, Create]);
        var connection = await test.UntilStalledAsync("ScopesExceeded");
        var during = await test.FindAsync<Secret>(TokenSecret);
        Grant(test, granted: null);
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));

        Assert.Null(during);
        Assert.Null(connection.Status.Token);
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
        Assert.Equal($"{Read} {Create}", (await test.TokenSecretAsync()).Text("scope"));
    }

    [Fact]
    public async Task A_limit_that_is_narrowed_takes_a_wider_token_away_at_once_also_while_the_client_is_refused()
    {
        await using var test = await StartLimitedAsync([Read, Create, Delete], [Read, Create, Delete]);
        await test.UntilReadyAsync();
        var portal = test.Provider.Portal;
        portal.Set(portal.FindClient(Some.ClientId)! with { Secrets = [new StandInSecret("made-in-the-portal")] });
        await test.AdvanceAsync(TimeSpan.FromMinutes(44), TimeSpan.FromSeconds(10));
        var (refused, asked) = (await test.ConnectionAsync(), test.TokenRequests);

        await LimitAsync(test, [Read, Create]);
        await test.UntilIdleAsync();

        Assert.Equal(("True", "ClientRefused"), (refused.Condition("Ready")!.Status, refused.Condition("Stalled")!.Reason));
        Assert.Null(await test.FindAsync<Secret>(TokenSecret));
        Assert.Equal(asked, test.TokenRequests);
    }

    [Fact]
    public async Task A_hand_off_whose_request_was_changed_is_refused_and_revoked()
    {
        await using var test = await StartInteractiveAsync(oneTime);

        await test.HandOverAsync(scopes: [PersonsRead, PersonsCreate]);
        var connection = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Condition("Authorized")?.Reason == "ScopesExceeded"
        );
        await test.UntilIdleAsync();

        Assert.Contains(PersonsCreate, connection.Condition("Authorized")!.Message, StringComparison.Ordinal);
        Assert.Equal("ScopesExceeded", connection.Status.Authorization!.LastFailure!.Reason);
        Assert.Null((await test.GrantAsync())?.Held);
        Assert.Null(await test.FindAsync<Secret>(TokenSecret));
        Assert.All(test.Provider.Grants.Families, family => Assert.True(family.IsRevoked));
    }

    [Fact]
    public async Task A_hand_off_whose_request_was_changed_leaves_the_grant_that_serves()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var before = (await test.GrantAsync())!.Held!.Family;

        await test.HandOverAsync(scopes: [PersonsRead, PersonsCreate]);
        var connection = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Status.Authorization?.LastFailure?.Reason == "ScopesExceeded"
        );

        Assert.True(connection.Is("Ready", "True"));
        Assert.Equal(before, (await test.GrantAsync())!.Held!.Family);
        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task A_request_that_was_changed_in_the_browser_is_refused_and_revoked()
    {
        await using var scene = await ConsentScene.StartAsync();
        var asked = await scene.BeginAsync();
        var query = HttpUtility.ParseQueryString(asked.Query);
        query["scope"] += " " + PersonsCreate;

        var page = await scene.ComeBackAsync(await scene.ApproveAsync(new UriBuilder(asked) { Query = query.ToString() }.Uri));
        await scene.Test.UntilAsync<VismaConnection>(Some.Connection, found => found.Condition("Authorized")?.Reason == "ScopesExceeded");

        Assert.Equal((409, "This consent gives more than was asked for"), (page.Status, page.Heading));
        Assert.Contains(PersonsCreate, page.Words, StringComparison.Ordinal);
        Assert.Null(await scene.Test.FindAsync<Secret>(TokenSecret));
        Assert.All(scene.Test.Provider.Grants.Families, family => Assert.True(family.IsRevoked));
    }

    [Fact]
    public async Task A_consent_that_lacks_a_scope_is_stored_and_reported()
    {
        await using var test = await StartInteractiveAsync(oneTime);
        await test.ChangeConnectionAsync($$"""{"scopes": ["{{PersonsRead}}", "{{PersonsCreate}}"]}""");
        await test.UntilSeenAsync(); // else the code is judged by what was asked for before

        await test.HandOverAsync(scopes: [PersonsRead]);

        Assert.Equal("ScopesMissing", (await test.UntilReadyAsync()).Condition("ScopesGranted")!.Reason);
    }

    [Fact]
    public async Task An_exchange_beyond_the_owners_limit_keeps_the_grant_and_publishes_nothing()
    {
        await using var test = await StartConsentedAsync(oneTime);
        await LimitAsync(test, [PersonsRead]);
        await test.UntilIdleAsync();
        var (before, grant) = ((await test.TokenSecretAsync()).Text("access_token"), (await test.GrantAsync())!.Held!);
        Grant(test, [PersonsRead, PersonsCreate, "offline_access"]);

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        var connection = await test.UntilStalledAsync("ScopesExceeded");
        await test.UntilIdleAsync();

        var after = (await test.GrantAsync())!.Held!;
        Assert.True(connection.Is("Ready", "True"));
        Assert.Equal(before, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.False(after.RefreshToken.FixedTimeEquals(grant.RefreshToken));
        Assert.False((await test.FamilyAsync()).IsRevoked);

        Grant(test, granted: null);
        await test.AdvanceAsync(TimeSpan.FromSeconds(11)); // requests that follow closer are delayed
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "again");
        await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Condition("Stalled") is null && found.Status.LastHandledReconcileAt == "again"
        );
        Assert.NotEqual(before, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.Equal(0, (await test.FamilyAsync()).SpendsOfConsumed);
    }

    [Fact]
    public async Task An_exchange_that_grants_more_than_was_asked_for_is_published_and_reported()
    {
        await using var test = await StartConsentedAsync(oneTime);
        var before = (await test.TokenSecretAsync()).Text("access_token");
        Grant(test, [PersonsRead, PersonsCreate, "offline_access"]);

        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        var connection = await test.UntilAsync<VismaConnection>(
            Some.Connection,
            found => found.Condition("ScopesGranted")?.Reason == "ScopesExceeded"
        );

        Assert.True(connection.Is("Ready", "True"));
        Assert.NotEqual(before, (await test.TokenSecretAsync()).Text("access_token"));
        Assert.False((await test.FamilyAsync()).IsRevoked);
    }

    [Fact]
    public async Task An_exchange_that_states_no_scope_granted_what_the_grant_had()
    {
        await using var test = await StartConsentedAsync(oneTime);
        Grant(test, [PersonsRead, PersonsCreate, "offline_access"]);
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Condition("ScopesGranted")?.Reason == "ScopesExceeded");

        Grant(test, [PersonsRead, PersonsCreate, "offline_access"], statesScopes: false);
        await test.AdvanceAsync(TimeSpan.FromSeconds(11)); // requests that follow closer are delayed
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "again");
        var connection = await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Status.LastHandledReconcileAt == "again");

        Assert.Equal("ScopesExceeded", connection.Condition("ScopesGranted")!.Reason);
    }

    [Fact]
    public async Task A_consent_beyond_the_owners_limit_is_refused_and_revoked()
    {
        await using var test = await StartInteractiveAsync(oneTime);
        await LimitAsync(test, [PersonsRead]);

        await test.HandOverAsync(scopes: [PersonsRead, PersonsCreate]);
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Condition("Authorized")?.Reason == "ScopesExceeded");
        await test.UntilIdleAsync();

        Assert.All(test.Provider.Grants.Families, family => Assert.True(family.IsRevoked));
        Assert.Null(await test.FindAsync<Secret>(TokenSecret));
    }

    [Fact]
    public async Task A_narrowed_limit_takes_the_wider_token_of_a_grant_away_and_the_grant_stays()
    {
        await using var test = await StartConsentedAsync(oneTime);
        Grant(test, [PersonsRead, PersonsCreate, "offline_access"]);
        await test.AnnotateAsync(VismaNames.RequestedAtAnnotation, "now");
        await test.UntilAsync<VismaConnection>(Some.Connection, found => found.Condition("ScopesGranted")?.Reason == "ScopesExceeded");
        await test.UntilIdleAsync();

        await LimitAsync(test, [PersonsRead]);
        await test.UntilStalledAsync("ScopesExceeded");
        await test.UntilIdleAsync();

        Assert.Null(await test.FindAsync<Secret>(TokenSecret));
        Assert.False((await test.FamilyAsync()).IsRevoked);
        Grant(test, granted: null);
        await test.AdvanceAsync(TimeSpan.FromMinutes(2), TimeSpan.FromSeconds(10));
        Assert.True((await test.ConnectionAsync()).Is("Ready", "True"));
    }

    private static async Task<TestOperator> StartLimitedAsync(
        IReadOnlyList<string> limit,
        IReadOnlyList<string>? granted,
        bool statesScopes = true
    )
    {
        var test = await TestOperator.StartAsync(prepared => Grant(prepared, granted, statesScopes));
        await test.ApplyAsync(Some.Credentials());
        await test.ApplyAsync(
            test.Client().With(spec => spec with { Tenants = [new TenantRule { TenantId = Some.Tenant, Scopes = limit }] })
        );
        await test.ApplyAsync(Some.VismaConnection());
        await test.UntilIdleAsync();
        return test;
    }

    private static void Grant(TestOperator test, IReadOnlyList<string>? granted, bool statesScopes = true) =>
        test.Provider.Portal.Set(
            test.Provider.Portal.FindClient(Some.ClientId)! with
            {
                GrantedScopes = granted,
                StatesScopes = statesScopes,
            }
        );

    private static Task LimitAsync(TestOperator test, IReadOnlyList<string> limit) =>
        test.ChangeClientAsync(
            $$"""{"tenants": [{"tenantID": "{{Some.Tenant}}", "scopes": [{{string.Join(',', limit.Select(scope => $"\"{scope}\""))}}]}]}"""
        );
}
